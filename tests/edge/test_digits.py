from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge.digits import extract, find_ink, normalise
from tests.edge.drawing import frozen, written

DIGITS = range(10)


def strokes(seed, side=160, pen=18):
    """Return white scribbles on black, `uint8 (side, side)`."""
    rng = np.random.default_rng(seed)
    image = np.zeros((side, side), np.uint8)
    points = rng.uniform(0.15, 0.85, (rng.integers(2, 6), 2)) * side * 16
    cv2.polylines(image, [points.astype(np.int32)], False, 255, pen, cv2.LINE_AA, 4)
    return image


def centre_of_mass(image):
    rows, columns = np.indices(image.shape)
    mass = image.astype(float)
    return np.array([(rows * mass).sum(), (columns * mass).sum()]) / mass.sum()


def likeness(one, other):
    """Return the correlation of two digit images, moved by up to a pixel."""
    moves = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    moved = [np.roll(one, move, (0, 1)).ravel() for move in moves]
    return max(np.corrcoef(image, other.ravel())[0, 1] for image in moved)


def extent(image):
    rows, columns = np.nonzero(image > 127)
    return np.ptp(rows) + 1, np.ptp(columns) + 1


def touches_the_edge(image):
    return image[[0, -1]].any() or image[:, [0, -1]].any()


@given(st.integers(0, 2**32 - 1))
def test_a_digit_image_is_28_by_28_within_20_by_20(seed):
    digit = normalise(frozen(strokes(seed)))
    assert digit.dtype == np.uint8
    assert digit.shape == (28, 28)
    rows, columns = np.nonzero(digit)
    assert max(np.ptp(rows), np.ptp(columns)) == 19
    assert digit.max() > 127


@given(st.integers(0, 2**32 - 1))
def test_the_centre_of_mass_is_in_the_middle_where_there_is_room(seed):
    digit = normalise(strokes(seed))
    assume(not touches_the_edge(digit))
    assert np.abs(centre_of_mass(digit) - 14).max() < 0.6


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 3, 4]))
def test_a_digit_image_does_not_depend_on_the_size_of_the_writing(seed, times):
    ink = strokes(seed)
    larger = cv2.resize(ink, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    assert likeness(normalise(ink), normalise(larger)) > 0.9


@given(st.integers(0, 2**32 - 1), st.integers(0, 60), st.integers(0, 60))
def test_a_digit_image_does_not_depend_on_where_the_writing_is(seed, down, right):
    ink = strokes(seed)
    moved = np.pad(ink, ((down, 60 - down), (right, 60 - right)))
    np.testing.assert_array_equal(normalise(moved), normalise(ink))


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40))
def test_any_ink_at_all_makes_an_image(seed, height, width):
    ink = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    ink[height // 2, width // 2] = max(1, int(ink[height // 2, width // 2]))
    digit = normalise(frozen(ink))
    assert digit.shape == (28, 28)
    assert digit.any()


def test_ink_without_any_above_half_still_makes_an_image():
    ink = np.zeros((40, 40), np.uint8)
    ink[10:30, 18:22] = 60
    assert extent(normalise(ink) * 4)[0] == 20


def test_the_aspect_is_kept():
    bar = np.zeros((200, 200), np.uint8)
    bar[20:180, 90:122] = 255
    assert extent(normalise(bar)) == (20, 4)
    assert extent(normalise(bar.T)) == (4, 20)


def test_edges_are_antialiased():
    disc = np.zeros((150, 150), np.uint8)
    cv2.circle(disc, (75, 75), 60, 255, -1)
    levels = np.unique(normalise(disc))
    assert ((levels > 0) & (levels < 255)).sum() >= 5


def test_the_hairline_of_a_fine_pen_comes_out_as_wide_as_mnists_thinnest():
    ring = np.zeros((300, 300), np.uint8)
    cv2.circle(ring, (150, 150), 130, 255, 2, cv2.LINE_AA)
    thin = normalise(ring)
    # The ink of a ring of radius r: 2 π r · width.
    width = thin.sum() / 255 / (2 * np.pi * 9)
    assert 1.2 < width < 2.8
    assert thin.max() > 150


def test_a_broad_pen_is_left_as_it_is():
    ring = np.zeros((300, 300), np.uint8)
    cv2.circle(ring, (150, 150), 120, 255, 45, cv2.LINE_AA)
    scale = 20 / (2 * (120 + 22))
    width = normalise(ring).sum() / 255 / (2 * np.pi * 120 * scale)
    assert abs(width - 45 * scale) < 0.4


@pytest.mark.parametrize("digit", DIGITS)
def test_a_digit_is_found_with_its_shape(digit):
    found = extract(frozen(written(digit)))
    ideal = normalise(255 - written(digit))
    assert found.dtype == np.uint8
    assert found.shape == (28, 28)
    assert likeness(found, ideal) > 0.9


@pytest.mark.parametrize("side", [28, 40, 96, 300])
def test_a_digit_is_found_in_a_crop_of_any_size(side):
    found, usual = extract(written(5, side)), extract(written(5, 120))
    assert likeness(found, usual) > 0.85


@pytest.mark.parametrize("paper", [90, 160, 250])
def test_ink_is_found_on_paper_of_any_brightness(paper):
    crop = (written(8) * (paper / 245)).astype(np.uint8)
    assert likeness(extract(crop), extract(written(8))) > 0.95


def test_a_shadow_across_the_box_is_not_ink():
    shade = np.linspace(1, 0.5, 90)[None]
    crop = (written(3) * shade).astype(np.uint8)
    assert likeness(extract(crop), extract(written(3))) > 0.9
    assert extract((245 * np.repeat(shade, 90, 0)).astype(np.uint8)) is None


def test_ink_of_any_colour_is_found():
    for colour in [(200, 60, 30), (40, 40, 200), (60, 140, 40)]:
        crop = np.full((90, 90, 3), 245, np.uint8)
        crop[written(4) < 128] = colour
        assert likeness(extract(crop), extract(written(4))) > 0.9


def test_faint_pencil_is_found():
    crop = (245 - (245 - written(7).astype(int)) * 0.15).astype(np.uint8)
    assert likeness(extract(crop), extract(written(7))) > 0.9


@pytest.mark.parametrize("level", [0, 60, 128, 255])
def test_plain_paper_is_blank(level):
    assert extract(np.full((80, 60), level, np.uint8)) is None
    assert extract(np.full((80, 60, 3), level, np.uint8)) is None


def test_paper_grain_is_blank():
    grain = np.random.default_rng(0).normal(220, 4, (90, 70)).clip(0, 255).astype(np.uint8)
    assert extract(grain) is None


def test_a_speck_is_blank():
    crop = np.full((96, 80), 245, np.uint8)
    cv2.circle(crop, (40, 48), 4, 30, -1)
    assert extract(crop) is None


@pytest.mark.parametrize("side", ["top", "right", "bottom", "left"])
def test_a_printed_line_along_an_edge_is_not_ink(side):
    walls = {
        "top": np.s_[3:6, :],
        "right": np.s_[:, -6:-3],
        "bottom": np.s_[-6:-3, :],
        "left": np.s_[:, 3:6],
    }
    empty = np.full((96, 80), 245, np.uint8)
    empty[walls[side]] = 60
    assert extract(empty) is None
    full = written(6, 96, 80)
    full[walls[side]] = 60
    plain = extract(written(6, 96, 80))
    assert likeness(extract(full), plain) > 0.9


def test_a_single_pixel_of_a_tiny_crop_is_blank():
    crop = np.full((16, 2), 255, np.uint8)
    crop[3, 0] = 0
    assert extract(crop) is None


def test_dust_far_from_the_digit_is_left_out():
    crop = written(1, 96, 96)
    dusty = crop.copy()
    cv2.circle(dusty, (88, 10), 1, 100, -1)
    assert likeness(extract(dusty), extract(crop)) > 0.99


def test_a_digit_in_two_parts_is_kept_whole():
    crop = np.full((96, 96), 245, np.uint8)
    cv2.line(crop, (35, 34), (33, 70), 30, 6)
    cv2.line(crop, (35, 24), (68, 22), 30, 6)
    rows = np.flatnonzero(extract(crop).any(axis=1))
    assert np.ptp(rows) >= 18


def test_ink_is_96_high_and_paper_is_zero():
    ink = find_ink(frozen(written(2, 60)))
    assert ink.dtype == np.uint8
    assert ink.shape == (96, 96)
    assert ink[:8].max() == 0
    assert ink.max() == 255


@given(
    st.integers(0, 2**32 - 1),
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.booleans(),
    st.sampled_from(["noise", "blocks", "dots"]),
)
def test_no_crop_is_any_trouble(seed, shape, colour, kind):
    rng = np.random.default_rng(seed)
    size = (*shape, 3) if colour else shape
    crop = rng.integers(0, 256, size, np.uint8)
    if kind != "noise":
        crop = np.where(rng.random(shape) < (0.5 if kind == "blocks" else 0.02), 0, 255)
        crop = np.repeat(crop[..., None], 3, 2) if colour else crop
    digit = extract(frozen(crop.astype(np.uint8)))
    assert digit is None or (digit.shape == (28, 28) and digit.dtype == np.uint8)


@pytest.mark.parametrize("shape", [(1, 3000), (3000, 1), (1, 1), (2000, 5)])
def test_a_crop_of_an_odd_shape_is_no_trouble(shape):
    for level in (0, 255):
        crop = np.full(shape, level, np.uint8)
        crop[shape[0] // 2 :, shape[1] // 2 :] = 255 - level
        digit = extract(crop)
        assert digit is None or digit.shape == (28, 28)
