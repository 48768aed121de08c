"""What was seen of one envelope in one picture, before anything is decided."""

from __future__ import annotations

import math
from dataclasses import dataclass

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

    @property
    def legibility(self) -> float:
        """Mean log-probability of what is likeliest in each box; below 0."""
        likeliest = (
            _BLANK if box.probabilities is None else float(box.probabilities.max())
            for box in self.boxes
        )
        return sum(map(math.log, likeliest)) / max(len(self.boxes), 1)
