"""Labelled photos, from which the detector of boxes and the classifier learn.

A folder of them has a `labels.csv` as `python -m benchmarks.envelopes` writes it: `file`,
`postcode` and `corners`, the last two empty where the photo has no row.
"""

from __future__ import annotations

import csv
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.row import COUNT
from train.errors import DataError

LABELS = "labels.csv"

# Photos that a process takes at once.
_CHUNK = 16

_Made = TypeVar("_Made")


class Photo(NamedTuple):
    """A line of a `labels.csv`."""

    path: Path
    postcode: str
    """Five digits; empty where there is no row."""
    corners: NDArray[np.float32] | None
    """`(5, 4, 2)` px of the photo, of each box from the top left one clockwise; None where
    there is no row."""
    number: int
    """Of all photos, from 0."""

    @property
    def height(self) -> float:
        """Mean height of the boxes, px; not a number where there is no row."""
        return float("nan") if self.corners is None else height_of(self.corners)

    def image(self) -> NDArray[np.uint8]:
        """Return the photo, `uint8 (h, w, 3)` BGR.

        Raises:
            DataError: it can't be read.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise DataError(f"{self.path}: the photo can't be read ({error.strerror})") from error
        image = None
        if content:
            image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            raise DataError(f"{self.path}: not a photo, or a damaged one; render the photos again")
        return np.asarray(image, np.uint8)


def labelled(folders: Sequence[Path]) -> list[Photo]:
    """Return the photos of some folders, in order.

    Args:
        folders: with photos and a `labels.csv` each.

    Raises:
        DataError: a folder or its labels are missing or can't be read.
    """
    photos: list[Photo] = []
    for folder in folders:
        for path, postcode, corners in _lines(folder):
            photos.append(Photo(path, postcode, corners, len(photos)))
    return photos


def height_of(corners: NDArray[np.float32]) -> float:
    """Return the mean height, px, of boxes `(5, 4, 2)`."""
    return float(np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1).mean())


def in_processes(
    work: Callable[[Photo], _Made], photos: Sequence[Photo], jobs: int
) -> Iterator[_Made]:
    """Yield what is made of each photo, in order.

    Args:
        work: what each process does with a photo; a function of a module.
        photos: all of them.
        jobs: processes; 1 works in this one.
    """
    if jobs <= 1:
        yield from map(work, photos)
        return
    # Not forked: Keras may have threads running already.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=_single_threaded) as pool:
        try:
            yield from pool.map(work, photos, chunksize=_CHUNK)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _single_threaded() -> None:
    # There are as many processes as cores are meant to be used.
    cv2.setNumThreads(1)


def _lines(folder: Path) -> list[tuple[Path, str, NDArray[np.float32] | None]]:
    """Return each photo of a folder with its postcode and corners."""
    path = folder / LABELS
    found = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            for row in rows:
                try:
                    corners = _corners(row["corners"])
                    postcode = _postcode(row["postcode"], corners)
                    found.append((folder / row["file"], postcode, corners))
                # A cell that is not there is None.
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    raise DataError(
                        f"{path}: line {rows.line_num} is not a photo's file, its postcode and its "
                        "corners, five boxes of four points or none; render the photos again"
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
    if not (np.isfinite(corners).all() and height_of(corners) > 0):
        raise ValueError("no boxes")
    return corners


def _postcode(text: str, corners: NDArray[np.float32] | None) -> str:
    digits = "" if corners is None else text
    if corners is not None and not (len(text) == COUNT and text.isascii() and text.isdigit()):
        raise ValueError("no postcode")
    return digits
