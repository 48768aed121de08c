from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.rendering.hand import Hand, write
from benchmarks.rendering.rows import Row
from benchmarks.rendering.writers import Glyph
from samples.patch import press
from samples.pen import Pen
from tests.benchmarks.hands import made_writers

PX = 10.0
ROW = Row(4, 6, width=8, height=10, pitch=8)
STEADY = Hand(Pen((0, 0, 0), 0.05, 1.0, 0.0, 0.0), size=0.7, spread=0.0, wander=0.0)
BAR = Glyph(1, (np.array([[0.0, 0.0], [0.0, 10.0]]),))


def ink(glyphs, hand, seed=0):
    """Return where there is ink, bool."""
    sheet = np.full((220, 500, 3), 255, np.float32)
    boxes = ROW.corners()[: len(glyphs)] * PX
    patches = write(glyphs, boxes, hand, PX, np.random.default_rng(seed))
    return press(sheet, patches)[..., 0] < 128


def span(there):
    rows, columns = np.nonzero(there)
    return columns.min(), rows.min(), columns.max(), rows.max()


@pytest.mark.parametrize("kind", ["strokes", "image"])
def test_a_digit_has_its_part_of_the_boxs_height_and_stands_in_its_middle(kind):
    glyph = BAR
    if kind == "image":
        image = np.zeros((28, 28), np.uint8)
        image[4:24, 12:16] = 255
        glyph = Glyph(1, image=image)
    left, top, right, bottom = span(ink([glyph], STEADY))
    assert bottom - top == pytest.approx(70, abs=7)
    assert (top + bottom) / 2 == pytest.approx(60 + 50, abs=2)
    assert (left + right) / 2 == pytest.approx(40 + 40, abs=2)


def test_digits_stay_inside_when_they_must():
    hand = replace(STEADY, size=0.95, over=-0.06, lean=(0.3, -0.3), wander=0.2)
    for seed in range(20):
        glyphs = made_writers().write(np.random.default_rng(seed))
        left, top, right, bottom = span(ink(glyphs[:1], hand, seed))
        # Half a pen's width is over the line of its middle.
        assert left >= 40
        assert top >= 60
        assert right <= 120
        assert bottom <= 160


def test_digits_leave_the_box_when_they_may():
    hand = replace(STEADY, size=1.15, over=0.2, lean=(0.0, -0.2))
    assert span(ink([BAR], hand))[1] < 60 - 10


def test_slant_moves_the_top_to_the_right():
    there = ink([BAR], replace(STEADY, slant=0.2))
    _, top, _, bottom = span(there)
    upper, lower = (np.flatnonzero(there[y]).mean() for y in (top + 5, bottom - 5))
    assert upper - lower > 5


def test_a_hand_writes_narrower_in_narrow_boxes():
    wide = Glyph(0, (np.array([[0.0, 0], [20, 0], [20, 10], [0, 10], [0, 0]]),))
    left, top, right, bottom = span(ink([wide], STEADY))
    assert 1.2 < (right - left) / (bottom - top) < 1.7


def test_a_broader_pen_leaves_more_ink():
    image = np.zeros((28, 28), np.float32)
    image[4:24, 11:17] = np.array([64, 160, 255, 255, 160, 64])
    for glyph in (BAR, Glyph(1, image=image.astype(np.uint8))):
        thin, thick = (
            ink([glyph], replace(STEADY, pen=replace(STEADY.pen, width=width))).sum()
            for width in (0.04, 0.14)
        )
        assert thick > 1.1 * thin


def test_what_was_read_in_is_left_alone():
    glyphs = made_writers().write(np.random.default_rng(1))
    before = [
        (g.image.copy() if g.image is not None else [s.copy() for s in g.strokes]) for g in glyphs
    ]
    ink(glyphs, STEADY)
    for glyph, was in zip(glyphs, before, strict=True):
        now = glyph.image if glyph.image is not None else list(glyph.strokes)
        assert all(np.array_equal(a, b) for a, b in zip(now, was, strict=True))
