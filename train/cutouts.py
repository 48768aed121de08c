"""Cuts digits out of labelled photos, as the kiosk cuts them, for the classifier to learn from.

MNIST's digits and drawn strokes are clean. In a photo a digit is blurred or grainy, a rest of
the box's line stands beside it, and where the row was not found quite where it is a part of it
is missing. Each row is cut where the kiosk finds it, and once more from where it truly is,
moved a little, so that rows which the kiosk does not find are learnt from too. To search takes
ten times as long as to cut: many photos are sooner cut near where their rows truly are, moved
and pulled onto the lines that are there.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

import cv2
import numpy as np
from numpy.typing import NDArray

from edge import files
from edge.boxes import pulled
from edge.crops import cut_digits
from edge.digits import normalise
from edge.picture import Picture
from edge.row import COUNT, Row, project, row_through
from edge.strip import flatten
from train.data import Examples
from train.errors import DataError
from train.photos import Photo, in_processes, labelled

if TYPE_CHECKING:
    from edge import Recognizer

# A row is the photo's own if its corners lie so near, in box heights.
_NEAR = 0.3
# By how much the ends of the true row are moved, in box heights: one standard deviation.
_MOVED = 0.04
# How they are moved depends on this and the photo's number alone.
_SEED = 11

_ENDS = np.array([[0, 0], [COUNT, 0], [COUNT, 1], [0, 1]], np.float32)


Where = Literal["found and moved", "found", "near"]
"""Where rows are cut: where the kiosk finds them, and where they truly are, moved; the first alone,
which is what the kiosk will read; or near where they are, moved, and moved and pulled."""


@dataclass(frozen=True)
class CutOuts:
    """Digits that were cut out of rows of boxes."""

    digits: Examples
    rows: NDArray[np.int32]
    """`(n,)`, the same number for digits of one and the same row: five are a postcode, and of a
    row with fewer the others looked blank."""

    def __len__(self) -> int:
        return len(self.digits)


def cut_out(
    folders: Sequence[Path],
    jobs: int = 1,
    where: Where = "found and moved",
    progress: TextIO | None = None,
) -> CutOuts:
    """Cut the digits out of all photos in some folders; the same folders give the same digits.

    Args:
        folders: with photos and a `labels.csv` each (`train.photos`).
        jobs: processes; 1 cuts in this one.
        where: which places are cut, one of `Where`.
        progress: where to print how far it is; None prints nothing.

    Raises:
        DataError: a folder, its labels or a photo is missing or can't be read, or there are no
            digits in them.
    """
    photos = [photo for photo in labelled(folders) if photo.corners is not None]
    cuts: list[Examples] = []
    made = in_processes(_CUTTERS[where], photos, jobs)
    for number, some in enumerate(made, start=1):
        cuts += some
        if progress and (number % 500 == 0 or number == len(photos)):
            digits = sum(len(cut) for cut in cuts)
            print(f"photo {number}/{len(photos)}: {digits:,} digits", file=progress, flush=True)
    if not cuts:
        raise DataError(
            f"{', '.join(map(str, folders))}: no digits were found in the photos; render some of "
            "a grade with postcodes"
        )
    return CutOuts(
        Examples(
            np.concatenate([cut.images for cut in cuts]),
            np.concatenate([cut.labels for cut in cuts]),
        ),
        np.repeat(np.arange(len(cuts), dtype=np.int32), [len(cut) for cut in cuts]),
    )


def write(cut: CutOuts, out: Path) -> None:
    """Write digits as `python -m train --extra` and `python -m convert --calibrate` read them,
    in one step.

    Args:
        cut: from `cut_out`.
        out: in a folder that is there.

    Raises:
        OutputError: they can't be written.
    """
    with files.staging(out.parent) as aside:
        with (aside / out.name).open("wb") as file:
            digits = cut.digits
            np.savez_compressed(file, images=digits.images, labels=digits.labels, rows=cut.rows)
        files.publish(aside / out.name)


def row_in(photo: Photo, picture: Picture, recognizer: Recognizer) -> Row | None:
    """Return a photo's row, upright, where the kiosk finds it; None where it doesn't."""
    choice = recognizer.find(picture)
    if choice is None or photo.corners is None:
        return None
    limit = _NEAR * photo.height
    for row in (choice.boxes.row, choice.boxes.row.turned()):
        if np.abs(row.corners() - photo.corners).max() < limit:
            return row
    return None


def _cut(photo: Photo) -> list[Examples]:
    picture = Picture.of(photo.image())
    return _cuts(photo, picture, row_in(photo, picture, _recognizer()), _moved(photo))


def _cut_found(photo: Photo) -> list[Examples]:
    picture = Picture.of(photo.image())
    return _cuts(photo, picture, row_in(photo, picture, _recognizer()))


def _cut_near(photo: Photo) -> list[Examples]:
    picture = Picture.of(photo.image())
    near = _moved(photo, again=True)
    on_lines = near and pulled(picture, near)
    return _cuts(photo, picture, on_lines or near, _moved(photo))


_CUTTERS: Mapping[Where, Callable[[Photo], list[Examples]]] = {
    "found and moved": _cut,
    "found": _cut_found,
    "near": _cut_near,
}


def _cuts(photo: Photo, picture: Picture, *rows: Row | None) -> list[Examples]:
    cuts = (_digits(picture, row, photo.postcode) for row in rows if row is not None)
    return [cut for cut in cuts if len(cut)]


@functools.cache
def _recognizer() -> Recognizer:
    from edge import Recognizer

    return Recognizer()


def _moved(photo: Photo, again: bool = False) -> Row | None:
    """Return the true row, each of its ends moved on its own; `again` in another way."""
    assert photo.corners is not None
    row = row_through(photo.corners, np.arange(COUNT), robust=False)
    if row is None:
        return None
    rng = np.random.default_rng([photo.number, _SEED + again])
    ends = project(row.homography, _ENDS)
    moved = ends + rng.normal(0, _MOVED * photo.height, ends.shape).astype(np.float32)
    return Row(cv2.getPerspectiveTransform(_ENDS, moved.astype(np.float32)), row.fill)


def _digits(picture: Picture, row: Row, postcode: str) -> Examples:
    inks = cut_digits(flatten(picture, row))
    seen = [
        (normalise(ink), label)
        for ink, label in zip(inks, postcode, strict=True)
        if ink is not None
    ]
    images = np.array([image for image, _ in seen], np.uint8).reshape(-1, 28, 28)
    return Examples(images, np.array([int(label) for _, label in seen], np.uint8))
