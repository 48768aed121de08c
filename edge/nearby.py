"""Where a row that is only roughly known may lie: the likeliest places around it.

A detected row is off by up to a third of a box at either end, farther than `fit` looks for a
line, and an upright stroke may lie nearer than the wall. So the row is moved a little, each of
its ends on its own, and where most of the walls are seen it is worth fitting.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.row import COUNT, Row, unit_corners
from edge.walls import find_walls

# How far the left and the right end are moved, in pitches: by more than so much longer or
# shorter no row is.
_ENDS = (-0.3, -0.15, 0.0, 0.15, 0.3)
_MOST_LONGER = 0.31
# And how far the upper and the lower line, in box heights.
_LEVELS = ((0.0, 0.0), (-0.15, -0.15), (0.15, 0.15), (0.1, -0.1), (-0.1, 0.1))


def _moves() -> NDArray[np.float64]:
    """Return from a moved row's coordinates to the row's own, `(n, 3, 3)`, small moves first."""
    moves = []
    for left in _ENDS:
        for right in _ENDS:
            if abs(right - left) > _MOST_LONGER:
                continue
            for top, bottom in _LEVELS:
                length, height = COUNT + right - left, 1 + bottom - top
                matrix = np.array([[length / COUNT, 0, left], [0, height, top], [0, 0, 1]])
                moves.append((abs(left) + abs(right) + abs(top) + abs(bottom), matrix))
    moves.sort(key=lambda each: each[0])
    return np.stack([matrix for _, matrix in moves])


_MOVES = _moves()


def nearby(dark: NDArray[np.uint8], row: Row, most: int) -> list[Row]:
    """Return rows around one, those on whose walls most is seen first.

    Args:
        dark: `uint8 (h, w)` from `ink.line_darkness`.
        row: about where it is in that picture.
        most: how many to return.
    """
    places = row.homography @ _MOVES
    corners = unit_corners(row.fill).reshape(1, -1, 2)
    quads = np.concatenate(
        [cv2.perspectiveTransform(corners, place).reshape(COUNT, 4, 2) for place in places]
    )
    seen = np.nan_to_num(find_walls(dark, quads).seen).reshape(len(places), -1).mean(axis=1)
    best = np.argsort(-seen, kind="stable")[:most]
    return [Row(places[number], row.fill) for number in best]
