"""Finds the row of five printed boxes as one model: five equal cells, one line, one pitch.

Candidates for single boxes (`cells`) are joined to rows; each row is fitted as a
whole, seen in perspective, to the lines that are really there; the row that its
lines support best is the answer. In the row's own coordinates box k is
x = k + (1 ∓ fill) / 2, y = 0 to 1, so that a homography and one number, `fill`
(the box's width as a part of the pitch), describe all five.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.cells import Cells, find_cells
from edge.ink import darkness, resize
from edge.walls import Walls, find_walls

COUNT = 5

# The longer side of the picture that is searched, px: first the one in which
# envelopes are most often found, then finer and coarser ones.
_WORKING_SIDES = (1280, 2048, 640)
# Enlarging further invents no detail.
_MOST_ENLARGED = 4.0
# More than the widest printed line in the working picture, px.
_LINE_REACH = 25

# Neighbours in a row: areas and distances compared with one box's own.
_LIKE_AREA = 1.8
_LEAST_PITCH = 0.85
_MOST_PITCH = 2.4
_MOST_PITCH_BY_HEIGHT = 3.0
_OFF_LINE = 0.2
_LEAST_CELLS = 2
# Rows whose lines are looked at, and those of them that are fitted.
_MOST_RUNS = 60
_MOST_ROWS = 10
# Perspective makes the nearest box of a row this much larger than the farthest.
_MOST_AREA_RATIO = 2.5
# A box's width by its height, seen obliquely too; and its height, working px.
_ASPECTS = (0.3, 2.2)
_LEAST_HEIGHT = 9.0

# A row is pulled onto its lines so many times; each time it is nearer to begin with.
_ROUNDS = 2
# Boxes whose gap is less than this part of the pitch share their walls.
_JOINED_FILL = 0.93

# Part of the walls' length on which a line must be seen: of all five boxes
# together, and of any one.
_LEAST_COVERAGE = 0.6
_LEAST_BOX_COVERAGE = 0.4
# And of an upright wall, but for this part of them: strokes of digits alone, where
# there is no wall, are seen on up to half of its length.
_LEAST_WALL_COVERAGE = 0.6
_MOST_HIDDEN = 0.2
# With this much of it no other scale is tried.
_SURE_COVERAGE = 0.9
# A sixth box beside the five, as clearly printed, makes it a table's row.
_SIXTH_BOX = 0.75
# Boxes that fill no more of the pitch than this leave room for others between them.
_GAP_FILL = 0.6
# Walls outside the picture say nothing; at least this part must lie inside.
_LEAST_INSIDE = 0.55


@dataclass(frozen=True)
class Boxes:
    """The five boxes found in a picture."""

    corners: NDArray[np.float32]
    """(5, 4, 2) px: top left, top right, bottom right, bottom left of each, on the
    middle of the printed line, in reading order."""
    coverage: float
    """Part of the walls on which a printed line is seen, 0 to 1."""
    joined: bool
    """Whether neighbours share their wall."""

    @property
    def height(self) -> float:
        """Mean height of a box, px."""
        sides = self.corners[:, [3, 2]] - self.corners[:, [0, 1]]
        return float(np.linalg.norm(sides, axis=2).mean())


@dataclass(frozen=True)
class _Row:
    """A row's geometry: from its own coordinates to the working picture."""

    homography: NDArray[np.float64]
    fill: float

    @property
    def joined(self) -> bool:
        return self.fill > _JOINED_FILL

    def corners(self, first: int = 0, last: int = COUNT) -> NDArray[np.float32]:
        """Return `float32 (last - first, 4, 2)` px, boxes first to last - 1."""
        return _project(self.homography, _unit_corners(self.fill, first, last))


def find_boxes(image: NDArray[np.uint8]) -> Boxes | None:
    """Find the five boxes.

    Args:
        image: `uint8 (h, w, 3)` BGR or `(h, w)`; not written to.

    Returns:
        The boxes, or None where there is no row of exactly five.
    """
    longest = max(image.shape[:2])
    tried: list[float] = []
    best: Boxes | None = None
    for side in _WORKING_SIDES:
        scale = min(side / longest, _MOST_ENLARGED)
        if any(0.8 < scale / other < 1.25 for other in tried):
            continue
        tried.append(scale)
        found = _find_at(image, scale)
        if found is not None and (best is None or found.coverage > best.coverage):
            best = found
        if best is not None and best.coverage >= _SURE_COVERAGE:
            break
    return best


def _find_at(image: NDArray[np.uint8], scale: float) -> Boxes | None:
    dark = cv2.GaussianBlur(darkness(resize(image, scale), _LINE_REACH), (0, 0), 0.7)
    dark = np.asarray(dark, np.float32)
    best: Boxes | None = None
    for row in _rows(dark, find_cells(dark)):
        fitted, coverage = _fit(dark, row)
        if coverage > (best.coverage if best else 0):
            # Pixel centres: x in the working picture is (x + 0.5) / scale - 0.5.
            corners = ((fitted.corners() + 0.5) / scale - 0.5).astype(np.float32)
            best = Boxes(corners, coverage, fitted.joined)
    return best


def _rows(dark: NDArray[np.float32], cells: Cells) -> list[_Row]:
    """Return the rows that candidates make, those first that the lines support best."""
    strips = cells.strips[:_MOST_RUNS]
    rows = [row for strip in strips if (row := _row_in(strip)) is not None]
    runs = {tuple(run.tolist()): np.count_nonzero(run >= 0) for run in _runs(cells)}
    for run in sorted(runs, key=lambda run: (-runs[run], run))[:_MOST_RUNS]:
        row = _row_through(cells, np.array(run))
        if row is not None:
            rows.append(row)

    def support(row: _Row) -> float:
        seen = find_walls(dark, row.corners(), tilted=False).seen
        return float(np.nan_to_num(seen).mean())

    return sorted(rows, key=support, reverse=True)[:_MOST_ROWS]


def _row_in(strip: NDArray[np.float32]) -> _Row | None:
    """Return the row of five joined boxes that fills an outline."""
    sides = strip - np.roll(strip, 1, axis=0)
    along = sides[np.hypot(*sides.T).argmax()]
    along = along / np.hypot(*along) * (1 if along[0] >= 0 else -1)
    whole = np.array([[0, 0], [COUNT, 0], [COUNT, 1], [0, 1]], np.float32)
    homography = cv2.getPerspectiveTransform(whole, _in_order(strip, along))
    row = _Row(homography, 1.0)
    return row if _is_plausible(row) else None


def _runs(cells: Cells) -> Iterator[NDArray[np.intp]]:
    """Yield runs of five places on one line, each with a candidate's index or -1."""
    for i in range(len(cells)):
        like = (cells.areas < _LIKE_AREA * cells.areas[i]) & (
            cells.areas > cells.areas[i] / _LIKE_AREA
        )
        steps = cells.centres - cells.centres[i]
        pitches = np.hypot(*steps.T)
        # The pairs (i, j) and (j, i) are the same line.
        ahead = (steps[:, 0] > 0) | ((steps[:, 0] == 0) & (steps[:, 1] > 0))
        widths, heights = _extents(cells.quads[i], steps / np.maximum(pitches, 1e-6)[:, None])
        fitting = (
            (pitches > _LEAST_PITCH * widths)
            & (pitches < _MOST_PITCH * widths)
            & (pitches < _MOST_PITCH_BY_HEIGHT * heights)
        )
        for step in steps[like & ahead & fitting]:
            slots = _line_up(cells, like, i, step)
            for first in range(len(slots) - COUNT + 1):
                run = slots[first : first + COUNT]
                if np.count_nonzero(run >= 0) >= _LEAST_CELLS:
                    yield run


def _line_up(
    cells: Cells, like: NDArray[np.bool_], seed: int, step: NDArray[np.float32]
) -> NDArray[np.intp]:
    """Return which candidates lie 4 places before the seed to 4 after, or -1.

    From place to place the step follows what was found, as perspective asks.
    """
    slots = np.full(2 * COUNT - 1, -1, np.intp)
    slots[COUNT - 1] = seed
    for direction in (1, -1):
        here, stride = cells.centres[seed], step * direction
        for n in range(1, COUNT):
            wanted = here + stride
            distances = np.where(like, np.hypot(*(cells.centres - wanted).T), np.inf)
            nearest = int(np.argmin(distances))
            if distances[nearest] < _OFF_LINE * np.hypot(*stride):
                slots[COUNT - 1 + n * direction] = nearest
                stride = 0.5 * stride + 0.5 * (cells.centres[nearest] - here)
                here = cells.centres[nearest]
            else:
                here = wanted
    return slots


def _row_through(cells: Cells, slots: NDArray[np.intp]) -> _Row | None:
    """Return the row through the candidates of a run, in perspective."""
    places = np.flatnonzero(slots >= 0)
    quads, centres = cells.quads[slots[places]], cells.centres[slots[places]]
    along = centres[-1] - centres[0]
    pitch = float(np.hypot(*along)) / (places[-1] - places[0])
    along = along / np.hypot(*along)
    widths = [_extents(quad, along[None])[0] for quad in quads]
    fill = float(np.clip(np.median(widths) / pitch, 0.3, 1))
    targets = np.concatenate([_in_order(quad, along) for quad in quads])
    sources = _unit_corners(fill)[places].reshape(-1, 2)
    homography, _ = cv2.findHomography(sources, targets, cv2.RANSAC, 0.12 * pitch)
    if homography is None:
        return None
    found = _Row(homography, fill)
    return found if _is_plausible(found) else None


def _is_plausible(row: _Row) -> bool:
    """Tell whether a row shows five boxes as a camera can see them."""
    quads = row.corners()
    if not np.isfinite(quads).all() or not all(cv2.isContourConvex(quad) for quad in quads):
        return False
    areas = [cv2.contourArea(quad, True) for quad in quads]
    if min(areas) <= 0 or max(areas) > _MOST_AREA_RATIO * min(areas):
        return False
    widths, heights = (np.linalg.norm(quads[:, i] - quads[:, 0], axis=1) for i in (1, 3))
    narrow, wide = _ASPECTS
    aspects = widths / heights
    return bool(heights.min() > _LEAST_HEIGHT and narrow < aspects.min() and aspects.max() < wide)


def _fit(dark: NDArray[np.float32], row: _Row) -> tuple[_Row, float]:
    """Pull a row onto the printed lines.

    Returns:
        The fitted row and its coverage; 0 where it is not a row of five boxes.
    """
    for _ in range(_ROUNDS):
        fitted = _refit(row, find_walls(dark, row.corners()))
        if fitted is None:
            return row, 0.0
        row = fitted
    seen = find_walls(dark, row.corners(-1, COUNT + 1)).seen
    if _has_sixth(seen, row) or _has_between(dark, row):
        return row, 0.0
    return row, _coverage(seen[1:-1])


def _refit(row: _Row, walls: Walls) -> _Row | None:
    """Return the row through the corners where well seen walls meet."""
    corners = _meeting_points(walls.lines)
    known = np.nan_to_num(walls.seen)
    weights = np.minimum(known, np.roll(known, 1, axis=1))  # wall i starts at corner i
    chosen = weights > 0.35
    if np.count_nonzero(chosen) < 6 or not np.isfinite(corners[chosen]).all():
        return None
    inside = _project(np.asarray(np.linalg.inv(row.homography)), corners)
    pairs = chosen & chosen[:, [1, 0, 3, 2]]
    widths = np.abs(inside[:, [1, 0, 3, 2], 0] - inside[..., 0])
    fill = float(np.median(widths[pairs])) if pairs.any() else row.fill
    fill = 1.0 if fill > _JOINED_FILL else max(fill, 0.3)
    height = float(np.linalg.norm(row.corners()[:, 3] - row.corners()[:, 0], axis=1).mean())
    homography, _ = cv2.findHomography(
        _unit_corners(fill)[chosen], corners[chosen], cv2.RANSAC, 0.06 * height
    )
    if homography is None:
        return None
    found = _Row(homography, fill)
    return found if _is_plausible(found) else None


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


def _has_sixth(seen: NDArray[np.float32], row: _Row) -> bool:
    """Tell whether the boxes before the first or after the last are printed too."""
    top, right, bottom, left = range(4)
    # Of a joined row the near wall is the five's own and proves nothing.
    before = [top, bottom, left] if row.joined else [top, bottom, left, right]
    after = [top, bottom, right] if row.joined else [top, bottom, left, right]
    return bool(seen[0, before].min() > _SIXTH_BOX or seen[-1, after].min() > _SIXTH_BOX)


def _has_between(dark: NDArray[np.float32], row: _Row) -> bool:
    """Tell whether there are boxes in the gaps, so that these are every second of a row."""
    if row.fill > _GAP_FILL:
        return False
    between = _unit_corners(row.fill)[:-1] + np.array([0.5, 0], np.float32)
    seen = find_walls(dark, _project(row.homography, between), tilted=False).seen
    return bool(np.median(np.nan_to_num(seen).min(axis=1)) > _SIXTH_BOX)


def _meeting_points(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return where each wall meets the one before it: `(n, 4, 2)`, the corners."""
    homogeneous = np.concatenate([lines, np.ones((*lines.shape[:3], 1), np.float32)], axis=3)
    walls = np.cross(homogeneous[:, :, 0], homogeneous[:, :, 1])
    points = np.cross(np.roll(walls, 1, axis=1), walls)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(points[..., :2] / points[..., 2:], np.float32)


def _unit_corners(fill: float, first: int = 0, last: int = COUNT) -> NDArray[np.float32]:
    """Return corners of boxes in the row's own coordinates, `float32 (n, 4, 2)`."""
    left, right = (1 - fill) / 2, (1 + fill) / 2
    boxes = [
        [[k + left, 0], [k + right, 0], [k + right, 1], [k + left, 1]] for k in range(first, last)
    ]
    return np.array(boxes, np.float32)


def _project(homography: NDArray[np.float64], points: NDArray[np.float32]) -> NDArray[np.float32]:
    flat = points.reshape(-1, 1, 2).astype(np.float32)
    return np.asarray(cv2.perspectiveTransform(flat, homography).reshape(points.shape), np.float32)


def _extents(
    quad: NDArray[np.float32], along: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return how wide a box is along directions, and how high across them.

    Args:
        quad: `float32 (4, 2)`.
        along: `float32 (n, 2)`, unit vectors.

    Returns:
        Two `float32 (n,)`, px: of the box's two sides the one that points along, and
        the other.
    """
    sides = np.stack([quad[1] - quad[0], quad[2] - quad[1]])
    lengths = np.maximum(np.hypot(*sides.T), 1e-6)
    first = np.abs(along @ (sides[0] / lengths[0])) >= np.abs(along @ (sides[1] / lengths[1]))
    return np.where(first, *lengths), np.where(first, *lengths[::-1])


def _in_order(quad: NDArray[np.float32], along: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the corners as top left, top right, bottom right, bottom left of a row."""
    centred = quad - quad.mean(axis=0)
    down = np.array([-along[1], along[0]], np.float32)
    angles = np.arctan2(centred @ down, centred @ along)
    return quad[np.argsort(angles)]
