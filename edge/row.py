"""The geometry of five equal boxes on one line with one pitch, seen in perspective.

In the row's own coordinates box k is x = k + (1 ∓ fill) / 2, y = 0 to 1, so that a
homography and one number, `fill` (the box's width as a part of the pitch), describe
all five.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.quantiles import median

COUNT = 5

# Boxes whose gap is less than this part of the pitch share their walls.
_JOINED_FILL = 0.93
_LEAST_FILL = 0.3
# Perspective makes the nearest box of a row this much larger than the farthest.
_MOST_AREA_RATIO = 3.0
# A box's width by its height, seen obliquely too.
_ASPECTS = (0.3, 2.2)

# Samples that RANSAC draws at most: with a third of the corners amiss one of five has four
# good ones, and what is further off is no row.
_MOST_TRIALS = 40

# A box's corners, clockwise from the top left: left or right, and above or below.
_SIDEWAYS = np.array([-1, 1, 1, -1], np.float32)
_DOWNWARDS = np.array([0, 0, 1, 1], np.float32)
# The corner, or the side, after each.
_NEXT = [1, 2, 3, 0]


@dataclass(frozen=True)
class Row:
    """A row's place in a picture."""

    homography: NDArray[np.float64]
    """(3, 3): from the row's own coordinates to px of the picture."""
    fill: float
    """A box's width as a part of the pitch; 1 where boxes share their walls."""

    @property
    def joined(self) -> bool:
        """Whether neighbours share their wall."""
        return self.fill > _JOINED_FILL

    @property
    def height(self) -> float:
        """Mean length of the boxes' left sides, px."""
        corners = self.corners()
        x, y = (corners[:, 3] - corners[:, 0]).T
        return float(np.hypot(x, y).mean())

    @property
    def extent(self) -> tuple[float, float]:
        """Mean height and width of the boxes, over both sides of each, px."""
        corners = self.corners()
        tall = float(np.linalg.norm(corners[:, [3, 2]] - corners[:, [0, 1]], axis=2).mean())
        wide = float(np.linalg.norm(corners[:, [1, 2]] - corners[:, [0, 3]], axis=2).mean())
        return tall, wide

    def corners(self, first: int = 0, last: int = COUNT) -> NDArray[np.float32]:
        """Return `float32 (last - first, 4, 2)` px, boxes first to last - 1.

        Top left, top right, bottom right, bottom left of each; those of the five are not to be
        written to.
        """
        if (first, last) == (0, COUNT):
            return self._five
        return project(self.homography, unit_corners(self.fill, first, last))

    @cached_property
    def _five(self) -> NDArray[np.float32]:
        corners = project(self.homography, unit_corners(self.fill))
        corners.flags.writeable = False
        return corners

    def scaled(self, scale: float) -> Row:
        """Return the row in a picture that was scaled."""
        # Pixel centres: x in the scaled picture is (x + 0.5) * scale - 0.5.
        shift = (scale - 1) / 2
        matrix = np.array([[scale, 0, shift], [0, scale, shift], [0, 0, 1]])
        return Row(matrix @ self.homography, self.fill)

    def turned(self) -> Row:
        """Return the same boxes as a row that is read the other way up."""
        matrix = np.array([[-1, 0, COUNT], [0, -1, 1], [0, 0, 1]], np.float64)
        return Row(self.homography @ matrix, self.fill)


def row_through(
    quads: NDArray[np.float32], places: NDArray[np.intp], robust: bool = True
) -> Row | None:
    """Return the row through some of its boxes, or None where they make none.

    Args:
        quads: `float32 (n, 4, 2)` px, corners in cyclic order, n ≥ 2, in the row's order.
        places: `(n,)`, which of the five each is; rising.
        robust: whether single corners may lie far off.
    """
    centres = quads.mean(axis=1)
    along = centres[-1] - centres[0]
    length = float(np.hypot(*along))
    pitch = length / float(places[-1] - places[0])
    along = along / length
    ordered = in_order(quads, along)
    widths = (ordered[:, [1, 2]] - ordered[:, [0, 3]]) @ along
    fill = min(max(median(widths.ravel()) / pitch, _LEAST_FILL), 1.0)
    sources = unit_corners(fill)[places].reshape(-1, 2)
    return fit_row(sources, ordered.reshape(-1, 2), fill, 0.12 * pitch if robust else None)


def row_in(strip: NDArray[np.float32]) -> Row | None:
    """Return the row of five joined boxes that fills an outline, or None.

    Args:
        strip: `float32 (4, 2)` px, corners in cyclic order.
    """
    sides = strip - np.roll(strip, 1, axis=0)
    along = sides[np.hypot(*sides.T).argmax()]
    along = along / np.hypot(*along) * (1 if along[0] >= 0 else -1)
    whole = np.array([[0, 0], [COUNT, 0], [COUNT, 1], [0, 1]], np.float32)
    homography = cv2.getPerspectiveTransform(whole, in_order(strip[None], along)[0])
    return plausible(Row(homography, 1.0))


def fit_row(
    sources: NDArray[np.float32],
    targets: NDArray[np.float32],
    fill: float,
    tolerance: float | None,
) -> Row | None:
    """Return the row that brings points of its own coordinates nearest to the picture's.

    Args:
        sources: `float32 (n, 2)`, in the row's own coordinates.
        targets: `float32 (n, 2)` px.
        fill: of the row.
        tolerance: px from which on a point is left out; None keeps all.
    """
    method = 0 if tolerance is None else cv2.RANSAC
    homography, _ = cv2.findHomography(
        sources, targets, method, tolerance or 3, maxIters=_MOST_TRIALS
    )
    if homography is None:
        return None
    return plausible(Row(homography, 1.0 if fill > _JOINED_FILL else max(fill, _LEAST_FILL)))


def unit_corners(fill: float, first: int = 0, last: int = COUNT) -> NDArray[np.float32]:
    """Return corners of boxes in the row's own coordinates, `float32 (n, 4, 2)`."""
    corners = np.empty((last - first, 4, 2), np.float32)
    corners[..., 0] = np.arange(first, last)[:, None] + (1 + fill * _SIDEWAYS) / 2
    corners[..., 1] = _DOWNWARDS
    return corners


def project(homography: NDArray[np.float64], points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return points `(…, 2)` under a homography."""
    flat = points.reshape(-1, 1, 2).astype(np.float32)
    return np.asarray(cv2.perspectiveTransform(flat, homography).reshape(points.shape), np.float32)


def in_order(quads: NDArray[np.float32], along: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return corners `(n, 4, 2)` as top left, top right, bottom right, bottom left of a row."""
    centred = quads - quads.mean(axis=1, keepdims=True)
    down = np.array([-along[1], along[0]], np.float32)
    order = np.argsort(np.arctan2(centred @ down, centred @ along), axis=1)
    return np.take_along_axis(quads, order[..., None], axis=1)


def plausible(row: Row) -> Row | None:
    """Return a row if a camera can see five boxes so, else None."""
    quads = row.corners()
    if not np.isfinite(quads).all():
        return None
    sides = quads[:, _NEXT] - quads
    after = sides[:, _NEXT]
    turns = sides[..., 0] * after[..., 1] - sides[..., 1] * after[..., 0]
    # Every corner of every box turns the same way: convex, and not mirrored.
    if turns.min() <= 0:
        return None
    across = quads[:, 2:] - quads[:, :2]
    areas = (across[:, 0, 0] * across[:, 1, 1] - across[:, 0, 1] * across[:, 1, 0]) / 2
    if areas.max() > _MOST_AREA_RATIO * areas.min():
        return None
    lengths = np.hypot(sides[..., 0], sides[..., 1])
    aspects = (lengths[:, 0] + lengths[:, 2]) / (lengths[:, 1] + lengths[:, 3])
    narrow, wide = _ASPECTS
    return row if narrow < aspects.min() and aspects.max() < wide else None
