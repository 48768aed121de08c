"""Writes what is no digit, as `train.impostors` draws it: letters, crosses, scribbles, ticks.

Shown these with the answer that nothing is likelier than anything else, the network learns not
to be sure of what it has never seen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.strokes import Stroke
from train.impostors import smoothed

Way = Sequence[Sequence[tuple[float, float]]]

# Letters and signs that are no digit in anybody's hand, as the pen goes: strokes through points
# of a square of side 1, y down.
LETTERS: dict[str, Way] = {
    "A": [[(0, 1), (0.5, 0), (1, 1)], [(0.2, 0.6), (0.8, 0.6)]],
    "E": [[(1, 0), (0, 0), (0, 1), (1, 1)], [(0, 0.5), (0.8, 0.5)]],
    "F": [[(1, 0), (0, 0), (0, 1)], [(0, 0.5), (0.8, 0.5)]],
    "H": [[(0, 0), (0, 1)], [(1, 0), (1, 1)], [(0, 0.5), (1, 0.5)]],
    "K": [[(0, 0), (0, 1)], [(1, 0), (0, 0.5), (1, 1)]],
    "M": [[(0, 1), (0, 0), (0.5, 0.6), (1, 0), (1, 1)]],
    "N": [[(0, 1), (0, 0), (1, 1), (1, 0)]],
    "R": [[(0, 1), (0, 0), (0.8, 0.1), (0.8, 0.4), (0, 0.5), (1, 1)]],
    "V": [[(0, 0), (0.5, 1), (1, 0)]],
    "W": [[(0, 0), (0.25, 1), (0.5, 0.4), (0.75, 1), (1, 0)]],
    "X": [[(0, 0), (1, 1)], [(1, 0), (0, 1)]],
    "k": [[(0, 0), (0, 1), (0, 0.6), (0.8, 0.3), (0.1, 0.65), (1, 1)]],
    "m": [[(0, 1), (0, 0), (0.2, 0.1), (0.5, 0.3), (0.5, 1), (0.5, 0.2), (0.9, 0.3), (1, 1)]],
    "r": [[(0, 0), (0, 1), (0, 0.4), (0.4, 0), (1, 0.1)]],
    "w": [[(0, 0), (0.2, 1), (0.5, 0.1), (0.8, 1), (1, 0)]],
    "+": [[(0.5, 0), (0.5, 1)], [(0, 0.5), (1, 0.5)]],
    "*": [[(0.5, 0), (0.5, 1)], [(0, 0.2), (1, 0.8)], [(1, 0.2), (0, 0.8)]],
    "=": [[(0, 0.2), (1, 0.2)], [(0, 0.8), (1, 0.8)]],
    "#": [
        [(0.3, 0), (0.2, 1)],
        [(0.8, 0), (0.7, 1)],
        [(0, 0.3), (1, 0.3)],
        [(0, 0.7), (1, 0.7)],
    ],
}
_TICK: Way = [[(0.1, 0.55), (0.35, 0.85), (0.9, 0.1)]]
# How far a point is from where it is meant (one standard deviation), in sides of the square.
_OFF = 0.05
# Shares of those that are written in curves, of strokes drawn from their end, and of those whose
# strokes come in any order.
_CURVED, _REVERSED, _REORDERED = 0.6, 0.2, 0.4


def write_impostor(
    digits: Sequence[Sequence[Stroke]], rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Write something that is no digit.

    Args:
        digits: strokes of some, at least one: a sixth of what is written are crossed out.
        rng: where the randomness comes from.

    Returns:
        Its strokes, `float32 (n, 2)` each, y down.
    """
    kind = rng.integers(6)
    if kind == 0:
        digit = digits[rng.integers(len(digits))]
        over = _written(LETTERS["X"], rng) if rng.random() < 0.5 else [_scribble(rng)]
        return [*_in_square(digit), *over]
    if kind == 1:
        return [_scribble(rng)]
    if kind == 2:
        return _written(_TICK if rng.random() < 0.5 else _bars(rng), rng)
    letter = "X" if kind == 3 else str(rng.choice(list(LETTERS)))
    return _written(LETTERS[letter], rng)


def _written(way: Way, rng: np.random.Generator) -> list[NDArray[np.float32]]:
    narrow = [rng.uniform(0.4, 1), 1]
    strokes = []
    for points in way:
        stroke = np.array(points, float) * narrow + rng.normal(0, _OFF, (len(points), 2))
        strokes.append(stroke[::-1] if rng.random() < _REVERSED else stroke)
    if rng.random() < _CURVED:
        strokes = [smoothed(stroke) for stroke in strokes]
    if rng.random() < _REORDERED:
        strokes = [strokes[place] for place in rng.permutation(len(strokes))]
    return [stroke.astype(np.float32) for stroke in strokes]


def _scribble(rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a line to and fro."""
    turns = int(rng.integers(6, 13))
    across = np.where(np.arange(turns) % 2, 0.2, 0.8)
    points = np.stack([np.linspace(0.1, 0.9, turns), across], axis=1)
    points += rng.normal(0, 0.08, points.shape)
    if rng.random() < 0.5:
        points = points[:, ::-1]
    return np.asarray(smoothed(points) if rng.random() < _CURVED else points, np.float32)


def _bars(rng: np.random.Generator) -> Way:
    """Return lines across, one to three."""
    heights = np.sort(rng.uniform(0.2, 0.8, rng.integers(1, 4)))
    return [[(0.05, float(height)), (0.95, float(height))] for height in heights]


def _in_square(strokes: Sequence[Stroke]) -> list[NDArray[np.float32]]:
    points = np.concatenate(strokes)
    low = points.min(axis=0)
    side = max(float(np.ptp(points, axis=0).max()), 1e-6)
    return [(stroke - low) / np.float32(side) for stroke in strokes]
