from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.calibrate import (
    calibrated,
    compose_postcodes,
    expected_calibration_error,
    find_threshold,
    fit_temperature,
    negative_log_likelihood,
)


def drawn(count, seed=0):
    """Return logits and labels that are drawn by their softmax: temperature 1 is right."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (count, 10)).astype(np.float32)
    powers = np.exp(logits)
    limits = np.cumsum(powers / powers.sum(axis=1, keepdims=True), axis=1)
    labels = (rng.random((count, 1)) > limits).sum(axis=1).clip(max=9).astype(np.uint8)
    return logits, labels


@pytest.mark.parametrize("temperature", [0.6, 1.0, 2.5])
def test_a_known_temperature_is_recovered(temperature):
    logits, labels = drawn(20_000)
    found = fit_temperature(logits * np.float32(temperature), labels)
    assert found == pytest.approx(temperature, rel=0.03)


def test_a_few_digits_without_an_error_do_not_make_certain():
    logits = np.eye(10, dtype=np.float32)[np.arange(100) % 10] * 5
    assert fit_temperature(logits, (np.arange(100) % 10).astype(np.uint8)) >= 0.5


def test_no_temperature_near_the_found_one_is_better():
    logits, labels = drawn(500)
    found = fit_temperature(logits * 4, labels)
    best = negative_log_likelihood(logits * 4, labels, found)
    for factor in (0.5, 0.98, 1.02, 2):
        assert best < negative_log_likelihood(logits * 4, labels, found * factor)


def test_the_right_temperature_lowers_the_calibration_error():
    logits, labels = drawn(20_000)
    sure = logits * 4
    before = expected_calibration_error(calibrated(sure, 1.0), labels)
    after = expected_calibration_error(calibrated(sure, fit_temperature(sure, labels)), labels)
    assert before > 0.1
    assert after < 0.02


def test_likelihood_and_calibration_error_are_those_of_their_formulas():
    logits = np.zeros((4, 10), np.float32)
    labels = np.array([0, 1, 2, 3], np.uint8)
    assert negative_log_likelihood(logits, labels) == pytest.approx(np.log(10))
    # Sure of 0.9 and right in one case of two; sure of 0.6 and right in both.
    probabilities = np.full((4, 10), 0.1 / 9, np.float32)
    probabilities[:2, 0] = 0.9
    probabilities[2:] = 0.4 / 9
    probabilities[2:, 2] = 0.6
    right = np.array([0, 1, 2, 2], np.uint8)
    assert expected_calibration_error(probabilities, right) == pytest.approx(0.4, abs=1e-6)


def test_likelihood_of_huge_logits_is_finite():
    logits = np.array([[1e4] + [0.0] * 9], np.float32)
    assert negative_log_likelihood(logits, np.array([1], np.uint8)) == pytest.approx(1e4)


def test_a_postcodes_confidence_is_the_product_of_its_five_digits():
    probabilities = np.full((3, 10), 0.02, np.float32)
    probabilities[:, 5] = 0.82
    confidence, right = compose_postcodes(
        probabilities, np.array([5, 5, 5], np.uint8), 10, np.random.default_rng(0)
    )
    assert confidence == pytest.approx(0.82**5)
    assert right.all()


def test_a_postcode_is_right_only_if_all_five_digits_are():
    rng = np.random.default_rng(0)
    probabilities = np.full((1000, 10), 0.02, np.float32)
    probabilities[:, 5] = 0.82
    labels = np.where(rng.random(1000) < 0.1, 4, 5).astype(np.uint8)
    _, right = compose_postcodes(probabilities, labels, 20_000, rng)
    assert right.mean() == pytest.approx((labels == 5).mean() ** 5, abs=0.02)


def test_the_threshold_is_the_lowest_from_which_on_one_in_a_hundred_is_wrong():
    confidence = np.linspace(0.6, 1, 1000)
    right = np.ones(1000, bool)
    right[:300:2] = False
    found = find_threshold(confidence, right)
    accepted = confidence >= found.threshold
    assert (~right[accepted]).mean() <= 0.01
    assert found.wrong_rate == (~right[accepted]).mean()
    assert found.read_rate == accepted.mean()
    lower = confidence[confidence < found.threshold]
    assert all((~right[confidence >= t]).mean() > 0.01 for t in lower)


@given(
    outcomes=st.lists(
        st.tuples(st.sampled_from([0.3, 0.55, 0.7, 0.9, 0.99, 1.0]), st.booleans()),
        min_size=1,
        max_size=400,
    )
)
def test_never_more_than_one_in_a_hundred_is_wrong_whatever_the_confidences(outcomes):
    confidence = np.array([c for c, _ in outcomes])
    right = np.array([r for _, r in outcomes])
    found = find_threshold(confidence, right)
    assert 0.5 <= found.threshold <= 1
    if found.threshold < 1:
        assert (~right[confidence >= found.threshold]).mean() <= 0.01


def test_the_threshold_is_never_below_one_half():
    confidence = np.linspace(0.1, 0.9, 100)
    found = find_threshold(confidence, np.ones(100, bool))
    assert found.threshold == confidence[confidence >= 0.5].min()
    assert found.read_rate == 0.5


def test_where_all_are_wrong_only_certainty_is_accepted():
    found = find_threshold(np.linspace(0.1, 0.9, 100), np.zeros(100, bool))
    assert (found.threshold, found.read_rate, found.wrong_rate) == (1.0, 0.0, 0.0)
