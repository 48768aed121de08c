"""Cuts crops out of labelled photos, from which the detector of boxes learns.

Of each photo three crops are cut, in which the boxes are about as high as the network looks for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.row import COUNT
from train.errors import DataError
from train.photos import Photo, in_processes, labelled

SIDE = 160
"""Of a crop, px."""
PER_PHOTO = 3
"""Crops of a photo."""

# Of these the first show at least the middle of the row, which is up to so many sides of a
# crop away from the crop's; what the others show is anywhere.
_ABOUT_THE_ROW = 2
_AWAY = 0.4
# How high a box is in a crop, px: the next half or double is another scale's (`edge.detector`).
_LEAST_HEIGHT, _MOST_HEIGHT = 6.3, 15.0
# How high one might be where there is none, px of the photo.
_LEAST_SUPPOSED, _MOST_SUPPOSED = 20.0, 300.0
# Larger than that nothing is made.
_MOST_SCALE = 1.6
# A crop may lie so far outside of the photo, px; its edge is repeated there.
_OUTSIDE = 24
# Where the crops of a photo are depends on this and the photo's number alone.
_SEED = 7


@dataclass(frozen=True)
class Crops:
    """What is learnt from, or measured on."""

    images: NDArray[np.uint8]
    """`(n, 160, 160, 3)`, BGR."""
    corners: NDArray[np.float32]
    """`(n, 5, 4, 2)` px of the crop, of each box from the top left one clockwise, also such as
    are outside; NaN where there is no row."""

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def sha256(self) -> str:
        """Of all there is, lower-case hexadecimal."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images))
        digest.update(np.ascontiguousarray(self.corners))
        return digest.hexdigest()


def load_crops(folders: Sequence[Path], jobs: int = 1) -> Crops:
    """Cut the crops of all photos in some folders; the same folders give the same crops.

    Args:
        folders: with photos and a `labels.csv` each.
        jobs: processes; 1 cuts in this one.

    Raises:
        DataError: a folder, its labels or a photo is missing or can't be read.
    """
    photos = labelled(folders)
    # Filled one by one: in a list and then in an array all would be there twice.
    images = np.empty((len(photos) * PER_PHOTO, SIDE, SIDE, 3), np.uint8)
    corners = np.empty((len(images), COUNT, 4, 2), np.float32)
    for number, (some, theirs) in enumerate(in_processes(_cut, photos, jobs)):
        here = slice(number * PER_PHOTO, (number + 1) * PER_PHOTO)
        images[here], corners[here] = some, theirs
    return Crops(images, corners)


def _cut(photo: Photo) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return `PER_PHOTO` crops of a photo, and where the boxes are in each."""
    rng = np.random.default_rng([photo.number, _SEED])
    whole = photo.image()
    images = np.empty((PER_PHOTO, SIDE, SIDE, 3), np.uint8)
    corners = np.full((PER_PHOTO, COUNT, 4, 2), np.nan, np.float32)
    for place in range(PER_PHOTO):
        wanted = np.exp(rng.uniform(np.log(_LEAST_HEIGHT), np.log(_MOST_HEIGHT)))
        if photo.corners is None:
            height = np.exp(rng.uniform(np.log(_LEAST_SUPPOSED), np.log(_MOST_SUPPOSED)))
        else:
            height = photo.height
        scaled = _scaled(whole, min(float(wanted / height), _MOST_SCALE), photo.path)
        size = np.array([scaled.shape[1], scaled.shape[0]])
        there = None
        if photo.corners is not None:
            # A pixel's middle is at whole numbers, not its corner.
            ratio = size / np.array([whole.shape[1], whole.shape[0]])
            there = (photo.corners + 0.5) * ratio - 0.5
        if there is not None and place < _ABOUT_THE_ROW:
            middle = there.reshape(-1, 2).mean(axis=0)
            centre = middle + rng.uniform(-SIDE * _AWAY, SIDE * _AWAY, 2)
        else:
            centre = np.array([rng.uniform(0, size[0]), rng.uniform(0, size[1])])
        first = np.floor(centre - SIDE / 2).astype(int)
        first = np.maximum(first, -rng.integers(0, _OUTSIDE))
        first = np.minimum(first, size - SIDE + rng.integers(0, _OUTSIDE))
        images[place] = cv2.warpAffine(
            scaled,
            np.array([[1, 0, -first[0]], [0, 1, -first[1]]], np.float64),
            (SIDE, SIDE),
            flags=cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_REPLICATE,
        )
        if there is not None:
            corners[place] = there - first
    return images, corners


def _scaled(image: NDArray[np.uint8], scale: float, path: Path) -> NDArray[np.uint8]:
    """Return a photo made smaller as `edge.picture` does, by halves, and then by what is left."""
    height, width = image.shape[:2]
    if min(height, width) * scale < 1:
        raise DataError(f"{path}: the photo is too small for the boxes in it; leave it out")
    left = scale
    while left <= 0.5 and min(image.shape[:2]) > 1:
        image = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        left *= 2
    scaled = cv2.resize(
        image,
        None,
        fx=scale * width / image.shape[1],
        fy=scale * height / image.shape[0],
        interpolation=cv2.INTER_AREA if left < 1 else cv2.INTER_CUBIC,
    )
    return np.asarray(scaled, np.uint8)
