from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.annotate import annotate, draw_recording, move
from edge.reading import Digit, Reading
from tests.edge.drawing import BOXES, frozen, recording, row

REJECTED = Reading("rejected", guess="04524", confidence=0.4, reason="low-confidence")


def reading_of(corners, status="accepted"):
    digits = tuple(
        Digit(digit, 0.99, tuple(map(tuple, quad.tolist())))
        for digit, quad in zip("04524", corners, strict=True)
    )
    return Reading(status, postcode="04524", guess="04524", confidence=0.98, digits=digits)


def test_the_picture_is_a_copy_with_a_banner_on_top():
    image, corners = row("04524", size=(800, 260))
    before = image.copy()
    picture = annotate(frozen(image), reading_of(corners))
    np.testing.assert_array_equal(image, before)
    assert picture.dtype == np.uint8
    assert picture.shape[1:] == (800, 3)
    assert picture.shape[0] > 260
    banner = picture.shape[0] - 260
    assert (picture[banner // 2, 2] != image[0, 2]).any()


def test_the_boxes_are_drawn_where_they_were_found():
    image, corners = row("", size=(800, 260))
    blank = np.full_like(image, 246)
    picture = annotate(blank, reading_of(corners))[-260:]
    for left, top in corners[:, 3].astype(int):
        assert (picture[top - 2 : top + 3, left + 20] != 246).any()
    assert (picture[-20:] == 246).all()


@pytest.mark.parametrize("width", [50, 400, 1200, 5000])
def test_the_picture_is_between_480_and_1600_px_wide(width):
    image = np.full((width // 2, width, 3), 246, np.uint8)
    picture = annotate(image, Reading("no-boxes", reason="no-boxes"))
    assert 480 <= picture.shape[1] <= 1600


def test_accepted_and_rejected_are_told_apart_by_colour():
    image, corners = row()
    accepted = annotate(image, reading_of(corners))[3, 3]
    rejected = annotate(image, REJECTED)[3, 3]
    assert accepted.argmax() == 1
    assert rejected.argmax() == 2


@pytest.mark.parametrize("reason", [None, "x" * 400, "no-boxes"])
def test_any_reason_fits(reason):
    assert annotate(row()[0], Reading("no-boxes", reason=reason)).shape[2] == 3


def test_boxes_outside_of_the_picture_are_no_trouble():
    image, corners = row()
    for shift in (-500, 2000):
        annotate(image, reading_of(corners + shift))


def test_a_recording_is_drawn_as_it_looked():
    data = recording("1   1")
    drawing, to_drawing = draw_recording(data)
    assert drawing.dtype == np.uint8
    assert drawing.shape[1:] == (1000, 3)
    scale, x0, y0 = to_drawing
    inked = []
    for x, y, width, height in BOXES:
        part = drawing[
            int(y * scale + y0) : int((y + height) * scale + y0),
            int(x * scale + x0) : int((x + width) * scale + x0),
        ]
        inked.append(bool((part < 128).any()))
    assert inked == [True, False, False, False, True]


def test_boxes_move_into_the_drawing_with_the_strokes():
    data = recording("04524")
    quad = ((20.0, 40.0), (150.0, 40.0), (150.0, 220.0), (20.0, 220.0))
    reading = Reading("accepted", digits=(Digit("0", 1.0, quad), Digit(None, 0.0, None)))
    _, to_drawing = draw_recording(data)
    scale, x0, y0 = to_drawing
    moved = move(reading, to_drawing)
    assert moved.digits[0].box[2] == pytest.approx((150 * scale + x0, 220 * scale + y0))
    assert moved.digits[1].box is None
    assert reading.digits[0].box == quad


coordinates = st.floats(-1e6, 1e6)
sides = st.floats(1e-3, 1e6)


@settings(max_examples=40)
@example([(0, 0, 1e-3, 1e6)] * 5, [[(0, 0), (0, 1e6)]])
@given(
    st.lists(st.tuples(coordinates, coordinates, sides, sides), min_size=5, max_size=5),
    st.lists(st.lists(st.tuples(coordinates, coordinates), max_size=4), max_size=3),
)
def test_whatever_recording_was_taken_can_be_annotated(recognizer, boxes, strokes):
    data = {"boxes": boxes, "strokes": strokes}
    drawing, to_drawing = draw_recording(data)
    picture = annotate(drawing, move(recognizer.read_strokes(data), to_drawing))
    assert picture.size < 10_000_000
