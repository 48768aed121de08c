from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.digits import extract
from edge.likeness import likeness
from samples.handwriting import Hand, write_digit
from tests.edge.drawing import frozen, written


def digits(seed, postcode="04524", hand=None):
    """Return five digits, each written by a hand of its own."""
    found = []
    for k, digit in enumerate(postcode):
        crop = np.full((90, 90), 245, np.uint8)
        rng = np.random.default_rng([seed, k])
        for stroke in write_digit(int(digit), hand or Hand(sloppiness=1.0), rng):
            points = np.rint((stroke * 62 + 14) * 16).astype(np.int32)
            cv2.polylines(crop, [points], False, (20,), 8, cv2.LINE_AA, 4)
        found.append(crop)
    return found


def images(crops):
    return [extract(crop) for crop in crops]


def test_the_same_ink_is_alike():
    crops = digits(1)
    assert likeness(images(crops), images(crops)) == pytest.approx(1)
    blurred = [cv2.GaussianBlur(crop, (0, 0), 1.5) for crop in crops]
    assert likeness(images(crops), images(blurred)) > 0.95


def test_the_same_digits_written_again_are_less_alike():
    assert likeness(images(digits(1)), images(digits(2))) < 0.96


def test_the_same_digits_in_another_hand_are_other_ink():
    other = Hand(sloppiness=1.0, styles=(1,) * 10)
    assert likeness(images(digits(1)), images(digits(2, hand=other))) < 0.88


def test_other_digits_are_hardly_alike():
    assert likeness(images(digits(1)), images(digits(1, "67381"))) < 0.7


def test_blank_boxes_say_nothing():
    ours = images(digits(1))
    assert likeness([None, *ours[1:]], [*ours[:4], None]) == pytest.approx(1)
    assert likeness([None] * 5, ours) is None


def test_images_are_not_written_to():
    ours = [frozen(image) for image in images(digits(3))]
    assert likeness(ours, ours) == pytest.approx(1)


def test_an_empty_image_is_like_nothing():
    empty = np.zeros((28, 28), np.uint8)
    assert likeness([empty], [extract(written("3"))]) == pytest.approx(0, abs=1e-3)


def test_a_row_must_have_as_many_boxes():
    ours = images(digits(1))
    with pytest.raises(ValueError, match="zip"):
        likeness(ours, ours[:4])
