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
