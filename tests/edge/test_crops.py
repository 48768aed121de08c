from __future__ import annotations

import numpy as np
import pytest

from edge.boxes import find_boxes
from edge.crops import cut_digits
from edge.digits import extract
from tests.edge.drawing import BLACK, BLUE, GREY, ORANGE, RED, frozen, row, tilted, turned

COLORS = [BLACK, RED, ORANGE, BLUE, GREY]
DARK = 150


def cut(image):
    boxes = find_boxes(image)
    assert boxes is not None
    return cut_digits(frozen(image), boxes)


def ink_of(crop):
    """Return where the ink of a crop is, as fractions: top, left, bottom, right."""
    rows, columns = np.nonzero(crop < DARK)
    height, width = crop.shape
    return (
        rows.min() / height,
        columns.min() / width,
        (rows.max() + 1) / height,
        (columns.max() + 1) / width,
    )


def test_there_are_five_grey_crops_of_one_size_on_white_paper():
    crops = cut(row("04524")[0])
    assert crops.dtype == np.uint8
    assert crops.ndim == 3
    assert len(crops) == 5
    assert np.median(crops) > 250
    assert (crops.min(axis=(1, 2)) < 100).all()


@pytest.mark.parametrize("color", COLORS)
@pytest.mark.parametrize(
    ("line", "pitch"), [(1, 60), (1, 90), (3, 60), (3, 66), (3, 90), (5, 60), (5, 66), (5, 90)]
)
def test_of_empty_boxes_nothing_is_left(color, pitch, line):
    image, _ = row("     ", pitch=pitch, size=(600, 260), color=color, line=line)
    assert [extract(crop) is None for crop in cut(image)] == [True] * 5


@pytest.mark.parametrize("color", COLORS)
def test_the_printed_line_is_taken_out_around_a_digit(color):
    for crop in cut(row("88888", color=color)[0]):
        top, left, bottom, right = ink_of(crop)
        assert min(top, left) > 0.12
        assert max(bottom, right) < 0.88


@pytest.mark.parametrize("degrees", [0, 20, -35])
def test_crops_are_upright_and_in_reading_order(degrees):
    image, _ = turned(*row("1 1 1", color=RED), degrees)
    crops = cut(image)
    assert [extract(crop) is not None for crop in crops] == [True, False, True, False, True]
    straight = cut(row("1 1 1", color=RED)[0])
    for one, other in zip(crops[::2], straight[::2], strict=True):
        np.testing.assert_allclose(ink_of(one), ink_of(other), atol=0.08)


def test_perspective_is_taken_out():
    image, _ = tilted(*row("11111"), 0.3)
    heights = [bottom - top for top, _, bottom, _ in map(ink_of, cut(image))]
    assert max(heights) - min(heights) < 0.06


@pytest.mark.parametrize("color", [RED, ORANGE])
def test_a_stroke_on_the_line_is_kept_where_the_colours_differ(color):
    image, corners = row("     ", color=color)
    top, left = corners[2, 0, 1], corners[2, 0, 0]
    image[int(top) - 1 : int(top) + 3, int(left) + 12 : int(left) + 48] = BLACK
    image[int(top) + 2 : int(top) + 50, int(left) + 27 : int(left) + 33] = BLACK
    crop = cut(image)[2]
    row_of_line = round(crop.shape[0] * 0.18 / 1.36)
    band = crop[max(0, row_of_line - 6) : row_of_line + 7]
    assert (band < DARK).any(axis=0).mean() > 0.25


def test_a_stroke_that_crosses_a_line_of_its_own_colour_is_not_cut_in_two():
    image, corners = row("     ", pitch=90)
    left, top = corners[1, 0].astype(int)
    image[top - 8 : top + 60, left + 27 : left + 33] = BLACK
    crop = cut(image)[1]
    rows = np.flatnonzero((crop < DARK).any(axis=1))
    assert np.diff(rows).max() == 1


def test_a_grey_picture_is_cut_as_its_copy_in_bgr():
    image, _ = row("04524")
    grey = frozen(np.ascontiguousarray(image[..., 0]))
    difference = cut(grey).astype(int) - cut(image)
    assert np.abs(difference).mean() < 2


@pytest.mark.parametrize("at", [(2, 90), (70, 2)])
def test_a_row_at_the_edge_of_the_picture_is_cut_with_white_around(at):
    image, _ = row("11111", at=at, size=(at[0] + 400, at[1] + 90))
    digits = [extract(crop) for crop in cut(image)]
    assert all(digit is not None for digit in digits)
    assert all((digit > 127).any(axis=0).sum() < 12 for digit in digits)


@pytest.mark.parametrize("height", [24, 60, 240])
def test_a_digit_comes_out_alike_from_photos_of_any_size(height):
    width = round(0.75 * height)
    image, _ = row(
        "44444",
        box=(width, height),
        pitch=round(1.3 * width),
        at=(height, height),
        size=(8 * height, 3 * height),
        line=max(1, height // 30),
        color=ORANGE,
    )
    usual = extract(cut(row("44444", color=ORANGE)[0])[0])
    digit = extract(cut(image)[0])
    shifted = [np.roll(digit, (i, j), (0, 1)).ravel() for i in (-1, 0, 1) for j in (-1, 0, 1)]
    assert max(np.corrcoef(s, usual.ravel())[0, 1] for s in shifted) > 0.85
