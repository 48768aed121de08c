"""samples/touch.py: recordings obey the contract of a touchscreen."""

import json

import numpy as np
import pytest

from samples.handwriting import Hand, writer
from samples.touch import Screen, record, to_json


def make(order=(0, 1, 2, 3, 4), hand=Hand()):  # noqa: B008 - frozen
    return record("40718", Screen(), hand, writer(hand), np.random.default_rng(1), order)


def box_of(stroke, boxes):
    x = sum(point[0] for point in stroke) / len(stroke)
    return next(i for i, (left, _, width, _) in enumerate(boxes) if left <= x <= left + width)


def test_a_recording_has_five_boxes_and_strokes_of_whole_numbers():
    recording = make()
    assert list(recording) == ["boxes", "strokes"]
    assert [len(box) for box in recording["boxes"]] == [4] * 5
    points = [point for stroke in recording["strokes"] for point in stroke]
    assert all(len(point) == 3 for point in points)
    assert all(type(value) is int for point in points for value in point)


def test_time_only_runs_forward():
    times = [point[2] for stroke in make()["strokes"] for point in stroke]
    assert times == sorted(times)
    assert 1500 < times[-1] < 20_000


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 0, 2, 1, 3)])
def test_boxes_are_filled_in_the_order_asked_for(order):
    recording = make(order)
    seen = [box_of(stroke, recording["boxes"]) for stroke in recording["strokes"]]
    assert tuple(dict.fromkeys(seen)) == order


def test_the_text_is_the_recording():
    assert json.loads(to_json(make())) == make()
