from __future__ import annotations

import json

import numpy as np

from edge import benchmark
from edge.doctor.sample import POSTCODE, recording
from edge.sources.inputs import Input


def test_the_drawn_page_is_read(recognizer):
    page = benchmark.draw_page()
    assert (page.shape, page.dtype) == ((1232, 1640, 3), np.uint8)
    assert recognizer.read(page).guess == POSTCODE


def test_everything_built_in_is_timed(recognizer):
    report = benchmark.benchmark(recognizer, [], 0.01)
    names = [each.what for each in report.timings]
    assert names == [
        "five digits, classified",
        "touch recording, read",
        "JPEG of 1640×1232, decoded",
        "JPEG of 1640×1232, read",
    ]
    for each in report.timings:
        assert each.count >= 3
        assert 0 < each.p50 <= each.p90 <= each.p99
    digits, _, decoded, read = (each.p50 for each in report.timings)
    assert digits < read
    assert decoded < read
    assert report.first_ms > 0
    assert report.peak_mb > 20
    assert report.errors == ()
    assert len(list(report.lines())) == 9


def test_inputs_of_ones_own_are_timed_and_those_that_fail_are_told(recognizer, tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(recording()))
    bad.write_text("{")
    report = benchmark.benchmark(recognizer, [Input.of(bad), Input.of(good)], 0.01)
    (timing,) = report.timings
    assert timing.what == "input to reading (1)"
    assert timing.count >= 3
    (error,) = report.errors
    assert error.startswith(f"{bad}: ")


def test_where_nothing_can_be_read_nothing_is_timed(recognizer, tmp_path):
    report = benchmark.benchmark(recognizer, [Input.of(tmp_path / "none.jpg")], 0.01)
    assert report.timings == ()
    assert len(report.errors) == 1


def test_things_are_timed_in_turns_and_three_times_at_least():
    done = []
    timing = benchmark.time_in_turns("both", [lambda: done.append(1), lambda: done.append(2)], 0)
    assert timing.count == 6
    assert done == [1, 2] * 4
