"""Finds the row between the two markers of our own printed form.

A form has an ArUco marker (Garrido-Jurado et al. 2014) at each end of its row of boxes. Both
together say where the boxes are, whatever is seen of their lines, and which way up the
form lies.
"""

from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.picture import Picture
from edge.row import COUNT, Row, fit_row, project

DICTIONARY = cv2.aruco.DICT_4X4_50
"""Of the markers."""
LEFT, RIGHT = 0, 1
"""Identities of the markers before the first box and after the last."""
FILL = 0.8
"""Width of a form's boxes as a part of their pitch."""
BOX_WIDTH = 10.0
"""mm"""
BOX_HEIGHT = 12.0
"""mm"""
CELLS = 6
"""Squares along a marker's side, its black frame included."""
SIDE = 10.0
"""Of a marker, mm."""
CLEARANCE = 5.0
"""Between a marker and the nearest box, mm: its black frame needs white around it."""

# The longer side of the picture in which they are looked for, px, at least: a marker is nearly
# as large as a box, and one of 20 px is still read.
_LOOKED_AT = 800
# Of the threshold that parts black from white, px.
_WINDOW = 13

# As tall as this, px, a box is looked at beside whose row a marker may stand.
_LOOKED_AT_HEIGHT = 24
# Between a marker's white and its black, of 255.
_LEAST_CONTRAST = 40
# Of a marker's 36 squares so many may look wrong: far fewer than by chance, where half do.
_MOST_MISREAD = 2


@cache
def marker_bits(name: int) -> NDArray[np.bool_]:
    """Return a marker's squares, `bool (6, 6)`, True where white."""
    known = cv2.aruco.getPredefinedDictionary(DICTIONARY)
    return np.asarray(cv2.aruco.generateImageMarker(known, name, CELLS) > 0)


@cache
def marker_corners() -> dict[int, NDArray[np.float32]]:
    """Return each marker's corners, `float32 (4, 2)`, in the row's own coordinates.

    x in pitches, y in box heights, clockwise from the top left; see `row`.
    """
    pitch = BOX_WIDTH / FILL
    gap = (pitch - BOX_WIDTH) / 2
    top = (BOX_HEIGHT - SIDE) / 2
    lefts = {LEFT: gap - CLEARANCE - SIDE, RIGHT: COUNT * pitch - gap + CLEARANCE}
    square = np.array([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]])
    return {
        name: ((square + np.array([left, top])) / [pitch, BOX_HEIGHT]).astype(np.float32)
        for name, left in lefts.items()
    }


def row_between_markers(image: NDArray[np.uint8] | Picture) -> Row | None:
    """Find a form's row by its markers.

    Args:
        image: a picture, or its pixels, `uint8 (h, w, 3)` BGR or `(h, w)`; not written to.

    Returns:
        The row, its first box at the left marker; None where the two aren't both seen.
    """
    picture = Picture.of(image)
    longest = max(picture.width, picture.height)
    halvings = max(0, math.floor(math.log2(longest / _LOOKED_AT)))
    small = picture.brightness(halvings)
    grey = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    seen = _markers(np.asarray(grey, np.uint8))
    wanted = marker_corners()
    if not wanted.keys() <= seen.keys():
        return None
    sources = np.concatenate([wanted[name] for name in wanted])
    targets = np.concatenate([seen[name] for name in wanted])
    row = fit_row(sources, targets, FILL, tolerance=None)
    return None if row is None else row.scaled(2.0**halvings)


def marked(row: Row, image: NDArray[np.uint8] | Picture) -> Row | None:
    """Look for the markers beside a row whose lines were found, and turn it as they say.

    Args:
        row: five boxes of a picture.
        image: the picture, or its pixels, `uint8 (h, w, 3)` BGR or `(h, w)`; not written to.

    Returns:
        The same boxes, the first one at the left marker; None where the two aren't there.
    """
    picture = Picture.of(image)
    # So that a marker's squares are a few px wide, whatever is finer being blurred away.
    halvings = max(0, math.floor(math.log2(row.height / _LOOKED_AT_HEIGHT)))
    pixels = picture.brightness(halvings)
    for each in (row, row.turned()):
        if all(_is_marker(pixels, each.scaled(0.5**halvings), name) for name in (LEFT, RIGHT)):
            return each
    return None


def _is_marker(pixels: NDArray[np.uint8], row: Row, name: int) -> bool:
    """Tell whether a marker is where it must be beside a row; `pixels` are grey or BGR."""
    at = project(row.homography, _middles(name))
    light = cv2.remap(pixels, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if light.ndim == 3:
        light = cv2.cvtColor(light, cv2.COLOR_BGR2GRAY)
    light = light.astype(np.float32)
    white = marker_bits(name)
    bright, dark = light[white].mean(), light[~white].mean()
    if bright - dark < _LEAST_CONTRAST:
        return False
    return int(((light > (bright + dark) / 2) != white).sum()) <= _MOST_MISREAD


@cache
def _middles(name: int) -> NDArray[np.float32]:
    """Return the middles of a marker's squares, `(6, 6, 2)`, in the row's own coordinates."""
    corners = marker_corners()[name]
    steps = (np.arange(CELLS, dtype=np.float32) + 0.5) / CELLS
    across, down = np.meshgrid(steps, steps)
    middles = corners[0] + np.stack([across, down], axis=2) * (corners[2] - corners[0])
    return np.asarray(middles, np.float32)


def _markers(grey: NDArray[np.uint8]) -> dict[int, NDArray[np.float32]]:
    """Return the corners of the markers that are seen exactly once, px."""
    settings = cv2.aruco.DetectorParameters()
    settings.adaptiveThreshWinSizeMin = settings.adaptiveThreshWinSizeMax = _WINDOW
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    # A bit that was misread may have been no marker at all.
    settings.errorCorrectionRate = 0.0
    known = cv2.aruco.getPredefinedDictionary(DICTIONARY)
    corners, names, _ = cv2.aruco.ArucoDetector(known, settings).detectMarkers(grey)
    if names is None:
        return {}
    found = names.ravel().tolist()
    return {
        name: np.asarray(quad[0], np.float32)
        for name, quad in zip(found, corners, strict=True)
        if found.count(name) == 1
    }
