"""The file of a directory: which prefixes it lists, and what it calls them.

One postcode, or the first digits of some, a line; after a comma or a tab the name of its
region; after `#` a comment. A million lines are read in blocks, by NumPy where a line is as
simple as most are, so that neither time nor memory grows with what is said again and again.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from edge.errors import DirectoryError

LENGTH = 5

# Every prefix of one to five digits has a place: those of one digit first.
_FIRST = (0, 0, 10, 110, 1_110, 11_110)
PLACES = 111_110

_BLOCK = 1 << 18
# So much of a line is looked at by NumPy; where it has more blanks, Python looks.
_LOOK = 10
# No name of a region is longer; what is, is no directory.
_LONGEST_LINE = 10_000

_GZIP = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_NEWLINE, _TAB, _BLANK, _HASH, _COMMA, _ZERO = b"\n\t #,0"


def read_directory(path: Path) -> tuple[NDArray[np.bool_], dict[str, str]]:
    """Read a directory's file, which may be gzipped.

    Returns:
        `bool (10, 10, 10, 10, 10)`, indexed by the five digits: which postcodes begin with
        a line; and the names of the prefixes that have one. Where a prefix has several, the
        first counts.

    Raises:
        DirectoryError: the file can't be read, a line is not one to five digits, or there
            is none.
    """
    listed = np.zeros(PLACES, bool)
    names: dict[str, str] = {}
    named = np.zeros(PLACES, bool)
    shared: dict[str, str] = {}
    try:
        with path.open("rb") as file:
            for number, block in _blocks(_unpacked(file), path):
                for code, name in _entries(number, block, listed, named, path):
                    place = _FIRST[len(code)] + int(code)
                    listed[place] = True
                    if name and not named[place]:
                        # One text for all prefixes that are called the same.
                        names[code] = shared.setdefault(name, name)
                        named[place] = True
    except OSError as error:
        why = error.strerror or str(error)
        raise DirectoryError(f"{path}: the directory can't be read ({why})") from error
    except (EOFError, zlib.error) as error:
        raise DirectoryError(f"{path}: the directory can't be read ({error})") from error
    if not listed.any():
        raise DirectoryError(f"{path}: the directory has no postcode in it")
    return _spread(listed), names


def _entries(
    number: int,
    block: bytes,
    listed: NDArray[np.bool_],
    named: NDArray[np.bool_],
    path: Path,
) -> Iterator[tuple[str, str]]:
    """Mark what is simply listed, and yield prefix and name of the other lines."""
    data = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(data == _NEWLINE)
    starts = np.concatenate([[0], ends[:-1] + 1])
    # The first characters of each line: a prefix, and what comes after it and after blanks.
    padded = np.concatenate([data, np.full(_LOOK, _NEWLINE, np.uint8)])
    text = padded[starts[:, None] + np.arange(_LOOK)]
    # Below the digits, unsigned numbers wrap around.
    digits = text - np.uint8(_ZERO)
    lengths = np.logical_and.accumulate(digits < 10, axis=1).sum(axis=1)
    behind = (np.arange(_LOOK) >= lengths[:, None]) & (text != _BLANK)
    after = text[np.arange(len(text)), behind.argmax(axis=1)]
    values = np.zeros(len(text), np.int64)
    for k in range(LENGTH):
        values = np.where(k < lengths, 10 * values + digits[:, k], values)
    is_prefix = (lengths >= 1) & (lengths <= LENGTH)
    places = np.where(is_prefix, np.take(_FIRST, lengths, mode="clip") + values, 0)

    bare = is_prefix & ((after == _NEWLINE) | (after == _HASH))
    again = is_prefix & ((after == _COMMA) | (after == _TAB)) & named[places]
    listed[places[bare | again]] = True
    for row in np.flatnonzero(~(bare | again)):
        entry = _entry(block[starts[row] : ends[row]], number + int(row), path)
        if entry is not None:
            yield entry


def _entry(line: bytes, number: int, path: Path) -> tuple[str, str] | None:
    """Take one line apart; None where nothing is on it."""
    content = line.split(b"#", 1)[0].strip()
    if not content:
        return None
    code, comma, name = content.partition(b",")
    if b"\t" in code:
        code, _, rest = code.partition(b"\t")
        name = rest + comma + name
    code = code.rstrip()
    if not code.isdigit() or len(code) > LENGTH:
        raise DirectoryError(
            f"{path}, line {number}: {code[:20].decode('utf-8', 'replace')!r} is not "
            "one to five digits; write one postcode or prefix a line"
        )
    try:
        return code.decode(), name.decode().strip()
    except UnicodeDecodeError as error:
        raise DirectoryError(
            f"{path}, line {number}: the name is not UTF-8 text; save the file as UTF-8"
        ) from error


def _unpacked(file: io.BufferedReader) -> BinaryIO:
    packed = file.peek(len(_GZIP)).startswith(_GZIP)
    return cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file


def _blocks(file: BinaryIO, path: Path) -> Iterator[tuple[int, bytes]]:
    r"""Yield whole lines, each ended by `\n`, and the number of the first."""
    number, rest = 1, b""
    while chunk := file.read(_BLOCK):
        if number == 1 and not rest:
            if chunk.startswith(_UTF16_MARKS):
                raise DirectoryError(f"{path}: it is UTF-16 text; save the file as UTF-8")
            chunk = chunk.removeprefix(_UTF8_MARK)
        text = rest + chunk
        # What a last \r is, the next chunk tells.
        cut = max(text.rfind(b"\n"), text.rfind(b"\r", 0, -1)) + 1
        rest = text[cut:]
        if len(rest) > _LONGEST_LINE:
            raise DirectoryError(
                f"{path}: the directory has a line of more than {_LONGEST_LINE:,} characters; "
                "write one postcode or prefix a line"
            )
        if cut:
            block = _with_plain_ends(text[:cut])
            yield number, block
            number += block.count(b"\n")
    if rest:
        yield number, _with_plain_ends(rest).rstrip(b"\n") + b"\n"


def _with_plain_ends(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text


def _spread(listed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which postcodes begin with a prefix of the list."""
    valid = np.zeros((10,) * LENGTH, bool)
    for length in range(1, LENGTH + 1):
        first = _FIRST[length]
        prefixes = listed[first : first + 10**length]
        valid |= prefixes.reshape((10,) * length + (1,) * (LENGTH - length))
    return valid
