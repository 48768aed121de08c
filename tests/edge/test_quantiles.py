"""Tests of edge/quantiles.py."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.quantiles import median, quantile

numbers = st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40).map(
    lambda values: np.array(values, np.float32)
)


@given(numbers)
def test_the_median_is_numpys(values):
    assert median(values) == pytest.approx(float(np.median(values.astype(float))), rel=1e-6)


@given(numbers, st.floats(0, 1))
def test_quantiles_are_numpys(values, share):
    expected = float(np.quantile(values.astype(float), share))
    scale = float(np.abs(values).max())
    assert quantile(values, share) == pytest.approx(expected, rel=1e-5, abs=1e-5 * scale + 1e-30)


def test_the_values_stay_in_their_order():
    values = np.array([3, 1, 2], np.uint8)
    assert (median(values), quantile(values, 0.25)) == (2, 1.5)
    assert values.tolist() == [3, 1, 2]
