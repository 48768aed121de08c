from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from benchmarks.compare import rows
from edge import RecordingError
from tests.benchmarks.hands import made_photo
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def photo():
    return made_photo("scan", 1, 0)


def test_a_photographed_row_is_black_on_white_in_five_equal_boxes(photo):
    before = photo.image.copy()
    row = rows.photographed(photo.image, photo.corners)
    assert (photo.image == before).all()
    assert row.image.dtype == np.uint8
    assert np.median(row.image) > 230
    assert len(row.boxes) == 5
    assert len({box[1:] for box in row.boxes}) == 1
    for x, y, width, height in row.boxes:
        assert row.image[y : y + height, x : x + width].min() < 60


def test_printed_lines_are_taken_out_of_it(photo):
    row = rows.photographed(photo.image, photo.corners)
    x, y, width, height = row.boxes[0]
    # Ink may cross a wall, but not all along it.
    wall = row.image[y : y + height, max(0, x - 2) : x + 3].min(axis=1)
    assert np.median(wall) > 200
    assert np.median(row.image[y - 2 : y + 3, x : x + width].min(axis=0)) > 200


def test_a_row_that_is_upside_down_in_the_photo_comes_upright(photo):
    turned = cv2.rotate(photo.image, cv2.ROTATE_180)
    height, width = photo.image.shape[:2]
    corners = np.array([width - 1, height - 1], np.float32) - photo.corners
    one, other = (
        rows.photographed(image, places).image.astype(int)
        for image, places in ((photo.image, photo.corners), (turned, corners))
    )
    assert one.shape == other.shape
    assert np.abs(one - other).mean() < 8


def test_what_is_no_row_gives_none(photo):
    corners = np.zeros((5, 4, 2), np.float32)
    corners[:, :, 0] = np.arange(5)[:, None]
    assert rows.photographed(photo.image, corners) is None


def test_a_recording_is_drawn_in_its_boxes():
    recording = json.loads((ROOT / "samples" / "touch-stylus.json").read_text())
    row = rows.touched(recording)
    assert row.image.max() == 255
    for x, y, width, height in row.boxes:
        inside = row.image[y : y + height, x : x + width]
        assert 0.02 < (inside < 128).mean() < 0.5


def test_a_single_point_is_a_dot_as_wide_as_the_pen():
    boxes = [[100 * place + 10, 10, 100, 100] for place in range(5)]
    row = rows.touched({"boxes": boxes, "strokes": [[[60, 60]]]})
    dark = np.argwhere(row.image < 128)
    assert np.abs(dark.mean(axis=0) - 60).max() < 1
    assert 7 <= np.ptp(dark, axis=0).max() <= 11


def test_what_is_no_recording_is_told():
    with pytest.raises(RecordingError):
        rows.touched({"boxes": []})
