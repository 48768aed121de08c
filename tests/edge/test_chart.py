from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.chart import Pen, draw_curve
from edge.errorreject import error_reject_curve

RED = np.array([200, 45, 40])[::-1]
GREEN = np.array([20, 130, 75])[::-1]
BLUE = np.array([31, 95, 175])[::-1]


def where(picture, color, near=10):
    """Return the places of a colour below the legend, `(n, 2)` x, y."""
    rows, columns = np.nonzero((np.abs(picture[135:].astype(int) - color) <= near).all(axis=2))
    return np.column_stack([columns, rows + 135])


def curve_of(count, wrong):
    """Return a curve of falling confidence with errors at some places."""
    right = np.ones(count, bool)
    right[wrong] = False
    return error_reject_curve(np.linspace(1, 0.5, count), right)


def test_the_present_threshold_is_marked_where_it_works():
    curve = curve_of(100, [80, 90])
    strict, loose = curve.at(0.9), curve.at(0.55)
    pictures = [draw_curve(curve, 100, now, 0.01) for now in (strict, loose)]
    (x0, y0), (x1, y1) = (where(picture, RED).mean(axis=0) for picture in pictures)
    assert x0 < x1 - 200
    assert y0 > y1 + 50
    assert {picture.shape for picture in pictures} == {(640, 960, 3)}
    assert pictures[0].dtype == np.uint8


def test_the_curve_leaves_the_axis_where_errors_begin():
    places = where(
        draw_curve(curve_of(100, range(50, 100)), 100, curve_of(9, []).at(1), 0.01), BLUE
    )
    left, right = places[places[:, 0] < 450], places[places[:, 0] > 560]
    assert np.ptp(left[:, 1]) < 6
    assert right[:, 1].min() < left[:, 1].min() - 100


def test_inputs_that_no_threshold_accepts_end_the_curve_before_the_edge():
    curve = curve_of(50, [40])
    ends = [
        where(draw_curve(curve, total, curve.at(0.6), 0.01), BLUE)[:, 0].max()
        for total in (50, 100)
    ]
    assert ends[0] > ends[1] + 300


@settings(max_examples=25)
@example([], 0.0)
@example([(0.5, False)], 0.7)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=30),
    st.floats(0, 1),
)
def test_any_curve_can_be_drawn(answers, threshold):
    curve = error_reject_curve([c for c, _ in answers], [r for _, r in answers])
    picture = draw_curve(curve, len(answers) + 1, curve.at(threshold), 0.01)
    assert picture.shape == (640, 960, 3)


@pytest.mark.parametrize("words", ["", "true 04524", "봉투.jpg \N{REPLACEMENT CHARACTER}"])
def test_words_of_any_script_can_be_written(words):
    pen = Pen(200, 40)
    blank = pen.picture()
    pen.text((5, 5), words, 14, (0, 0, 0))
    assert (pen.picture() != blank).any() == bool(words)
