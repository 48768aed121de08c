from __future__ import annotations

import numpy as np
import pytest

from convert.errors import ConversionError
from convert.verify import Comparison, as_probabilities, compare, require_equal
from edge.classifier import softmax


def test_errors_agreement_and_the_largest_difference_are_counted():
    scores = np.log(np.full((3, 10), 0.05, np.float32))
    scores[[0, 1, 2], [1, 2, 3]] = np.log(0.55)
    other = scores.copy()
    other[2] = np.roll(other[2], 1)
    labels = np.array([1, 2, 4], np.uint8)
    assert compare(softmax(scores), other, labels) == Comparison(
        of=3,
        source_errors=1,
        converted_errors=0,
        agreement=2,
        largest_difference=pytest.approx(0.5),
    )


def test_logits_and_probabilities_of_a_source_are_both_understood():
    logits = np.random.default_rng(0).normal(0, 3, (20, 10)).astype(np.float32)
    assert as_probabilities(logits) == pytest.approx(softmax(logits))
    assert as_probabilities(softmax(logits)) is not None
    assert np.array_equal(as_probabilities(softmax(logits)), softmax(logits))


@pytest.mark.parametrize(("converted", "refused"), [(105, False), (106, True), (90, False)])
def test_more_than_one_in_a_thousand_worse_is_refused_with_by_how_much(converted, refused):
    comparison = Comparison(5000, 100, converted, 4900, 0.1)
    if not refused:
        require_equal(comparison)
        return
    with pytest.raises(ConversionError, match=r"worse by 0\.12%.*106 errors of 5,000.*makes 100"):
        require_equal(comparison)
