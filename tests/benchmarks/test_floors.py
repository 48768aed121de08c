from __future__ import annotations

import pytest

from benchmarks.accuracy import SETS
from benchmarks.scores import FLOORS
from tests.benchmarks.floors import HELD, assert_held

# Rendered photos have modules of their own: they take minutes.
RENDERED = {"scan", "desk", "hard", "odd", "negatives", "odd_negatives"}


@pytest.mark.parametrize("name", ["envelopes", "box_strips", "form_cells"])
def test_real_photos_are_read(name, shared_data):
    shared_data(name)
    assert_held(name)


def test_touch_recordings_of_unseen_writers_are_read(shared_data):
    shared_data("pendigits_strokes.json.gz")
    shared_data("unipen_strokes.json.gz")
    assert_held("touch")


def test_each_floor_is_measured_somewhere():
    here = {"envelopes", "box_strips", "form_cells", "touch"}
    assert set(FLOORS) == set(HELD) == here | RENDERED
    assert set(FLOORS) <= set(SETS)
