from __future__ import annotations

import numpy as np
import pytest

from edge import Recognizer
from edge.orientation import agreement, turned_corners, turned_ink, upright_log_odds
from tests.edge.drawing import RED, away, row, turned


def sure(digits, share=0.99):
    rows = []
    for digit in digits:
        probabilities = np.full(10, (1 - share) / 9, np.float32)
        probabilities[digit] = share
        rows.append(probabilities)
    return rows


LEVEL = np.array([[[k, 0], [k + 1, 0], [k + 1, 1], [k, 1]] for k in range(5)], np.float32)
UPRIGHT = LEVEL[..., ::-1]


def test_a_row_that_reads_as_well_either_way_is_taken_as_upright():
    assert upright_log_odds(LEVEL, sure([1, 0, 8, 6, 9]), sure([6, 9, 8, 0, 1])) > 0.5
    assert upright_log_odds(turned_corners(LEVEL), sure([1] * 5), sure([1] * 5)) < -0.5


def test_digits_that_are_none_upside_down_outweigh_what_is_usual():
    assert upright_log_odds(LEVEL, sure([4] * 5, 0.3), sure([4, 5, 2, 7, 3])) < 0


def test_of_a_row_on_its_side_neither_way_is_the_usual_one():
    same = sure([1, 2, 3, 4, 5])
    assert upright_log_odds(UPRIGHT, same, same) == pytest.approx(0)


def test_doubt_counts_only_where_the_two_ways_differ():
    assert agreement(0.0, sure([1, 0]), sure([1, 0])) == 1
    assert agreement(0.0, sure([1, 0]), sure([0, 1])) == 0.5
    assert agreement(-9.0, sure([1, 0]), sure([0, 1])) > 0.999


def test_what_looks_surely_like_a_4_is_likelier_upright_than_what_looks_like_a_9():
    assert upright_log_odds(UPRIGHT, sure([4] * 5), sure([9] * 5)) > 3


def test_turning_twice_changes_nothing():
    ink = np.random.default_rng(0).integers(0, 256, (9, 5), np.uint8)
    np.testing.assert_array_equal(turned_ink(turned_ink(ink)), ink)
    np.testing.assert_array_equal(turned_corners(turned_corners(LEVEL)), LEVEL)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270, 160, -35])
def test_a_photo_held_any_way_gives_the_same_postcode(degrees):
    image, corners = turned(*row("04523", color=RED, pitch=85), degrees)
    reading = Recognizer().read(image)
    assert reading.guess == "04523"
    assert away(np.array([digit.box for digit in reading.digits]), corners) < 0.06
