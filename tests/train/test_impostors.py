from __future__ import annotations

import numpy as np

from tests.train.synthetic import draw_digits
from train.impostors import draw_impostors

DIGITS, _ = draw_digits(20, seed=1)


def test_impostors_are_normalised_as_digits_are():
    images = draw_impostors(200, DIGITS, np.random.default_rng(0))
    assert images.shape == (200, 28, 28)
    assert images.dtype == np.uint8
    assert (images.max(axis=(1, 2)) > 127).all()
    for image in images:
        rows, columns = np.nonzero(image)
        assert max(np.ptp(rows), np.ptp(columns)) <= 19


def test_the_same_state_draws_the_same_and_each_is_another():
    one, other = (draw_impostors(100, DIGITS, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one, other)
    assert len({image.tobytes() for image in one}) > 95


def test_digits_to_cross_out_are_not_written_to():
    digits = DIGITS.copy()
    digits.setflags(write=False)
    draw_impostors(60, digits, np.random.default_rng(0))
