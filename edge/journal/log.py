"""SQLite's write-ahead log, read without SQLite: it drops all after the first damaged byte.

The format is that of https://sqlite.org/fileformat2.html, section 4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from edge.journal.schema import PAGE_BYTES

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_MAGIC = (0x377F0682, 0x377F0683)


class Frame(NamedTuple):
    """One page as a transaction left it."""

    page_number: int
    """From 1 on."""
    is_commit: bool
    """Whether a transaction ends with it."""
    page: bytes
    """`PAGE_BYTES` of them."""


def frames(log: bytes, first: int = 0) -> Iterator[Frame]:
    """Yield the frames of the log's present generation, damaged ones among them.

    A log is written anew from its start when all of it has reached the database; what an
    earlier generation left behind bears other salts. Where the head is damaged all are yielded.

    Args:
        log: the bytes of the file.
        first: the frame to begin at, from 0.
    """
    salts: tuple[int, int] | None = None
    if len(log) >= _HEADER.size:
        head = _HEADER.unpack_from(log)
        salts = (head[4], head[5]) if head[0] in _MAGIC else None
    size = _FRAME.size + PAGE_BYTES
    for start in range(_HEADER.size + first * size, len(log) - size + 1, size):
        number, pages, *rest = _FRAME.unpack_from(log, start)
        if salts is None or (rest[0], rest[1]) == salts:
            yield Frame(number, pages > 0, log[start + _FRAME.size : start + size])


def has_lost_commits(log: bytes, used: int) -> bool:
    """Tell whether the log holds transactions that SQLite no longer sees.

    Each is synced before the next begins, so that a power cut can leave one that is cut
    short; two were damaged afterwards.

    Args:
        log: the bytes of the file.
        used: the frames that SQLite found whole.
    """
    return sum(frame.is_commit for frame in frames(log, used)) > 1
