from __future__ import annotations

import cv2
import pytest

from edge import Recognizer
from edge.boxes import find_boxes
from edge.quality import assess
from edge.strip import flatten
from tests.edge.drawing import row, tilted


def quality(image):
    boxes = find_boxes(image)
    assert boxes is not None
    return assess(image.shape[1::-1], boxes, flatten(image, boxes.row))


def test_a_clean_row_has_no_problem():
    found = quality(row("04524")[0])
    assert found.problem is None
    assert abs(found.height - 80) < 4
    assert found.tilt < 1.05
    assert found.outside == 0
    assert found.residual < 0.03


def test_a_row_seen_obliquely_is_tilted():
    image, _ = tilted(*row("04524"), 0.3)
    assert quality(image).residual < 0.05
    assert 1 <= quality(image).tilt < 1.3


def test_blur_is_measured_in_box_heights():
    image, _ = row("04524", line=5)
    sharp = quality(image).blur
    soft = quality(cv2.GaussianBlur(image, (0, 0), 6))
    assert sharp < 0.03
    assert soft.blur == pytest.approx(6 / 80, rel=0.45)
    assert soft.problem == "blurred"


def test_boxes_of_a_few_pixels_are_too_small():
    image, _ = row("04524")
    assert quality(cv2.resize(image, None, fx=0.15, fy=0.15, interpolation=3)).problem == (
        "too-small"
    )


def test_the_reason_of_a_rejected_reading_is_what_can_be_done_about_it():
    image = cv2.GaussianBlur(row("04524", line=5)[0], (0, 0), 6)
    reading = Recognizer().read(image)
    assert reading.status == "rejected"
    assert reading.reason == "blurred"
