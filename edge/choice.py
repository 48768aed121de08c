"""Which of several rows of boxes is meant: the one that digits stand in.

Printed lines alone don't tell a postcode's boxes from a table or a desk's pattern; what is
written in them does. A row that lines leave no doubt of is taken as soon as digits are seen in
it, and one of which most is seen as soon as they are clear, if they tell which way up they stand;
else the best supported ones are all looked at. To look at a row takes a tenth of the time that the
rest of the search may take.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from edge.boxes import Boxes
from edge.observation import Observation

# Mean log-probability of the five digits above which they are digits.
_LEGIBLE = math.log(0.7)
# With a line seen on this much of the walls a row is looked at when it is found, and taken if its
# digits are so clear, for it may still be a rough fit.
_MOSTLY_SEEN, _CLEAR = 0.85, math.log(0.97)
# Any row is taken at once only if it is so sure which way up its digits stand.
_SURE_WAY_UP = 0.7
# What a mean log-probability weighs against the part of the walls that is seen. Between 0.1
# and 1 the same rows are chosen.
_WEIGHT = 0.5
_MOST_LOOKED_AT, _MOST_REFUSED = 6, 12
# Of two rows with digits whose merits differ by so much, the better one is meant e times as
# often as the other: an envelope may bear its sender's postcode too, or another number in boxes.
_RIVALRY = 0.05
# A part of the walls by which one fit of a row is clearly better supported than another.
_CLEARLY = 0.03
# Rows whose middles lie nearer than this, in box heights, and whose heights differ by less than
# this part, are the same; so are fits of one whose corners lie nearer than this.
_SAME, _ALIKE = 0.3, 0.04


@dataclass(frozen=True)
class Choice:
    """A row, and what was seen in it."""

    boxes: Boxes
    observation: Observation

    @property
    def merit(self) -> float:
        """How likely it is the one that is meant, for comparing it with others."""
        return self.boxes.support + _WEIGHT * self.observation.legibility


def choose(rows: Iterable[Boxes], look: Callable[[Boxes], Choice | None]) -> Choice | None:
    """Choose among rows.

    Args:
        rows: from `boxes.search`; no more are asked for once one leaves no doubt.
        look: reads a row; None where it is none of exactly five.

    Returns:
        The likeliest, less surely found where another one may be meant; None where there is
        none.
    """
    choices: list[Choice] = []
    refused: list[Boxes] = []
    waiting: list[Boxes] = []

    def looked_at(boxes: Boxes) -> Choice | None:
        # Another fit of a row that is none may be one; the very same isn't.
        if any(_alike(boxes, other) for other in refused):
            return None
        choice = look(boxes)
        if choice is None:
            refused.append(boxes)
        else:
            choices.append(choice)
        return choice

    for boxes in rows:
        if not _is_early(boxes, choices):
            waiting.append(boxes)
        else:
            choice = looked_at(boxes)
            if choice is not None and _is_meant(choice):
                return choice
    waiting.sort(key=lambda one: -one.support)
    for boxes in waiting:
        if len(choices) >= _MOST_LOOKED_AT or len(refused) >= _MOST_REFUSED:
            break
        # A row that was looked at early may be the rougher fit of the same one, and where it was
        # hardly read another fit may be read better.
        same = [one for one in choices if _same(boxes, one.boxes)]
        unclear = any(
            one.observation.legibility < _CLEAR and one.boxes.support < boxes.support + _CLEARLY
            for one in same
        )
        if unclear or not any(one.boxes.support >= boxes.support for one in same):
            looked_at(boxes)
    choices.sort(key=lambda one: -one.merit)
    return _doubted(choices[0], choices[1:]) if choices else None


def _is_early(boxes: Boxes, choices: Sequence[Choice]) -> bool:
    """Tell whether a row is looked at when it is found, after those that were chosen from."""
    same = [one for one in choices if _same(boxes, one.boxes)]
    if same:
        # Only which way up its digits stand was left open, which another fit of it may tell.
        is_open = any(one.boxes.is_sure and _is_legible(one) for one in same)
        return is_open and boxes.is_sure and len(choices) < _MOST_LOOKED_AT
    is_mostly_seen = boxes.coverage >= _MOSTLY_SEEN
    return boxes.is_sure or (is_mostly_seen and len(choices) < _MOST_LOOKED_AT)


def _is_meant(choice: Choice) -> bool:
    """Tell whether lines and digits leave no doubt together."""
    seen = choice.observation
    is_read = _is_legible(choice) if choice.boxes.is_sure else seen.legibility >= _CLEAR
    return is_read and seen.found >= _SURE_WAY_UP


def _is_legible(choice: Choice) -> bool:
    return choice.observation.legibility >= _LEGIBLE


def _doubted(best: Choice, others: Iterable[Choice]) -> Choice:
    rivals = (one for one in others if _is_legible(one) and not _same(one.boxes, best.boxes))
    odds = sum(math.exp((one.merit - best.merit) / _RIVALRY) for one in rivals)
    seen = best.observation
    return replace(best, observation=replace(seen, found=seen.found / (1 + odds)))


def _same(a: Boxes, b: Boxes) -> bool:
    height = b.height
    apart = abs(a.corners.mean(axis=(0, 1)) - b.corners.mean(axis=(0, 1))).max()
    return bool(apart < _SAME * height and abs(a.height - height) < _SAME * height)


def _alike(a: Boxes, b: Boxes) -> bool:
    return bool(abs(a.corners - b.corners).max() < _ALIKE * b.height)
