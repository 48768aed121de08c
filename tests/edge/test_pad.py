from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import pad as pad_module
from edge.pad import BOXES, LABELS, PANEL_HEIGHT, PEN, Pad, Seen, action_at, digits_of, draw
from edge.reading import Digit, Reading
from tests.conftest import ROOT

WHITE, RED = (255, 255, 255), (0, 0, 255)
places = st.tuples(st.floats(-50, 600), st.floats(-50, 300))
deeds = st.lists(
    st.tuples(st.sampled_from(["press", "move"]), places)
    | st.tuples(st.just("release"), st.just(())),
    max_size=30,
)


def written(name="touch-stylus.json"):
    """Return a pad on which a sample was written, brought into the book's boxes."""
    recording = json.loads((ROOT / "samples" / name).read_text())
    pad = Pad()
    for stroke in in_the_books_boxes(recording):
        pad = pad.press(*stroke[0])
        for place in stroke[1:]:
            pad = pad.move(*place)
        pad = pad.release()
    return pad


def in_the_books_boxes(recording):
    boxes = np.array(recording["boxes"], float)
    for stroke in recording["strokes"]:
        points = np.array(stroke, float)[:, :2]
        inside = (points[:, None] >= boxes[:, :2]) & (
            points[:, None] <= boxes[:, :2] + boxes[:, 2:]
        )
        box = int(inside.all(axis=2).sum(axis=0).argmax())
        # The shape of a digit is its writer's: one scale for both directions.
        scale = 100 / boxes[box, 2:].max()
        centre = boxes[box, :2] + boxes[box, 2:] / 2
        target = np.array(BOXES[box][:2]) + 50
        yield ((points - centre) * scale + target).tolist()


def reddish(image):
    blue, green, red = image.astype(int).reshape(-1, 3).T
    return int(((red > green + 60) & (red > blue + 60)).sum())


def reading(status, digits="04524", confidence=0.99, reason=None):
    return Reading(
        status,
        guess=digits,
        confidence=confidence,
        digits=tuple(Digit(digit, confidence, None) for digit in digits),
        reason=reason,
    )


def test_an_empty_pad_is_the_books_canvas():
    image = draw(Pad())
    assert image.shape == (200, 520, 3)
    assert image.dtype == np.uint8
    for x, y, width, height in BOXES:
        for place in [(x, y), (x + width, y), (x, y + height), (x + width, y + height)]:
            assert tuple(image[place[1], place[0]]) == RED
        assert (image[y + 1 : y + height, x + 1 : x + width] == 255).all()
    assert (image[:, :5] == 255).all()


@given(deeds)
def test_whatever_the_pen_does_is_a_recording_and_a_picture(deeds):
    pad = Pad()
    for deed, place in deeds:
        before = pad
        kept = (pad.strokes, pad.is_down)
        pad = getattr(pad, deed)(*place)
        assert (before.strokes, before.is_down) == kept
    presses = sum(deed == "press" for deed, _ in deeds)
    assert len(pad.strokes) == presses
    assert all(pad.strokes)
    digits_of(pad.recording)
    assert draw(pad, 0.5).shape == (100, 260, 3)


def test_the_pen_draws_only_while_it_is_down():
    pad = Pad().move(50, 100)
    assert pad == Pad()
    pad = pad.press(50, 80).move(50, 120).release().move(90, 90)
    assert pad.strokes == (((50, 80), (50, 120)),)


def test_a_stroke_is_as_wide_as_the_pen_and_where_it_was_drawn():
    image = draw(Pad().press(60, 80).move(60, 120).release())
    row = image[100, 11:110].min(axis=1) < 128
    assert row.sum() == pytest.approx(2 * PEN, abs=1)
    assert np.flatnonzero(row).mean() + 11 == pytest.approx(60, abs=0.6)
    assert (image[140:149, 11:110] == 255).all()


def test_a_tap_leaves_a_dot():
    image = draw(Pad().press(60, 100).release())
    assert 0.6 < (image[51:150, 11:110].min(axis=2) < 128).sum() / (np.pi * PEN**2) < 1.5


@pytest.mark.parametrize("scale", [0.5, 1, 2.3])
def test_a_picture_at_another_scale_shows_the_same(scale):
    pad = Pad().press(60, 80).move(60, 120).release()
    small, large = draw(pad), draw(pad, scale)
    assert large.shape == (round(200 * scale), round(520 * scale), 3)
    inside = (
        slice(round(55 * scale), round(145 * scale)),
        slice(round(15 * scale), round(105 * scale)),
    )
    alike = cv2.resize(large[inside], (90, 90), interpolation=cv2.INTER_AREA)
    assert np.abs(alike.astype(int) - small[55:145, 15:105]).mean() < 4


def test_drawing_twice_gives_the_same_and_changes_nothing():
    pad = written()
    first = draw(pad)
    np.testing.assert_array_equal(first, draw(pad))


@pytest.mark.parametrize(
    ("name", "postcode"), [("touch-stylus.json", "03187"), ("touch-finger.json", "94625")]
)
def test_what_is_written_is_read(recognizer, name, postcode):
    assert recognizer.read_strokes(written(name).recording).guess == postcode


def test_the_images_shown_are_those_the_model_is_given(recognizer):
    pad = written()
    seen = recognizer.observe_strokes(pad.recording)
    for shown, box in zip(digits_of(pad.recording), seen.boxes, strict=True):
        np.testing.assert_array_equal(shown, box.digit)


def test_accepted_digits_stand_below_their_boxes_in_blue():
    plain, image = draw(Pad()), draw(Pad(reading=reading("accepted")))
    changed = (plain != image).any(axis=2)
    assert not changed[:151].any()
    for x, _, width, _ in BOXES:
        assert changed[155:185, x : x + width].sum() > 50
    blue, _, red = image[changed].astype(int).T
    assert (blue >= 250).all()
    assert red.min() == 0


def test_a_doubtful_reading_looks_doubtful():
    sure = draw(Pad(reading=reading("accepted")))
    doubtful = draw(Pad(reading=reading("rejected", confidence=0.6, reason="low-confidence")))
    assert reddish(doubtful[185:]) > 50
    assert reddish(sure[185:]) == 0
    # A question mark beside each digit that is not sure.
    x = BOXES[0][0]
    assert (sure[155:184, x + 61 : x + 90] == 255).all()
    assert (doubtful[155:184, x + 61 : x + 90] != 255).any()


def test_a_blank_box_is_a_dash():
    digits = (Digit(None, 0.0, None), *reading("rejected").digits[1:])
    image = draw(Pad(reading=Reading("rejected", digits=digits, reason="blank-box")))
    ink = (image[155:184, 11:110] != 255).any(axis=2)
    assert ink.any()
    assert np.ptp(np.flatnonzero(ink.any(axis=1))) <= 4


def test_what_is_drawn_after_a_reading_is_not_what_was_read():
    pad = Pad(reading=reading("accepted")).press(60, 100)
    assert pad.reading is None


def test_the_panel_shows_the_five_images_and_their_probabilities():
    digits = digits_of(written().recording)
    rows = tuple(np.eye(10, dtype=np.float32)[[0, 3, 1, 8, 7]])
    image = draw(Pad(seen=Seen(digits, rows)), 2)
    assert image.shape == (2 * (200 + PANEL_HEIGHT), 1040, 3)
    for i, (x, _, _, _) in enumerate(BOXES):
        large = image[400 + 8 : 400 + 8 + 168, 2 * (x + 8) : 2 * (x + 8) + 168]
        np.testing.assert_array_equal(large[3::6, 3::6, 0], digits[i])
        # One bar is full, where the model is sure.
        bars = image[400 + 180 : 800, 2 * (x + 18) : 2 * (x + 64)]
        full = (bars == (255, 0, 0)).all(axis=2).mean(axis=1) > 0.9
        assert full.any()
        middle = np.flatnonzero(full).mean() / 2 + 90
        assert middle == pytest.approx(100 + 10 * int(rows[i].argmax()) - 3, abs=2)


def test_blank_boxes_are_said_to_be_blank_in_the_panel():
    image = draw(Pad(seen=Seen((None,) * 5, (None,) * 5)))
    assert image.shape == (400, 520, 3)
    assert (image[200:] < 200).any()


def test_the_words_at_the_top_are_buttons_and_the_rest_is_paper():
    for number, (action, _) in enumerate(LABELS):
        assert action_at(number * 130 + 1, 1) == action
        assert action_at(number * 130 + 129, 43) == action
    for place in [(-1, 10), (520, 10), (60, -1), (60, 44), (60, 100), (60, 190)]:
        assert action_at(*place) is None


def test_a_cloth_on_the_screen_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(pad_module, "_MOST_POINTS", 50)
    pad = Pad().press(0, 0)
    for i in range(100):
        pad = pad.move(i, 100).press(i, 50)
    assert sum(map(len, pad.strokes)) <= 51
    assert pad.release().press(1, 1).strokes == pad.strokes
