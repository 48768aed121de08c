"""A folder of inputs whose postcodes are known: `labels.csv` → what is true of each file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from edge.errors import InputError
from edge.sources.files import is_video, read_bytes

LABELS = "labels.csv"
_COLUMNS = ("file", "postcode")
_LENGTH = 5
_MOST_BYTES = 64_000_000


class Label(NamedTuple):
    """One input and the postcode in it."""

    path: Path
    postcode: str


def load_labels(folder: Path) -> list[Label]:
    """Read `labels.csv`: a line of column names, then one photo or recording a line.

    Returns:
        What the columns `file` (below the folder) and `postcode` say; further columns
        don't count.

    Raises:
        InputError: it is missing, or a line can't be used; the sentence names it.
    """
    table = folder / LABELS
    labels: list[Label] = []
    lines: dict[str, int] = {}
    for line, name, postcode in _rows(table):
        where = f"{table}, line {line}"
        if not name:
            raise InputError(f"{where}: there is no file; name a photo or a recording")
        if name in lines:
            raise InputError(f"{where}: {name} stands in line {lines[name]} already; keep one")
        if len(postcode) != _LENGTH or not (postcode.isascii() and postcode.isdigit()):
            raise InputError(
                f"{where}: {postcode[:20]!r} is not a postcode; write five digits, "
                "leading zeros too"
            )
        path = folder / name
        if is_video(path):
            raise InputError(f"{where}: {name} is a video; name photos and recordings only")
        if not path.is_file():
            raise InputError(f"{where}: there is no file {name} in {folder}; check the name")
        lines[name] = line
        labels.append(Label(path, postcode))
    if not labels:
        raise InputError(f"{table}: no file is named in it; write one photo or recording a line")
    return labels


def _rows(table: Path) -> Iterator[tuple[int, str, str]]:
    """Yield line number, file and postcode of each row that is not empty."""
    reader = csv.reader(io.StringIO(_text(table), newline=""), strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        if not set(_COLUMNS) <= set(names):
            raise InputError(
                f"{table}, line 1: the columns are {', '.join(names)[:60] or 'missing'}; "
                f"the first line must name {' and '.join(_COLUMNS)}, with commas between"
            )
        places = [names.index(column) for column in _COLUMNS]
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) <= max(places):
                raise InputError(
                    f"{table}, line {reader.line_num}: it has {len(row)} of {len(names)} columns"
                )
            name, postcode = (row[place].strip() for place in places)
            yield reader.line_num, name, postcode
    except csv.Error as error:
        raise InputError(f"{table}, line {reader.line_num}: it is not CSV ({error})") from error


def _text(table: Path) -> str:
    try:
        content = read_bytes(table, _MOST_BYTES)
    except InputError as error:
        raise InputError(
            f"{table}: {error}; it must name each file and its postcode, under `file,postcode`"
        ) from error
    if content is None:
        raise InputError(f"{table}: it is larger than {_MOST_BYTES // 1_000_000} MB")
    try:
        # Spreadsheets put a byte order mark in front.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{table}, line {line}: it is not UTF-8; save it as UTF-8") from error
