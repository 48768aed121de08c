"""Finds the printed line near each side of boxes whose place is roughly known."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# How far a line may lie off its side, in box heights.
_REACH = 0.13
# A wall is looked at in so many places along, at so many offsets across.
_SAMPLES = 18
_OFFSETS = 13
_HALF = _OFFSETS // 2
_SHIFTS = np.linspace(-1, 1, _OFFSETS, dtype=np.float32)
# Up to the corners: those of a box are closed, those of a letter rarely.
_PLACES = np.linspace(0.03, 0.97, _SAMPLES, dtype=np.float32)

# Lines that are tried: the offset's index at the first and at the last sample.
_ENDS = np.stack(np.meshgrid(*[np.arange(_OFFSETS)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
# And at every sample between, `(lines, samples)`.
_TRACKS = np.rint(np.linspace(_ENDS[:, 0], _ENDS[:, 1], _SAMPLES, axis=1)).astype(np.intp)
# The same as a matrix that takes the mean along each line, `(samples * offsets, lines)`.
_MEANS = ((_TRACKS[:, :, None] == np.arange(_OFFSETS)).reshape(len(_ENDS), -1).T / _SAMPLES).astype(
    np.float32
)
# Of two equally dark lines the nearer one is meant: an offset of `_REACH` costs this
# part of the line's darkness.
_AWAY = 0.25 * (np.abs(_ENDS - _HALF).mean(axis=1) / _HALF).astype(np.float32)

# Ink is so many times darker than the usual line, or it is not told from it.
_INK = 1.3
# Of the walls' darknesses, from faint to dark, the one that is usual.
_USUAL_WALL = 0.3

# The line that runs along the side itself.
_STRAIGHT = int(np.flatnonzero((_ENDS == _HALF).all(axis=1))[0])
# Nearer than this to the picture's edge, px, nothing is said of a wall.
_EDGE = 2.0

FAINTEST = 8.0
"""Of 255; fainter lines are not told from grain."""


@dataclass(frozen=True)
class Walls:
    """The lines found along the sides of n boxes: top, right, bottom, left of each."""

    lines: NDArray[np.float32]
    """(n, 4, 2, 2) px: a start and an end."""
    seen: NDArray[np.float32]
    """(n, 4): part of each wall on which a line is seen, of what ink does not cover, 0 to 1;
    NaN where the wall is mostly outside of the picture."""
    proven: NDArray[np.float32]
    """(n, 4): part of the whole wall on which a line is seen, 0 to 1; 0 outside."""
    darkness: float
    """Of the usual line, of 255."""


def find_walls(
    dark: NDArray[np.uint8],
    quads: NDArray[np.float32],
    alike: bool = True,
    least: float = FAINTEST,
) -> Walls:
    """Find the printed line near each side of some boxes.

    Of the straight lines close to a side the darkest wins, each sample counting no
    more than the line's usual darkness, so that a digit's ink across it does not pull
    it aside.

    Args:
        dark: `uint8 (h, w)` from `ink.line_darkness`.
        quads: `float32 (n, 4, 2)` px, clockwise from the top left.
        alike: whether most of the sides are printed, and so alike; else each is looked at
            for itself.
        least: how much darker than the paper a line is, of 255.

    Returns:
        What was found.
    """
    sides = quads[:, [1, 2, 3, 0]] - quads
    lengths = np.maximum(np.hypot(sides[..., 0], sides[..., 1]), 1e-6)
    outward = np.stack([sides[..., 1], -sides[..., 0]], axis=2) / lengths[..., None]
    # Seen obliquely, what is a part of the height is less across the shortened side.
    reach = _REACH * np.minimum(lengths[:, [1, 0, 1, 0]], lengths[:, [3, 0, 3, 0]].mean())
    shifts = _SHIFTS * reach[..., None]
    # (n, 4, samples, offsets) px each; apart, as loops over pairs are slow.
    x, y = (
        quads[..., axis, None, None]
        + _PLACES[:, None] * sides[..., axis, None, None]
        + shifts[:, :, None] * outward[..., axis, None, None]
        for axis in range(2)
    )
    values = cv2.remap(
        dark,
        x.reshape(-1, _OFFSETS),
        y.reshape(-1, _OFFSETS),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    values = values.reshape(-1, _SAMPLES, _OFFSETS).astype(np.float32)

    # A wall's usual darkness: about the median of its darkest offsets.
    usual = np.partition(values.max(axis=2), _SAMPLES // 2, axis=1)[:, _SAMPLES // 2]
    # Box by box: OpenBLAS would wake other threads for a product of all at once, and take
    # longer than it takes alone.
    capped = np.minimum(values, usual[:, None, None]).reshape(len(quads), 4, -1)
    means = (capped @ _MEANS).reshape(len(values), -1)
    best = (means - _AWAY * usual[:, None]).argmax(axis=1)
    place = int(_USUAL_WALL * (len(usual) - 1))
    darkness = float(np.partition(usual, place)[place])
    if alike:
        # What is darker than most of the walls is ink beside the line.
        usual = np.minimum(usual, darkness)

    inside = _inside(x[..., _HALF], y[..., _HALF], dark.shape).reshape(-1, _SAMPLES)
    # A wall outside of the picture is assumed where it should be.
    hidden = inside.mean(axis=1) < 0.5
    best[hidden] = _STRAIGHT
    ends = np.take_along_axis(shifts.reshape(-1, _OFFSETS), _ENDS[best], axis=1)
    slope = (ends[:, 1] - ends[:, 0]) / (_PLACES[-1] - _PLACES[0])
    at_start = ends[:, 0] - slope * _PLACES[0]
    offsets = np.stack([at_start, at_start + slope], axis=1).reshape(*quads.shape[:2], 2, 1)
    lines = np.stack([quads, quads + sides], axis=2) + offsets * outward[:, :, None]
    seen, proven = _parts_seen(values, _TRACKS[best], usual, inside, least)
    seen[hidden], proven[hidden] = np.nan, 0
    shape = quads.shape[:2]
    return Walls(lines.astype(np.float32), seen.reshape(shape), proven.reshape(shape), darkness)


def _parts_seen(
    values: NDArray[np.float32],
    tracks: NDArray[np.intp],
    usual: NDArray[np.float32],
    inside: NDArray[np.bool_],
    faintest: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the part of each wall, `(walls,)`, where its line is dark enough: `seen`, `proven`.

    That is about as dark as usual, and darker than the paper on both sides of it.
    """
    on_line = np.take_along_axis(values, tracks[:, :, None], axis=2)[..., 0]
    beside = np.maximum(values[..., :_HALF].min(axis=2), values[..., -_HALF:].min(axis=2))
    least = np.maximum(0.5 * usual[:, None], faintest)
    visible = (on_line > least) & (on_line - beside > 0.3 * least) & inside
    # Where ink covers line and paper, nothing can be told; but more than half must be told.
    covered = inside & ~visible & (np.minimum(on_line, beside) > _INK * usual[:, None])
    told = np.maximum((inside & ~covered).sum(axis=1), 0.5 * inside.sum(axis=1))
    count = visible.sum(axis=1)
    seen, proven = count / np.maximum(told, 1), count / np.maximum(inside.sum(axis=1), 1)
    return seen.astype(np.float32), proven.astype(np.float32)


def _inside(
    x: NDArray[np.float32], y: NDArray[np.float32], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    height, width = shape
    # At the very edge there is no paper on the line's other side.
    least = _EDGE
    return np.asarray(
        (x >= least) & (y >= least) & (x <= width - 1 - least) & (y <= height - 1 - least)
    )
