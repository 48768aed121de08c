"""What was seen of one envelope in one picture, before anything is decided."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.classifier import CLASSES, SIDE
from edge.decode import Box
from edge.quality import Quality

# A blank box counts as a digit of this probability.
_BLANK = 0.05


@dataclass(frozen=True)
class Observation:
    """The boxes of one picture, classified."""

    boxes: tuple[Box, ...]
    """In reading order; none where no row of boxes was found."""
    found: float = 1.0
    """How sure it is that the boxes are boxes, 0 to 1."""
    reason: str | None = None
    """Why there are no boxes: `no-boxes`."""
    quality: Quality | None = None
    """How well the row can be seen; None where it is not from a picture."""
    touched: bool = False
    """Whether it was written on a screen, and read by the way of the pen too."""

    @property
    def legibility(self) -> float:
        """Mean log-probability of what is likeliest in each box; below 0."""
        likeliest = (
            _BLANK if box.probabilities is None else float(box.probabilities.max())
            for box in self.boxes
        )
        return sum(map(math.log, likeliest)) / max(len(self.boxes), 1)

    @property
    def digits(self) -> NDArray[np.uint8]:
        """What the model saw of each box, `uint8 (n, 28, 28)`, white ink on black; zeros of a
        blank one."""
        images = np.zeros((len(self.boxes), SIDE, SIDE), np.uint8)
        for image, box in zip(images, self.boxes, strict=True):
            if box.digit is not None:
                image[:] = box.digit
        return images

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """What the classifier said of each box, `float32 (n, 10)`; zeros of a blank one."""
        table = np.zeros((len(self.boxes), CLASSES), np.float32)
        for row, box in zip(table, self.boxes, strict=True):
            if box.probabilities is not None:
                row[:] = box.probabilities
        return table
