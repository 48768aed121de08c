"""Cuts crops out of labelled photos, from which the detector of boxes learns.

A folder of photos has a `labels.csv` as `python -m benchmarks.envelopes` writes it: `file`,
`postcode` and `corners`, the last empty where the photo has no row. Of each photo three crops
are cut, in which the boxes are about as high as the network looks for.
"""

from __future__ import annotations

import csv
import hashlib
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.row import COUNT
from train.errors import DataError

LABELS = "labels.csv"
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
# Photos that a process takes at once.
_CHUNK = 16


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


class _Photo(NamedTuple):
    """A line of a `labels.csv`."""

    path: Path
    corners: NDArray[np.float32] | None
    """`(5, 4, 2)` px of the photo; None where there is no row."""
    number: int
    """Of all photos, from 0."""


def load_crops(folders: Sequence[Path], jobs: int = 1) -> Crops:
    """Cut the crops of all photos in some folders; the same folders give the same crops.

    Args:
        folders: with photos and a `labels.csv` each.
        jobs: processes; 1 cuts in this one.

    Raises:
        DataError: a folder, its labels or a photo is missing or can't be read.
    """
    photos: list[_Photo] = []
    for folder in folders:
        for path, corners in _labels(folder):
            photos.append(_Photo(path, corners, len(photos)))
    # Filled one by one: in a list and then in an array all would be there twice.
    images = np.empty((len(photos) * PER_PHOTO, SIDE, SIDE, 3), np.uint8)
    corners = np.empty((len(images), COUNT, 4, 2), np.float32)
    for number, (some, theirs) in enumerate(_cut_all(photos, jobs)):
        here = slice(number * PER_PHOTO, (number + 1) * PER_PHOTO)
        images[here], corners[here] = some, theirs
    return Crops(images, corners)


def _labels(folder: Path) -> list[tuple[Path, NDArray[np.float32] | None]]:
    """Return each photo of a folder with its corners."""
    path = folder / LABELS
    found = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            for row in rows:
                try:
                    found.append((folder / row["file"], _corners(row["corners"])))
                # A cell that is not there is None.
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    raise DataError(
                        f"{path}: line {rows.line_num} is not a photo's file and its corners, "
                        "five boxes of four points or none; render the photos again"
                    ) from error
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: no such file; python -m benchmarks.envelopes renders photos with labels"
        ) from error
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not a table of photos; render the photos again") from error
    if not found:
        raise DataError(f"{path}: lists no photos; render some with python -m benchmarks.envelopes")
    return found


def _corners(text: str) -> NDArray[np.float32] | None:
    values = [float(value) for value in text.split()]
    if not values:
        return None
    corners = np.array(values, np.float32).reshape(COUNT, 4, 2)
    # Not so written that a height which is not a number is taken.
    if not (np.isfinite(corners).all() and _height(corners) > 0):
        raise ValueError("no boxes")
    return corners


def _height(corners: NDArray[np.float32]) -> Any:
    return np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1).mean()


def _cut_all(
    photos: Sequence[_Photo], jobs: int
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """Yield the crops of each photo, in order."""
    if jobs <= 1:
        yield from map(_cut, photos)
        return
    # Not forked: Keras may have threads running already.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=_single_threaded) as pool:
        try:
            yield from pool.map(_cut, photos, chunksize=_CHUNK)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _single_threaded() -> None:
    cv2.setNumThreads(1)


def _cut(photo: _Photo) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return `PER_PHOTO` crops of a photo, and where the boxes are in each."""
    rng = np.random.default_rng([photo.number, _SEED])
    whole = _read(photo.path)
    images = np.empty((PER_PHOTO, SIDE, SIDE, 3), np.uint8)
    corners = np.full((PER_PHOTO, COUNT, 4, 2), np.nan, np.float32)
    for place in range(PER_PHOTO):
        wanted = np.exp(rng.uniform(np.log(_LEAST_HEIGHT), np.log(_MOST_HEIGHT)))
        if photo.corners is None:
            height = np.exp(rng.uniform(np.log(_LEAST_SUPPOSED), np.log(_MOST_SUPPOSED)))
        else:
            height = _height(photo.corners)
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


def _read(path: Path) -> NDArray[np.uint8]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: the photo can't be read ({error.strerror})") from error
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    if image is None:
        raise DataError(f"{path}: not a photo, or a damaged one; render the photos again")
    return np.asarray(image, np.uint8)


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
