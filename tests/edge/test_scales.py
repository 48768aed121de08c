from __future__ import annotations

import numpy as np
import pytest

from edge.picture import Picture
from edge.scales import Scales


def every(scales):
    return [*scales.coarse(), *scales.fine()]


def scales_of(width, height=400):
    return [scale for scale, _ in every(Scales(Picture.of(np.zeros((height, width), np.uint8))))]


@pytest.mark.parametrize(
    ("width", "scales"),
    [
        (1640, [0.25, 0.5, 1.0]),
        (4056, [0.125, 0.25, 0.5]),
        (700, [1.0, 2.0]),
        (300, [1.0, 2.0, 4.0]),
    ],
)
def test_a_picture_is_looked_at_from_a_few_hundred_px_to_about_two_thousand(width, scales):
    assert scales_of(width, width // 2) == scales


def test_the_fine_scale_is_not_made_where_only_coarse_ones_are_looked_at():
    asked = []

    def decode(halvings):
        asked.append(halvings)
        return np.zeros((1232 >> halvings, 1640 >> halvings), np.uint8)

    scales = Scales(Picture(1640, 1232, decode, most=1))
    assert [scale for scale, _ in scales.coarse()] == [0.25, 0.5]
    assert asked == [1]
    ((scale, dark),) = scales.fine()
    assert (scale, dark.shape) == (1.0, (1232, 1640))
    assert asked == [1, 0]
