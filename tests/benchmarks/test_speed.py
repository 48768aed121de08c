from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from benchmarks import datasets, envelopes, speed
from edge import Recognizer
from tests.benchmarks.hands import made_digits, made_writers, render


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer()


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    """Write a photo in which boxes are found."""
    path = tmp_path_factory.mktemp("speed") / "photo.jpg"
    path.write_bytes(render("strip", np.random.default_rng(4), made_writers()).jpeg)
    return path


def test_each_stage_is_timed_once_a_photo(recognizer, photo):
    clock = speed.time_photos(recognizer, [photo], rounds=2)
    assert set(clock.times) == {*speed.STAGES, "total", "imdecode alone"}
    assert all(len(times) == 2 and min(times) > 0 for times in clock.times.values())


def test_where_nothing_is_found_the_later_stages_are_not_timed(recognizer, tmp_path):
    path = tmp_path / "white.png"
    cv2.imwrite(str(path), np.full((120, 160, 3), 255, np.uint8))
    clock = speed.Clock()
    speed.time_stages(recognizer, path, clock)
    assert set(clock.times) == {"decode", "find"}


def test_the_stages_read_what_the_recognizer_reads(recognizer, photo, monkeypatch):
    decided = []
    real = recognizer.decide
    monkeypatch.setattr(recognizer, "decide", lambda o: decided.append(real(o)) or decided[-1])
    speed.time_stages(recognizer, photo, speed.Clock())
    assert decided[0].guess == recognizer.read(speed.load_picture(photo)).guess


def test_the_clock_measures_milliseconds(monkeypatch):
    ticks = iter([1.0, 1.25])
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(ticks))
    clock = speed.Clock()
    assert clock("work", lambda: 7) == 7
    assert clock.times["work"] == [250.0]


def test_peak_memory_is_that_of_the_reading_process_alone(photo):
    ballast = np.ones(40_000_000)  # 320 MB that the reader must not inherit
    megabytes = speed.peak_megabytes(photo)
    assert ballast[-1] == 1
    assert 30 < megabytes < 300


def test_the_table_and_the_json_say_the_same(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path))
    monkeypatch.setattr(envelopes, "_writers", lambda side, folder: made_writers())
    monkeypatch.setattr(datasets, "unseen_digits", lambda name: made_digits())
    monkeypatch.setattr(speed, "peak_megabytes", lambda path: cv2.imread(str(path)).size / 1e5)
    out = tmp_path / "speed.json"
    arguments = ["--count", "1", "--rounds", "1", "--touch", "2", "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["speed", *arguments])
    threads = cv2.getNumThreads()
    try:
        assert speed.main() == 0
        assert cv2.getNumThreads() == 1
    finally:
        cv2.setNumThreads(threads)
    printed = capsys.readouterr().out
    written = json.loads(out.read_text())
    total, alone = (written["ms"][name]["p50"] for name in ("total", "imdecode alone"))
    assert written["ratio"] == pytest.approx(total / alone, abs=0.001)
    assert f"{total:.2f}" in printed
    # Three numbers a pixel of 4056×3040.
    assert written["peak_mb"] == pytest.approx(4056 * 3040 * 3 / 1e5, abs=0.1)
    assert "MB (at most 160 MB)  MISS" in printed


def test_without_the_data_it_says_where_they_were_looked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path / "nowhere"))
    monkeypatch.setattr("sys.argv", ["speed"])
    assert speed.main() == 1
    assert str(tmp_path / "nowhere") in capsys.readouterr().err
