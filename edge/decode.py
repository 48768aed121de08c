"""Five distributions → a postcode, how sure it is, and whether to answer at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.directory import LENGTH, Directory
from edge.reading import Digit, Quad, Reading

# The threshold of a model without a card.
DEFAULT_THRESHOLD = 0.9
# Below this probability that what was written is in the directory, it isn't.
_LEAST_VALID = 0.1


class Box(NamedTuple):
    """What the classifier said of one box."""

    probabilities: NDArray[np.float32] | None
    """(10,), summing to 1; None where the box is blank."""
    corners: Quad | None = None
    """px of the input."""


def decode(
    boxes: Sequence[Box],
    threshold: float = DEFAULT_THRESHOLD,
    directory: Directory | None = None,
    found: float = 1.0,
) -> Reading:
    """Decide what was written, and whether to rely on it.

    Args:
        boxes: in reading order, any number of them.
        threshold: least confidence of an accepted reading, 0 to 1.
        directory: valid postcodes; it speaks only where there are five boxes.
        found: how sure it is that the boxes are boxes, 0 to 1.

    Returns:
        A reading without `source` and `elapsed_ms`.
    """
    digits = tuple(_digit(box) for box in boxes)
    if any(box.probabilities is None for box in boxes):
        return Reading("rejected", digits=digits, reason="blank-box")
    guess = "".join(str(d.digit) for d in digits)
    # The boxes are read independently, so all are right with the product.
    confidence = found * float(np.prod([d.confidence for d in digits]))
    if directory is not None and len(boxes) == LENGTH:
        table = np.stack([box.probabilities for box in boxes if box.probabilities is not None])
        valid, share, mass = directory.best(table)
        if mass < _LEAST_VALID:
            return Reading(
                "rejected",
                guess=guess,
                confidence=confidence,
                digits=digits,
                reason="not-in-directory",
            )
        guess, confidence = valid, found * share
        digits = tuple(
            Digit(digit, float(row[int(digit)]), known.box)
            for digit, row, known in zip(valid, table, digits, strict=True)
        )
    if confidence < threshold:
        return Reading(
            "rejected", guess=guess, confidence=confidence, digits=digits, reason="low-confidence"
        )
    return Reading("accepted", postcode=guess, guess=guess, confidence=confidence, digits=digits)


def _digit(box: Box) -> Digit:
    if box.probabilities is None:
        return Digit(None, 0.0, box.corners)
    best = int(box.probabilities.argmax())
    return Digit(str(best), float(box.probabilities[best]), box.corners)
