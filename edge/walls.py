"""Finds the printed line near each side of boxes whose place is roughly known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

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
# Samples that are added up before lines are laid through them.
_JOINED = 3
_GROUPS = _SAMPLES // _JOINED
# The line's mean as a matrix, `(groups * offsets, lines)`.
_MEANS = (
    (_TRACKS[:, :, None] == np.arange(_OFFSETS))
    .reshape(len(_ENDS), _GROUPS, _JOINED, _OFFSETS)
    .mean(axis=2)
    .reshape(len(_ENDS), -1)
    .T
    / _SAMPLES
).astype(np.float32)
# OpenBLAS wakes other threads for products of more walls, and takes longer than alone.
_AT_ONCE = 16
# Of two equally dark lines the nearer one is meant: an offset of `_REACH` costs this
# part of the line's darkness.
_AWAY = 0.25 * (np.abs(_ENDS - _HALF).mean(axis=1) / _HALF).astype(np.float32)
# Where a line's start and end lie, by the reach, when it is drawn on to the corners.
_SLOPES = (_SHIFTS[_ENDS[:, 1]] - _SHIFTS[_ENDS[:, 0]]) / (_PLACES[-1] - _PLACES[0])
_AT_CORNERS = np.stack(
    [
        _SHIFTS[_ENDS[:, 0]] - _SLOPES * _PLACES[0],
        _SHIFTS[_ENDS[:, 0]] + _SLOPES * (1 - _PLACES[0]),
    ]
).astype(np.float32)

# Ink is so many times darker than the usual line, or it is not told from it.
_INK = 1.3
# Of the walls' darknesses, from faint to dark, the one that is usual.
_USUAL_WALL = 0.3

# The line that runs along the side itself.
_STRAIGHT = int(np.flatnonzero((_ENDS == _HALF).all(axis=1))[0])
_EVERY = np.arange(_SAMPLES)[:, None]
# The corner at which each side ends.
_NEXT = [1, 2, 3, 0]
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


class _Sides(NamedTuple):
    """Where walls are looked for, each a column."""

    starts: NDArray[np.float32]
    """(2, walls) px."""
    along: NDArray[np.float32]
    """(2, walls) px, from start to end."""
    reach: NDArray[np.float32]
    """(walls,): how far to either side, px."""

    @classmethod
    def joined(cls, parts: Iterable[_Sides]) -> _Sides:
        """Return the walls of all parts, one after the other."""
        return cls(*(np.concatenate(each, axis=-1) for each in zip(*parts, strict=True)))


class _Looked(NamedTuple):
    """What `Walls` holds, wall by wall."""

    lines: NDArray[np.float32]
    """(walls, 2, 2) px."""
    seen: NDArray[np.float32]
    """(walls,)"""
    proven: NDArray[np.float32]
    """(walls,)"""
    darkness: NDArray[np.float32]
    """(rows,)"""

    def rows(self) -> list[Walls]:
        """Return the walls of each row."""
        shape = len(self.darkness), -1, 4
        lines = self.lines.reshape(*shape, 2, 2)
        seen, proven = self.seen.reshape(shape), self.proven.reshape(shape)
        return [
            Walls(*each) for each in zip(lines, seen, proven, self.darkness.tolist(), strict=True)
        ]


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
    (walls,) = _look(dark, _sides(quads), int(alike), least).rows()
    return walls


def find_walls_of(dark: NDArray[np.uint8], rows: Sequence[NDArray[np.float32]]) -> list[Walls]:
    """Find the printed lines of several rows of boxes, each as `find_walls` does.

    Args:
        dark: as `find_walls` takes it.
        rows: as many boxes each, `float32 (n, 4, 2)` px.

    Returns:
        The walls of each row.
    """
    if not rows:
        return []
    return _look(dark, _Sides.joined(map(_sides, rows)), len(rows), FAINTEST).rows()


def find_sides(
    dark: NDArray[np.uint8],
    parts: Sequence[tuple[NDArray[np.float32], Sequence[int] | NDArray[np.intp]]],
    least: float,
) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Tell how well some of the sides of boxes are printed, each looked at for itself.

    Args:
        dark: `uint8 (h, w)` from `ink.line_darkness`.
        parts: boxes alike, `float32 (n, 4, 2)` px, clockwise from the top left, and which of
            top, right, bottom, left: of all of them, or `(n, sides)` of each.
        least: how much darker than the paper a line is, of 255.

    Returns:
        Of each part `seen` and `proven`, `float32 (n, sides)`, as `Walls` has them.
    """
    chosen, shapes = [], []
    for quads, sides in parts:
        every = 4 * np.arange(len(quads))[:, None] + np.asarray(sides)
        chosen.append(_Sides(*(each[..., every.ravel()] for each in _sides(quads))))
        shapes.append(every.shape)
    walls = _look(dark, _Sides.joined(chosen), 0, least)
    found, first = [], 0
    for shape in shapes:
        part = slice(first, first + shape[0] * shape[1])
        found.append((walls.seen[part].reshape(shape), walls.proven[part].reshape(shape)))
        first = part.stop
    return found


def _sides(quads: NDArray[np.float32]) -> _Sides:
    """Return the sides of boxes, `(n, 4, 2)` px, one box after the other."""
    sides = quads[:, _NEXT] - quads
    lengths = np.hypot(sides[..., 0], sides[..., 1])
    # Seen obliquely, what is a part of the height is less across the shortened side.
    usual = float(lengths[:, ::3].sum()) / (2 * len(quads))
    reach = _REACH * np.minimum(lengths[:, [1, 0, 1, 0]], usual)
    return _Sides(quads.reshape(-1, 2).T, sides.reshape(-1, 2).T, reach.ravel())


def _look(dark: NDArray[np.uint8], sides: _Sides, alike: int, least: float) -> _Looked:
    """Look for the lines near walls.

    Walls are the last axis of all that is worked with here: what is reduced along another
    one is reduced for many walls at once.

    Args:
        dark: as `find_walls` takes it.
        sides: the walls.
        alike: how many rows they are, of which the walls are printed alike; 0 if they are no rows.
        least: as `find_walls` takes it.
    """
    starts, along, reach = sides
    count = len(reach)
    across = along[::-1] / np.maximum(np.hypot(along[0], along[1]), 1e-6)
    across[1] = -across[1]
    # (samples, walls) px on the side itself, and (offsets, walls) px off it.
    x, y = (starts[axis] + _PLACES[:, None] * along[axis] for axis in range(2))
    off_x, off_y = _SHIFTS[:, None] * (reach * across[:, None])
    values = cv2.remap(
        dark,
        (x[:, None] + off_x).reshape(-1, count),
        (y[:, None] + off_y).reshape(-1, count),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    values = values.reshape(_SAMPLES, _OFFSETS, count)

    # A wall's usual darkness: about the median of its darkest offsets.
    usual = np.partition(values.max(axis=1), _SAMPLES // 2, axis=0)[_SAMPLES // 2]
    capped = np.minimum(values, usual).reshape(_GROUPS, _JOINED, -1).sum(axis=1, dtype=np.float32)
    capped = capped.reshape(-1, count).T
    usual = usual.astype(np.float32)
    away = _AWAY * usual[:, None]
    best = np.empty(count, np.intp)
    for first in range(0, count, _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        best[part] = (capped[part] @ _MEANS - away[part]).argmax(axis=1)
    rows = usual.reshape(max(1, alike), -1)
    place = int(_USUAL_WALL * (rows.shape[1] - 1))
    darkness = np.partition(rows, place, axis=1)[:, place]
    if alike:
        # What is darker than most of a row's walls is ink beside the line.
        usual = np.minimum(rows, darkness[:, None]).ravel()

    height, width = dark.shape
    # At the very edge there is no paper on the line's other side.
    inside = (x >= _EDGE) & (y >= _EDGE) & (x <= width - 1 - _EDGE) & (y <= height - 1 - _EDGE)
    within = inside.sum(axis=0)
    # A wall outside of the picture is assumed where it should be.
    hidden = within < 0.5 * _SAMPLES
    best[hidden] = _STRAIGHT
    # (start and end, axes, walls)
    offsets = (_AT_CORNERS[:, best] * reach)[:, None] * across
    offsets += starts
    offsets[1] += along
    on_line = values[_EVERY, _TRACKS[best].T, np.arange(count)]
    seen, proven = _parts_seen(values, on_line, usual, inside, within, least)
    seen[hidden], proven[hidden] = np.nan, 0
    return _Looked(offsets.transpose(2, 0, 1), seen, proven, darkness)


def _parts_seen(
    values: NDArray[np.uint8],
    on_line: NDArray[np.uint8],
    usual: NDArray[np.float32],
    inside: NDArray[np.bool_],
    within: NDArray[np.intp],
    faintest: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the part of each wall, `(walls,)`, where its line is dark enough: `seen`, `proven`.

    That is about as dark as usual, and darker than the paper on both sides of it.
    """
    beside = np.maximum(values[:, :_HALF].min(axis=1), values[:, -_HALF:].min(axis=1))
    least = np.maximum(0.5 * usual, faintest).astype(np.float32)
    visible = (on_line > least) & (on_line - beside.astype(np.float32) > 0.3 * least) & inside
    # Where ink covers line and paper, nothing can be told; but more than half must be told.
    covered = inside & ~visible & (np.minimum(on_line, beside) > _INK * usual)
    told = np.maximum(within - covered.sum(axis=0), 0.5 * within)
    count = visible.sum(axis=0).astype(np.float32)
    return count / np.maximum(told, 1).astype(np.float32), count / np.maximum(within, 1).astype(
        np.float32
    )
