from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.calibrate import (
    CURVE,
    ENOUGH,
    Postcodes,
    calibrated,
    compose_postcodes,
    error_reject_curve,
    expected_calibration_error,
    find_threshold,
    fit_temperature,
    negative_log_likelihood,
    postcodes_of_rows,
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


def postcodes(confidence, right, spoilt_by=None):
    """Return postcodes, each wrong one spoilt by another digit unless it is said by which."""
    confidence, right = np.asarray(confidence, float), np.asarray(right, bool)
    by = np.arange(len(right)) if spoilt_by is None else np.asarray(spoilt_by)
    return Postcodes(confidence, np.where(right, -1, by))


def test_a_postcodes_confidence_is_the_product_of_its_five_digits():
    probabilities = np.full((3, 10), 0.02, np.float32)
    probabilities[:, 5] = 0.82
    composed = compose_postcodes(
        probabilities, np.array([5, 5, 5], np.uint8), 10, np.random.default_rng(0)
    )
    assert composed.confidence == pytest.approx(0.82**5)
    assert composed.right.all()


def test_a_postcode_is_right_only_if_all_five_digits_are():
    rng = np.random.default_rng(0)
    probabilities = np.full((1000, 10), 0.02, np.float32)
    probabilities[:, 5] = 0.82
    labels = np.where(rng.random(1000) < 0.1, 4, 5).astype(np.uint8)
    composed = compose_postcodes(probabilities, labels, 20_000, rng)
    assert composed.right.mean() == pytest.approx((labels == 5).mean() ** 5, abs=0.02)


def test_what_made_a_postcode_wrong_is_the_digit_not_the_picture_of_it():
    probabilities = np.full((60, 10), 0.02, np.float32)
    probabilities[:, 5] = 0.82
    labels = np.where(np.arange(60) % 20 == 7, 4, 5).astype(np.uint8)
    rng = np.random.default_rng(0)
    alone = compose_postcodes(probabilities, labels, 500, rng)
    assert set(alone.culprit) == {-1, 7, 27, 47}
    together = compose_postcodes(probabilities, labels, 500, rng, np.arange(60) % 20)
    assert set(together.culprit) == {-1, 7}


def test_a_rows_digits_are_one_postcode_in_whatever_order_they_come():
    rng = np.random.default_rng(8)
    probabilities = rng.dirichlet(np.full(10, 0.2), 21).astype(np.float32)
    labels = probabilities.argmax(axis=1).astype(np.uint8)
    labels[7] = (labels[7] + 1) % 10
    # Of row 30 there are four digits, of row 40 two: a box was blank, and a kiosk says so.
    rows = np.repeat([10, 20, 30, 40, 50], [5, 5, 4, 2, 5])
    found = postcodes_of_rows(probabilities, labels, rows)
    assert found.right.tolist() == [True, False, True]
    sure = probabilities.max(axis=1).astype(float)
    expected = [sure[:5].prod(), sure[5:10].prod(), sure[16:].prod()]
    np.testing.assert_allclose(found.confidence, expected)
    mixed = rng.permutation(21)
    again = postcodes_of_rows(probabilities[mixed], labels[mixed], rows[mixed])
    np.testing.assert_allclose(again.confidence, expected)
    assert again.right.tolist() == [True, False, True]


def test_two_photos_with_the_same_mistake_are_two_mistakes():
    probabilities = np.full((10, 10), 0.001, np.float32)
    probabilities[:, 3] = 0.991
    labels = np.array([3, 3, 3, 3, 5] * 2, np.uint8)
    assert len(set(postcodes_of_rows(probabilities, labels, np.arange(10) // 5).culprit)) == 2


@pytest.mark.parametrize("spoilers", [ENOUGH, ENOUGH - 1])
def test_the_threshold_is_the_lowest_from_which_on_few_enough_are_wrong(spoilers):
    rng = np.random.default_rng(spoilers)
    confidence = np.linspace(0.99, 0.9999, 10_000)
    right = rng.random(10_000) > np.linspace(0.03, 0, 10_000)
    spoilt_by = rng.permutation(10_000) % spoilers
    found = find_threshold(postcodes(confidence, right, spoilt_by))
    accepted = confidence >= found.threshold
    assert found.wrong_rate == (~right[accepted]).mean()
    assert found.read_rate == accepted.mean()
    assert found.wrong_digits == len(set(spoilt_by[accepted & ~right]))

    def error(wrong):
        return np.sqrt((np.bincount(spoilt_by[wrong]) ** 2).sum())

    def few_enough(threshold):
        wrong = (confidence >= threshold) & ~right
        many = len(set(spoilt_by[wrong])) >= ENOUGH
        counted = wrong.sum() + (0 if many else error(wrong))
        return counted / (confidence >= threshold).sum() <= 0.01

    assert found.standard_error == pytest.approx(error(accepted & ~right) / accepted.sum())
    assert few_enough(found.threshold)
    assert not any(few_enough(t) for t in confidence[confidence < found.threshold])


def test_many_postcodes_that_one_digit_spoilt_count_as_one_mistake():
    confidence = np.linspace(0.999, 0.9999, 10_000)
    right = np.ones(10_000, bool)
    right[::300] = False
    many = find_threshold(postcodes(confidence, right), 0.1)
    one = find_threshold(postcodes(confidence, right, np.zeros(10_000, int)), 0.1)
    # All of them are spoilt, or none: as much in doubt as the share itself.
    assert one.standard_error == pytest.approx(one.wrong_rate)
    assert many.standard_error < many.wrong_rate / 4
    assert (one.wrong_digits, many.wrong_digits) == (1, 34)


def test_where_no_mistake_was_seen_the_confidence_itself_is_asked():
    found = find_threshold(postcodes(np.linspace(0.9, 1, 1001)[:-1], np.ones(1000, bool)), 0.01)
    # From 0.98 to 1 it is 0.99 on average.
    assert found.threshold == pytest.approx(0.98, abs=2e-4)
    assert found.wrong_rate == 0


@given(
    outcomes=st.lists(
        st.tuples(st.sampled_from([0.3, 0.55, 0.7, 0.9, 0.99, 0.9999, 1.0]), st.booleans()),
        min_size=1,
        max_size=400,
    )
)
def test_never_are_more_wrong_than_allowed_and_the_curve_never_turns(outcomes):
    confidence = np.array([c for c, _ in outcomes])
    right = np.array([r for _, r in outcomes])
    curve = error_reject_curve(postcodes(confidence, right), CURVE)
    for allowed, found in zip(CURVE, curve, strict=True):
        assert 0.5 <= found.threshold <= 1
        accepted = confidence >= found.threshold
        if found.threshold < 1:
            assert (~right[accepted]).mean() <= allowed
            assert found.read_rate == accepted.mean()
        else:
            assert (found.read_rate, found.wrong_digits) == (0, 0)
    thresholds = [found.threshold for found in curve]
    assert thresholds == sorted(thresholds, reverse=True)
    assert find_threshold(postcodes(confidence, right)) == curve[CURVE.index(0.01)]


def test_a_curve_from_half_of_the_digits_holds_on_the_other_half():
    # Digits that are as sure as they should be; some are wrong with great confidence.
    def drawn(seed):
        rng = np.random.default_rng(seed)
        sure = (1 - rng.random(20_000) ** 8 * 0.5).astype(np.float32)
        probabilities = np.zeros((20_000, 10), np.float32)
        probabilities[:, 5], probabilities[:, 4] = sure, 1 - sure
        labels = np.where(rng.random(20_000) < sure, 5, 4).astype(np.uint8)
        return compose_postcodes(probabilities, labels, 200_000, rng)

    for seed in range(3):
        unseen = drawn(seed + 100)
        for allowed, found in zip(CURVE, error_reject_curve(drawn(seed), CURVE), strict=True):
            accepted = unseen.confidence >= found.threshold
            wrong = (~unseen.right[accepted]).mean() if accepted.any() else 0
            assert wrong <= allowed + 3 * found.standard_error


def test_the_threshold_is_never_below_one_half():
    confidence = np.linspace(0.1, 0.9, 100)
    found = find_threshold(postcodes(confidence, np.ones(100, bool)), 0.9)
    assert found.threshold == confidence[confidence >= 0.5].min()
    assert found.read_rate == 0.5


@pytest.mark.parametrize("confidence", [np.linspace(0.1, 0.9, 100), np.ones(100)])
def test_where_all_are_wrong_nothing_is_accepted(confidence):
    found = find_threshold(postcodes(confidence, np.zeros(100, bool)))
    assert (found.threshold, found.read_rate, found.wrong_rate) == (1.0, 0.0, 0.0)
