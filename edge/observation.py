"""What was seen of one envelope in one picture, before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.decode import Box
from edge.quality import Quality


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
    digits: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)
    """(n, 28, 28), white ink on black: what the model saw of each box, zeros of a blank one."""

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """What the classifier said of each box, `float32 (n, 10)`; zeros of a blank one."""
        table = np.zeros((len(self.boxes), 10), np.float32)
        for row, box in zip(table, self.boxes, strict=True):
            if box.probabilities is not None:
                row[:] = box.probabilities
        return table
