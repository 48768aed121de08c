"""Pulls a row of boxes onto the printed lines, and tells how well they support it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.quantiles import median, quantile
from edge.row import COUNT, Row, fit_row, project, unit_corners
from edge.walls import FAINTEST, Walls, find_sides, find_walls, find_walls_of

NOT_FIVE = -1.0
"""The coverage of what is a part of a longer row."""

# A row is pulled onto its lines so many times; each time it is nearer to begin with.
_ROUNDS = 2
# Of several rows that are looked at together no more are pulled, those best seen.
_MOST_PULLED = 3

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
# At these heights a line through all boxes is looked for; what lies between is in reach. One
# that goes on beside the row, seen on so much of the first box's width there, is the paper's.
_ACROSS = (0.3, 0.5, 0.7)
_RULED = 0.75
# Upright walls that are seen this well without an upper or a lower line, seen less than
# this, are those of higher boxes: by such parts of the height.
_STRETCH_SEEN = 0.6
_STRETCH_UNSEEN = 0.3
_STRETCHES = np.array([0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.05], np.float32)
_TOP, _RIGHT, _BOTTOM, _LEFT = range(4)
_UPRIGHT = [_RIGHT, _LEFT]
# The corner after each, the one before, and those of a box that is looked at from its other side.
_NEXT, _BEFORE, _TURNED = [1, 2, 3, 0], [3, 0, 1, 2], [2, 3, 0, 1]
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
    pulled = _pulled(dark, row, find_walls(dark, row.corners()))
    if pulled is None:
        return Fitted(row, 0.0)
    return _judged(dark, *pulled, _coverage(pulled[1].seen))


def fit_best(dark: NDArray[np.uint8], rows: Sequence[Row]) -> Iterator[Fitted]:
    """Pull those of some rows onto the printed lines whose walls are seen best.

    Where many rows may be and hardly any is, this is quicker than `fit`: to look at eight rows
    together takes a third of the time.

    Args:
        dark: as `fit` takes it.
        rows: about where they may be.

    Yields:
        Those that lines support.
    """
    looks = find_walls_of(dark, [row.corners() for row in rows])
    order = sorted(range(len(rows)), key=lambda i: -_seen(looks[i]))
    for i in order[:_MOST_PULLED]:
        pulled = _pulled(dark, rows[i], looks[i])
        coverage = _coverage(pulled[1].seen) if pulled else 0.0
        if pulled and coverage > 0:
            fitted = _judged(dark, *pulled, coverage)
            if fitted.coverage > 0:
                yield fitted


def _pulled(dark: NDArray[np.uint8], row: Row, walls: Walls) -> tuple[Row, Walls] | None:
    """Return a row pulled onto lines, and its walls there; None where hardly any are seen.

    `walls` are those that it has to begin with.
    """
    if (stretched := _stretched(dark, row, walls)) is not None:
        row, walls = stretched, find_walls(dark, stretched.corners())
    for _ in range(_ROUNDS):
        if _seen(walls) < _WORTHWHILE:
            return None
        fitted = _refit(row, walls)
        if fitted is None:
            return None
        row, walls = fitted, find_walls(dark, fitted.corners())
    return row, walls


def _seen(walls: Walls) -> float:
    return float(np.nan_to_num(walls.seen).mean())


def _judged(dark: NDArray[np.uint8], row: Row, walls: Walls, coverage: float) -> Fitted:
    """Tell whether lines support a row as five boxes.

    Args:
        dark: as `fit` takes it.
        row: pulled onto its lines.
        walls: those lines.
        coverage: from `_coverage`.
    """
    least = max(_AS_DARK * walls.darkness, FAINTEST)
    if _has_sixth(dark, row, walls, least) or _has_between(dark, row, least):
        return Fitted(row, NOT_FIVE)
    if coverage > 0 and _are_others(dark, row, least, walls):
        return Fitted(row, NOT_FIVE)
    residual = _residual(row, walls)
    apart = _MOST_BY_HAND if coverage >= _SEEN_BY_HAND else _MOST_APART
    most = max(_MOST_RESIDUAL if row.joined else apart, _NOT_TOLD / row.height)
    return Fitted(row, coverage if residual <= most else 0.0, residual)


def _residual(row: Row, walls: Walls) -> float:
    """Return how far well seen lines lie from the row."""
    corners = row.corners()
    ends = np.stack([corners, corners[:, _NEXT]], axis=2)
    # What is not known is not seen well: NaN is above nothing.
    off = (walls.lines - ends)[walls.seen > _LEAST_COVERAGE]
    return math.sqrt(2 * float((off**2).mean())) / row.height if off.size else 0.0


def _stretched(dark: NDArray[np.uint8], row: Row, walls: Walls) -> Row | None:
    """Return the row reaching up or down to a line, where its own upper or lower has none.

    Of a box whose line has gaps the outline is that of a part. None where nothing is amiss.
    """
    seen = np.sort(np.nan_to_num(walls.seen), axis=0)[COUNT // 2]
    if seen[[1, 3]].mean() < _STRETCH_SEEN:
        return None
    for side in (_TOP, _BOTTOM):
        if seen[side] > _STRETCH_UNSEEN:
            continue
        medians = _lines_farther(dark, row, side)
        best = int(medians.argmax())
        if medians[best] > _STRETCH_SEEN:
            return _reaching(row, side, float(_STRETCHES[best]))
    return None


def _lines_farther(dark: NDArray[np.uint8], row: Row, side: int) -> NDArray[np.floating[Any]]:
    """Return how much is seen of the middle box's upper or lower line at `_STRETCHES`, `(7,)`."""
    corners, direction = ([0, 1], -1.0) if side == _TOP else ([2, 3], 1.0)
    quads = np.tile(unit_corners(row.fill), (len(_STRETCHES), 1, 1, 1))
    quads[:, :, corners, 1] += direction * _STRETCHES[:, None, None]
    quads = project(row.homography, quads).reshape(-1, 4, 2)
    ((there, _),) = find_sides(dark, [(quads, [side])], FAINTEST)
    return np.asarray(np.sort(np.nan_to_num(there).reshape(-1, COUNT), axis=1)[:, COUNT // 2])


def _reaching(row: Row, side: int, farther: float) -> Row:
    """Return a row whose upper or lower line is so many box heights farther out."""
    low, high = (-farther, 1.0) if side == _TOP else (0.0, 1 + farther)
    move = np.array([[1, 0, 0], [0, high - low, low], [0, 0, 1]])
    return Row(row.homography @ move, row.fill)


def _refit(row: Row, walls: Walls) -> Row | None:
    """Return the row through the corners where well seen walls meet."""
    corners = _meeting_points(walls.lines)
    # Where a wall should be that can't be seen, it is as good as half seen.
    known = np.where(np.isnan(walls.seen), 0.5, walls.seen)
    weights = np.minimum(known, known[:, _BEFORE])  # wall i starts at corner i
    chosen = weights > 0.35
    if np.count_nonzero(chosen) < 6 or not np.isfinite(corners[chosen]).all():
        return None
    inside = project(np.asarray(np.linalg.inv(row.homography)), corners)
    pairs = chosen & chosen[:, [1, 0, 3, 2]]
    widths = np.abs(inside[:, [1, 0, 3, 2], 0] - inside[..., 0])
    fill = median(widths[pairs]) if pairs.any() else row.fill
    return fit_row(unit_corners(min(fill, 1.0))[chosen], corners[chosen], fill, 0.06 * row.height)


def _coverage(seen: NDArray[np.float32]) -> float:
    """Return the part of five boxes' walls that is seen; 0 where it is not enough."""
    inside = np.isfinite(seen)
    if inside.mean() < _LEAST_INSIDE or inside.sum(axis=1).min() < 2:
        return 0.0
    known = np.where(inside, seen, 0)
    each = known.sum(axis=1) / inside.sum(axis=1)
    if known.sum() < _LEAST_COVERAGE * inside.sum() or each.min() < _LEAST_BOX_COVERAGE:
        return 0.0
    # Top and bottom fit however many boxes there are; the walls between say how many.
    between = seen[:, 1::2][inside[:, 1::2]]
    if between.size and quantile(between, _MOST_HIDDEN) < _LEAST_WALL_COVERAGE:
        return 0.0
    # A row wholly in the picture is likelier than one that leaves it.
    return float(known.sum()) / seen.size


def _has_sixth(dark: NDArray[np.uint8], row: Row, walls: Walls, least: float) -> bool:
    """Tell whether the boxes before the first or after the last are printed too.

    `walls` are those of the five.
    """
    # Of a joined row the near wall is the five's own and proves nothing.
    every = [_TOP, _RIGHT, _BOTTOM, _LEFT]
    before = [_TOP, _BOTTOM, _LEFT] if row.joined else every
    after = [_TOP, _BOTTOM, _RIGHT] if row.joined else every
    own = np.nan_to_num(walls.seen, nan=1.0)
    usual = quantile(own.mean(axis=1), 0.2) - _SIXTH_LESS
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
    ((_, proven),) = find_sides(dark, [(project(row.homography, between), range(4))], least)
    return median(proven.min(axis=1)) > _BETWEEN


def _are_others(dark: NDArray[np.uint8], row: Row, least: float, walls: Walls) -> bool:
    """Tell whether lines beside or inside the boxes, whose own are `walls`, make others of them."""
    open_sides = np.nan_to_num(walls.seen[:, ::2], nan=1.0).mean(axis=0) < _PARTED
    parts = [
        (project(row.homography, quads), sides)
        for quads, sides in (
            (_divisions(row.fill), [1]),
            (_lines_through(unit_corners(row.fill)), [_TOP]),
            (_lines_through(unit_corners(row.fill, -1, COUNT + 1)[[0, -1]]), [_TOP]),
            (_continuations(row.fill, (_ABOVE, _BELOW)), _UPRIGHT),
            (_continuations(row.fill, (_JUST_ABOVE, _JUST_BELOW)), _UPRIGHT),
        )[: 5 if open_sides.any() else 4]
    ]
    division, across, outer, beyond, *near = (seen[1] for seen in find_sides(dark, parts, least))
    # A wall inside of the boxes: each is two, or box and gap.
    if (np.sort(division.reshape(3, COUNT), axis=1)[:, COUNT // 2] > _BETWEEN).any():
        return True
    # A line through all five: they are two rows, unless the paper is ruled.
    through = across.reshape(len(_ACROSS), -1).min(axis=1)
    goes_on = outer.reshape(len(_ACROSS), -1).max(axis=1) > _RULED
    if through[~goes_on].max(initial=0.0) > _BETWEEN:
        return True
    # Upright walls go on: those of a table's cells, or those of higher boxes.
    if _all_but_worst(beyond).max() > _GOES_ON:
        return True
    return bool(near and (open_sides & (_all_but_worst(near[0]) > _GOES_ON)).any())


def _all_but_worst(upright: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """Return of each range the part of its ten walls, but the worst quarter, that is seen."""
    walls = 2 * COUNT
    return np.asarray(np.sort(upright.reshape(-1, walls), axis=1)[:, walls // 4])


def _divisions(fill: float) -> NDArray[np.float32]:
    """Return boxes whose right sides are where a wall inside of the five may be, `(15, 4, 2)`."""
    # The wider part of each box, as lines are looked for within a share of its width.
    right, left = (unit_corners(fill) for _ in range(2))
    middle = np.array(right)
    left[:, [1, 2], 0] -= fill * _DIVISION
    right[:, [0, 3], 0] += fill * _DIVISION
    middle[:, [1, 2], 0] -= fill / 2
    return np.concatenate([left, middle, right[:, _TURNED]])


def _continuations(fill: float, ranges: Sequence[tuple[float, float]]) -> NDArray[np.float32]:
    """Return boxes above and below the five, from one height to another, `(10, 4, 2)`."""
    parts = []
    for high, low in ranges:
        quads = unit_corners(fill)
        quads[:, :2, 1], quads[:, 2:, 1] = high, low
        parts.append(quads)
    return np.concatenate(parts)


def _lines_through(quads: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return boxes whose upper sides are where lines may go through some, `(3 n, 4, 2)`."""
    lowered = np.tile(quads, (len(_ACROSS), 1, 1))
    lowered[..., 1] += np.repeat(np.array(_ACROSS, np.float32), len(quads))[:, None]
    return lowered


def _meeting_points(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return where each wall meets the one before it: `(n, 4, 2)`, the corners."""
    # From the middle of them all, or squares of large coordinates eat what is small.
    middle = lines.mean(axis=(0, 1, 2))
    start, end = lines[:, :, 0] - middle, lines[:, :, 1] - middle
    # Each as a x + b y = c.
    a, b = start[..., 1] - end[..., 1], end[..., 0] - start[..., 0]
    c = a * start[..., 0] + b * start[..., 1]
    before_a, before_b, before_c = a[:, _BEFORE], b[:, _BEFORE], c[:, _BEFORE]
    points = np.stack([before_c * b - c * before_b, before_a * c - a * before_c], axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = points / (before_a * b - a * before_b)[..., None] + middle
    return np.asarray(found, np.float32)
