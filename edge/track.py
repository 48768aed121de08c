"""Follows a row of boxes from frame to frame, once it was found.

To find a row in a frame takes many times as long as to see that it is still there: its corners
are carried along by optical flow in the small picture (Lucas and Kanade 1981, in pyramids), and
then the row is pulled onto the printed lines in the frame, as when it was found.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.boxes import Boxes
from edge.fit import fit
from edge.ink import line_darkness, resize
from edge.row import Row, plausible
from edge.scales import LINE_REACH

# A box in the picture in which its lines are looked for is at least so high, px.
_HEIGHT = 32.0
# Room around the row there, in box heights.
_ROOM = 1.0
# The flow's window, px of the small picture, and its pyramid's highest level.
_WINDOW, _LEVELS = (15, 15), 3
# Of 25 points so many must have gone the same way, and how far off one may lie, px.
_LEAST_POINTS, _TOLERANCE = 15, 1.0
# Lines that are found farther than this from where they were expected, in box heights, or are
# so much higher or lower, are others.
_MOST_AWAY, _MOST_LARGER = 0.5, 1.25


def follow(before: NDArray[np.uint8], now: NDArray[np.uint8], row: Row, scale: float) -> Row | None:
    """Return where a row has gone, seen in the small pictures.

    Args:
        before: `uint8 (h, w)`, the small picture in which the row was last seen.
        now: the same of the frame that is looked at.
        row: where it was, px of the frame.
        scale: from the frame to the small picture.

    Returns:
        About where it is, px of the frame; None where that can't be told.
    """
    if before.shape != now.shape:
        return None
    corners = row.scaled(scale).corners()
    points = np.concatenate([corners.reshape(-1, 2), corners.mean(axis=1)])[:, None]
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        before, now, points, None, winSize=_WINDOW, maxLevel=_LEVELS
    )
    kept = found.ravel() == 1
    if np.count_nonzero(kept) < _LEAST_POINTS:
        return None
    # Between two frames a hand moves it along and turns it; perspective hardly changes.
    move, inliers = cv2.estimateAffine2D(points[kept], there[kept], None, cv2.RANSAC, _TOLERANCE)
    if move is None or np.count_nonzero(inliers) < _LEAST_POINTS:
        return None
    whole = np.vstack([move, [0, 0, 1]])
    small = Row(whole @ row.scaled(scale).homography, row.fill)
    return plausible(small.scaled(1 / scale))


def settle(frame: NDArray[np.uint8], boxes: Boxes, row: Row) -> Boxes | None:
    """Pull a row onto the printed lines around it.

    Args:
        frame: `uint8 (h, w, 3)` BGR; not written to.
        boxes: as they were last seen.
        row: about where they are now, px.

    Returns:
        The boxes where they are; None where there are no five.
    """
    halvings = 0
    while row.height * 0.5 ** (halvings + 1) >= _HEIGHT:
        halvings += 1
    # Lines that are lost among finer ones when shrunk are seen in full size.
    for times in sorted({halvings, max(0, halvings - 1)}, reverse=True):
        found = _settle(frame, boxes, row, times)
        if found is not None:
            return found
    return None


def _settle(frame: NDArray[np.uint8], boxes: Boxes, row: Row, halvings: int) -> Boxes | None:
    corners, room = row.corners(), _ROOM * row.height
    step = 2**halvings
    low = np.floor((corners.min(axis=(0, 1)) - room) / step).astype(int) * step
    high = np.ceil((corners.max(axis=(0, 1)) + room) / step).astype(int) * step
    low = np.maximum(low, 0)
    part = frame[low[1] : max(0, high[1]), low[0] : max(0, high[0])]
    if min(part.shape[:2]) < 2 * step:
        return None
    for _ in range(halvings):
        part = resize(part, 0.5)
    shift = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]])
    there = Row(shift @ row.homography, row.fill).scaled(1 / step)
    fitted = fit(line_darkness(part, LINE_REACH), there)
    if fitted.coverage <= 0:
        return None
    back = fitted.row.scaled(step)
    whole = Row(np.linalg.inv(shift) @ back.homography, back.fill)
    if not _are_same(row, whole):
        return None
    coverage = 1.0 if boxes.is_marked else fitted.coverage
    return replace(
        boxes, corners=whole.corners(), coverage=coverage, row=whole, residual=fitted.residual
    )


def _are_same(expected: Row, found: Row) -> bool:
    away = found.corners().mean(axis=(0, 1)) - expected.corners().mean(axis=(0, 1))
    larger = found.height / expected.height
    return (
        float(np.linalg.norm(away)) <= _MOST_AWAY * expected.height
        and 1 / _MOST_LARGER <= larger <= _MOST_LARGER
    )
