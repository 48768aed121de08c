"""Names of inputs from a file or standard input, one a line or ended by NUL, as they come."""

from __future__ import annotations

import os
from collections.abc import Iterator

from edge.errors import InputError

STANDARD_INPUT = "-"
_CHUNK = 65_536
# Linux allows paths of 4096 bytes; URLs are longer at times.
_LONGEST = 65_536


def names_from(place: str) -> Iterator[str]:
    """Yield names as soon as they are there; none but the next few are held.

    Args:
        place: a file, or `-` for standard input. Where its beginning holds a NUL, as
            `find -print0` writes it, names end with NUL; else with the line. Empty lines
            are left out.

    Raises:
        InputError: it can't be read, or what it holds is no list of names.
    """
    try:
        # Not through Python's own buffer: its lock would be held by a thread that waits
        # for more at the time the program ends.
        source = os.dup(0) if place == STANDARD_INPUT else os.open(place, os.O_RDONLY)
    except OSError as error:
        raise InputError(
            f"{place}: the list of inputs can't be read ({error.strerror}); check the path"
        ) from error
    try:
        for name in _split(source, place):
            if name:
                yield os.fsdecode(name)
    finally:
        os.close(source)


def _split(source: int, place: str) -> Iterator[bytes]:
    mark, rest = b"", b""
    while True:
        try:
            chunk = os.read(source, _CHUNK)
        except OSError as error:
            raise InputError(
                f"{place}: the list of inputs can't be read ({error.strerror})"
            ) from error
        if not chunk:
            break
        mark = mark or (b"\0" if b"\0" in chunk else b"\n" if b"\n" in chunk else b"")
        *whole, rest = (rest + chunk).split(mark) if mark else (rest + chunk,)
        for name in whole:
            yield _bare(name, mark)
        if len(rest) > _LONGEST:
            raise InputError(
                f"{place}: a name is longer than {_LONGEST // 1024} kB; write one input a line"
            )
    yield _bare(rest, mark)


def _bare(name: bytes, mark: bytes) -> bytes:
    return name if mark == b"\0" else name.removesuffix(b"\r")
