from __future__ import annotations

import numpy as np
import pytest

from train import retake as module
from train.retake import retake

SIDE = 40


@pytest.fixture
def crops():
    """Return crops in which each box's top left corner is the one bright pixel there."""
    rng = np.random.default_rng(0)
    corners = np.empty((32, 5, 4, 2), np.float32)
    images = np.full((32, SIDE, SIDE, 3), 60, np.uint8)
    for k in range(32):
        left, top = rng.integers(0, 5), rng.integers(0, 30)
        for box in range(5):
            x, y = left + 7 * box, top
            corners[k, box] = [[x, y], [x + 6, y], [x + 6, y + 8], [x, y + 8]]
        for x, y in corners[k, :, 0].astype(int):
            images[k, y, x] = 240
    corners[5] = np.nan
    return images, corners


def signed_area(corners):
    x, y = corners[..., 0], corners[..., 1]
    return (x * np.roll(y, -1, -1) - y * np.roll(x, -1, -1)).sum(-1) / 2


def test_corners_go_where_the_pixels_go_and_stay_clockwise(crops, monkeypatch):
    monkeypatch.setattr(module, "_NOISE", 0)
    monkeypatch.setattr(module, "_BLURRED", 0)
    images, corners = crops
    made, moved = retake(images, corners, np.random.default_rng(1))
    assert made.dtype == np.uint8
    assert made.shape == images.shape
    assert moved.dtype == np.float32
    assert np.isnan(moved[5]).all()
    for k in (k for k in range(32) if k != 5):
        np.testing.assert_allclose(signed_area(moved[k]), 48)
        brightest = made[k].sum(axis=-1)
        ys, xs = np.nonzero(brightest > (brightest.min() + brightest.max()) / 2)
        found = set(zip(xs.tolist(), ys.tolist(), strict=True))
        # A mirrored box's top left corner is called another one.
        assert any(found == {tuple(p) for p in moved[k, :, c].astype(int).tolist()}
                   for c in range(4))  # fmt: skip


def test_all_eight_positions_come_up(crops):
    images, corners = crops
    _, moved = retake(np.repeat(images[:1], 200, 0), np.repeat(corners[:1], 200, 0),
                      np.random.default_rng(2))  # fmt: skip
    along = moved[:, 4].mean(axis=1) - moved[:, 0].mean(axis=1)
    tops = moved[:, 0, 3] - moved[:, 0, 0]
    assert (
        len({tuple(np.sign(np.r_[a, t]).astype(int)) for a, t in zip(along, tops, strict=True)})
        == 8
    )


def test_the_same_state_gives_the_same_crops_and_the_input_is_not_written_to(crops):
    images, corners = crops
    before = images.copy(), corners.copy()
    first = retake(images, corners, np.random.default_rng(3))
    again = retake(images, corners, np.random.default_rng(3))
    other = retake(images, corners, np.random.default_rng(4))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (first[0] != other[0]).any()
    np.testing.assert_array_equal(images, before[0])
    np.testing.assert_array_equal(corners, before[1])
