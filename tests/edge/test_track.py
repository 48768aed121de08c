from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.boxes import find_boxes
from edge.row import Row
from edge.track import follow, settle
from tests.edge.drawing import away, frozen, row, seen

SIZE = (1280, 960)


@pytest.fixture(scope="module")
def scene():
    """A page with a row of boxes 100 px high, its corners, and the boxes found in it."""
    image, corners = row("04524", box=(80, 100), pitch=100, at=(350, 420), size=SIZE)
    return frozen(image), corners, find_boxes(image)


def moved(image, corners, x=0.0, y=0.0, degrees=0.0, scale=1.0):
    matrix = cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), degrees, scale)
    matrix[:, 2] += [x, y]
    return seen(image, corners, np.vstack([matrix, [0, 0, 1]]), SIZE)


def small(image):
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize(
    ("x", "y", "degrees", "scale"),
    [(0, 0, 0, 1), (5, -3, 0, 1), (40, 25, 0, 1), (-20, 10, 3, 1), (0, 0, -6, 1), (6, 6, 1, 1.05)],
)
def test_a_row_is_followed_and_then_settles_on_its_lines(scene, x, y, degrees, scale):
    image, corners, boxes = scene
    now, there = moved(image, corners, x, y, degrees, scale)
    expected = follow(small(image), small(now), boxes.row, 0.5)
    assert away(expected.corners(), there) < 0.06
    settled = settle(frozen(now), boxes, expected)
    assert away(settled.corners, there) < 0.04
    assert settled.coverage > 0.9


def test_the_lines_alone_bring_a_row_back_that_is_a_little_off(scene):
    image, corners, boxes = scene
    off = boxes.row.scaled(1.0)
    shift = np.array([[1, 0, 6], [0, 1, -5], [0, 0, 1]])
    settled = settle(image, boxes, Row(shift @ off.homography, off.fill))
    assert away(settled.corners, corners) < 0.03


def test_where_all_is_covered_there_is_nothing_to_follow(scene):
    image, _, boxes = scene
    covered = np.full_like(image, 90)
    assert follow(small(image), small(covered), boxes.row, 0.5) is None
    assert settle(covered, boxes, boxes.row) is None


def test_another_page_is_not_taken_for_the_row(scene):
    image, _, boxes = scene
    noise = np.random.default_rng(0).integers(0, 256, image.shape, np.uint8)
    assert follow(small(image), small(noise), boxes.row, 0.5) is None
    assert settle(noise, boxes, boxes.row) is None


def test_a_row_is_not_pulled_onto_one_farther_off(scene):
    image, corners, boxes = scene
    now, _ = moved(image, corners, x=100)
    # A whole pitch away: the row's own neighbour would be its second box.
    assert settle(now, boxes, boxes.row) is None


@pytest.mark.parametrize(("x", "y"), [(-340, 0), (2000, 0), (0, -3000), (450, -415)])
def test_a_row_outside_of_the_picture_is_none_or_seen_in_part(scene, x, y):
    image, corners, boxes = scene
    now, there = moved(image, corners, x=x, y=y)
    shift = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])
    settled = settle(now, boxes, Row(shift @ boxes.row.homography, boxes.row.fill))
    if settled is not None:
        assert away(settled.corners, there) < 0.1


def test_pictures_of_other_sizes_can_not_be_compared(scene):
    image, _, boxes = scene
    assert follow(small(image), small(image)[:-2], boxes.row, 0.5) is None


def test_a_marked_row_stays_marked_and_a_residual_is_that_of_now(scene):
    from dataclasses import replace

    image, _, boxes = scene
    settled = settle(image, replace(boxes, is_marked=True, residual=0.5), boxes.row)
    assert settled.is_marked
    assert settled.coverage == 1
    assert settled.residual < 0.1
