"""The darkness of a picture's lines at several scales, from coarse to fine."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edge.ink import line_darkness, resize
from edge.picture import Picture

# The longer side of the coarsest picture that is searched, px, and the finest's.
_COARSEST, _FINEST = 360, 1640
# Enlarging further invents no detail.
_MOST_ENLARGED = 4.0
LINE_REACH = 15
"""More than the widest printed line in a picture at any of the scales, px."""


class Scales:
    """Where a picture is dark at several scales, each made when it is looked at.

    Args:
        picture: of any size.
    """

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        longest = max(picture.width, picture.height)
        halvings = 0
        while longest >= 2 * _COARSEST * 2**halvings:
            halvings += 1
        self._scales = [
            0.5**power for power in range(halvings, -1, -1) if longest * 0.5**power < 1.5 * _FINEST
        ]
        scale = 2.0
        while scale <= _MOST_ENLARGED and scale * longest <= 1.5 * _FINEST:
            self._scales.append(scale)
            scale *= 2

    def coarse(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Yield scale and `line_darkness` of all but the finest."""
        return map(self._lines, self._scales[:-1] or self._scales)

    def fine(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Yield the same of the finest, if there are several."""
        return map(self._lines, self._scales[1:][-1:])

    def _lines(self, scale: float) -> tuple[float, NDArray[np.uint8]]:
        if scale > 1:
            seen = resize(self._picture.pixels, scale)
        else:
            seen = self._picture.halved(round(-math.log2(scale)))
        return scale, line_darkness(seen, LINE_REACH)
