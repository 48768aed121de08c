from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from edge.failures import Outcome, draw_failures
from edge.reading import Digit, Reading
from tests.edge.drawing import recording, row

ACCEPTED = Reading("accepted", postcode="04524", guess="04524", confidence=0.99)
UNSURE = Reading("rejected", guess="04524", confidence=0.5, reason="low-confidence")
BLANK = Reading("rejected", reason="blank-box")
NONE = Reading("no-boxes", reason="no-boxes")
ERROR = Reading("error", reason="the image is damaged or cut short (…)")


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), row("04524")[0])
    return path


@pytest.mark.parametrize(
    ("reading", "postcode", "right", "failed", "reason", "grade"),
    [
        (ACCEPTED, "04524", True, False, None, 0),
        (ACCEPTED, "04523", False, True, None, 0),
        (UNSURE, "04523", False, True, "low-confidence", 1),
        (BLANK, "04524", False, True, "blank-box", 2),
        (NONE, "04524", False, True, "no-boxes", 2),
        (ERROR, "04524", False, True, "error", 2),
        (UNSURE, "04524", True, True, "low-confidence", 3),
    ],
)
def test_an_outcome_is_judged(photo, reading, postcode, right, failed, reason, grade):
    outcome = Outcome(photo, postcode, reading)
    assert (outcome.right, outcome.failed, outcome.reason) == (right, failed, reason)
    assert outcome.grade == grade


def test_without_failures_the_sheet_says_so(photo):
    sheet = draw_failures([Outcome(photo, "04524", ACCEPTED)] * 3)
    assert sheet.dtype == np.uint8
    assert (sheet < 128).any()
    assert sheet.shape[0] < 120


def test_the_sheet_grows_with_the_failures_and_has_an_end(photo):
    def height(count):
        return draw_failures([Outcome(photo, "04523", UNSURE)] * count).shape[0]

    one, three, four = height(1), height(3), height(4)
    assert one == three < four
    assert height(60) == height(70)


def test_a_picture_is_cut_down_to_its_boxes(tmp_path):
    image, corners = row("04524", at=(900, 700), size=(2000, 1500))
    image[:200, :200] = (255, 0, 255)
    path = tmp_path / "large.png"
    cv2.imwrite(str(path), image)
    digits = tuple(
        Digit(digit, 0.9, tuple(map(tuple, quad.tolist())))
        for digit, quad in zip("04524", corners, strict=True)
    )
    found = Reading("rejected", guess="04524", confidence=0.5, reason="x", digits=digits)
    magenta = [
        ((draw_failures([Outcome(path, "04523", reading)]) == (255, 0, 255)).all(axis=2)).any()
        for reading in (found, NONE)
    ]
    assert magenta == [False, True]


def test_boxes_outside_of_the_picture_do_no_harm(photo):
    box = ((-90.0, -90.0), (-50.0, -90.0), (-50.0, -50.0), (-90.0, -50.0))
    reading = Reading("rejected", reason="blank-box", digits=(Digit(None, 0.0, box),) * 5)
    assert draw_failures([Outcome(photo, "04524", reading)]).size


def test_recordings_and_what_cannot_be_opened_have_their_places(tmp_path, recognizer, photo):
    touch, broken, gone = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "c.jpg"
    touch.write_text(json.dumps(recording("04524")))
    broken.write_text("{}")
    reading = recognizer.read_strokes(recording("04524"))
    outcomes = [Outcome(touch, "11111", reading), Outcome(broken, "04524", ERROR)]
    outcomes += [Outcome(gone, "04524", ERROR), Outcome(photo, "04524", NONE)]
    sheet = draw_failures(outcomes)
    alone = draw_failures(outcomes[:1])
    assert sheet.shape[0] > alone.shape[0]
    # The green of what was accepted: the boxes of the recording.
    green, red = sheet[..., 1].astype(int), sheet[..., 2]
    assert (green - red > 100).any()


def test_a_name_of_any_script_can_stand_below(tmp_path, photo):
    names = ["봉투 하나.png", "x" * 200 + ".png", "\udcff.png"]
    outcomes = [Outcome(photo.with_name(name), "04524", NONE) for name in names]
    assert draw_failures(outcomes).size
