from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.boxes import find_boxes
from edge.markers import (
    BOX_HEIGHT,
    BOX_WIDTH,
    DICTIONARY,
    FILL,
    LEFT,
    RIGHT,
    SIDE,
    marked,
    marker_corners,
    row_between_markers,
)
from edge.row import row_through
from tests.edge.drawing import away, frozen, tilted, turned, write

PX = 6.0
AT = (200, 140)


def form(left=LEFT, right=RIGHT):
    """Return a form of which nothing but its markers is seen, and its boxes' corners."""
    pitch = BOX_WIDTH / FILL
    image = np.full((360, 800, 3), 240, np.uint8)
    known = cv2.aruco.getPredefinedDictionary(DICTIONARY)
    names = {LEFT: left, RIGHT: right}
    for name, corners in marker_corners().items():
        x, y = np.rint(corners[0] * [pitch, BOX_HEIGHT] * PX + AT).astype(int)
        side = round(SIDE * PX)
        marker = cv2.aruco.generateImageMarker(known, names[name], side)
        image[y : y + side, x : x + side] = np.maximum(marker, 20)[..., None]
    starts = AT[0] + PX * (pitch * np.arange(5) + (pitch - BOX_WIDTH) / 2)
    box = np.array([[0, 0], [BOX_WIDTH, 0], [BOX_WIDTH, BOX_HEIGHT], [0, BOX_HEIGHT]]) * PX
    return image, np.stack([box + np.array([x, AT[1]]) for x in starts]).astype(np.float32)


@pytest.mark.parametrize("degrees", [0, 20, 90, 180, 250])
def test_a_row_is_where_its_markers_say_and_as_it_stands(degrees):
    image, corners = turned(*form(), degrees)
    found = row_between_markers(frozen(image)).corners()
    # Not only the same five boxes: the first is the first one, however the form lies.
    assert np.abs(found - corners).max() < 0.05 * BOX_HEIGHT * PX


def test_a_form_that_leans_away_is_found():
    image, corners = tilted(*form(), 0.2)
    assert away(row_between_markers(image).corners(), corners) < 0.06


def test_large_and_grey_pictures_do_as_well():
    image, corners = form()
    large = cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    expected = (corners + 0.5) * 3 - 0.5
    assert away(row_between_markers(large).corners(), expected) < 0.05
    assert away(row_between_markers(image[..., 0]).corners(), corners) < 0.05


@pytest.mark.parametrize("names", [(LEFT, LEFT), (LEFT, 7), (7, RIGHT), (RIGHT, LEFT)])
def test_other_markers_make_no_row(names):
    assert row_between_markers(form(*names)[0]) is None


def test_one_marker_alone_makes_no_row():
    image, _ = form()
    image[:, :200] = 240
    assert row_between_markers(image) is None


def test_a_picture_without_markers_has_none():
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    assert row_between_markers(noise) is None
    assert row_between_markers(np.full((12, 45, 3), 250, np.uint8)) is None


@pytest.mark.parametrize("degrees", [0, 180])
def test_a_form_of_which_no_line_is_seen_is_read_as_it_stands(recognizer, degrees):
    image, corners = form()
    for digit, quad in zip("88969", corners, strict=True):
        write(image, digit, quad[0], quad[2])
    image, corners = turned(image, corners, degrees)
    boxes = find_boxes(image)
    assert boxes.is_marked
    assert away(boxes.corners, corners) < 0.05
    # Upside down it would be 69688.
    assert recognizer.read(image).guess == "88969"


def outlined(left=LEFT, right=RIGHT):
    """Return a form whose boxes are seen as clearly as its markers, and their corners."""
    image, corners = form(left, right)
    for quad in corners:
        cv2.polylines(image, [np.rint(quad).astype(np.int32)], True, (60, 50, 210), 3)
    return image, corners


@pytest.mark.parametrize("size", [0.25, 0.5, 1, 2.5])
@pytest.mark.parametrize("degrees", [0, 70, 180, 265])
def test_a_row_found_by_its_lines_is_turned_as_its_markers_say(degrees, size):
    image, corners = turned(*outlined(), degrees)
    image = cv2.resize(image, None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
    corners = (corners + 0.5) * size - 0.5
    upright = row_through(corners, np.arange(5))
    for row in (upright, upright.turned()):
        found = marked(row, frozen(image)).corners()
        assert np.abs(found - corners).max() < 0.05 * BOX_HEIGHT * PX * size


@pytest.mark.parametrize(
    ("left", "right"), [(LEFT, LEFT), (RIGHT, LEFT), (LEFT, 7), (9, RIGHT), (12, 40)]
)
def test_a_row_between_other_markers_is_no_forms(left, right):
    image, corners = outlined(left, right)
    assert marked(row_through(corners, np.arange(5)), image) is None


def test_a_row_beside_which_nothing_or_a_desk_lies_is_no_forms():
    image, corners = outlined()
    row = row_through(corners, np.arange(5))
    image[:, :200], image[:, 580:] = 240, 240
    assert marked(row, image) is None
    noise = np.random.default_rng(0).integers(0, 255, image.shape, np.uint8)
    image[:, :200], image[:, 580:] = noise[:, :200], noise[:, 580:]
    assert marked(row, image) is None
    # Nor one that fills the picture.
    x, y = corners.reshape(-1, 2).min(axis=0).astype(int)
    strip = image[y : y + 74, x : x + 362]
    assert marked(row_through(corners - np.float32([x, y]), np.arange(5)), strip) is None


def test_a_form_whose_lines_are_clear_is_read_as_its_markers_say(recognizer):
    image, corners = outlined()
    for digit, quad in zip("88969", corners, strict=True):
        write(image, digit, quad[0], quad[2])
    image, corners = turned(image, corners, 180)
    boxes = find_boxes(image)
    assert boxes.is_marked
    assert away(boxes.corners, corners) < 0.05
    assert recognizer.read(image).guess == "88969"
