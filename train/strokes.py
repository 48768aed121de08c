"""Digits as pen strokes, from a tablet: loaded, checked, and split by who wrote them.

Two forms of file are told apart by what is in them; either may be packed with gzip:

- JSON, a list of `{"label": 8, "writer": 12, "strokes": [[[x, y], …], …]}`, y down.
- The original form of UCI's pen digits (Alpaydin & Alimoglu 1998), `pendigits-orig.tra`
  and `.tes`, y up. Isabelle Guyon's UNIPEN format of 1994 has many more keywords; these
  files need five. Digits stand one after the other like this:

      .SEGMENT DIGIT 2-3 ? "4"     numbers of the digit's strokes, its quality, its label
      .COMMENT 4  12  138          label, writer, number of the digit
      .PEN_DOWN
       190  381                    x and y of a point
       182  350
      .PEN_UP
      .DT 100                      milliseconds between points; .PEN_DOWN may follow again
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.strokes import COUNT, MOST_POINTS
from train.errors import DataError

# Unpacked; UCI's and UNIPEN's digits together have a tenth of it.
_MOST_BYTES = 2**26
# Of one digit; what the kiosk takes for five.
_MOST_POINTS = MOST_POINTS // COUNT
# Beyond, float32 has no tenths left.
_FARTHEST = 1e6

_GZIP = b"\x1f\x8b"
_UNIX_COMPRESS = b"\x1f\x9d"

_KEYWORD = re.compile(r"^[ \t]*\.[A-Z_]+", re.MULTILINE)
_SEGMENT = re.compile(r'\.SEGMENT\s+DIGIT\s.*"([0-9])"')
_COMMENT = re.compile(r"\.COMMENT\s+([0-9])\s+([0-9]+)(?:\s|$)")

Stroke = NDArray[np.float32]


@dataclass(frozen=True)
class StrokeDigit:
    """One digit as a pen wrote it."""

    label: int
    """0 to 9."""
    writer: str
    """Whose hand it is; means nothing outside the set."""
    strokes: tuple[Stroke, ...]
    """Each `float32 (n, 2)`, n ≥ 1, y down, in units of the tablet."""


@dataclass(frozen=True)
class StrokeSet:
    """A file of stroke digits that has been checked."""

    name: str
    """The file's, without `.gz` and `.json`."""
    path: Path
    """As it was given."""
    sha256: str
    """Of the file, lower-case hexadecimal."""
    digits: tuple[StrokeDigit, ...]
    """In the order of the file, at least one."""


def load_strokes(path: str | Path) -> StrokeSet:
    """Load digits from a file of pen strokes.

    Args:
        path: a file of one of the two forms above, whatever its name.

    Returns:
        The checked digits; those without a stroke are left out.

    Raises:
        DataError: there is no such file, or it is not what it should be.
    """
    path = Path(path)
    content = _content(path)
    text = _text(content, path)
    if text.lstrip().startswith(("[", "{")):
        digits = tuple(_from_json(text, path))
    elif _KEYWORD.search(text):
        digits = tuple(_from_unipen(text, path))
    else:
        raise DataError(
            f"{path}: not a file of pen strokes; JSON or the original form of UCI's pen digits "
            "is needed"
        )
    if not digits:
        raise DataError(f"{path}: there are no digits in it")
    name = path.name.removesuffix(".gz").removesuffix(".json")
    return StrokeSet(name, path, hashlib.sha256(content).hexdigest(), digits)


def split_by_writer(
    digits: Sequence[StrokeDigit], share_or_count: float, seed: int
) -> tuple[tuple[StrokeDigit, ...], tuple[StrokeDigit, ...]]:
    """Split digits so that nobody's hand is on both sides.

    Digits of several sets must be split set by set, as each numbers its writers anew.

    Args:
        digits: of one set, in any order.
        share_or_count: how many writers to hold out: a share of them below 1, at least
            one of them; from 1 on how many.
        seed: the same seed holds out the same writers.

    Returns:
        The digits to learn from and those of the held-out writers, both in their order.

    Raises:
        DataError: nobody would be left to learn from.
        ValueError: `share_or_count` is neither a share nor a whole number.
    """
    if not (0 < share_or_count < 1 or (share_or_count >= 1 and share_or_count % 1 == 0)):
        raise ValueError("share_or_count must be a share between 0 and 1 or a whole number")
    writers = sorted({digit.writer for digit in digits})
    count = int(share_or_count)
    if share_or_count < 1:
        count = max(1, round(share_or_count * len(writers)))
    if count >= len(writers):
        raise DataError(
            f"{count} writers can't be held out of {len(writers)}; hold out fewer, "
            "or give strokes of more writers"
        )
    order = np.random.default_rng(seed).permutation(len(writers))
    chosen = {writers[i] for i in order[:count]}
    return (
        tuple(digit for digit in digits if digit.writer not in chosen),
        tuple(digit for digit in digits if digit.writer in chosen),
    )


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file of pen strokes; check its path") from error
    except OSError as error:
        raise DataError(f"{path}: the file can't be read ({error.strerror})") from error
    return _at_most(content, path)


def _text(content: bytes, path: Path) -> str:
    """Unpack and decode."""
    if content.startswith(_UNIX_COMPRESS):
        raise DataError(f"{path}: packed with compress; unpack it first, with gunzip")
    if content.startswith(_GZIP):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                content = file.read(_MOST_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path}: a damaged gzip file; fetch it again") from error
    try:
        return _at_most(content, path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a text file, nor a text file packed with gzip") from error


def _at_most(content: bytes, path: Path) -> bytes:
    if len(content) > _MOST_BYTES:
        raise DataError(
            f"{path}: larger than {_MOST_BYTES // 2**20} MiB, which no set of digits needs"
        )
    return content


def _from_json(text: str, path: Path) -> Iterator[StrokeDigit]:
    try:
        found = json.loads(text)
    # Brackets may be nested deeper than Python's stack, or fill the memory.
    except (ValueError, RecursionError, MemoryError) as error:
        raise DataError(f"{path}: not JSON, or damaged; fetch it again") from error
    if not isinstance(found, list):
        raise DataError(f'{path}: not a list of {{"label", "writer", "strokes"}}')
    for place, digit in enumerate(found, 1):
        where = f"{path}: digit {place}"
        if not isinstance(digit, dict) or not {"label", "writer", "strokes"} <= digit.keys():
            raise DataError(f'{where} is not an object with "label", "writer" and "strokes"')
        label, writer, strokes = digit["label"], digit["writer"], digit["strokes"]
        if type(label) is not int or label not in range(10):
            raise DataError(f'{where}: "label" is not a whole number from 0 to 9')
        if type(writer) not in (int, str):
            raise DataError(f'{where}: "writer" is neither a whole number nor a name')
        if not isinstance(strokes, list) or not all(isinstance(line, list) for line in strokes):
            raise DataError(f'{where}: "strokes" is not a list of lists of points [x, y]')
        if strokes:
            yield StrokeDigit(label, str(writer), _strokes(strokes, where))


def _from_unipen(text: str, path: Path) -> Iterator[StrokeDigit]:
    lines = [line.strip() for line in text.splitlines()]
    starts = [i for i, line in enumerate(lines) if line.startswith(".SEGMENT")]
    for start, end in pairwise([*starts, len(lines)]):
        digit = _unipen_digit(lines[start:end], start + 1, path)
        if digit is not None:
            yield digit


def _unipen_digit(lines: list[str], first: int, path: Path) -> StrokeDigit | None:
    """Read the lines of one digit; None where it has no strokes."""
    where = f"{path}: the digit from line {first} on"
    strokes: list[list[list[float]]] = []
    pen_down = False
    for number, line in enumerate(lines, first):
        if not pen_down:
            # What is written while the pen is up is free text, or a way through the air.
            if line == ".PEN_DOWN":
                pen_down = True
                strokes.append([])
        elif line == ".PEN_UP":
            pen_down = False
        elif line:
            try:
                strokes[-1].append([float(value) for value in line.split()])
            except ValueError as error:
                raise DataError(f"{path}: line {number} is not two numbers, x and y") from error
    if pen_down:
        raise DataError(f"{where} ends within a stroke; the file is damaged, fetch it again")
    if not strokes:
        return None

    segment = _SEGMENT.fullmatch(lines[0])
    if segment is None:
        raise DataError(f'{where} has no label from "0" to "9" in its .SEGMENT DIGIT')
    comment = next(filter(None, map(_COMMENT.match, lines)), None)
    if comment is None:
        raise DataError(f"{where} has no .COMMENT with its label and the number of its writer")
    if comment[1] != segment[1]:
        raise DataError(
            f"{where} is a {segment[1]} by its .SEGMENT, a {comment[1]} by its .COMMENT"
        )
    y_up = _strokes(strokes, where)
    top = max(stroke[:, 1].max() for stroke in y_up)
    return StrokeDigit(
        int(segment[1]),
        comment[2],
        tuple(np.stack([stroke[:, 0], top - stroke[:, 1]], axis=1) for stroke in y_up),
    )


def _strokes(strokes: list[list[Any]], where: str) -> tuple[Stroke, ...]:
    """Check a digit's points and make arrays of them."""
    total = sum(map(len, strokes))
    if total > _MOST_POINTS:
        raise DataError(f"{where} has {total:,} points; no digit needs more than {_MOST_POINTS:,}")
    for place, stroke in enumerate(strokes, 1):
        if not stroke:
            raise DataError(f"{where}: stroke {place} has no points")
        if not all(map(_is_point, stroke)):
            raise DataError(
                f"{where}: stroke {place} has a point that is not two numbers [x, y] "
                f"of at most ±{_FARTHEST:,.0f}"
            )
    return tuple(np.array(stroke, np.float32) for stroke in strokes)


def _is_point(point: object) -> bool:
    # NaN is in no range, and what JSON calls true is no number.
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(type(v) in (int, float) and -_FARTHEST <= v <= _FARTHEST for v in point)
    )
