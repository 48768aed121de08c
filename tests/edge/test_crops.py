from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.boxes import find_boxes
from edge.crops import cut_digits
from edge.digits import normalise
from edge.strip import flatten
from tests.edge.drawing import BLACK, BLUE, GREY, ORANGE, RED, frozen, row, tilted, turned

COLORS = [BLACK, RED, ORANGE, BLUE, GREY]


def cut(image):
    boxes = find_boxes(image)
    assert boxes is not None
    return cut_digits(flatten(frozen(image), boxes.row))


def shape_of(ink):
    """Return the height and the width of the ink, px."""
    rows, columns = np.nonzero(ink > 127)
    return np.ptp(rows) + 1, np.ptp(columns) + 1


def test_there_are_five_images_of_white_ink_on_black():
    inks = cut(row("04524")[0])
    assert len(inks) == 5
    for ink in inks:
        assert ink.dtype == np.uint8
        assert ink.ndim == 2
        assert ink.max() == 255
        assert ink[[0, -1]].max() < 128


@pytest.mark.parametrize("color", COLORS)
@pytest.mark.parametrize(
    ("line", "pitch"), [(1, 60), (1, 90), (3, 60), (3, 66), (3, 90), (5, 60), (5, 66), (5, 90)]
)
def test_of_empty_boxes_nothing_is_left(color, pitch, line):
    image, _ = row("     ", pitch=pitch, size=(600, 260), color=color, line=line)
    assert cut(image) == [None] * 5


@pytest.mark.parametrize("color", COLORS)
def test_the_printed_line_is_taken_out_around_a_digit(color):
    plain = shape_of(cut(row("88888", color=BLUE)[0])[0])
    for ink in cut(row("88888", color=color)[0]):
        assert np.abs(np.subtract(shape_of(ink), plain)).max() <= 3


@pytest.mark.parametrize("degrees", [0, 20, -35])
def test_inks_are_upright_and_in_reading_order(degrees):
    inks = cut(turned(*row("1 1 1", color=RED), degrees)[0])
    assert [ink is not None for ink in inks] == [True, False, True, False, True]
    straight = cut(row("1 1 1", color=RED)[0])
    for one, other in zip(inks[::2], straight[::2], strict=True):
        np.testing.assert_allclose(shape_of(one), shape_of(other), atol=5)


def test_perspective_is_taken_out():
    image, _ = tilted(*row("11111"), 0.3)
    heights = [shape_of(ink)[0] for ink in cut(image)]
    assert max(heights) - min(heights) < 0.1 * max(heights)


@pytest.mark.parametrize("color", [RED, ORANGE])
def test_a_stroke_on_the_line_is_kept_where_the_colours_differ(color):
    image, corners = row("     ", color=color)
    top, left = corners[2, 0, 1], corners[2, 0, 0]
    image[int(top) - 1 : int(top) + 3, int(left) + 12 : int(left) + 48] = BLACK
    image[int(top) + 2 : int(top) + 50, int(left) + 27 : int(left) + 33] = BLACK
    height, width = shape_of(cut(image)[2])
    assert 0.5 < width / height < 1


def test_a_stroke_that_crosses_a_line_of_its_own_colour_is_not_cut_in_two():
    image, corners = row("     ", pitch=90)
    left, top = corners[1, 0].astype(int)
    image[top - 8 : top + 60, left + 27 : left + 33] = BLACK
    rows = np.flatnonzero((cut(image)[1] > 127).any(axis=1))
    assert np.diff(rows).max() == 1
    assert len(rows) > 0.75 * 68 * 68 / 80


def test_a_stroke_that_runs_into_the_neighbours_box_stays_with_its_digit():
    image, corners = row("1   1", pitch=62)
    left, top = corners[1, 0].astype(int)
    middle = top + 40
    image[middle - 25 : middle + 25, left + 25 : left + 31] = BLACK
    image[middle - 3 : middle + 3, left + 28 : left + 76] = BLACK
    inks = cut(image)
    assert inks[2] is None
    assert shape_of(inks[1])[1] > 0.5 * 60 * 68 / 80


@pytest.mark.parametrize("right", [0, 20, 30])
def test_a_digit_of_which_most_stands_beside_its_box_is_its_boxs(right):
    image, corners = row("1 1 1", pitch=110, size=(650, 260))
    left, top = corners[1, 0].astype(int)
    shape = [(left + 8, top + 12), (left + 46, top + 12), (left + 24, top + 70)]
    cv2.polylines(image, [np.add(shape, (right, 0))], False, BLACK, 6, cv2.LINE_AA)
    inks = cut(image)
    assert inks[3] is None
    np.testing.assert_allclose(shape_of(inks[1]), np.array([68, 44]) * 68 / 80, atol=6)


def test_print_that_a_box_has_a_little_of_is_no_digit():
    image, corners = row("1 1 1", pitch=110, size=(650, 260))
    left, top = corners[1, 0].astype(int)
    cv2.putText(image, "Zip", (left + 56, top + 60), 0, 1.5, BLACK, 3, cv2.LINE_AA)
    assert cut(image)[1] is None


@pytest.mark.parametrize("color", [BLUE, GREY, BLACK])
def test_the_foot_of_a_digit_all_along_the_lower_line_stays(color):
    image, corners = row("1 1 1", pitch=62, color=color, line=1)
    left, _ = corners[1, 0].astype(int)
    bottom = corners[1, 2, 1].astype(int)
    shape = [
        (left + 14, bottom - 56),
        (left + 40, bottom - 56),
        (left + 4, bottom),
        (left + 58, bottom),
    ]
    cv2.polylines(image, [np.array(shape)], False, BLACK, 7, cv2.LINE_AA)
    ink = cut(image)[1]
    assert shape_of(ink)[1] > 48 * 68 / 80


def test_a_grey_picture_is_cut_as_its_copy_in_bgr():
    image, _ = row("04524")
    grey = frozen(np.ascontiguousarray(image[..., 0]))
    for one, other in zip(cut(grey), cut(image), strict=True):
        assert np.abs(np.subtract(shape_of(one), shape_of(other))).max() <= 1


@pytest.mark.parametrize("at", [(2, 90), (70, 2)])
def test_a_row_at_the_edge_of_the_picture_is_cut_with_paper_around(at):
    image, _ = row("11111", at=at, size=(at[0] + 400, at[1] + 90))
    digits = [normalise(ink) for ink in cut(image)]
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
    usual = normalise(cut(row("44444", color=ORANGE)[0])[0])
    digit = normalise(cut(image)[0])
    shifted = [np.roll(digit, (i, j), (0, 1)).ravel() for i in (-1, 0, 1) for j in (-1, 0, 1)]
    assert max(np.corrcoef(s, usual.ravel())[0, 1] for s in shifted) > 0.85


def grainy(image, deviation, seed=0):
    """Return a picture on rough paper, its grain as large as two pixels."""
    grain = np.random.default_rng(seed).normal(0, 1, image.shape[:2])
    grain = cv2.GaussianBlur(grain, (0, 0), 1.0)
    grain *= deviation / grain.std()
    return np.clip(image + grain[..., None], 0, 255).astype(np.uint8)


def test_pencil_on_rough_paper_is_found_as_on_smooth_paper():
    image, _ = row("38256", color=GREY, ink=(165, 165, 165), paper=225)
    smooth = [normalise(ink) for ink in cut(image)]
    rough = [normalise(ink) for ink in cut(grainy(image, 11))]
    for one, other in zip(smooth, rough, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.8


def test_rough_paper_alone_is_blank():
    image, _ = row("     ", color=BLACK, paper=225)
    assert cut(grainy(image, 11)) == [None] * 5


def test_a_digit_stays_whole_where_its_stroke_is_paler():
    image, corners = row("1 1 1", ink=(90, 90, 90), color=GREY)
    left, top = corners[1, 0].astype(int)
    image[top + 15 : top + 65, left + 27 : left + 33] = 90
    # About a third of the ink's density for a part of its length.
    image[top + 36 : top + 44, left + 27 : left + 33] = 175
    inks = cut(image)
    assert shape_of(inks[1])[0] > 0.9 * 50 * 68 / 80


def test_two_digits_that_touch_over_the_wall_are_both_cut_out():
    image, corners = row("1   1", pitch=62, color=GREY, line=1)
    for box in (1, 2):
        left, top = corners[box, 0].astype(int)
        cv2.ellipse(image, (left + 30, top + 40), (31, 22), 0, 0, 360, BLACK, 5, cv2.LINE_AA)
    inks = cut(image)
    for ink in inks[1:3]:
        height, width = shape_of(ink)
        assert 1.1 < width / height < 1.6


def test_digits_that_touch_are_cut_where_they_hang_together_least():
    image, corners = row("  1  ", pitch=62, color=GREY, line=1)
    left, top = corners[1, 0].astype(int)
    # What begins in the first box is touched by a thin bar of the stroke there.
    cv2.ellipse(image, (left + 22, top + 42), (30, 28), 0, 40, 320, BLACK, 6, cv2.LINE_AA)
    cv2.line(image, (left - 32, top + 10), (left - 32, top + 70), BLACK, 6, cv2.LINE_AA)
    cv2.line(image, (left - 32, top + 42), (left - 8, top + 42), BLACK, 3, cv2.LINE_AA)
    stroke, arc, _ = cut(image)[:3]
    assert shape_of(stroke)[1] < 26
    assert min(shape_of(arc)) > 45


def test_digits_are_cut_along_the_wall_where_one_would_be_left_in_pieces():
    image, corners = row("    1", pitch=62, color=GREY, line=1)
    left, top = corners[1, 0].astype(int)
    # Less ink is crossed on the way through both arms than between the two.
    arms = [(left + 40, top + 8), (left - 4, top + 40), (left + 40, top + 72)]
    cv2.polylines(image, [np.array(arms)], False, BLACK, 4, cv2.LINE_AA)
    bar = [(left - 45, top + 24), (left - 2, top + 24), (left - 2, top + 56)]
    cv2.polylines(image, [np.array(bar)], False, BLACK, 9, cv2.LINE_AA)
    inks = cut(image)
    assert shape_of(inks[0])[1] < 50
    assert shape_of(inks[1])[0] > 50


def with_a_zero():
    """Return a row whose third box has a small zero in its middle, and that box's corner."""
    image, corners = row("0   4", box=(90, 160), pitch=110, size=(700, 340))
    left, top = corners[2, 0].astype(int).tolist()
    cv2.ellipse(image, (left + 45, top + 80), (16, 32), 0, 0, 360, BLACK, 5, cv2.LINE_AA)
    return image, np.array([left, top])


@pytest.mark.parametrize(
    ("start", "stop"), [((12, 32), (78, 31)), ((12, 128), (78, 129)), ((18, 20), (17, 140))]
)
def test_a_line_of_bent_paper_beside_a_digit_is_none_of_it(start, stop):
    image, place = with_a_zero()
    plain = normalise(cut(image.copy())[2])
    cv2.line(image, (place + start).tolist(), (place + stop).tolist(), BLACK, 3, cv2.LINE_AA)
    beside = normalise(cut(image)[2])
    assert np.abs(plain.astype(int) - beside).mean() < 2


def test_a_long_thin_digit_beside_the_wall_is_one_where_nothing_else_is():
    image, corners = row("0   4", box=(90, 160), pitch=110, size=(700, 340))
    left, top = corners[2, 0].astype(int).tolist()
    cv2.line(image, (left + 19, top + 20), (left + 18, top + 140), BLACK, 4)
    high, wide = shape_of(cut(image)[2])
    assert high > 5 * wide


def striped(image, depth=0.3, period=14, angle=0.9):
    """Return the image in the light of window blinds."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    way = (x * np.cos(angle) + y * np.sin(angle)) / period % 1
    bars = cv2.GaussianBlur(np.where(way < 0.55, depth, 0.0), (0, 0), 1.2)
    return np.asarray(image * (1 - bars[..., None]), np.uint8)


def paler(image):
    """Return the image with all that is printed or written paler."""
    return np.asarray(255 - (255 - image.astype(float)) * 0.55, np.uint8)


@pytest.mark.parametrize(("depth", "period"), [(0.15, 14), (0.25, 24), (0.35, 14), (0.35, 24)])
def test_stripes_of_shadow_are_not_ink_and_hide_none(depth, period):
    image, _ = row("88858", color=BLUE, size=(600, 260))
    found = find_boxes(image).row
    plain = cut_digits(flatten(paler(image), found))
    inks = cut_digits(flatten(striped(paler(image), depth, period), found))
    for ink, usual in zip(inks, plain, strict=True):
        assert ink is not None
        assert np.abs(np.subtract(shape_of(ink), shape_of(usual))).max() <= 4


@pytest.mark.parametrize("depth", [0.15, 0.35])
def test_of_empty_boxes_in_stripes_of_shadow_nothing_is_left(depth):
    image, _ = row("8    ", color=BLUE, size=(600, 260))
    found = find_boxes(image).row
    inks = cut_digits(flatten(striped(paler(image), depth), found))
    assert [ink is not None for ink in inks] == [True, False, False, False, False]
