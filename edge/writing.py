"""Five digits in a row: writing is seen where the printed boxes around it hardly are.

Pieces of ink that are about as large as each other and follow each other at about one
pitch may be the digits of a postcode; `comb` then looks for the lines around them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.lineup import follow
from edge.row import COUNT

# Ink is darker than this, of 255: printed boxes are mostly fainter than what is written in them.
_LEVELS = (70, 36)
# Larger side of a digit, px of the working picture.
_LEAST_SIDE, _MOST_SIDE = 8, 90
# And the other one, by it: of a 1.
_THINNEST = 0.08
_MOST_BLOBS = 120
# Pairs that are followed, the nearest first.
_MOST_PAIRS = 400
# Neighbours: larger sides compared, and their distance by it.
_LIKE_SIZE = 2.1
_LEAST_PITCH, _MOST_PITCH = 0.55, 3.2
# How far a digit may lie from where the others say, in pitches.
_OFF_PLACE = 0.32
# Digits that must be seen as pieces of their own; the others may touch something.
_LEAST_DIGITS = 4
# Two runs whose ends lie nearer to each other than this, in pitches, are one.
_SAME = 0.15
_MOST_RUNS = 4
# Runs that are looked at more closely.
_MOST_FITTED = 30


@dataclass(frozen=True)
class Run:
    """Where five digits may stand, px of the working picture."""

    middle: NDArray[np.float64]
    """(2,): of the third."""
    step: NDArray[np.float64]
    """(2,): from one to the next."""
    size: float
    """Median of the larger sides."""


def find_runs(dark: NDArray[np.uint8]) -> list[Run]:
    """Find rows of five digits.

    Args:
        dark: `uint8 (h, w)` from `ink.line_darkness`.

    Returns:
        The likeliest, those of which most digits are seen and least beside them first.
    """
    found: list[tuple[float, Run]] = []
    # Or grain makes thousands of pieces.
    smooth = np.asarray(cv2.blur(dark, (3, 3)), np.uint8)
    for level in _LEVELS:
        centres, sizes = _blobs(smooth, level)
        found.extend(_runs(centres, sizes))
    found.sort(key=lambda one: -one[0])
    kept: list[Run] = []
    for _, run in found:
        if not any(_same(run, other) for other in kept):
            kept.append(run)
        if len(kept) == _MOST_RUNS:
            break
    return kept


def _blobs(dark: NDArray[np.uint8], level: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return centres `(n, 2)` and larger sides `(n,)` of pieces of ink that may be digits."""
    mask = cv2.compare(dark, level, cv2.CMP_GT)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, None, 8, cv2.CV_32S)
    x, y, width, height, area = stats[1:].T
    larger, smaller = np.maximum(width, height), np.minimum(width, height)
    chosen = (larger >= _LEAST_SIDE) & (larger <= _MOST_SIDE) & (area >= _THINNEST * larger**2)
    chosen &= smaller >= 2
    places = np.flatnonzero(chosen)
    if len(places) > _MOST_BLOBS:
        places = places[np.argsort(-area[places], kind="stable")[:_MOST_BLOBS]]
    centres = np.stack([x + (width - 1) / 2, y + (height - 1) / 2], axis=1)[places]
    return centres.astype(float), larger[places].astype(float)


def _runs(centres: NDArray[np.float64], sizes: NDArray[np.float64]) -> list[tuple[float, Run]]:
    """Return runs of five places with their score."""
    if len(centres) < _LEAST_DIGITS:
        return []
    alike = (sizes[None] < _LIKE_SIZE * sizes[:, None]) & (sizes[:, None] < _LIKE_SIZE * sizes)
    steps = centres[None] - centres[:, None]
    pitches = np.hypot(steps[..., 0], steps[..., 1])
    larger = np.maximum(sizes[None], sizes[:, None])
    ahead = (steps[..., 0] > 0) | ((steps[..., 0] == 0) & (steps[..., 1] > 0))
    near = (pitches > _LEAST_PITCH * larger) & (pitches < _MOST_PITCH * larger)
    i, j = np.nonzero(ahead & near & alike)
    if not len(i):
        return []
    if len(i) > _MOST_PAIRS:
        nearest = np.argsort(pitches[i, j] / larger[i, j], kind="stable")[:_MOST_PAIRS]
        i, j = i[nearest], j[nearest]
    seen = steps[i, j]
    slots = np.concatenate(
        [
            follow(centres, alike[i], i, -seen, COUNT, _OFF_PLACE)[:, ::-1],
            i[:, None],
            follow(centres, alike[i], i, seen, COUNT, _OFF_PLACE),
        ],
        axis=1,
    )
    windows = np.concatenate([slots[:, k : k + COUNT + 2] for k in range(COUNT)])
    there = windows >= 0
    counts = there[:, 1:-1].sum(axis=1)
    beside = there[:, [0, -1]].sum(axis=1)
    chosen = counts >= _LEAST_DIGITS
    chosen &= there[:, 1] & there[:, -2] | (counts == COUNT)
    runs, scores = windows[chosen, 1:-1], (counts - 0.6 * beside)[chosen]
    _, first = np.unique(runs, axis=0, return_index=True)
    first = first[np.argsort(-scores[first], kind="stable")[:_MOST_FITTED]]
    return [_run(runs[k], float(scores[k]), centres, sizes) for k in first]


def _run(
    members: NDArray[np.intp],
    score: float,
    centres: NDArray[np.float64],
    sizes: NDArray[np.float64],
) -> tuple[float, Run]:
    places = np.flatnonzero(members >= 0)
    points = centres[members[places]]
    basis = np.stack([np.ones(len(places)), places - COUNT // 2], axis=1)
    fitted = np.linalg.lstsq(basis, points, rcond=None)[0]
    pitch = float(np.hypot(*fitted[1]))
    off = points - basis @ fitted
    unevenness = float(np.sqrt((off**2).sum(axis=1).mean())) / max(pitch, 1e-6)
    run = Run(fitted[0], fitted[1], float(np.median(sizes[members[places]])))
    return score - 4 * unevenness, run


def _same(a: Run, b: Run) -> bool:
    pitch = float(np.hypot(*a.step))
    ends = [np.abs(a.middle + k * a.step - b.middle - k * b.step).max() for k in (-2, 2)]
    return bool(max(ends) < _SAME * pitch)
