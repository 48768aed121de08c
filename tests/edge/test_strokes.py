from __future__ import annotations

import contextlib
import copy
import json
import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import RecordingError
from edge.strokes import MOST_POINTS, Recording, assign, draw, parse_recording
from tests.edge.drawing import BOXES, frozen, recording

numbers = st.integers() | st.floats() | st.integers(-(10**400), 10**400)
anything = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(st.sampled_from(["boxes", "strokes", "x"]), inner, max_size=3)
    ),
    max_leaves=30,
)
points = st.lists(numbers, min_size=1, max_size=4)
nearly = st.fixed_dictionaries(
    {
        "boxes": st.lists(st.lists(numbers, min_size=4, max_size=4), min_size=5, max_size=5)
        | st.just(BOXES),
        "strokes": st.lists(st.lists(points, max_size=3), max_size=3) | anything,
    }
)
coordinates = st.floats(-1e6, 1e6)
lengths = st.floats(0.01, 1e5)
valid = st.fixed_dictionaries(
    {
        "boxes": st.lists(
            st.tuples(coordinates, coordinates, lengths, lengths), min_size=5, max_size=5
        ),
        "strokes": st.lists(
            st.lists(
                st.tuples(coordinates, coordinates)
                | st.tuples(coordinates, coordinates, st.floats(0, 1e13)),
                max_size=8,
            ),
            max_size=8,
        ),
    }
)


def digits_per_box(data):
    return [len(strokes) for strokes in assign(parse_recording(data))]


@given(anything | nearly)
def test_anything_is_either_a_recording_or_refused(data):
    with contextlib.suppress(RecordingError):
        checked = parse_recording(data)
        assert isinstance(checked, Recording)
        assert np.isfinite(checked.boxes).all()
        assert (checked.boxes[:, 2:] > 0).all()


@given(valid)
def test_what_has_the_form_is_taken_and_not_written_to(data):
    before = copy.deepcopy(data)
    checked = parse_recording(data)
    assert data == before
    assert checked.boxes.dtype == np.float32
    assert checked.boxes.shape == (5, 4)
    assert [len(s) for s in checked.strokes] == [len(s) for s in data["strokes"] if s]
    for stroke in checked.strokes:
        assert stroke.dtype == np.float32
        assert stroke.shape[1] == 2


@given(valid)
def test_whatever_was_taken_can_be_assigned_and_drawn(data):
    checked = parse_recording(data)
    per_box = assign(checked)
    assert len(per_box) == 5
    assert sum(map(len, per_box)) <= len(checked.strokes)
    for strokes, box in zip(per_box, checked.boxes, strict=True):
        ink = draw(strokes, float(box[3]))
        assert ink is None or (ink.dtype == np.uint8 and ink.any() and max(ink.shape) < 200)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.pop("boxes"), '"boxes" and "strokes"'),
        (lambda d: d.pop("strokes"), '"boxes" and "strokes"'),
        (lambda d: d["boxes"].pop(), "5 boxes; this one has 4"),
        (lambda d: d["boxes"].append([0, 0, 1, 1]), "this one has 6"),
        (lambda d: d.update(boxes="abcde"), "this one has no"),
        (lambda d: d["boxes"].__setitem__(2, [1, 2, 3]), "box 3"),
        (lambda d: d["boxes"].__setitem__(4, [1, 2, 3, 0]), "box 5"),
        (lambda d: d["boxes"].__setitem__(0, [1, 2, -3, 4]), "box 1"),
        (lambda d: d["boxes"].__setitem__(0, [math.nan, 2, 3, 4]), "box 1"),
        (lambda d: d["boxes"].__setitem__(0, [0, 2, 3, math.inf]), "box 1"),
        (lambda d: d["boxes"].__setitem__(0, ["0", 2, 3, 4]), "box 1"),
        (lambda d: d["boxes"].__setitem__(0, [True, 2, 3, 4]), "box 1"),
        (lambda d: d["boxes"].__setitem__(0, [1e7, 2, 3, 4]), "box 1"),
        (lambda d: d["boxes"].__setitem__(0, [0, 0, 10**400, 4]), "box 1"),
        (lambda d: d["boxes"].__setitem__(0, [0, 0, 1e-50, 1e-50]), "box 1"),
        (lambda d: d.update(strokes=None), '"strokes"'),
        (lambda d: d.update(strokes=[[1, 2], 3]), '"strokes"'),
        (lambda d: d["strokes"].insert(1, [[1]]), "stroke 2"),
        (lambda d: d["strokes"].insert(0, [[1, 2, 3, 4]]), "stroke 1"),
        (lambda d: d["strokes"].insert(0, [[1, math.nan]]), "stroke 1"),
        (lambda d: d["strokes"].insert(0, [[1, 2, math.inf]]), "stroke 1"),
        (lambda d: d["strokes"].insert(0, [[1, None]]), "stroke 1"),
        (lambda d: d["strokes"].insert(0, [[1, 10**400]]), "stroke 1"),
        (lambda d: d["strokes"].append([[0, 0]] * MOST_POINTS), "points"),
    ],
)
def test_what_is_wrong_is_named(change, words):
    data = copy.deepcopy(recording("04524"))
    change(data)
    with pytest.raises(RecordingError, match=words):
        parse_recording(data)


def test_milliseconds_and_empty_strokes_change_nothing():
    plain = recording("04524")
    timed = {
        "boxes": tuple(plain["boxes"]),
        "strokes": [
            [],
            *([[x, y, 10.0 * i] for i, (x, y) in enumerate(s)] for s in plain["strokes"]),
        ],
    }
    one, other = parse_recording(plain), parse_recording(timed)
    np.testing.assert_array_equal(one.boxes, other.boxes)
    for a, b in zip(one.strokes, other.strokes, strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_survives_the_way_through_a_file():
    data = recording("67381")
    assert digits_per_box(json.loads(json.dumps(data))) == digits_per_box(data)


def test_corners_run_from_the_top_left_clockwise():
    corners = parse_recording(recording("     ")).corners
    assert corners.dtype == np.float32
    assert corners[1].tolist() == [[170, 40], [300, 40], [300, 220], [170, 220]]


def test_each_stroke_goes_to_the_box_it_is_in_whatever_the_order():
    data = recording("11111")
    per_box = assign(parse_recording(data))
    assert [len(strokes) for strokes in per_box] == [1] * 5
    backwards = {"boxes": BOXES, "strokes": data["strokes"][::-1]}
    for one, other in zip(per_box, assign(parse_recording(backwards)), strict=True):
        np.testing.assert_array_equal(one[0], other[0])


def test_a_stroke_over_a_wall_goes_where_most_of_it_is():
    crossing = [[x, 130] for x in range(140, 290, 10)]
    assert digits_per_box({"boxes": BOXES, "strokes": [crossing]}) == [0, 1, 0, 0, 0]


def test_a_stroke_just_outside_belongs_to_the_nearest_box():
    below = [[100, 230], [110, 240]]
    assert digits_per_box({"boxes": BOXES, "strokes": [below]}) == [1, 0, 0, 0, 0]


def test_a_stroke_far_from_all_boxes_belongs_to_none():
    far = [[100, 500], [110, 600]]
    assert digits_per_box({"boxes": BOXES, "strokes": [far]}) == [0] * 5


def test_boxes_may_stand_in_any_order_on_the_screen():
    data = {"boxes": BOXES[::-1], "strokes": [[[40, 60], [40, 200]]]}
    assert digits_per_box(data) == [0, 0, 0, 0, 1]


def test_a_touch_is_no_digit():
    dot = frozen(np.array([[50, 50], [52, 51]], np.float32))
    assert draw([dot], 180.0) is None
    assert draw([], 180.0) is None


@pytest.mark.parametrize("size", [0.2, 1.0, 30.0])
def test_the_drawing_is_the_same_at_any_size(size):
    stroke = np.array([[0, 0], [60, 20], [10, 120]], np.float32)
    usual = draw([stroke], 180.0)
    scaled = draw([frozen(stroke * size + 7)], 180.0 * size)
    assert scaled.shape == usual.shape
    assert np.abs(scaled.astype(int) - usual).mean() < 3


def test_the_pen_is_round_and_as_wide_as_mnists():
    line = draw([np.array([[0, 0], [0, 100]], np.float32)], 180.0)
    width = (line[line.shape[0] // 2] > 127).sum()
    height = (line > 127).any(axis=1).sum()
    assert 0.1 < width / height < 0.14


def test_all_strokes_of_a_box_are_drawn_together():
    strokes = [np.array(s, np.float32) for s in ([[0, 0], [40, 0]], [[20, 0], [20, 100]])]
    both = draw(strokes, 180.0)
    assert (both[2 : both.shape[0] // 4] > 127).any(axis=0).sum() > 35
    assert (both[-30:] > 127).any(axis=0).sum() < 20


def test_taps_are_drawn_as_dots():
    image = draw([np.array([[10, 10]], np.float32), np.array([[40, 60]], np.float32)], 100)
    assert image is not None
    assert cv2.connectedComponents((image > 127).astype(np.uint8))[0] - 1 == 2
