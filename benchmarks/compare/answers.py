"""The postcode among the words that a text reader finds. For readers that know nothing of
five boxes this is the part of the program that one would write around them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

COUNT = 5
# Words whose heights overlap by this much of the lower one stand on one line,
_OVERLAP = 0.5
# and so far apart, in heights of the higher one, they belong together: boxes have gaps.
_APART = 3.0


class Word(NamedTuple):
    """A piece of text in a picture."""

    text: str
    confidence: float
    """As the reader has it; only compared."""
    left: float
    """Of its outline, px."""
    top: float
    right: float
    bottom: float

    @property
    def digits(self) -> str:
        """The digits in it, 0 to 9 alone."""
        return re.sub("[^0-9]", "", self.text)

    @property
    def height(self) -> float:
        """Its outline's height, px."""
        return self.bottom - self.top


def postcode_in(words: Sequence[Word]) -> str | None:
    """Return the five digits that are a postcode most likely, or None.

    A word with five digits is one, and so are neighbours on a line that have five together,
    as the digits stand in boxes. Of several the reader's surest counts; a single word before
    those that are put together.
    """
    single = [word for word in words if len(word.digits) == COUNT]
    if single:
        return max(single, key=lambda word: word.confidence).digits
    runs = [run for run in _runs(words) if sum(len(word.digits) for word in run) == COUNT]
    if not runs:
        return None
    best = max(runs, key=lambda run: min(word.confidence for word in run))
    return "".join(word.digits for word in best)


def _runs(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Yield the words with digits that stand beside each other, from left to right."""
    rest = sorted((word for word in words if word.digits), key=lambda word: word.left)
    while rest:
        run = [rest.pop(0)]
        for word in list(rest):
            if _follows(run[-1], word):
                run.append(word)
                rest.remove(word)
        yield run


def _follows(one: Word, other: Word) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    near = other.left - one.right <= _APART * max(one.height, other.height)
    return near and shared >= _OVERLAP * min(one.height, other.height)
