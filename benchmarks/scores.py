"""Counts of what was read right, and what they must not fall below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from edge import Reading

# Of the accepted inputs so many may be wrong where the read rate is told.
READ_ERROR = 0.01


@dataclass(frozen=True)
class Score:
    """Counts of one set, of postcodes or of digits."""

    name: str
    total: int
    right: int
    """Whose `guess` is right."""
    accepted: int | None = None
    """None where single digits are scored, which nobody accepts."""
    accepted_wrong: int | None = None
    readable: int | None = None
    """Most that some threshold on `confidence` accepts with at most 1 % of them wrong."""

    @property
    def row(self) -> str:
        """The table's row, with the floors that there are and a mark where one is missed."""
        floor = FLOORS.get(self.name, Floor())
        missed = self.missed
        cells = [f"{self.name:16}"]
        if floor.no_postcode:
            cells.append(f"{'-':>20}{'':14}")
        else:
            cells.append(_cell(self.right, self.total, floor.right, "≥", "right" in missed))
        if self.accepted is not None and self.accepted_wrong is not None:
            cells.append(
                _cell(self.accepted_wrong, self.accepted, floor.wrong, "≤", "wrong" in missed)
            )
        if self.readable is not None and not floor.no_postcode:
            cells.append(
                _cell(self.readable, self.total, floor.readable, "≥", "readable" in missed)
            )
        return " ".join(cells)

    @property
    def missed(self) -> tuple[str, ...]:
        """Which figures miss their floor: `right`, `wrong`, `readable`."""
        return self.misses(FLOORS.get(self.name, Floor()))

    def misses(self, floor: Floor) -> tuple[str, ...]:
        """Which figures miss a floor: `right`, `wrong`, `readable`."""
        accepted, wrong = self.accepted or 0, self.accepted_wrong or 0
        # A rounding error must not miss a floor that is met exactly.
        slack = 1e-9
        misses = {
            "right": floor.right is not None and self.right < floor.right * self.total - slack,
            "wrong": floor.wrong is not None and wrong > floor.wrong * accepted + slack,
            "readable": floor.readable is not None
            and (self.readable or 0) < floor.readable * self.total - slack,
        }
        return tuple(figure for figure, below in misses.items() if below)


@dataclass(frozen=True)
class Floor:
    """What a set's figures must reach; None asks for nothing."""

    right: float | None = None
    """Least share of guesses that are right."""
    wrong: float | None = None
    """Largest share of accepted postcodes that are wrong."""
    readable: float | None = None
    """Least read rate at 1 % error."""
    no_postcode: bool = False
    """There is nothing to read: whatever is accepted is wrong."""


FLOORS = MappingProxyType(
    {
        "scan": Floor(0.98, 0.01, 0.97),
        "desk": Floor(0.97, 0.01, 0.95),
        "hard": Floor(0.90, 0.01, 0.80),
        "odd": Floor(0.90, 0.01, 0.80),
        "envelopes": Floor(1.0, 0.0),
        "box_strips": Floor(0.98, 0.0, 0.95),
        "form_cells": Floor(0.97),
        "touch": Floor(0.95, 0.01, 0.92),
        "negatives": Floor(wrong=0.0, no_postcode=True),
        "odd_negatives": Floor(wrong=0.0, no_postcode=True),
    }
)
"""By the name of the set."""


def score(name: str, readings: Iterable[tuple[Reading, str]]) -> Score:
    """Count a set of readings, each with the true postcode; "" where there is none to read."""
    total = right = accepted = wrong = 0
    curve: list[tuple[float, bool]] = []
    for reading, postcode in readings:
        total += 1
        right += reading.guess == postcode
        accepted += reading.status == "accepted"
        wrong += reading.status == "accepted" and reading.postcode != postcode
        if reading.guess is not None:
            curve.append((reading.confidence, reading.guess == postcode))
    return Score(name, total, right, accepted, wrong, most_accepted(curve, READ_ERROR))


def most_accepted(answers: Sequence[tuple[float, bool]], error: float) -> int:
    """Return how many answers a threshold can accept without being wrong too often.

    Args:
        answers: confidence and whether it is right, of each.
        error: largest share of the accepted that may be wrong.

    Returns:
        The largest number over all thresholds; those of one confidence are accepted
        together.
    """
    best = wrong = 0
    ordered = sorted(answers, key=lambda answer: -answer[0])
    for count, (confidence, is_right) in enumerate(ordered, 1):
        wrong += not is_right
        last = count == len(ordered) or ordered[count][0] < confidence
        if last and wrong <= error * count + 1e-9:
            best = count
    return best


HEADER = " ".join(
    [f"{'set':16}"]
    + [
        f"{title:>22} {'floor':>6}     "
        for title in ("guess right", "of accepted, wrong", "read rate at 1 % error")
    ]
).rstrip()
"""Of the table."""


def _cell(count: int, total: int, floor: float | None, sign: str, is_missed: bool) -> str:
    share = f"{count} of {total}" + (f" = {count / total:.1%}" if total else "")
    limit = "" if floor is None else f"{sign}{100 * floor:g} %"
    return f"{share:>22} {limit:>6}{' MISS' if is_missed else '':5}"
