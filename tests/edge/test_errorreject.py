from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errorreject import Point, error_reject_curve

answers = st.lists(
    st.tuples(st.sampled_from([0.0, 0.25, 0.5, 0.9, 0.99, 1.0]) | st.floats(0, 1), st.booleans()),
    max_size=40,
)


def curve_of(given_answers):
    return error_reject_curve([c for c, _ in given_answers], [r for _, r in given_answers])


def test_a_curve_by_hand():
    curve = error_reject_curve([0.9, 0.5, 0.8, 0.5], [True, True, False, False])
    assert curve.thresholds.tolist() == [math.inf, 0.9, 0.8, 0.5]
    assert curve.accepted.tolist() == [0, 1, 2, 4]
    assert curve.wrong.tolist() == [0, 0, 1, 2]
    assert curve.errors.tolist() == [0, 0, 0.5, 0.5]


def test_of_no_answers_none_can_be_accepted():
    curve = error_reject_curve([], [])
    assert curve.thresholds.tolist() == [math.inf]
    assert curve.within(1.0) == Point(math.inf, 0, 0)
    assert curve.at(0.5) == Point(0.5, 0, 0)


@given(answers)
def test_every_point_is_what_counting_gives(given_answers):
    curve = curve_of(given_answers)
    for threshold, accepted, wrong in zip(
        curve.thresholds, curve.accepted, curve.wrong, strict=True
    ):
        taken = [right for confidence, right in given_answers if confidence >= threshold]
        assert (accepted, wrong) == (len(taken), taken.count(False))


@given(answers)
def test_a_stricter_threshold_accepts_less_and_the_loosest_all(given_answers):
    curve = curve_of(given_answers)
    assert (np.diff(curve.thresholds) < 0).all()
    assert (np.diff(curve.accepted) > 0).all()
    assert (np.diff(curve.wrong) >= 0).all()
    assert curve.accepted[-1] == len(given_answers)


@given(answers, st.floats(0, 1))
def test_any_threshold_accepts_what_counting_gives(given_answers, threshold):
    taken = [right for confidence, right in given_answers if confidence >= threshold]
    point = curve_of(given_answers).at(threshold)
    assert point == Point(threshold, len(taken), taken.count(False))
    assert point.error == (taken.count(False) / len(taken) if taken else 0)


@given(answers, st.floats(0, 1))
def test_the_best_point_is_within_the_limit_and_no_other_accepts_more(given_answers, limit):
    curve = curve_of(given_answers)
    best = curve.within(limit)
    assert best.wrong <= limit * best.accepted
    assert curve.at(best.threshold) == best
    for index in range(len(curve.thresholds)):
        other = curve.point(index)
        assert other.accepted <= best.accepted or other.wrong > limit * other.accepted


@given(answers, st.randoms())
def test_the_order_of_the_answers_does_not_matter(given_answers, random):
    shuffled = random.sample(given_answers, len(given_answers))
    for a, b in zip(
        vars(curve_of(given_answers)).values(), vars(curve_of(shuffled)).values(), strict=True
    ):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("limit", "accepted"), [(0.0, 2), (0.25, 4), (0.5, 6), (1.0, 6)])
def test_a_later_point_may_be_within_the_limit_again(limit, accepted):
    curve = error_reject_curve([6, 5, 4, 3, 2, 1], [True, True, False, True, False, False])
    assert curve.within(limit).accepted == accepted
