"""Whether two pictures of five digits are of the same ink.

The same postcode in the same hand on another envelope is other ink: strokes begin, bend and end
elsewhere. Of digit images that are made as MNIST's were, place and size say nothing, and what
is left is the shape.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

# Standard deviation of a blur under which the centring's rounding to whole pixels is nothing.
_BLUR = 1.0


def likeness(
    ours: Sequence[NDArray[np.uint8] | None], theirs: Sequence[NDArray[np.uint8] | None]
) -> float | None:
    """Return how alike digits are, box by box.

    Args:
        ours: of each box `uint8 (28, 28)`, white ink on black, or None where it is blank.
        theirs: as many.

    Returns:
        The mean of their correlations, -1 to 1; None where no box has two images.
    """
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if a is not None and b is not None]
    if not pairs:
        return None
    return float(np.mean([_correlation(a, b) for a, b in pairs]))


def _correlation(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    a, b = (cv2.GaussianBlur(each.astype(np.float32), (0, 0), _BLUR) for each in (a, b))
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-9))
