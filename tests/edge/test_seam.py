from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.seam import parted

HEIGHT, PITCH = 80, 40
# Columns 40 and 80 begin a box.
OWNERS = np.repeat([0, 1, 2], PITCH)


def blank():
    return np.zeros((HEIGHT, 3 * PITCH), np.uint8)


def boxes_of(ink):
    places = parted(ink > 0, OWNERS)
    assert places.shape == ink.shape
    assert places.dtype == np.uint8
    return places


def test_ink_that_comes_over_the_border_stays_with_its_digit():
    ink = blank()
    digit = (slice(20, 60), slice(50, 76))
    ink[digit] = 1
    # A wide stroke from the left that ends in a narrow one at the digit.
    ink[20:60, 10:46] = 1
    ink[38:42, 46:50] = 1
    places = boxes_of(ink)
    assert (places[20:60, 10:46] == 0).all()
    assert (places[digit] == 1).all()


def test_without_anything_better_the_border_is_the_border():
    ink = blank()
    ink[30:50, 10:110] = 1
    np.testing.assert_array_equal(boxes_of(ink), np.tile(OWNERS, (HEIGHT, 1)))
    # Nor does ink elsewhere move the other border.
    ink[:, 60:] = 0
    assert (boxes_of(ink)[:, 80] == 2).all()


def test_no_digit_is_cut_through_its_loop():
    ink = blank()
    # A ring that reaches over the border on its left, and a wide bar that touches it.
    cv2.ellipse(ink, (52, 40), (16, 24), 0, 0, 360, 1, 3)
    ink[20:60, 10:37] = 1
    places = boxes_of(ink)
    ring = blank()
    cv2.ellipse(ring, (52, 40), (14, 22), 0, 0, 360, 1, -1)
    assert (places[ring > 0] == 1).all()
    assert (places[20:60, 10:34] == 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_boxes_lie_side_by_side_in_every_row(seed):
    dice = np.random.default_rng(seed)
    ink = cv2.blur(dice.random((HEIGHT, 3 * PITCH)), (9, 9)) > 0.5
    places = boxes_of(ink.astype(np.uint8)).astype(int)
    assert (np.diff(places, axis=1) >= 0).all()
    assert set(places[:, 0]) == {0}
    assert set(places[:, -1]) == {2}
    # No farther from the border than half-way to the next.
    assert (places[:, 20] == 0).all()
    assert (places[:, 60] == 1).all()
    assert (places[:, 100] == 2).all()
