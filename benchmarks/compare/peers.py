"""Who is compared, and in which ways each can be used. Imports none of them."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Peer:
    """A program."""

    name: str
    """In files and on the command line; its module in `benchmarks.compare.readers`."""
    title: str
    """In tables."""
    ways: tuple[str, ...]
    """How it can be used; what they begin with says what it is given: `photo` the whole
    picture, `row` the flattened row."""


_ALL = (
    Peer("fivebox", "fivebox", ("photo",)),
    Peer("textbook", "the textbook's program", ("row",)),
    Peer("normalised", "the textbook's network, our digits", ("row",)),
    Peer("rapidocr", "RapidOCR", ("photo", "row")),
    Peer("tesseract", "Tesseract", ("photo-sparse", "photo-line", "row-sparse", "row-line")),
)

PEERS = MappingProxyType({peer.name: peer for peer in _ALL})
"""By name."""


def given(way: str) -> str:
    """Return what a program is given in a way: `photo` or `row`."""
    return way.partition("-")[0]
