"""A row of boxes flattened: one upright strip in which every box lies where it should."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.ink import density
from edge.picture import Picture
from edge.row import COUNT, Row, project

# Height of a box in the strip, px: about what the photo has, within these limits.
_LEAST_HEIGHT = 48
_MOST_HEIGHT = 68
# Room around the row for strokes that leave the boxes, in box heights.
_MARGIN = 0.4
# From here on, of 255, a camera can't tell bright from brighter.
_BRIGHTEST = 253


@dataclass(frozen=True)
class Strip:
    """Five boxes side by side, upright, and where they lie; all in px of the strip."""

    densities: NDArray[np.float32]
    """(h, w, 3): optical density, 0 for paper; see `ink.density`."""
    height: int
    """Of a box."""
    width: int
    """Of a box."""
    top: int
    """Row of the boxes' upper line."""
    lefts: NDArray[np.intp]
    """(5,): column of each box's left line."""
    glare: float
    """Share of it that is as bright as the camera can tell, 0 to 1."""

    @property
    def bottom(self) -> int:
        """Row of the boxes' lower line."""
        return self.top + self.height

    @property
    def rights(self) -> NDArray[np.intp]:
        """(5,): column of each box's right line."""
        return self.lefts + self.width

    @property
    def middle(self) -> tuple[slice, NDArray[np.intp]]:
        """Rows and columns of the boxes' middles, where the printed line is not."""
        inset_y = round(0.16 * self.height)
        inset_x = round(0.16 * min(self.width, self.height))
        columns = self.lefts[:, None] + np.arange(inset_x, max(inset_x + 1, self.width - inset_x))
        return slice(self.top + inset_y, self.bottom - inset_y), columns.ravel()

    def owners(self) -> NDArray[np.intp]:
        """Return for each column the box it lies nearest to, `(w,)`, 0 to 4."""
        borders = (self.rights[:-1] + self.lefts[1:]) / 2
        return np.searchsorted(borders, np.arange(self.densities.shape[1]))


def flatten(image: NDArray[np.uint8] | Picture, row: Row) -> Strip:
    """Flatten a row.

    Args:
        image: the picture it was found in, or its pixels, `uint8 (h, w, 3)` BGR or
            `(h, w)`; not written to.
        row: its place in the picture.

    Returns:
        The strip. What lies outside of the picture is paper.
    """
    corners = row.corners()
    tall, wide = row.extent
    height = round(min(max(tall, _LEAST_HEIGHT), _MOST_HEIGHT))
    pitch = max(16.0, height * wide / tall / row.fill)
    margin = round(_MARGIN * height)
    gap = pitch * (1 - row.fill) / 2
    size = (round(COUNT * pitch - 2 * gap) + 2 * margin, height + 2 * margin)

    # Only the row's surroundings are touched, shrunk first: warping down skips pixels.
    picture = Picture.of(image)
    part, low, scale = _surroundings(picture, corners, 2 * _MARGIN * tall, height / tall)
    to_row = np.array(
        [[1 / pitch, 0, (gap - margin) / pitch], [0, 1 / height, -margin / height], [0, 0, 1]]
    )
    shift = (scale - 1) / 2
    to_part = np.array([[scale, 0, shift - low[0]], [0, scale, shift - low[1]], [0, 0, 1]])
    back = to_part @ row.homography @ to_row
    how = cv2.WARP_INVERSE_MAP | (cv2.INTER_LINEAR if height <= tall else cv2.INTER_CUBIC)
    flat = cv2.warpPerspective(part, back, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    densities = density(np.asarray(flat, np.uint8), reach=height // 3)

    edges = np.array([[0, 0], [size[0], 0], size, [0, size[1]]], np.float32)
    around = project(row.homography @ to_row, edges)
    if not _is_within(around, picture):
        seen = cv2.warpPerspective(
            np.full(part.shape[:2], 255, np.uint8), back, size, flags=cv2.WARP_INVERSE_MAP
        )
        densities = densities * (cv2.erode(seen, np.ones((3, 3), np.uint8)) > 0)[..., None]
    lefts = np.rint(margin + pitch * np.arange(COUNT)).astype(np.intp)
    width = round(pitch - 2 * gap)
    bright = cv2.inRange(flat, (_BRIGHTEST,) * 3, (255,) * 3)
    glare = cv2.countNonZero(bright) / bright.size
    return Strip(densities, height, width, margin, lefts, glare)


def warped(
    picture: Picture,
    row: Row,
    to_flat: NDArray[np.float64],
    size: tuple[int, int],
    height: float,
) -> NDArray[np.uint8]:
    """Return a row's surroundings as they are, flat, from a picture a little finer than asked for.

    Args:
        picture: it was found in.
        row: its place in the picture.
        to_flat: `(3, 3)`, from the row's own coordinates to px of what is returned.
        size: width and height of that, px.
        height: of a box there, px.

    Returns:
        `uint8 (h, w, 3)` BGR or `(h, w)`; beyond the picture its edge goes on.
    """
    tall, _ = row.extent
    halvings = 0
    # Warping down skips pixels.
    while tall * 0.5 ** (halvings + 1) >= height:
        halvings += 1
    from_flat = row.homography @ np.linalg.inv(to_flat)
    ends = np.array([[0, 0, 1], [size[0], 0, 1], [*size, 1], [0, size[1], 1]]) @ from_flat.T
    if (ends[:, 2] > 0).all():
        seen = np.asarray(ends[:, :2] / ends[:, 2:], np.float32)
        part, low = picture.around(seen, 2.0 ** (halvings + 1), halvings)
    else:
        # It goes on beyond the horizon.
        part, low = picture.halved(halvings), np.zeros(2, np.intp)
    shift = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]])
    flat = cv2.warpPerspective(
        part,
        shift @ Row(from_flat, row.fill).scaled(0.5**halvings).homography,
        size,
        flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(flat, np.uint8)


def _is_within(points: NDArray[np.float32], picture: Picture) -> bool:
    bounds = np.array([picture.width, picture.height], np.float32) - 1
    return bool((points >= 0).all() and (points <= bounds).all())


def _surroundings(
    picture: Picture, corners: NDArray[np.float32], room: float, scale: float
) -> tuple[NDArray[np.uint8], NDArray[np.intp], float]:
    """Return the part of a picture around a row, in colour.

    Beside it, where it begins in the halved picture, px, and how much smaller that is: a
    little finer than the scale asked for.
    """
    halvings = 0
    while 0.5**halvings > 1.4 * scale:
        halvings += 1
    part, low = picture.around(corners, room, halvings)
    if part.ndim == 2:
        part = np.asarray(cv2.cvtColor(part, cv2.COLOR_GRAY2BGR), np.uint8)
    return part, low, 0.5**halvings
