"""Tests of edge/others.py."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.others import other_boxes
from edge.row import row_through
from tests.edge.drawing import BLACK, GREY, ORANGE, row, write

SIZE = (900, 260)


def fitted(corners):
    return row_through(np.asarray(corners, np.float32), np.arange(5))


def five_of(count, first=0, at=(70, 90), **how):
    """Return a picture of a row of boxes, and the five from `first` on as a row."""
    image, corners = row("1234567890"[:count], at=at, size=SIZE, count=count, **how)
    return image, fitted(corners[first : first + 5])


@pytest.mark.parametrize("box", [(60, 80), (80, 80)])
@pytest.mark.parametrize("color", [BLACK, ORANGE])
def test_five_boxes_are_no_longer_row(box, color):
    found = other_boxes(*five_of(5, box=box, color=color))
    assert found.beside < 0.35
    assert not found.are_there


@pytest.mark.parametrize("box", [(60, 80), (80, 80)])
@pytest.mark.parametrize("first", [0, 1, 2])
def test_five_of_seven_boxes_are_a_longer_row(box, first):
    found = other_boxes(*five_of(7, first, box=box))
    assert found.beside > 0.9
    assert found.are_there


@pytest.mark.parametrize("line", [6, 9, 12])
@pytest.mark.parametrize("stretch", [0.97, 0.99, 1.01])
def test_beside_a_row_that_is_a_little_too_short_or_long_there_may_be_a_sixth_box(line, stretch):
    image, corners = row("123456", pitch=90, line=line, size=SIZE, count=6)
    five = np.asarray(corners, np.float32)[:5]
    five[..., 0] = 70 + stretch * (five[..., 0] - 70)
    assert other_boxes(image, fitted(five)).may_be_there


@pytest.mark.parametrize("line", [3, 6, 12])
def test_beside_five_boxes_there_is_none_that_lies_off_its_place(line):
    assert not other_boxes(*five_of(5, pitch=90, line=line)).may_be_there


def test_ink_on_the_sixth_boxs_walls_does_not_hide_it():
    image, five = five_of(6, box=(80, 80))
    # A zero that is as high as its box and lies on all four walls.
    cv2.ellipse(image, (510, 130), (37, 38), 0, 0, 360, BLACK, 9, cv2.LINE_AA)
    assert other_boxes(image, five).are_there


def test_boxes_apart_that_were_fitted_as_joined_are_a_longer_row():
    image, corners = row("1234567", box=(56, 80), pitch=80, size=SIZE, count=7, color=ORANGE)
    joined = np.asarray(corners, np.float32)[2:7]
    joined[:, [0, 3], 0] = joined[:, [1, 2], 0] - 80
    assert other_boxes(image, fitted(joined)).are_there


def test_what_is_written_beside_the_row_is_no_sixth_box():
    image, five = five_of(5, box=(80, 80))
    for k, digit in enumerate("47"):
        write(image, digit, (480 + 80 * k, 90), (560 + 80 * k, 170))
    assert other_boxes(image, five).beside < 0.5


def test_a_guide_line_beside_the_row_is_no_sixth_box():
    image, five = five_of(5)
    cv2.line(image, (460, 170), (880, 170), BLACK, 3)
    cv2.line(image, (460, 90), (880, 90), BLACK, 3)
    assert not other_boxes(image, five).are_there


def test_squared_paper_under_the_row_makes_no_sixth_box():
    image = np.full((260, 900, 3), 246, np.uint8)
    for k in range(0, 900, 40):
        cv2.line(image, (k, 0), (k, 259), (200, 190, 180), 1)
        cv2.line(image, (0, k + 10), (899, k + 10), (200, 190, 180), 1)
    printed, five = five_of(5, at=(80, 90), box=(80, 80))
    assert other_boxes(np.minimum(image, printed), five).beside < 0.5


def test_lines_of_ruled_paper_beside_the_row_are_no_sixth_box():
    image, five = five_of(5)
    for y in (90, 170):
        cv2.line(image, (0, y), (SIZE[0], y), BLACK, 3)
    # And the paper's edge is where the sixth box would end.
    cv2.line(image, (530, 0), (530, SIZE[1]), BLACK, 3)
    found = other_boxes(image, five)
    assert 0.4 < found.beside < 0.6
    assert not found.are_there


def test_of_four_boxes_after_a_hyphen_the_first_is_hardly_seen():
    image, corners = row("6524", at=(230, 90), size=SIZE, count=4, color=ORANGE)
    cv2.rectangle(image, (110, 90), (170, 170), ORANGE, 3)
    write(image, "3", (110, 90), (170, 170))
    cv2.line(image, (185, 130), (215, 130), ORANGE, 3)
    five = fitted(np.concatenate([corners[:1] - np.array([80, 0], np.float32), corners]))
    assert other_boxes(image, five).worst < 0.6
    assert other_boxes(*five_of(5, color=ORANGE)).worst > 0.9


def test_a_place_that_is_cut_off_by_the_picture_is_no_sixth_box():
    image, five = five_of(7, 0, at=(40, 90), box=(80, 80))
    assert other_boxes(np.ascontiguousarray(image[:, :500]), five).beside == 0.0


@pytest.mark.parametrize("first", [0, 1])
def test_every_second_of_ten_boxes_is_no_row_of_five(first):
    image, corners = row("1234567890", box=(80, 80), size=SIZE, at=(40, 90), count=10)
    found = other_boxes(image, fitted(corners[first::2]))
    assert found.between > 0.9
    assert found.are_there


def test_five_boxes_with_wide_gaps_have_none_between_them():
    image, corners = row("12345", box=(70, 80), pitch=140, at=(100, 90), size=SIZE)
    found = other_boxes(image, fitted(corners))
    assert found.between < 0.2
    assert not found.are_there


def test_ten_boxes_that_are_taken_by_twos_are_no_row_of_five():
    image, corners = row("1234567890", box=(44, 80), pitch=44, size=SIZE, count=10)
    corners = np.asarray(corners, np.float32)
    twos = corners[::2].copy()
    twos[:, [1, 2]] = corners[1::2][:, [1, 2]]
    found = other_boxes(image, fitted(twos))
    assert found.dividing > 0.9
    assert found.are_there


def test_eight_boxes_that_are_taken_as_five_wider_ones_are_no_row_of_five():
    image, corners = row("12345678", box=(64, 80), size=SIZE, count=8, color=ORANGE)
    left, right = corners[0][0][0], corners[-1][1][0]
    wide = (right - left) / 5
    fives = np.array(
        [
            [(left + (k + x) * wide, 90 + 80 * y) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
            for k in range(5)
        ]
    )
    found = other_boxes(image, fitted(fives))
    assert found.crossing > 0.9
    assert found.are_there


def test_upright_strokes_in_the_boxes_are_no_walls():
    image, corners = row("11111", box=(80, 80), size=SIZE)
    assert not other_boxes(image, fitted(corners)).are_there


def test_half_a_turn_and_perspective_change_nothing():
    image, five = five_of(7, 1, box=(80, 80))
    matrix = np.array([[-0.9, 0.1, 860], [-0.05, -0.95, 300], [-1e-4, 2e-4, 1.1]])
    seen = cv2.warpPerspective(image, matrix, (950, 420), borderValue=(246, 246, 246))
    corners = cv2.perspectiveTransform(five.corners().reshape(-1, 1, 2), matrix)
    assert other_boxes(seen, fitted(corners.reshape(5, 4, 2))).beside > 0.8


def test_a_grey_picture_will_do_and_is_not_written_to():
    image, five = five_of(7, color=GREY)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    grey.setflags(write=False)
    assert other_boxes(grey, five).beside > 0.8
