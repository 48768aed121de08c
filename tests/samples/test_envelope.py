"""samples/envelope.py: the printed paper and the writing on it."""

from dataclasses import replace

import numpy as np
import pytest

from samples.envelope import BLUE, BoxRow, Layout, draw_envelope, draw_layout, place_in_box
from samples.handwriting import Hand, writer

APART = Layout(
    row=BoxRow(left=20.3, top=10.1, width=7, height=9, pitch=9.5, line=0.5, color=BLUE),
    width=80,
    height=30,
    px_per_mm=8,
)
JOINED = replace(APART, row=replace(APART.row, pitch=7.0))


@pytest.mark.parametrize("layout", [APART, JOINED], ids=["apart", "joined"])
def test_the_true_corners_lie_on_the_printed_line(layout):
    sheet = draw_layout(layout, np.random.default_rng(0))
    corners = np.rint(layout.corners()).astype(int)
    assert corners.shape == (5, 4, 2)
    for x, y in corners.reshape(-1, 2):
        assert np.abs(sheet[y, x] - BLUE).max() < 8


@pytest.mark.parametrize("layout", [APART, JOINED], ids=["apart", "joined"])
def test_the_corners_are_the_middle_of_the_line(layout):
    sheet = draw_layout(layout, np.random.default_rng(0))
    left, top = layout.corners()[2, 0]
    row = sheet[round(top) + 20, round(left) - 9 : round(left) + 10, 2]
    darkness = row.max() - row
    darkness[darkness < 12] = 0
    found = (darkness * np.arange(round(left) - 9, round(left) + 10)).sum() / darkness.sum()
    assert found == pytest.approx(left, abs=0.1)


def test_the_middle_of_an_empty_box_is_bare_paper():
    sheet, corners = draw_envelope("12 45", APART, Hand(), writer(Hand()), np.random.default_rng(1))
    low, high = corners[2, 0] + 6, corners[2, 2] - 6
    inside = sheet[int(low[1]) : int(high[1]), int(low[0]) : int(high[0])].astype(float)
    assert np.abs(inside - APART.paper).max() < 20


def test_ink_is_in_every_box_that_is_written_in():
    hand = Hand()
    sheet, corners = draw_envelope("12845", APART, hand, writer(hand), np.random.default_rng(1))
    assert sheet.dtype == np.uint8
    for box in corners:
        low, high = box[0] + 6, box[2] - 6
        inside = sheet[int(low[1]) : int(high[1]), int(low[0]) : int(high[0])]
        assert np.abs(inside.astype(int) - hand.pen.color).max(axis=2).min() < 60


def test_strokes_of_any_scale_come_to_the_same_place_and_are_not_written_to():
    strokes = [np.array([[0.2, 0.1], [0.6, 0.5], [0.3, 0.9]])]
    kept = strokes[0].copy()
    low, high = np.array([10.0, 20.0]), np.array([80.0, 110.0])
    placed, far = (
        place_in_box([strokes[0] * k + m], low, high, Hand(), np.random.default_rng(4))[0]
        for k, m in ((1, 0), (900, -5000))
    )
    np.testing.assert_array_equal(strokes[0], kept)
    np.testing.assert_allclose(placed, far, atol=1e-6)
    assert (placed > low).all()
    assert (placed < high).all()
