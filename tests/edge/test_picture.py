from __future__ import annotations

import numpy as np
import pytest

from edge.picture import Picture

IMAGE = np.random.default_rng(0).integers(0, 255, (37, 64, 3), np.uint8)


def test_an_array_is_a_picture_of_its_size_and_its_very_pixels():
    picture = Picture.of(IMAGE)
    assert (picture.width, picture.height) == (64, 37)
    assert picture.pixels is IMAGE
    assert Picture.of(picture) is picture


def test_halving_averages():
    halved = Picture.of(IMAGE).halved(1)
    assert halved.shape == (18, 32, 3)
    even = Picture.of(IMAGE[:36]).halved(1)
    mean = IMAGE[:2, :2].astype(float).mean(axis=(0, 1))
    assert np.abs(even[0, 0] - mean).max() <= 0.5
    assert Picture.of(IMAGE[..., 0]).halved(3).shape == (4, 8)


def test_even_the_smallest_picture_can_be_halved():
    assert Picture.of(IMAGE[:1, :2]).halved(5).shape == (1, 1, 3)


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_each_scale_is_made_once_and_no_other_before_it_is_asked_for(times):
    asked = []

    def decode(halvings):
        asked.append(halvings)
        return IMAGE[:: 2**halvings, :: 2**halvings]

    picture = Picture(64, 37, decode, most=1)
    assert asked == []
    first = picture.halved(times)
    assert picture.halved(times) is first
    # Beyond what can be decoded a scale is made of the next finer one.
    assert asked == [min(times, 1)]


def test_what_cannot_be_decoded_grey_is_decoded_as_it_is():
    asked = []

    def decode_grey():
        asked.append("grey")

    picture = Picture(64, 37, lambda _: IMAGE, most=1, decode_grey=decode_grey)
    assert picture.brightness(0) is IMAGE
    part, _ = picture.around(np.array([[1, 1], [9, 9]], np.float32), 0, 0)
    np.testing.assert_array_equal(part, IMAGE[1:9, 1:9])
    assert asked == ["grey"]


def test_brightness_has_colours_where_they_are_decoded_anyway():
    grey = IMAGE[..., 0]
    forms = [IMAGE, IMAGE[::2, ::2]]
    picture = Picture(64, 37, forms.__getitem__, most=1, decode_grey=lambda: grey)
    assert picture.brightness(0) is grey
    assert picture.brightness(1) is picture.halved(1)
    assert picture.halved(0) is IMAGE
    assert picture.brightness(0) is IMAGE


@pytest.mark.parametrize(
    ("points", "room", "halvings", "expected"),
    [
        ([[20, 10], [29, 19]], 0, 0, (slice(10, 19), slice(20, 29))),
        ([[20, 10], [29, 19]], 2, 1, (slice(4, 11), slice(9, 16))),
        # What is outside is not there.
        ([[-50, -50], [4, 4]], 0, 0, (slice(0, 4), slice(0, 4))),
        ([[60, 40], [900, 900]], 0, 0, (slice(40, 48), slice(60, 64))),
        # One point has something around it.
        ([[20, 10]], 0, 0, (slice(10, 12), slice(20, 22))),
        ([[900, 900], [901, 901]], 0, 0, (slice(0, 48), slice(0, 64))),
    ],
)
def test_the_part_around_points_is_told_with_where_it_begins(points, room, halvings, expected):
    image = np.random.default_rng(5).integers(0, 256, (48, 64, 3), np.uint8)
    picture = Picture.of(image)
    part, low = picture.around(np.array(points, np.float32), room, halvings)
    np.testing.assert_array_equal(part, picture.halved(halvings)[expected])
    assert low.tolist() == [expected[1].start, expected[0].start]
