"""Runs what was written, as the kiosk will, and compares it with its source."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convert.errors import ConversionError
from convert.variants import Variant
from edge.classifier import Classifier, softmax

# Share of the digits by which the converted model may be worse.
ALLOWED_LOSS = 0.001

_CHUNK = 1000


@dataclass(frozen=True)
class Comparison:
    """How a converted model does beside its source, on the same digits."""

    of: int
    """Digits compared."""
    source_errors: int
    """Of the Keras model."""
    converted_errors: int
    """Of the converted model."""
    agreement: int
    """Digits of which both say the same, right or wrong."""
    largest_difference: float
    """Largest absolute difference between two probabilities, 0 to 1."""


def run(classifier: Classifier, digits: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Run the converted model.

    Args:
        classifier: of the file.
        digits: `uint8 (n, 28, 28)`.

    Returns:
        `float32 (n, 10)` logits.
    """
    chunks = [digits[start : start + _CHUNK] for start in range(0, len(digits), _CHUNK)]
    return np.concatenate([classifier.logits(chunk) for chunk in chunks])


def compare(
    source_scores: NDArray[np.float32], logits: NDArray[np.float32], labels: NDArray[np.uint8]
) -> Comparison:
    """Compare what two models say of the same digits.

    Args:
        source_scores: `float32 (n, 10)`, probabilities or logits of the Keras model.
        logits: `float32 (n, 10)` of the converted one.
        labels: `uint8 (n,)`.
    """
    expected, got = as_probabilities(source_scores), softmax(logits)
    # A tie between two scores has no probable digit; both models break it alike.
    expected_digit, got_digit = source_scores.argmax(axis=1), logits.argmax(axis=1)
    return Comparison(
        of=len(labels),
        source_errors=int(np.count_nonzero(expected_digit != labels)),
        converted_errors=int(np.count_nonzero(got_digit != labels)),
        agreement=int(np.count_nonzero(expected_digit == got_digit)),
        largest_difference=float(np.abs(expected - got).max()),
    )


def together(comparisons: Iterable[Comparison]) -> Comparison:
    """Return what several sets of digits come to, counted as one."""
    listed = list(comparisons)
    return Comparison(
        of=sum(each.of for each in listed),
        source_errors=sum(each.source_errors for each in listed),
        converted_errors=sum(each.converted_errors for each in listed),
        agreement=sum(each.agreement for each in listed),
        largest_difference=max(each.largest_difference for each in listed),
    )


def as_probabilities(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `float32 (n, 10)` scores as they are if they are probabilities, else their softmax."""
    if (scores >= 0).all() and np.allclose(scores.sum(axis=1), 1, atol=1e-3):
        return scores
    return softmax(scores)


def require_equal(
    comparison: Comparison, max_drop: float | None = None, runtime: str | None = None
) -> None:
    """Refuse a converted model that is worse than its source.

    Args:
        comparison: on the digits that decide.
        max_drop: percentage points by which its accuracy may be lower; None is
            `ALLOWED_LOSS`.
        runtime: that ran it, for the error.

    Raises:
        ConversionError: it is lower by more.
    """
    allowed = ALLOWED_LOSS if max_drop is None else max_drop / 100
    loss = (comparison.converted_errors - comparison.source_errors) / comparison.of
    # A share of a digit below the limit is rounding, not an error more.
    if loss > allowed + 1e-12:
        where = f" in {runtime}" if runtime else ""
        raise ConversionError(
            f"the converted model is worse by {loss:.2%} of the held-out digits{where} "
            f"({comparison.converted_errors} errors of {comparison.of:,}, where the Keras model "
            f"makes {comparison.source_errors}) and {allowed:.2%} is allowed, so it was not "
            "kept; try another --quantize"
        )


def require_like(comparison: Comparison, variant: Variant, runtime: str, source: str) -> None:
    """Refuse a converted model that says another thing than its source.

    Args:
        comparison: of the two.
        variant: whose limits hold.
        runtime: that ran it, for the error.
        source: with which it was compared, for the error.

    Raises:
        ConversionError: too few digits are the same, or a probability differs by too much.
    """
    # Of a few digits one may always be a tie.
    most_other = max(1, math.floor(comparison.of * (1 - variant.agreement)))
    if comparison.of - comparison.agreement > most_other:
        raise ConversionError(
            f"in {runtime} the converted model says the same as {source} of only "
            f"{comparison.agreement:,} of {comparison.of:,} digits, where "
            f"{comparison.of - most_other:,} are needed, so it was not kept"
        )
    # Written so that a difference that is not a number is refused too.
    if not comparison.largest_difference <= variant.difference:
        raise ConversionError(
            f"in {runtime} a probability of the converted model differs by "
            f"{comparison.largest_difference:.4f} from {source}'s, where {variant.difference:g} "
            "is allowed, so it was not kept"
        )
