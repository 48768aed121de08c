"""Pulls a row of boxes onto the printed lines, and tells how well they support it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.row import COUNT, Row, fit_row, project, unit_corners
from edge.walls import FAINTEST, Walls, find_walls

NOT_FIVE = -1.0
"""The coverage of what is a part of a longer row."""

# A row is pulled onto its lines so many times; each time it is nearer to begin with.
_ROUNDS = 2

# Lines that lie farther from the row, in box heights, are not those of five equal boxes.
# Boxes apart have two lines for each wall, of which one may be another box's.
_MOST_RESIDUAL, _MOST_APART = 0.04, 0.022
# Boxes that were ruled by hand lie farther off; to be believed they must be seen this well.
_MOST_BY_HAND, _SEEN_BY_HAND = 0.032, 0.92
# As many px are nothing, however small the boxes.
_NOT_TOLD = 0.6

# Part of the walls' length on which a line must be seen: of all five boxes
# together, and of any one.
_LEAST_COVERAGE = 0.65
_LEAST_BOX_COVERAGE = 0.4
# Less than this about where lines should be is not worth pulling.
_WORTHWHILE = 0.42
# And of an upright wall, but for this part of them: strokes of digits alone, where
# there is no wall, are seen on up to half of its length.
_LEAST_WALL_COVERAGE = 0.6
_MOST_HIDDEN = 0.2
# Lines of other boxes beside or inside the five are about as dark as theirs: squared paper
# is printed fainter than what is printed on it.
_AS_DARK = 0.6
# A sixth box beside the five makes it a longer row: its walls are seen on so much of their
# length, each and on average, and hardly less than the five's.
_SIXTH_WALL, _SIXTH_BOX = 0.5, 0.75
_SIXTH_LESS = 0.12
# Boxes that fill no more of the pitch than this leave room for others between them.
_GAP_FILL = 0.6
_BETWEEN = 0.75
# So far from either side a wall inside of the boxes is looked for, and in their middle.
_DIVISION = 0.26
# The walls of a table's cells go on beyond a row of them: three of four are seen on more
# than this part of what lies between these heights, in box heights from the row's top.
_ABOVE, _BELOW = (-0.55, -0.1), (1.1, 1.55)
_GOES_ON = 0.85
# So do those of higher boxes, where no line, seen on less than this, parts them.
_JUST_ABOVE, _JUST_BELOW = (-0.3, -0.06), (1.06, 1.3)
_PARTED = 0.75
# At these heights a line through all boxes is looked for; what lies between is in reach.
_ACROSS = (0.3, 0.5, 0.7)
# Upright walls that are seen this well without an upper or a lower line, seen less than
# this, are those of higher boxes: by such parts of the height.
_STRETCH_SEEN = 0.6
_STRETCH_UNSEEN = 0.3
_STRETCHES = (0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.05)
# Walls outside the picture say nothing; at least this part must lie inside.
_LEAST_INSIDE = 0.55

# A box is looked at in so many places each way, but for this part of it at its walls.
_PLACES = 14
_INSET = 0.22
# It is written in if so much of it is ink; if more is, it is a dark square.
_WRITTEN = (0.015, 0.7)


def count_written(dark: NDArray[np.uint8], row: Row, least: float) -> int:
    """Return in how many of the five boxes there is ink.

    Args:
        dark: `uint8 (h, w)` from `ink.line_darkness`.
        row: its place in that picture.
        least: darkness of ink, of 255.
    """
    across = np.linspace(_INSET, 1 - _INSET, _PLACES, dtype=np.float32)
    x = np.arange(COUNT)[:, None] + (1 - row.fill) / 2 + row.fill * across
    grid = np.stack(np.broadcast_arrays(x[:, None, :], across[None, :, None]), axis=-1)
    points = project(row.homography, grid.astype(np.float32)).reshape(COUNT, -1, 2)
    seen = cv2.remap(dark, points, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    shares = (seen > least).mean(axis=1)
    some, most = _WRITTEN
    return int(np.count_nonzero((shares > some) & (shares < most)))


class Fitted(NamedTuple):
    """A row pulled onto the lines."""

    row: Row
    coverage: float
    """Part of the walls on which a line is seen; 0 where that is not enough, and `NOT_FIVE`
    where there are more boxes in the row."""
    residual: float = 0.0
    """Root mean square distance of the lines from the row, in box heights."""


def fit(dark: NDArray[np.uint8], row: Row) -> Fitted:
    """Pull a row onto the printed lines.

    Args:
        dark: `uint8 (h, w)` from `ink.line_darkness`.
        row: about where it is in that picture.
    """
    for number in range(_ROUNDS):
        walls = find_walls(dark, row.corners())
        if number == 0 and (stretched := _stretched(dark, row, walls)) is not None:
            row, walls = stretched, find_walls(dark, stretched.corners())
        if np.nan_to_num(walls.seen).mean() < _WORTHWHILE:
            return Fitted(row, 0.0)
        fitted = _refit(row, walls)
        if fitted is None:
            return Fitted(row, 0.0)
        row = fitted
    walls = find_walls(dark, row.corners(-1, COUNT + 1))
    least = max(_AS_DARK * find_walls(dark, row.corners()).darkness, FAINTEST)
    if _has_sixth(dark, row, walls, least) or _has_between(dark, row, least):
        return Fitted(row, NOT_FIVE)
    coverage = _coverage(walls.seen[1:-1])
    if coverage > 0 and (
        _are_others(dark, row, least) or _are_higher(dark, row, least, walls.seen[1:-1])
    ):
        return Fitted(row, NOT_FIVE)
    residual = _residual(row, walls)
    apart = _MOST_BY_HAND if coverage >= _SEEN_BY_HAND else _MOST_APART
    most = max(_MOST_RESIDUAL if row.joined else apart, _NOT_TOLD / row.height)
    return Fitted(row, coverage if residual <= most else 0.0, residual)


def _residual(row: Row, walls: Walls) -> float:
    """Return how far well seen lines lie from the row; `walls` are those of boxes -1 to 5."""
    corners = row.corners()
    ends = np.stack([corners, np.roll(corners, -1, axis=1)], axis=2)
    well = np.nan_to_num(walls.seen[1:-1]) > _LEAST_COVERAGE
    off = np.linalg.norm(walls.lines[1:-1] - ends, axis=3)[well]
    return float(np.sqrt((off**2).mean())) / row.height if off.size else 0.0


def _stretched(dark: NDArray[np.uint8], row: Row, walls: Walls) -> Row | None:
    """Return the row reaching up or down to a line, where its own upper or lower has none.

    Of a box whose line has gaps the outline is that of a part. None where nothing is amiss.
    """
    seen = np.nan_to_num(walls.seen)
    if np.median(seen[:, [1, 3]]) < _STRETCH_SEEN:
        return None
    for side, corners, direction in ((0, [0, 1], -1.0), (2, [2, 3], 1.0)):
        if np.median(seen[:, side]) > _STRETCH_UNSEEN:
            continue
        best, found = _STRETCH_SEEN, None
        for share in _STRETCHES:
            quads = unit_corners(row.fill)
            quads[:, corners, 1] += direction * share
            there = find_walls(dark, project(row.homography, quads), alike=False).seen[:, side]
            if np.median(np.nan_to_num(there)) > best:
                best, found = float(np.median(np.nan_to_num(there))), direction * share
        if found is not None:
            low, high = min(0.0, found), max(1.0, 1 + found)
            move = np.array([[1, 0, 0], [0, high - low, low], [0, 0, 1]])
            return Row(row.homography @ move, row.fill)
    return None


def _refit(row: Row, walls: Walls) -> Row | None:
    """Return the row through the corners where well seen walls meet."""
    corners = _meeting_points(walls.lines)
    # Where a wall should be that can't be seen, it is as good as half seen.
    known = np.where(np.isnan(walls.seen), 0.5, walls.seen)
    weights = np.minimum(known, np.roll(known, 1, axis=1))  # wall i starts at corner i
    chosen = weights > 0.35
    if np.count_nonzero(chosen) < 6 or not np.isfinite(corners[chosen]).all():
        return None
    inside = project(np.asarray(np.linalg.inv(row.homography)), corners)
    pairs = chosen & chosen[:, [1, 0, 3, 2]]
    widths = np.abs(inside[:, [1, 0, 3, 2], 0] - inside[..., 0])
    fill = float(np.median(widths[pairs])) if pairs.any() else row.fill
    return fit_row(unit_corners(min(fill, 1.0))[chosen], corners[chosen], fill, 0.06 * row.height)


def _coverage(seen: NDArray[np.float32]) -> float:
    """Return the part of five boxes' walls that is seen; 0 where it is not enough."""
    inside = np.isfinite(seen)
    if inside.mean() < _LEAST_INSIDE or inside.sum(axis=1).min() < 2:
        return 0.0
    each = np.nanmean(seen, axis=1)
    if np.nanmean(seen) < _LEAST_COVERAGE or each.min() < _LEAST_BOX_COVERAGE:
        return 0.0
    # Top and bottom fit however many boxes there are; the walls between say how many.
    between = seen[:, [1, 3]]
    if np.nanpercentile(between, 100 * _MOST_HIDDEN) < _LEAST_WALL_COVERAGE:
        return 0.0
    # A row wholly in the picture is likelier than one that leaves it.
    return float(np.nansum(seen)) / seen.size


def _has_sixth(dark: NDArray[np.uint8], row: Row, walls: Walls, least: float) -> bool:
    """Tell whether the boxes before the first or after the last are printed too.

    `walls` are those of boxes -1 to 5.
    """
    top, right, bottom, left = range(4)
    # Of a joined row the near wall is the five's own and proves nothing.
    before = [top, bottom, left] if row.joined else [top, bottom, left, right]
    after = [top, bottom, right] if row.joined else [top, bottom, left, right]
    own = np.nan_to_num(walls.seen[1:-1], nan=1.0)
    usual = float(np.percentile(own.mean(axis=1), 20)) - _SIXTH_LESS
    beside = find_walls(dark, row.corners(-1, COUNT + 1)[[0, -1]], least=least)
    for box, sides in ((0, before), (-1, after)):
        # What is written in it may hide some of its walls, but not all of them.
        proven = beside.proven[box, sides]
        if proven.min() > _SIXTH_WALL and proven.mean() > max(_SIXTH_BOX, usual):
            return True
    return False


def _has_between(dark: NDArray[np.uint8], row: Row, least: float) -> bool:
    """Tell whether there are boxes in the gaps, so that these are every second of a row."""
    if row.fill > _GAP_FILL:
        return False
    between = unit_corners(row.fill)[:-1] + np.array([0.5, 0], np.float32)
    proven = find_walls(dark, project(row.homography, between), alike=False, least=least).proven
    return bool(np.median(proven.min(axis=1)) > _BETWEEN)


def _are_others(dark: NDArray[np.uint8], row: Row, least: float) -> bool:
    checks = (_are_divided, _are_cells, _has_line_across)
    return any(check(dark, row, least) for check in checks)


def _are_divided(dark: NDArray[np.uint8], row: Row, least: float) -> bool:
    """Tell whether there is a wall inside of the boxes, so that each is two, or box and gap."""
    # The wider part of each box, as lines are looked for within a share of its width.
    right, left = (unit_corners(row.fill) for _ in range(2))
    middle = np.array(right)
    left[:, [1, 2], 0] -= row.fill * _DIVISION
    right[:, [0, 3], 0] += row.fill * _DIVISION
    middle[:, [1, 2], 0] -= row.fill / 2
    quads = project(row.homography, np.concatenate([left, right, middle]))
    proven = find_walls(dark, quads, alike=False, least=least).proven.reshape(3, COUNT, 4)
    inner = np.stack([proven[0, :, 1], proven[1, :, 3], proven[2, :, 1]])
    return bool((np.median(inner, axis=1) > _BETWEEN).any())


def _are_cells(dark: NDArray[np.uint8], row: Row, least: float) -> bool:
    """Tell whether the boxes are cells of a table: their upright walls go on beyond the row."""
    return bool(_going_on(dark, row, least, (_ABOVE, _BELOW)).max() > _GOES_ON)


def _are_higher(dark: NDArray[np.uint8], row: Row, least: float, seen: NDArray[np.float32]) -> bool:
    """Tell whether the boxes are parts of higher ones, `seen` being that of their own walls."""
    open_sides = np.nan_to_num(seen[:, [0, 2]], nan=1.0).mean(axis=0) < _PARTED
    if not open_sides.any():
        return False
    going_on = _going_on(dark, row, least, (_JUST_ABOVE, _JUST_BELOW))
    return bool((open_sides & (going_on > _GOES_ON)).any())


def _going_on(
    dark: NDArray[np.uint8], row: Row, least: float, ranges: Sequence[tuple[float, float]]
) -> NDArray[np.floating[Any]]:
    """Return the part of the upright walls, but the worst quarter, seen at some heights."""
    parts = []
    for high, low in ranges:
        quads = unit_corners(row.fill)
        quads[:, :2, 1], quads[:, 2:, 1] = high, low
        parts.append(quads)
    quads = project(row.homography, np.concatenate(parts))
    upright = find_walls(dark, quads, alike=False, least=least).proven[:, [1, 3]]
    return np.asarray(np.percentile(upright.reshape(len(parts), -1), 25, axis=1))


def _has_line_across(dark: NDArray[np.uint8], row: Row, least: float) -> bool:
    """Tell whether a line goes through all five boxes, so that they are two rows."""
    quads = np.tile(unit_corners(row.fill), (len(_ACROSS), 1, 1))
    quads[..., 1] += np.repeat(np.array(_ACROSS, np.float32), COUNT)[:, None]
    across = find_walls(dark, project(row.homography, quads), alike=False, least=least).proven[:, 0]
    return bool(across.reshape(len(_ACROSS), -1).min(axis=1).max() > _BETWEEN)


def _meeting_points(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return where each wall meets the one before it: `(n, 4, 2)`, the corners."""
    homogeneous = np.concatenate([lines, np.ones((*lines.shape[:3], 1), np.float32)], axis=3)
    walls = np.cross(homogeneous[:, :, 0], homogeneous[:, :, 1])
    points = np.cross(np.roll(walls, 1, axis=1), walls)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(points[..., :2] / points[..., 2:], np.float32)
