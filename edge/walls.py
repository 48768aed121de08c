"""Finds the printed line near each side of boxes whose place is roughly known."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# How far a line may lie off its side, in box heights.
_REACH = 0.13
# A wall is looked at in so many places along, at so many offsets across.
_SAMPLES = 24
_OFFSETS = 17
# Up to the corners: those of a box are closed, those of a letter rarely.
_PLACES = np.linspace(0.03, 0.97, _SAMPLES, dtype=np.float32)

# Lines that are tried: the offset's index at the first and at the last sample, and
# at every sample between. Those that run along the side, and all.
_PARALLEL = np.stack([np.arange(_OFFSETS)] * 2, axis=1)
_ALL = np.stack(np.meshgrid(*[np.arange(_OFFSETS)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
# Of two equally dark lines the nearer one is meant: an offset of `_REACH` costs this
# part of the line's darkness.
_AWAY = 0.25

# Of the paper's light; fainter lines are not told from grain.
_FAINTEST_LINE = 0.03


@dataclass(frozen=True)
class Walls:
    """The lines found along the sides of n boxes: top, right, bottom, left of each."""

    lines: NDArray[np.float32]
    """(n, 4, 2, 2) px: a start and an end."""
    seen: NDArray[np.float32]
    """(n, 4): part of each wall on which a line is seen, 0 to 1; NaN where the wall
    is mostly outside of the picture."""


def find_walls(dark: NDArray[np.float32], quads: NDArray[np.float32], tilted: bool = True) -> Walls:
    """Find the printed line near each side of some boxes.

    Of the straight lines close to a side the darkest wins, each sample counting no
    more than the line's usual darkness, so that a digit's ink across it does not pull
    it aside.

    Args:
        dark: `float32 (h, w)` from `ink.darkness`.
        quads: `float32 (n, 4, 2)` px, clockwise from the top left.
        tilted: whether to try lines that run askew to the side, which takes longer.

    Returns:
        What was found.
    """
    starts = quads
    sides = np.roll(quads, -1, axis=1) - quads
    lengths = np.maximum(np.linalg.norm(sides, axis=2, keepdims=True), 1e-6)
    outward = np.stack([sides[..., 1], -sides[..., 0]], axis=2) / lengths
    reach = _REACH * float(np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1).mean())
    shifts = np.linspace(-reach, reach, _OFFSETS, dtype=np.float32)
    # (n, 4, samples, offsets, 2) px
    points = (
        starts[:, :, None, None]
        + _PLACES[:, None, None] * sides[:, :, None, None]
        + shifts[:, None] * outward[:, :, None, None]
    ).astype(np.float32)
    values = _look_up(dark, points)
    ends = _ALL if tilted else _PARALLEL
    best = ends[_darkest(values, ends)]

    slope = (shifts[best[:, 1]] - shifts[best[:, 0]]) / (_PLACES[-1] - _PLACES[0])
    at_start = shifts[best[:, 0]] - slope * _PLACES[0]
    offsets = np.stack([at_start, at_start + slope], axis=1).reshape(*quads.shape[:2], 2, 1)
    lines = np.stack([starts, starts + sides], axis=2) + offsets * outward[:, :, None]
    inside = _inside(points[..., _OFFSETS // 2, :], dark.shape).reshape(-1, _SAMPLES)
    seen = _part_seen(values, _tracks(best), inside)
    return Walls(lines.astype(np.float32), seen.reshape(quads.shape[:2]))


def _look_up(dark: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return darkness at points, `float32 (walls, samples, offsets)`."""
    flat = points.reshape(-1, _OFFSETS, 2)
    values = cv2.remap(dark, flat, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values.reshape(-1, _SAMPLES, _OFFSETS), np.float32)


def _tracks(ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return lines' offsets at every sample, `(lines, samples)`, from those at the ends."""
    return np.rint(np.linspace(ends[:, 0], ends[:, 1], _SAMPLES, axis=1)).astype(np.intp)


def _usual(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each wall's usual darkness, `(walls,)`: the median of its darkest offsets."""
    return np.asarray(np.median(values.max(axis=2), axis=1), np.float32)


def _darkest(values: NDArray[np.float32], ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return which of the lines with these ends is darkest on each wall, `(walls,)`."""
    usual = _usual(values)
    capped = np.minimum(values, usual[:, None, None])
    totals = capped[:, np.arange(_SAMPLES), _tracks(ends)].mean(axis=2)
    away = np.abs(ends - _OFFSETS // 2).mean(axis=1) / (_OFFSETS // 2)
    return np.asarray((totals - _AWAY * away * usual[:, None]).argmax(axis=1))


def _part_seen(
    values: NDArray[np.float32], tracks: NDArray[np.intp], inside: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return the part of each wall, `(walls,)`, where its line is dark enough.

    That is about as dark as usual, and darker than the paper on both sides of it.
    """
    on_line = np.take_along_axis(values, tracks[:, :, None], axis=2)[..., 0]
    half = _OFFSETS // 2
    beside = np.maximum(values[..., :half].min(axis=2), values[..., -half:].min(axis=2))
    least = np.maximum(0.5 * _usual(values)[:, None], _FAINTEST_LINE)
    visible = (on_line > least) & (on_line - beside > 0.3 * least) & inside
    part = visible.sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    return np.where(inside.mean(axis=1) < 0.5, np.nan, part).astype(np.float32)


def _inside(points: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    height, width = shape
    x, y = points[..., 0], points[..., 1]
    return np.asarray((x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1))
