"""Varies the way in which a digit was written, as other hands might have written it.

What is drawn stays the same digit: strokes in another order, one of them drawn the other way, a
pen that came down late or was lifted once more (`ways`); and what bends the whole of it, turning,
slant, size and slow waves (`bent`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.strokes import Stroke
from edge.trajectory import centred, paths

# Points that a stroke has at least to begin late, and to be written in two parts.
_LATE_FROM, _PARTED_FROM = 12, 10
# Of the waves that bend a digit: how many, and how many radians per half of the digit.
_WAVES, _WAVENUMBER = 2, 1.3


@dataclass(frozen=True)
class Variation:
    """How differently digits are written: shares of them, and amounts that are drawn uniformly.

    Raises:
        ValueError: a number is outside its range.
    """

    reordered: float = 0.35
    """Share of the digits of several strokes whose strokes come in any order."""
    reversed: float = 0.15
    """Share of the strokes that are drawn from their end."""
    late: float = 0.06
    """Share of a stroke's points that is lost at most, where the pen came down late."""
    parted: float = 0.1
    """Share of the digits whose one stroke is drawn in two, or whose several in one."""
    rotation: float = 12.0
    """± degrees."""
    scale: float = 0.2
    """± share of the size, each axis on its own."""
    shear: float = 0.25
    """± sideways shift per height."""
    waves: float = 0.06
    """How far waves move a point (one standard deviation), in halves of the digit."""

    def __post_init__(self) -> None:
        for name in ("reordered", "reversed", "late", "parted"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1")
        if not 0 <= self.rotation <= 45:
            raise ValueError("rotation must be from 0 to 45 degrees")
        if not 0 <= self.scale < 1:
            raise ValueError("scale must be at least 0 and below 1")
        if not 0 <= self.shear <= 1:
            raise ValueError("shear must be from 0 to 1")
        if not 0 <= self.waves <= 0.5:
            raise ValueError("waves must be from 0 to 0.5")


def ways(
    strokes: Sequence[Stroke], count: int, variation: Variation, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return paths of one digit, `float32 (count, POINTS, 3)`: the first as it was written."""
    others = [_rewritten(strokes, variation, rng) for _ in range(count - 1)]
    return paths([strokes, *others])


def bent(
    written: NDArray[np.float32], variation: Variation, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return paths turned, slanted, scaled and bent, each in its own way.

    Args:
        written: `float32 (n, POINTS, 3)`, from `edge.trajectory.paths`.
        variation: how far.
        rng: where the randomness comes from.
    """
    count = len(written)
    angles = np.radians(rng.uniform(-variation.rotation, variation.rotation, count))
    wide, tall = 1 + rng.uniform(-variation.scale, variation.scale, (2, count))
    slant = rng.uniform(-variation.shear, variation.shear, count)
    cos, sin = np.cos(angles), np.sin(angles)
    turn = np.array([[cos * wide, (slant - sin) * tall], [sin * wide, cos * tall]])
    places = np.einsum("ijn,nkj->nki", turn, written[..., :2])
    for _ in range(_WAVES):
        numbers = rng.normal(0, _WAVENUMBER, (count, 2, 2))
        phases = rng.uniform(0, 2 * np.pi, (count, 1, 2))
        heights = rng.normal(0, variation.waves, (count, 1, 2))
        places = places + heights * np.sin(np.einsum("nij,nkj->nki", numbers, places) + phases)
    moved = np.concatenate([places, written[..., 2:]], axis=2)
    return centred(np.asarray(moved, np.float32))


def strokes_of(way: NDArray[np.float32]) -> list[Stroke]:
    """Return the strokes of a path, `float32 (POINTS, 3)`: what is drawn while the pen is down."""
    starts = np.flatnonzero(way[:, 2] == 0)
    first, *others = np.split(way[:, :2], starts)
    # Points that the pen passed in the air, between the end of a stroke and the next one's start.
    passed = np.diff(starts, append=len(way) + 1) == 1
    return [first, *(part for part, air in zip(others, passed, strict=True) if not air)]


def _rewritten(
    strokes: Sequence[Stroke], variation: Variation, rng: np.random.Generator
) -> list[NDArray[Any]]:
    written = list(strokes)
    if len(written) > 1 and rng.random() < variation.reordered:
        written = [written[place] for place in rng.permutation(len(written))]
    written = [stroke[::-1] if rng.random() < variation.reversed else stroke for stroke in written]
    written = [
        stroke[int(len(stroke) * rng.uniform(0, variation.late)) :]
        if len(stroke) >= _LATE_FROM
        else stroke
        for stroke in written
    ]
    if rng.random() < variation.parted:
        if len(written) > 1:
            return [np.concatenate(written)]
        (stroke,) = written
        if len(stroke) >= _PARTED_FROM:
            place = int(rng.integers(3, len(stroke) - 3))
            return [stroke[: place + 1], stroke[place:]]
    return written
