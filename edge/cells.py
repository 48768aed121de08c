"""Candidates for printed boxes: outlines with straight sides, of any colour."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Lines at least this much darker than their surroundings, as fractions of the
# paper's light: a level that closes a faint outline also joins digits to walls.
_LEVELS = (0.25, 0.12, 0.06, 0.03)
# Window of the surroundings, px.
_SURROUNDINGS = 31
_NOISE_FACTOR = 3.5

# Sides of a candidate, px of the working picture.
_LEAST_SIDE = 9.0
# Longest side against the picture's: five boxes must fit.
_LARGEST_SHARE = 0.98
_MOST_ELONGATED = 3.2
# An outline this many times longer than high may be a whole row of joined boxes.
_ROW_ELONGATED = (1.8, 8.0)
# Part of the rectangle around an outline that its hull fills.
_LEAST_FILL = 0.8
_MOST_CANDIDATES = 400


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


def find_cells(dark: NDArray[np.float32]) -> Cells:
    """Find closed outlines that look like a box.

    Args:
        dark: `float32 (h, w)` from `ink.darkness`.

    Returns:
        The candidates of all levels; the same box found twice counts once.
    """
    noise = float(np.median(np.abs(dark - cv2.blur(dark, (5, 5))))) / 0.6745
    above = dark - cv2.blur(dark, (_SURROUNDINGS, _SURROUNDINGS))
    quads: list[NDArray[np.float32]] = []
    for level in _LEVELS:
        least = max(level, _NOISE_FACTOR * noise)
        for lines in (dark, above):
            mask = (lines > least).astype(np.uint8)
            mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
            quads.extend(_outlines(mask))
    lengths = [_elongation(quad) for quad in quads]
    cells = _unique([q for q, e in zip(quads, lengths, strict=True) if e <= _MOST_ELONGATED])
    least, most = _ROW_ELONGATED
    strips = _unique([q for q, e in zip(quads, lengths, strict=True) if least <= e <= most])
    return Cells(cells.mean(axis=1), cells, _areas(cells), strips)


def _outlines(mask: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Return the quads around lines, and around the paper that lines close in.

    Where a wall has a gap only the first is there, where boxes share walls only the
    second.
    """
    # A row may touch the picture's edge: the edge then stands for the missing wall.
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    contours, _ = cv2.findContours(framed, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    limit = _LARGEST_SHARE * max(mask.shape)
    found = []
    for contour in contours:
        if len(contour) < 4 * _LEAST_SIDE:
            continue
        rectangle = cv2.minAreaRect(contour)
        short, long = sorted(rectangle[1])
        if short < _LEAST_SIDE or long > limit or long > _ROW_ELONGATED[1] * short:
            continue
        # The hull: a digit that crosses the wall bites into the outline's inside.
        if cv2.contourArea(cv2.convexHull(contour)) < _LEAST_FILL * short * long:
            continue
        found.append(_quad(contour, rectangle) - 1)
    return found


def _quad(contour: NDArray[np.int32], rectangle: cv2.typing.RotatedRect) -> NDArray[np.float32]:
    """Return four corners around an outline: its own, or its rectangle's."""
    hull = cv2.convexHull(contour)
    corners = cv2.approxPolyDP(hull, 0.06 * cv2.arcLength(hull, True), True)
    if len(corners) == 4:
        return np.asarray(corners.reshape(4, 2), np.float32)
    return np.asarray(cv2.boxPoints(rectangle), np.float32)


def _elongation(quad: NDArray[np.float32]) -> float:
    sides = np.hypot(*(quad - np.roll(quad, 1, axis=0)).T)
    short, long = sorted([sides[0] + sides[2], sides[1] + sides[3]])
    return float(long / max(short, 1e-6))


def _areas(quads: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.array([cv2.contourArea(quad) for quad in quads], np.float32)


def _unique(quads: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return each outline once, `float32 (n, 4, 2)`; of too many the largest."""
    if not quads:
        return np.empty((0, 4, 2), np.float32)
    corners = np.stack(quads)
    centres, areas = corners.mean(axis=1), _areas(corners)
    kept: list[int] = []
    for i in np.argsort(-areas, kind="stable"):
        near = np.abs(centres[kept] - centres[i]).max(axis=1) < 0.12 * np.sqrt(areas[i])
        alike = areas[kept] < 1.3 * areas[i]
        if not (near & alike).any():
            kept.append(int(i))
        if len(kept) == _MOST_CANDIDATES:
            break
    return corners[kept]
