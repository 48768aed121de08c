"""Candidates for printed boxes: outlines with straight sides, of any colour."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Sides of a candidate, px of the working picture.
_LEAST_SIDE = 9.0
# Longest side against the picture's: five boxes must fit.
_LARGEST_SHARE = 0.98
_MOST_ELONGATED = 3.2
# An outline this many times longer than high may be a whole row of joined boxes.
_ROW_ELONGATED = (1.8, 8.0)
# Part of the rectangle around an outline that its hull fills.
_LEAST_FILL = 0.8
_MOST_CONTOURS = 1500
_MOST_CANDIDATES = 120


@dataclass(frozen=True)
class Cells:
    """Outlines that may be printed boxes, n of them, in px of the working picture."""

    centres: NDArray[np.float32]
    """(n, 2)"""
    quads: NDArray[np.float32]
    """(n, 4, 2): the corners in cyclic order."""
    areas: NDArray[np.float32]
    """(n,) px²"""
    strips: NDArray[np.float32]
    """(m, 4, 2): longer outlines, which may be rows of joined boxes."""

    def __len__(self) -> int:
        return len(self.areas)


def find_cells(lines: NDArray[np.uint8]) -> Cells:
    """Find closed outlines that look like a box.

    Args:
        lines: `uint8 (h, w)`, above 0 where there is a printed line, or anything dark.

    Returns:
        The candidates; the same box found twice counts once.
    """
    quads = _outlines(lines)
    if not len(quads):
        none = np.empty((0, 4, 2), np.float32)
        return Cells(none[:, 0], none, none[:, 0, 0], none)
    sides = quads - np.roll(quads, 1, axis=1)
    lengths = np.hypot(sides[..., 0], sides[..., 1])
    sums = lengths[:, :2] + lengths[:, 2:]
    elongations = sums.max(axis=1) / np.maximum(sums.min(axis=1), 1e-6)
    least, most = _ROW_ELONGATED
    cells = _unique(quads[elongations <= _MOST_ELONGATED])
    strips = _unique(quads[(elongations >= least) & (elongations <= most)])
    return Cells(cells.mean(axis=1), cells, _areas(cells), strips)


def _outlines(lines: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the quads around lines, and around the paper that lines close in.

    Where a wall has a gap only the first is there, where boxes share walls only the
    second.
    """
    # A row may touch the picture's edge: the edge then stands for the missing wall.
    framed = cv2.copyMakeBorder(lines, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=255)
    contours, _ = cv2.findContours(framed, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    limit = _LARGEST_SHARE * max(lines.shape)
    if len(contours) > _MOST_CONTOURS:
        # The longer ones: grain has thousands that are no larger than itself.
        contours = sorted(contours, key=len, reverse=True)[:_MOST_CONTOURS]
    found = []
    for contour in contours:
        if len(contour) < 4:
            continue
        _, _, width, height = cv2.boundingRect(contour)
        # Turned by 45°, a box's bounding rectangle is larger than the box, never smaller.
        if min(width, height) < _LEAST_SIDE or max(width, height) > limit:
            continue
        hull = cv2.convexHull(contour)
        (centre, size, angle) = cv2.minAreaRect(hull)
        short, long = sorted(size)
        if short < _LEAST_SIDE or long > _ROW_ELONGATED[1] * short:
            continue
        # The hull: a digit that crosses the wall bites into the outline's inside, and a
        # line with a gap encloses nothing but itself.
        if cv2.contourArea(hull) < _LEAST_FILL * short * long:
            continue
        found.append(_quad(hull, (centre, size, angle)))
    return np.array(found, np.float32).reshape(-1, 4, 2) - 1


def _quad(
    hull: NDArray[np.int32], rectangle: tuple[tuple[float, float], tuple[float, float], float]
) -> NDArray[np.float32]:
    """Return four corners around an outline: its own, or its rectangle's."""
    corners = cv2.approxPolyDP(hull, 0.06 * cv2.arcLength(hull, True), True)
    if len(corners) == 4:
        return np.asarray(corners.reshape(4, 2), np.float32)
    return np.asarray(cv2.boxPoints(rectangle), np.float32)


def _areas(quads: NDArray[np.float32]) -> NDArray[np.float32]:
    x, y = quads[..., 0], quads[..., 1]
    twice = (x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1)
    return np.asarray(np.abs(twice) / 2, np.float32)


def _unique(quads: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each outline once, `float32 (n, 4, 2)`; of too many the largest."""
    areas = _areas(quads)
    order = np.argsort(-areas, kind="stable")[: 4 * _MOST_CANDIDATES]
    quads, areas = quads[order], areas[order]
    centres = quads.mean(axis=1)
    apart = np.abs(centres[:, None] - centres[None]).max(axis=2)
    same = (apart < 0.12 * np.sqrt(areas)[:, None]) & (areas[:, None] < 1.3 * areas[None])
    kept = np.zeros(len(quads), bool)
    for i in range(len(quads)):
        kept[i] = not (same[:i, i] & kept[:i]).any()
    return quads[kept][:_MOST_CANDIDATES]
