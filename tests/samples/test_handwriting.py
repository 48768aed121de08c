"""samples/handwriting.py: digits from strokes."""

from itertools import pairwise

import numpy as np
import pytest

from samples.handwriting import Hand, random_hand, smooth_curve, write_digit
from samples.templates import TEMPLATES


def test_every_digit_has_at_least_two_styles():
    assert len(TEMPLATES) == 10
    assert all(len(styles) >= 2 for styles in TEMPLATES)


def test_templates_lie_inside_the_unit_square_and_runs_of_a_stroke_meet():
    for styles in TEMPLATES:
        for stroke in (stroke for template in styles for stroke in template):
            assert all(0 < value < 1 for run in stroke for point in run for value in point)
            ends = [(a[-1], b[0]) for a, b in pairwise(stroke)]
            assert all(end == start for end, start in ends)


@pytest.mark.parametrize("digit", range(10))
def test_a_written_digit_stays_in_the_unit_square_whoever_writes_it(digit):
    rng = np.random.default_rng(digit)
    for _ in range(30):
        for stroke in write_digit(digit, random_hand(rng), rng):
            assert stroke.dtype == np.float32
            assert stroke.ndim == 2
            assert stroke.shape[1] == 2
            assert 25 <= len(stroke) <= 60
            assert stroke.min() >= 0
            assert stroke.max() <= 1


def test_a_hand_that_wants_too_much_room_is_shrunk_not_cut():
    wide = Hand(aspect=2.5, slant=0.4, sloppiness=0.0, tremor=0.0)
    (stroke,) = write_digit(0, wide, np.random.default_rng(0))
    assert 0 <= stroke.min() < stroke.max() <= 1
    assert np.ptp(stroke, axis=0).max() > 0.9


def test_the_same_generator_writes_the_same_and_goes_on_to_write_differently():
    hand = Hand(sloppiness=0.6)
    first, again = np.random.default_rng(3), np.random.default_rng(3)
    a, b = write_digit(8, hand, first), write_digit(8, hand, again)
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert not np.array_equal(a[0], write_digit(8, hand, first)[0])


def test_a_style_is_chosen_by_the_hand():
    plain, barred = (Hand(styles=(style,) * 10) for style in (0, 1))
    rng = np.random.default_rng(0)
    assert len(write_digit(7, plain, rng)) == 1
    assert len(write_digit(7, barred, rng)) == 2


def test_a_smooth_curve_goes_through_its_control_points():
    points = np.array([(0.1, 0.1), (0.6, 0.2), (0.7, 0.8), (0.2, 0.9)])
    np.testing.assert_allclose(smooth_curve(points, per_segment=8)[::8], points, atol=1e-12)
