from __future__ import annotations

import math

import numpy as np
import pytest

from tests.train.synthetic import one_hot
from train.reliability import confidence_bins, ece_of_chance


def test_bins_hold_every_image_and_the_error_is_that_of_the_formula():
    # Two bins of the fifteen: 0.62 and 0.64 in [9/15, 10/15), 0.95 and 1.0 in the last.
    probabilities = one_hot([0, 1, 2, 3], [0.62, 0.64, 0.95, 1.0])
    labels = np.array([0, 9, 2, 3], np.uint8)
    bins = confidence_bins(probabilities, labels)
    assert bins.counts.tolist() == [0] * 9 + [2] + [0] * 4 + [2]
    assert bins.confidence[[9, 14]] == pytest.approx([0.63, 0.975])
    assert bins.accuracy[[9, 14]].tolist() == [0.5, 1.0]
    empty = bins.counts == 0
    assert np.isnan(bins.confidence[empty]).all()
    assert np.isnan(bins.accuracy[empty]).all()
    assert bins.ece == pytest.approx((2 * 0.13 + 2 * 0.025) / 4)


def test_any_number_of_bins_may_be_asked_for():
    probabilities, labels = one_hot([1, 2], [0.4, 0.9]), np.array([1, 2], np.uint8)
    assert confidence_bins(probabilities, labels, bins=4).counts.tolist() == [0, 1, 0, 1]


def test_no_images_have_no_calibration_error():
    bins = confidence_bins(np.zeros((0, 10), np.float32), np.zeros(0, np.uint8))
    assert bins.counts.sum() == 0
    assert math.isnan(bins.ece)


def sure(confidence, count):
    rows = np.full((count, 10), (1 - confidence) / 9, np.float32)
    rows[:, 3] = confidence
    return rows


def test_few_images_look_badly_calibrated_by_chance_alone():
    few, many = (ece_of_chance(sure(0.9, count), draws=100) for count in (50, 5000))
    assert len(few) == 100
    assert (np.diff(few) >= 0).all()
    # One bin: the mean distance of a binomial share from 0.9, sqrt(2 / pi) standard deviations.
    assert few.mean() == pytest.approx(math.sqrt(2 / math.pi * 0.9 * 0.1 / 50), rel=0.2)
    assert many.mean() == pytest.approx(math.sqrt(2 / math.pi * 0.9 * 0.1 / 5000), rel=0.2)


def test_what_is_certain_leaves_nothing_to_chance():
    assert ece_of_chance(one_hot([1, 2, 3], [1.0, 1.0, 1.0])).max() == 0
