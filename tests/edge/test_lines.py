from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.lines import take_lines_out
from edge.row import fit_row, unit_corners
from edge.strip import flatten
from tests.edge.drawing import BLACK, BLUE, GREY, ORANGE, RED, frozen, row

# Of the boxes that `row` draws, px.
WIDTH, HEIGHT = 60, 80


def strip_of(image, corners):
    """Return the strip of boxes whose true corners are known; nobody may write to it."""
    fill = WIDTH / np.ptp(corners[:2, 0, 0])
    true = fit_row(unit_corners(fill).reshape(-1, 2), corners.reshape(-1, 2), fill, None)
    strip = flatten(image, true)
    frozen(strip.densities)
    return strip


def along_right_wall(inks, strip, box):
    """Return the densest ink on a box's right wall, for each row of its middle half."""
    quarter = strip.height // 4
    rows = slice(strip.top + quarter, strip.bottom - quarter)
    column = int(strip.rights[box])
    return inks[rows, column - 2 : column + 3].max(axis=1)


@pytest.mark.parametrize("color", [BLACK, RED, ORANGE, BLUE, GREY])
@pytest.mark.parametrize("pitch", [60, 90])
def test_of_lines_alone_nothing_dark_is_left(color, pitch):
    image, corners = row("     ", pitch=pitch, color=color)
    strip = strip_of(image, corners)
    inks, _ = take_lines_out(strip)
    assert inks.shape == strip.densities.shape[:2]
    assert inks.dtype == np.float32
    assert strip.densities.mean(axis=2).max() > 0.3
    middle = np.r_[strip.middle[1]]
    assert inks[:, middle].max() < 0.1


@pytest.mark.parametrize("color", [GREY, ORANGE, (190, 190, 190)])
def test_a_stroke_that_lies_on_a_fainter_line_stays(color):
    image, corners = row("11111", color=color, line=2)
    right, top = corners[1, 1].astype(int)
    cv2.line(image, (right, top + 20), (right, top + 60), BLACK, 6, cv2.LINE_AA)
    strip = strip_of(image, corners)
    inks, level = take_lines_out(strip)
    assert along_right_wall(inks, strip, 1).min() > 0.6 * level
    assert along_right_wall(inks, strip, 3).max() < 0.2 * level


def test_one_wall_may_be_printed_much_stronger_than_the_others():
    image, corners = row("11111", color=GREY, line=1)
    right, top = corners[2, 1].astype(int)
    cv2.line(image, (right, top - 2), (right, top + HEIGHT + 2), BLACK, 7)
    strip = strip_of(image, corners)
    inks, level = take_lines_out(strip)
    assert along_right_wall(inks, strip, 2).max() < 0.4 * level


def test_ink_that_covers_half_of_a_wall_is_not_taken_for_the_line():
    image, corners = row("11111", color=GREY, line=1)
    left, bottom = corners[2, 3].astype(int)
    cv2.line(image, (left + 8, bottom - 2), (left + 44, bottom - 2), BLACK, 6)
    strip = strip_of(image, corners)
    inks, level = take_lines_out(strip)
    columns = slice(int(strip.lefts[2]) + 12, int(strip.lefts[2]) + 32)
    assert inks[strip.bottom - 5 : strip.bottom + 3, columns].max(axis=0).min() > 0.6 * level


def test_a_bar_along_a_wall_of_another_colour_stays():
    # The bar of a seven that is as long as its box is wide.
    image, corners = row("1 111", color=RED)
    left, top = corners[1, 0].astype(int)
    cv2.line(image, (left, top + 1), (left + WIDTH, top + 1), BLACK, 6)
    strip = strip_of(image, corners)
    inks, level = take_lines_out(strip)
    columns = slice(int(strip.lefts[1]) + 6, int(strip.rights[1]) - 6)
    assert inks[strip.top - 4 : strip.top + 5, columns].max(axis=0).min() > 0.6 * level
    others = slice(int(strip.lefts[3]) + 6, int(strip.rights[3]) - 6)
    assert inks[strip.top - 4 : strip.top + 5, others].max() < 0.3 * level


def test_a_line_of_ruled_paper_is_taken_out_of_the_boxes():
    image, corners = row("1 111", color=ORANGE)
    cv2.line(image, (0, 130), (image.shape[1], 130), BLUE, 2)
    left, _ = corners[1, 0].astype(int)
    cv2.line(image, (left + 20, 100), (left + 40, 160), BLACK, 6, cv2.LINE_AA)
    strip = strip_of(image, corners)
    inks, level = take_lines_out(strip)
    at = (strip.top + strip.bottom) // 2
    along = inks[at - 3 : at + 4].max(axis=0)
    # Of five strokes five are left, each about six px wide.
    strokes, _ = cv2.connectedComponents((along[None] > 0.3 * level).astype(np.uint8))
    assert strokes - 1 == 5


def test_an_upright_line_of_squared_paper_is_no_stroke():
    image, corners = row("1 1 1")
    middle = round(corners[1, :, 0].mean())
    cv2.line(image, (middle, 0), (middle, image.shape[0]), GREY, 2)
    # A stroke as long as the box is one.
    other, top = corners[3, :, 0].mean().round().astype(int), int(corners[3, 0, 1])
    cv2.line(image, (other, top), (other, top + HEIGHT), GREY, 2)
    strip = strip_of(image, corners)
    inks, _ = take_lines_out(strip)
    rows = slice(strip.top + 8, strip.bottom - 8)
    line, stroke = (
        inks[rows, strip.lefts[box] + 8 : strip.rights[box] - 8].max(axis=1) for box in (1, 3)
    )
    assert line.max() < 0.1
    assert stroke.min() > 0.2


@pytest.mark.parametrize("lean", [0, 10, 20])
def test_a_stroke_across_a_line_of_its_own_colour_is_bridged(lean):
    image, corners = row("1 1 1", pitch=90)
    left, top = corners[1, 0].astype(int)
    ends = (left + 20, top - 14), (left + 20 + lean, top + 14)
    cv2.line(image, *ends, BLACK, 6, cv2.LINE_AA)
    strip = strip_of(image, corners)
    inks, level = take_lines_out(strip)
    inner = inks[strip.top - 8 : strip.top + 9, strip.lefts[1] + 5 : strip.rights[1] - 5]
    assert inner.max(axis=1).min() > 0.5 * level


def test_colours_that_are_a_little_noisy_are_smoothed_and_parted():
    ink = (170,) * 3
    image, corners = row("11111", color=RED, ink=ink)
    right, top = corners[1, 1].astype(int)
    cv2.line(image, (right, top + 2), (right, top + HEIGHT - 2), ink, 6)
    noise = np.random.default_rng(0).normal(0, 30, image.shape)
    noisy = np.clip(image + noise, 0, 255).astype(np.uint8)
    strip = strip_of(noisy, corners)
    inks, level = take_lines_out(strip)
    assert np.median(along_right_wall(inks, strip, 1)) > 0.6 * level
    assert np.median(along_right_wall(inks, strip, 3)) < 0.3 * level


def test_colours_that_are_noisier_than_the_ink_are_not_parted():
    rng = np.random.default_rng(0)
    image, corners = row("00000", color=ORANGE, ink=(210, 210, 210))
    noisy = np.clip(image + rng.normal(0, 35, image.shape), 0, 255).astype(np.uint8)
    strip = strip_of(noisy, corners)
    inks, _ = take_lines_out(strip)
    box = slice(int(strip.lefts[2]) + 10, int(strip.lefts[2]) + 16)
    rows = slice(strip.top + 20, strip.bottom - 20)
    plain = strip.densities[rows, box].mean(axis=2)
    np.testing.assert_allclose(inks[rows, box], plain, atol=0.01)


def test_the_usual_density_is_the_strokes_not_the_papers():
    assert take_lines_out(strip_of(*row("88888")))[1] > 1.2
    assert 0.2 < take_lines_out(strip_of(*row("88888", ink=(170, 170, 170))))[1] < 0.6
