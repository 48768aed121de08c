from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.train.synthetic import draw_colours, draw_digits
from train.augment import (
    UNBENT,
    Distortion,
    displacements,
    distort,
    resample,
    smoothing_factor,
)


def centre_of_mass(digits):
    """Return columns and rows of the centres of ink, each `(n,)`."""
    ink = digits.astype(float)
    total = ink.sum(axis=(1, 2))
    return (
        (ink.sum(axis=1) * np.arange(28)).sum(axis=1) / total,
        (ink.sum(axis=2) * np.arange(28)).sum(axis=1) / total,
    )


def positions(n):
    y, x = np.mgrid[:28, :28].astype(np.float32)
    return np.tile(x, (n, 1, 1)), np.tile(y, (n, 1, 1))


def test_no_distortion_returns_the_digits_unchanged():
    digits, _ = draw_digits(20, seed=0)
    bent = distort(digits, UNBENT, np.random.default_rng(0))
    assert np.array_equal(bent, digits)
    assert not np.shares_memory(bent, digits)


def test_no_distortion_returns_colours_unchanged():
    colours, _ = draw_colours(20, seed=0)
    assert colours.shape == (20, 32, 32, 3)
    assert np.array_equal(distort(colours, UNBENT, np.random.default_rng(0)), colours)


def test_the_default_distortion_changes_every_digit_and_leaves_its_input_alone():
    digits, _ = draw_digits(50, seed=0)
    before = digits.copy()
    bent = distort(digits, Distortion(), np.random.default_rng(0))
    assert np.array_equal(digits, before)
    assert (bent != digits).any(axis=(1, 2)).all()


def test_copies_of_one_digit_are_bent_differently():
    digits, _ = draw_digits(1, seed=0)
    bent = distort(np.repeat(digits, 30, axis=0), Distortion(), np.random.default_rng(0))
    assert len({digit.tobytes() for digit in bent}) == 30


def test_the_same_generator_state_bends_the_same_way():
    digits, _ = draw_digits(20, seed=0)
    first, again, other = (
        distort(digits, Distortion(), np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("sigma", [3.0, 5.0])
def test_elastic_displacement_has_the_mean_and_spread_of_smoothed_uniform_noise(sigma):
    distortion = Distortion(elastic_sigma=sigma, elastic_alpha=34)
    fields = displacements(4000, 28, distortion, np.random.default_rng(0))
    # White noise of variance 1/3, smoothed by a 2-D Gaussian of norm 1 / (2 sigma √π).
    expected = 34 * np.sqrt(1 / 3) / (2 * sigma * np.sqrt(np.pi))
    assert fields.shape == (4000, 2, 28, 28)
    assert fields.dtype == np.float32
    assert abs(fields.mean()) < 0.02 * expected
    assert fields.std() == pytest.approx(expected, rel=0.02)
    # As strong in the corners as in the middle.
    assert fields.std(axis=(0, 1)) == pytest.approx(expected, rel=0.08)


def test_elastic_displacement_agrees_with_noise_that_was_really_smoothed():
    import cv2

    sigma, margin = 5.0, 25
    rng = np.random.default_rng(0)
    noise = rng.uniform(-1, 1, (600, 28 + 2 * margin, 28 + 2 * margin))
    smoothed = np.stack([cv2.GaussianBlur(one, (41, 41), sigma) for one in noise])
    smoothed = 34 * smoothed[:, margin:-margin, margin:-margin]
    drawn = displacements(600, 28, Distortion(elastic_sigma=sigma), rng)[:, 0]
    for field in (smoothed, drawn):
        neighbours = (field[:, 14, 14] * field[:, 14, 20]).mean() / field[:, 14, 14].var()
        # Gaussian of sigma √2 · 5 at 6 pixels.
        assert neighbours == pytest.approx(np.exp(-36 / (4 * sigma**2)), abs=0.1)
    assert drawn.std() == pytest.approx(smoothed.std(), rel=0.05)


def test_the_smoothing_factor_is_small_and_its_square_is_the_covariance():
    L = smoothing_factor(5.0, 28)
    covariance = L @ L.T
    assert L.shape[1] < 14
    assert covariance[10, 10] == pytest.approx(1 / (2 * 5 * np.sqrt(np.pi)), rel=0.01)
    assert covariance[3, 9] == pytest.approx(covariance[20, 14], rel=0.02)
    with pytest.raises(ValueError, match="read-only"):
        L[0, 0] = 1


def test_larger_images_are_smoothed_over_as_many_pixels():
    small, large = smoothing_factor(5.0, 28), smoothing_factor(5.0, 32)
    assert (len(small), len(large)) == (28, 32)
    # Up to the columns that are left out.
    assert (large @ large.T)[:28, :28] == pytest.approx(small @ small.T, abs=2e-4)
    fields = displacements(2000, 32, Distortion(), np.random.default_rng(0))
    assert fields.shape == (2000, 2, 32, 32)
    assert fields.std() == pytest.approx(34 * np.sqrt(1 / 3) / (2 * 5 * np.sqrt(np.pi)), rel=0.03)


def test_the_three_colours_of_an_image_are_bent_alike():
    colours = np.stack([draw_digits(30, seed)[0] for seed in (0, 1, 2)], axis=-1)
    bent = distort(colours, Distortion(), np.random.default_rng(3))
    assert bent.shape == (30, 28, 28, 3)
    for place in range(3):
        alone = distort(colours[..., place], Distortion(), np.random.default_rng(3))
        assert np.array_equal(bent[..., place], alone)


@pytest.mark.parametrize("draw", [draw_digits, draw_colours])
def test_mirroring_turns_half_of_the_images_over_and_leaves_the_others(draw):
    images, _ = draw(400, seed=0)
    bent = distort(images, replace(UNBENT, mirror=True), np.random.default_rng(0))
    axes = tuple(range(1, images.ndim))
    as_it_was = (bent == images).all(axis=axes)
    turned = (bent == images[:, :, ::-1]).all(axis=axes)
    assert (as_it_was | turned).all()
    assert 160 < turned.sum() < 240


def test_a_scaled_distortion_has_the_share_of_every_amount_and_the_same_reach():
    whole = Distortion(rotation=10, scale=0.2, shear=0.1, shift=2, elastic_alpha=30, mirror=True)
    half = whole.scaled(0.5)
    assert half == Distortion(
        rotation=5, scale=0.1, shear=0.05, shift=1, elastic_alpha=15, mirror=True,
        elastic_sigma=whole.elastic_sigma,
    )  # fmt: skip
    assert whole.scaled(0) == replace(UNBENT, mirror=True)
    assert Distortion().scaled(0) == UNBENT
    assert Distortion().scaled(1) == Distortion()


def test_shift_moves_the_ink_by_up_to_its_pixels_on_average_by_none():
    digits, _ = draw_digits(600, seed=0)
    bent = distort(digits, replace(UNBENT, shift=3), np.random.default_rng(0))
    moved = np.array(centre_of_mass(bent)) - centre_of_mass(digits)
    assert np.abs(moved).max() < 3.2
    assert np.abs(moved).max() > 2.5
    assert np.abs(moved.mean(axis=1)).max() < 0.3
    # Uniform in ± 3.
    assert moved.std(axis=1) == pytest.approx(3 / np.sqrt(3), rel=0.1)


def test_scale_changes_the_area_of_ink_by_its_share_and_rotation_does_not():
    square = np.zeros((400, 28, 28), np.uint8)
    square[:, 9:19, 9:19] = 255
    rng = np.random.default_rng(0)
    area = distort(square, replace(UNBENT, scale=0.2), rng).sum(axis=(1, 2)) / square[0].sum()
    assert area.max() == pytest.approx(1.2**2, abs=0.06)
    assert area.min() == pytest.approx(0.8**2, abs=0.06)
    turned = distort(square, replace(UNBENT, rotation=45), rng).sum(axis=(1, 2)) / square[0].sum()
    assert turned == pytest.approx(1, abs=0.02)


def test_rotation_turns_a_bar_by_up_to_its_degrees():
    bar = np.zeros((400, 28, 28), np.uint8)
    bar[:, 3:25, 13:15] = 255
    bent = distort(bar, replace(UNBENT, rotation=20), np.random.default_rng(0)).astype(float)
    upper, lower = bent.copy(), bent.copy()
    upper[:, 14:], lower[:, :14] = 0, 0
    (x_up, y_up), (x_low, y_low) = centre_of_mass(upper), centre_of_mass(lower)
    degrees = np.rad2deg(np.arctan2(x_up - x_low, y_low - y_up))
    assert np.abs(degrees).max() == pytest.approx(20, abs=3)
    assert abs(degrees.mean()) < 2


def test_positions_outside_are_black_and_never_the_neighbouring_digit():
    digits = np.full((3, 28, 28), 255, np.uint8)
    x, y = positions(3)
    assert resample(digits, x, y - 28).sum() == 0
    assert resample(digits, x, y + 28).sum() == 0
    assert resample(digits, x + 28, y).sum() == 0
    only_first = digits.copy()
    only_first[1:] = 0
    assert resample(only_first, x, y - 5)[1:].sum() == 0


def test_half_a_pixel_is_interpolated():
    digits = np.zeros((1, 28, 28), np.uint8)
    digits[0, 10, 10] = 200
    x, y = positions(1)
    between = resample(digits, x + np.float32(0.5), y)[0, 10]
    # The cubic through four pixels, with OpenCV's slope of -0.75: 19/32 of the inner two,
    # and the dark that it adds around them is cut off at black.
    assert between[8:12].tolist() == [0, 119, 119, 0]
    even = np.full((1, 28, 28), 200, np.uint8)
    assert (resample(even, x + np.float32(0.5), y)[0, :, 2:-3] == 200).all()


@given(n=st.integers(0, 12))
def test_any_number_of_digits_can_be_bent(n):
    digits, _ = draw_digits(n, seed=0) if n else (np.zeros((0, 28, 28), np.uint8), None)
    assert distort(digits, Distortion(), np.random.default_rng(0)).shape == (n, 28, 28)


def test_more_digits_than_one_call_of_opencv_can_take_are_bent_alike():
    digits, _ = draw_digits(2500, seed=0)
    x, y = positions(2500)
    moved = resample(digits, x + 1, y)
    assert np.array_equal(moved[:, :, :-1], digits[:, :, 1:])


def test_more_colours_than_one_call_of_opencv_can_take_are_bent_alike():
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (1000, 32, 32, 3), np.uint8)
    y, x = (np.tile(grid, (1000, 1, 1)) for grid in np.mgrid[:32, :32].astype(np.float32))
    moved = resample(colours, x, y + 1)
    assert np.array_equal(moved[:, :-1], colours[:, 1:])
    assert not moved[:, -1].any()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rotation", -1),
        ("scale", 1),
        ("shear", 2),
        ("shift", float("nan")),
        ("elastic_sigma", 0),
        ("elastic_alpha", float("inf")),
    ],
)
def test_a_distortion_outside_its_range_is_refused_by_name(field, value):
    with pytest.raises(ValueError, match=field):
        Distortion(**{field: value})
