"""Where the camera stands: a pinhole's map from paper to photo, aimed at a row of boxes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.camera import Shot, homography, map_points


class Frame(NamedTuple):
    """How many pixels a photo has."""

    width: int
    height: int


FRAME = Frame(1640, 1232)
"""Of the camera that photos are rendered for."""

# Aiming shrinks the row by so much, again and again, until it fits into the photo.
_SHRINK = 0.93
_MOST_TRIES = 60
# How far a lens and a wavy paper may shift what the photo shows, px.
_STRAY = 80.0


@dataclass(frozen=True)
class Pose:
    """How the paper lies before the camera."""

    box_height: float
    """Mean height of a box in the photo, px; less where the row would not fit."""
    rotation: float = 0.0
    """Degrees clockwise, in the plane of the paper."""
    tilt: float = 0.0
    """Degrees between the paper's normal and the view."""
    towards: float = 90.0
    """Direction in which the paper falls away, degrees clockwise from the photo's right."""
    focal: float = 1.0
    """Focal length, photo widths."""
    margin: float = 12.0
    """Least distance of a box from the photo's edge, px."""
    at: tuple[float, float] = (0.5, 0.5)
    """Where the row lies between the photo's edges, 0 to 1; beyond, it touches the edge."""
    frame: Frame = FRAME


def aim(pose: Pose, corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the map from mm on the paper to photo px that shows all boxes.

    Args:
        pose: the wishes.
        corners: `float64 (n, 4, 2)`, mm.

    Returns:
        `float64 (3, 3)`.
    """
    middle = corners.reshape(-1, 2).mean(axis=0)
    # The row's middle is the origin, on the optical axis; a shift of the whole photo
    # afterwards is a photo cut out of a larger one.
    local = corners - middle
    wanted = pose.box_height
    for _ in range(_MOST_TRIES):
        shot = Shot(
            width=pose.frame.width, height=pose.frame.height, look=(0.0, 0.0), zoom=1.0,
            tilt=pose.tilt, tilt_towards=pose.towards, rotation=pose.rotation, focal=pose.focal,
        )  # fmt: skip
        # How large a box comes out depends on how far away it is, a little.
        zoom = wanted / box_height(map_points(local, homography(shot, (1, 1))))
        for _ in range(3):
            H = homography(replace(shot, zoom=zoom), (1, 1))
            zoom *= wanted / box_height(map_points(local, H))
        H = homography(replace(shot, zoom=zoom), (1, 1))
        seen = map_points(local, H).reshape(-1, 2).astype(np.float64)
        low = pose.margin - seen.min(axis=0)
        high = np.array(pose.frame) - 1 - pose.margin - seen.max(axis=0)
        if (low <= high).all():
            shift = low + np.clip(pose.at, 0, 1) * (high - low)
            move = np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1]])
            back = np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 1]])
            return move @ H @ back
        wanted *= _SHRINK
    raise ValueError("a row of this shape does not fit into the photo")


def box_height(corners: NDArray[np.floating]) -> float:
    """Return the mean length of the boxes' upright sides, px; corners are `(n, 4, 2)`."""
    sides = corners[:, [3, 2]] - corners[:, [0, 1]]
    return float(np.linalg.norm(sides, axis=2).mean())


def visible(
    H: NDArray[np.float64], width: float, height: float, frame: Frame = FRAME
) -> tuple[float, float, float, float]:
    """Return the part of a paper that the photo shows: left, top, right, bottom, mm.

    Args:
        H: from mm on the paper to photo px.
        width: of the paper, mm.
        height: of the paper, mm.
        frame: of the photo.
    """
    right, bottom = frame.width + _STRAY, frame.height + _STRAY
    corners = np.array([[-_STRAY, -_STRAY], [right, -_STRAY], [right, bottom], [-_STRAY, bottom]])
    back = np.linalg.inv(H)
    rays = np.column_stack([corners, np.ones(4)]) @ back.T
    if not (rays[:, 2] * rays[0, 2] > 0).all() or rays[0, 2] <= 0:
        # The photo looks over the paper's horizon: nothing of the paper is left out.
        return 0.0, 0.0, width, height
    points = rays[:, :2] / rays[:, 2:]
    low, high = np.maximum(points.min(axis=0), 0), np.minimum(points.max(axis=0), (width, height))
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def scaled(H: NDArray[np.float64], px: float, offset: tuple[int, int]) -> NDArray[np.float64]:
    """Return the map from the pixels of a drawn piece of paper to photo px.

    Pixel (i, j) of the piece is centred on ((i + offset) / px) mm.
    """
    return H @ np.array([[1 / px, 0, offset[0] / px], [0, 1 / px, offset[1] / px], [0, 0, 1]])


def photo_px(H: NDArray[np.float64], view: tuple[float, float, float, float]) -> float:
    """Return the photo's pixels per mm in the middle of a part of the paper."""
    middle = np.array([(view[0] + view[2]) / 2, (view[1] + view[3]) / 2])
    steps = middle + np.array([[0, 0], [1, 0], [0, 1]])
    seen = cv2.perspectiveTransform(steps[:, None], H)[:, 0]
    return float(np.sqrt(abs(np.linalg.det(seen[1:] - seen[0]))))
