from __future__ import annotations

import numpy as np
import pytest

from train.descent import gradient_descent


def test_the_textbooks_two_steps_are_taken():
    x, y = 0.2, 1.0
    seen = []

    def derivative(u):  # of J(u) = (y - ux)²
        seen.append(-2 * x * (y - u * x))
        return seen[-1]

    points = gradient_descent(derivative, 0.8, rate=1, steps=2)
    assert seen == pytest.approx([-0.336, -0.309], abs=5e-4)
    assert points == pytest.approx([0.8, 1.136, 1.445], abs=5e-4)


def test_the_rate_scales_the_step():
    assert gradient_descent(lambda u: 3.0, 1.0, rate=0.5, steps=2) == [1.0, -0.5, -2.0]


def test_no_steps_stay_at_the_start():
    assert gradient_descent(lambda u: 3.0, 1.0, rate=1, steps=0) == [1.0]


def test_an_array_reaches_the_bottom_of_its_bowl_and_the_start_is_left_alone():
    bottom = np.array([3.0, -1.0])
    start = np.zeros(2)
    points = gradient_descent(lambda u: 2 * (u - bottom), start, rate=0.25, steps=40)
    assert len(points) == 41
    assert points[-1] == pytest.approx(bottom)
    assert np.array_equal(start, np.zeros(2))
