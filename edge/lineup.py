"""Which candidates for single boxes lie in a row of five: on one line, alike, at one pitch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.cells import Cells
from edge.row import COUNT

# Neighbours in a row: areas and distances compared with one box's own.
_LIKE_AREA = 1.9
_LEAST_PITCH = 0.85
_MOST_PITCH = 2.4
_MOST_PITCH_BY_HEIGHT = 3.0
# Cosine of the angle between a box's side and the row.
_ALONG = 0.85
# How far a box may lie from where its neighbours say, in pitches.
_OFF_LINE = 0.2
_LEAST_CELLS = 2
# Pairs of neighbours that are followed, the nearest first.
_MOST_PAIRS = 600


def line_up(cells: Cells) -> NDArray[np.intp]:
    """Return the runs of five places that candidates make.

    Args:
        cells: the candidates.

    Returns:
        `(m, 5)`: at each place a candidate's index, or -1 where there is none; at least
        two are there. Those with most candidates and least beside them come first.
    """
    seeds, steps = _pairs(cells)
    if not len(seeds):
        return np.empty((0, COUNT), np.intp)
    alike = _alike(cells)[seeds]
    slots = np.concatenate(
        [
            follow(cells.centres, alike, seeds, -steps, COUNT - 1, _OFF_LINE)[:, ::-1],
            seeds[:, None],
            follow(cells.centres, alike, seeds, steps, COUNT - 1, _OFF_LINE),
        ],
        axis=1,
    )
    # What lies just before and after five places speaks against them.
    padded = np.pad(slots, [(0, 0), (1, 1)], constant_values=-1)
    windows = np.concatenate([padded[:, k : k + COUNT + 2] for k in range(COUNT)])
    there = windows >= 0
    counts = there[:, 1:-1].sum(axis=1)
    scores = counts - 0.5 * there[:, [0, -1]].sum(axis=1)
    runs = windows[:, 1:-1]
    enough = counts >= _LEAST_CELLS
    runs, scores = runs[enough], scores[enough]
    order = np.argsort(-scores, kind="stable")
    runs = runs[order]
    _, first = np.unique(runs, axis=0, return_index=True)
    return np.asarray(runs[np.sort(first)])


def _pairs(cells: Cells) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return pairs of neighbours: the first's index `(p,)`, the step to the second `(p, 2)`."""
    steps = cells.centres[None] - cells.centres[:, None]
    pitches = np.hypot(steps[..., 0], steps[..., 1])
    directions = steps / np.maximum(pitches, 1e-6)[..., None]
    sides = np.roll(cells.quads, -1, axis=1) - cells.quads
    # Of a box's two directions the one that points along the step, and the other.
    ways = np.stack([sides[:, 0] - sides[:, 2], sides[:, 1] - sides[:, 3]], axis=1) / 2
    lengths = np.maximum(np.hypot(ways[..., 0], ways[..., 1]), 1e-6)
    cosines = np.abs(np.einsum("ijk,idk->ijd", directions, ways / lengths[..., None]))
    first = cosines[..., 0] >= cosines[..., 1]
    widths = np.where(first, lengths[:, None, 0], lengths[:, None, 1])
    heights = np.where(first, lengths[:, None, 1], lengths[:, None, 0])
    # The pairs (i, j) and (j, i) are the same line.
    ahead = (steps[..., 0] > 0) | ((steps[..., 0] == 0) & (steps[..., 1] > 0))
    fitting = (
        ahead
        & _alike(cells)
        & (cosines.max(axis=2) > _ALONG)
        & (pitches > _LEAST_PITCH * widths)
        & (pitches < _MOST_PITCH * widths)
        & (pitches < _MOST_PITCH_BY_HEIGHT * heights)
    )
    i, j = np.nonzero(fitting)
    if len(i) > _MOST_PAIRS:
        nearest = np.argsort(pitches[i, j] / widths[i, j], kind="stable")[:_MOST_PAIRS]
        i, j = i[nearest], j[nearest]
    return i, steps[i, j]


def follow(
    centres: NDArray[np.floating[Any]],
    alike: NDArray[np.bool_],
    seeds: NDArray[np.intp],
    steps: NDArray[np.floating[Any]],
    count: int,
    off_place: float,
) -> NDArray[np.intp]:
    """Return which candidates lie 1 to `count` steps from the seeds, `(p, count)`, or -1.

    From place to place the step follows what was found, as perspective asks.

    Args:
        centres: `(n, 2)` of the candidates, px.
        alike: `(p, n)`, which of them may stand in one row with each seed.
        seeds: `(p,)`, indices.
        steps: `(p, 2)` px, to the next place.
        count: how far.
        off_place: how far a candidate may lie from where its neighbours say, in steps.
    """
    here, strides = centres[seeds], steps
    rows = np.arange(len(seeds))
    found = np.full((len(seeds), count), -1, np.intp)
    for n in range(count):
        wanted = here + strides
        off = centres[None] - wanted[:, None]
        distances = np.where(alike, off[..., 0] ** 2 + off[..., 1] ** 2, np.inf)
        nearest = distances.argmin(axis=1)
        lengths = strides[:, 0] ** 2 + strides[:, 1] ** 2
        there = distances[rows, nearest] < off_place**2 * lengths
        found[there, n] = nearest[there]
        places = centres[nearest]
        strides = np.where(there[:, None], 0.5 * strides + 0.5 * (places - here), strides)
        here = np.where(there[:, None], places, wanted)
    return found


def _alike(cells: Cells) -> NDArray[np.bool_]:
    """Tell which candidates are about as large as each other, `(n, n)`."""
    ratios = cells.areas[None] / np.maximum(cells.areas[:, None], 1e-6)
    return np.asarray((ratios < _LIKE_AREA) & (ratios > 1 / _LIKE_AREA))
