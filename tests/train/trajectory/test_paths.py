from __future__ import annotations

import numpy as np
import pytest

from edge.trajectory import POINTS, paths
from tests.train.synthetic import handwriting
from train.trajectory.paths import Variation, bent, strokes_of, ways

UNVARIED = Variation(
    reordered=0, reversed=0, late=0, parted=0, rotation=0, scale=0, shear=0, waves=0
)


@pytest.fixture(scope="module")
def digits():
    """Return the strokes of twenty digits by two hands."""
    return [
        [np.array(stroke, np.float32) for stroke in each["strokes"]]
        for each in handwriting(writers=2, each=1)
    ]


def path(strokes):
    """Return the points along one digit's way."""
    (way,) = paths([strokes])
    return way


def rng():
    return np.random.default_rng(1)


def test_the_first_way_is_as_it_was_written_and_others_are_not(digits):
    for strokes in digits:
        found = ways(strokes, 8, Variation(), rng())
        assert found.shape == (8, POINTS, 3)
        np.testing.assert_array_equal(found[0], path(strokes))
    assert any((each != found[0]).any() for each in found[1:])


def test_without_variation_nothing_varies(digits):
    for strokes in digits:
        found = ways(strokes, 3, UNVARIED, rng())
        np.testing.assert_array_equal(found, np.repeat(found[:1], 3, axis=0))
        np.testing.assert_allclose(bent(found, UNVARIED, rng()), found, atol=1e-5)


def test_strokes_may_be_drawn_from_their_end_in_another_order_and_in_parts(digits):
    long = [digits[0][0].repeat(3, axis=0)]
    backwards = ways(long, 2, Variation(reversed=1, late=0, parted=0), rng())
    np.testing.assert_allclose(backwards[1], backwards[0][::-1], atol=1e-5)

    two = next(strokes for strokes in digits if len(strokes) == 2)
    other = path(two[::-1])
    only = Variation(reordered=1, reversed=0, late=0, parted=0)
    assert any(np.array_equal(each, other) for each in ways(two, 20, only, rng()))

    joined, parted = (
        ways(strokes, 20, Variation(reordered=0, reversed=0, late=0, parted=1), rng())
        for strokes in (two, long)
    )
    assert (joined[0, :, 2] == 0).any()
    assert (joined[1:, :, 2] == 1).all()
    # The pen is lifted and put down where it was: no way between.
    assert (np.abs(parted[1:] - parted[0])[..., :2] < 1e-5).all()


def test_a_pen_may_come_down_late(digits):
    long = [np.stack([np.linspace(0, 9, 50), np.linspace(0, 3, 50)], axis=1).astype(np.float32)]
    for each in ways(long, 20, Variation(reversed=0, late=0.5, parted=0), rng())[1:]:
        # Seen alone it is as large again, and as straight.
        assert each[-1, 0] == pytest.approx(1)
        assert np.ptp(each[:, 1]) == pytest.approx(2 / 3, abs=1e-4)


def test_bent_digits_are_as_large_and_about_the_same(digits):
    written = paths(digits).repeat(20, axis=0)
    found = bent(written, Variation(), rng())
    assert found.shape == written.shape
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[..., 2], written[..., 2])
    assert np.ptp(found[..., :2], axis=1).max(axis=1) == pytest.approx(2, abs=1e-4)
    off = np.hypot(*(found - written)[..., :2].transpose(2, 0, 1))
    assert 0.05 < off.mean() < 0.3
    assert not np.array_equal(found[0], found[1])


def test_a_path_gives_its_strokes_back(digits):
    apart = [np.array([[0, 0], [4, 0]], np.float32), np.array([[4, 3], [0, 3]], np.float32)]
    for strokes in (*digits, apart):
        way = path(strokes)
        found = strokes_of(way)
        assert len(found) == len(strokes)
        # What is left out are the first points after the pen came down.
        assert np.abs(path(found)[:, :2] - way[:, :2]).max() < 0.15
    upper, lower = strokes_of(path(apart))
    assert max(np.ptp(upper[:, 1]), np.ptp(lower[:, 1])) < 0.02


def test_turning_is_turning():
    line = path([np.array([[0, 0], [0, 5]], np.float32)])[None].repeat(200, axis=0)
    only = Variation(rotation=10, scale=0, shear=0, waves=0)
    slopes = np.degrees(np.arctan2(*(found := bent(line, only, rng()))[:, -1, :2].T))
    assert np.abs(slopes).max() == pytest.approx(10, abs=0.5)
    assert np.ptp(found[..., 1], axis=1) == pytest.approx(2)


def test_the_same_state_varies_in_the_same_way(digits):
    one, other = (ways(digits[3], 9, Variation(), rng()) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(bent(one, Variation(), rng()), bent(other, Variation(), rng()))


@pytest.mark.parametrize(
    "wrong",
    [{"reordered": 2}, {"reversed": -1}, {"late": 1.1}, {"parted": -0.1}, {"rotation": 90},
     {"scale": 1}, {"shear": 2}, {"waves": 1}],
)  # fmt: skip
def test_no_amount_is_outside_its_range(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Variation(**wrong)
