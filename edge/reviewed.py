"""Corrected readings → a training set of digits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge import files
from edge.classifier import SIDE
from edge.errors import OutputError

if TYPE_CHECKING:
    from edge.journal import Entry


@dataclass(frozen=True)
class Digits:
    """Digit images and what they show, as a person said."""

    images: NDArray[np.uint8]
    """(n, 28, 28), white ink on black."""
    labels: NDArray[np.uint8]
    """(n,), 0 to 9."""
    readings: int
    """That they are from."""


def digits_of(entries: Iterable[Entry]) -> Digits:
    """Gather the digits of corrected readings.

    What the model saw nothing in is left out, even where a person says that a digit was
    there: from a blank image nothing can be learnt.

    Args:
        entries: of the journal; those without a correction or without images don't count.
    """
    images: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    readings = 0
    for entry in entries:
        if entry.corrected is None or entry.digits is None:
            continue
        if len(entry.digits) != len(entry.corrected):
            continue
        readings += 1
        for image, digit in zip(entry.digits, entry.corrected, strict=True):
            if image.any():
                images.append(image)
                labels.append(int(digit))
    stacked = np.stack(images) if images else np.zeros((0, SIDE, SIDE), np.uint8)
    return Digits(stacked, np.array(labels, np.uint8), readings)


def write(out: Path, digits: Digits) -> None:
    """Write a training set, aside first, then moved into place.

    Args:
        out: an `.npz` file, with `images` and `labels` as `Digits` has them.
        digits: at least one.

    Raises:
        OutputError: there are none, or the file can't be written.
    """
    if not len(digits.labels):
        raise OutputError(
            f"{out}: nothing to write, the journal has no corrected reading with images; let the "
            "kiosk keep them (--keep-images) and correct some"
        )
    files.make_folder(out.parent)
    with files.staging(out.parent) as aside:
        np.savez_compressed(aside / out.name, images=digits.images, labels=digits.labels)
        files.publish(aside / out.name)
