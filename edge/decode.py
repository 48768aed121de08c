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
# What is in a box is no digit where none has this probability: so it was with 97 % of drawn
# crosses, letters and scribbles, with 86 % of 37 crosses on scanned forms, and with 7 of 6,245
# digits by which nobody learnt.
_LEAST_DIGIT = 0.4
# Below this probability that what was written is in the directory, it isn't.
_LEAST_VALID = 0.1
# How much of the mail bears a postcode of the directory: a mistaken one, one that is newer
# than the file or another country's is rare. Assumed, not measured.
_VALID_MAIL = 0.99


class Box(NamedTuple):
    """What the classifier said of one box."""

    probabilities: NDArray[np.float32] | None
    """(10,), summing to 1; None where the box is blank."""
    corners: Quad | None = None
    """px of the input."""
    digit: NDArray[np.uint8] | None = None
    """(28, 28), white ink on black, as the classifier saw it; None where the box is blank."""


def decode(
    boxes: Sequence[Box],
    threshold: float = DEFAULT_THRESHOLD,
    directory: Directory | None = None,
    found: float = 1.0,
) -> Reading:
    """Decide what was written, and whether to rely on it.

    Boxes are read independently, so a postcode c has the probability P(c) = Π p_i(c_i).
    Without a directory the best digits are the guess, and its confidence is P(guess).

    With one, the guess is the best valid postcode b, and within a margin it stands in for
    what seems to be written. Let M = Σ P(c) over the valid postcodes, the probability that
    a valid one was written as far as the digits tell. Below M = 0.1 nothing valid was, and
    the reading is rejected as `not-in-directory` with the best digits as the guess. Else the
    confidence is P(b) / M · V, b's probability among valid postcodes times the probability
    that a valid one was written by Bayes' rule, V = 0.99 M / (0.99 M + 0.01 (1 − M)): 99 of
    a hundred letters bear a valid one. No credit is taken for how few postcodes are valid:
    a mistaken one lies near a valid one.

    What is rejected although all boxes are written in has the reason `not-a-digit` where one
    of them holds something that looks like none, a cross or a letter.

    Args:
        boxes: in reading order, any number of them.
        threshold: least confidence of an accepted reading, 0 to 1; at 1 none is accepted,
            for certainty can't be learnt from examples.
        directory: valid postcodes; it speaks only where there are five boxes.
        found: how sure it is that the boxes are boxes, 0 to 1.

    Returns:
        A reading without `source` and `elapsed_ms`.
    """
    digits = tuple(_digit(box) for box in boxes)
    if any(box.probabilities is None for box in boxes):
        return Reading("rejected", digits=digits, reason="blank-box")
    guess = "".join(str(d.digit) for d in digits)
    region = None
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
                reason=_reason(boxes, "not-in-directory"),
            )
        guess, region = valid, directory.region(valid)
        confidence = found * share * _valid_probability(mass)
        digits = tuple(
            Digit(digit, float(row[int(digit)]), known.box)
            for digit, row, known in zip(valid, table, digits, strict=True)
        )
    if confidence < threshold or threshold >= 1:
        return Reading(
            "rejected",
            guess=guess,
            confidence=confidence,
            digits=digits,
            reason=_reason(boxes, "low-confidence"),
        )
    return Reading(
        "accepted",
        postcode=guess,
        guess=guess,
        confidence=confidence,
        digits=digits,
        region=region,
    )


def _reason(boxes: Sequence[Box], usual: str) -> str:
    rows = [box.probabilities for box in boxes if box.probabilities is not None]
    return "not-a-digit" if any(row.max() < _LEAST_DIGIT for row in rows) else usual


def _valid_probability(mass: float) -> float:
    """Return the probability that a valid postcode was written, by Bayes' rule."""
    valid = _VALID_MAIL * mass
    # Of rounded probabilities the sum may be a little more than 1.
    return valid / (valid + (1 - _VALID_MAIL) * max(0.0, 1 - mass))


def _digit(box: Box) -> Digit:
    if box.probabilities is None:
        return Digit(None, 0.0, box.corners)
    best = int(box.probabilities.argmax())
    return Digit(str(best), float(box.probabilities[best]), box.corners)
