from __future__ import annotations

import itertools
import threading
import time

import cv2
import numpy as np
import pytest

from edge.errors import (
    SourceBusyError,
    SourceDeniedError,
    SourceError,
    SourceLostError,
    SourceMissingError,
)
from edge.sources import open_source
from edge.sources.reel import Reel
from tests.edge.sources.test_video import film, is_open


def level(shot):
    return round(float(shot.frame.mean()) / 50) * 50


@pytest.fixture
def photos(tmp_path):
    """Three photos, each of one grey: 50, 100, 150."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for k in (1, 2, 3):
        cv2.imwrite(str(folder / f"{k}.png"), np.full((30, 40, 3), 50 * k, np.uint8))
    return folder


def test_a_folder_is_played_round_and_round(photos):
    with open_source(f"replay:{photos}?fps=200&hold=0.01") as source:
        levels = [level(source.read()) for _ in range(14)]
    assert levels == [50, 50, 100, 100, 150, 150, 50, 50, 100, 100, 150, 150, 50, 50]


def test_a_folder_by_its_path_is_played_once(photos):
    with open_source(f"{photos}?fps=200&hold=0.01") as source:
        levels = []
        while (shot := source.read()) is not None:
            levels.append(level(shot))
    assert levels == [50, 50, 100, 100, 150, 150]


def test_a_replay_may_end_too(photos):
    with open_source(f"replay:{photos}?fps=200&hold=0.005&loop=false") as source:
        assert [level(source.read()) for _ in range(3)] == [50, 100, 150]
        assert source.read() is None


def test_frames_come_at_their_rate_and_times_rise(photos):
    with open_source(f"replay:{photos}?fps=100") as source:
        start = time.monotonic()
        times = [source.read().time_s for _ in range(21)]
    assert 0.19 < time.monotonic() - start < 2
    assert all(a < b for a, b in itertools.pairwise(times))
    assert start <= times[0]
    assert times[-1] <= time.monotonic()


def test_frames_that_nobody_waited_for_are_lost(photos):
    with open_source(f"replay:{photos}?fps=50") as source:
        source.read()
        time.sleep(0.2)
        start = time.monotonic()
        for _ in range(5):
            source.read()
        # Not five at once.
        assert time.monotonic() - start > 0.05


def test_a_video_is_played_frame_by_frame(tmp_path):
    path = film(tmp_path / "a.avi", "MJPG")
    with open_source(f"{path}?fps=240") as source:
        levels = []
        while (shot := source.read()) is not None:
            levels.append(float(shot.frame.mean()))
    assert len(levels) == 24
    assert levels == sorted(levels)


def test_a_damaged_file_among_whole_ones_is_passed_over(photos):
    (photos / "0.jpg").write_bytes(b"no picture")
    (photos / "9.mp4").write_bytes(b"no film")
    with open_source(f"replay:{photos}?fps=200&hold=0.005") as source:
        assert [level(source.read()) for _ in range(4)] == [50, 100, 150, 50]


def test_a_folder_with_nothing_whole_in_it_is_no_source(tmp_path):
    (tmp_path / "0.jpg").write_bytes(b"no picture")
    with (
        open_source(f"replay:{tmp_path}?fps=200") as source,
        pytest.raises(SourceError, match=r"0\.jpg: ") as caught,
    ):
        source.read()
    assert caught.value.is_lasting


@pytest.mark.parametrize(("name", "words"), [("no", "no such file"), ("", "no photos")])
def test_nothing_to_play_is_missing_for_good(tmp_path, name, words):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(SourceMissingError, match=words) as caught:
        open_source(f"replay:{tmp_path / name}")
    assert caught.value.is_lasting


def test_a_name_with_a_question_mark_is_a_file(photos):
    (photos / "1.png").rename(photos / "why?.png")
    with open_source(str(photos / "why?.png")) as source:
        assert level(source.read()) == 50


def test_an_unplugged_camera_is_missing_and_then_goes_on(photos):
    uri = f"replay:{photos}?fps=100&hold=0.02&fail=unplug@0.05s-0.15s"
    levels = []

    def watch(source):
        while True:
            levels.append(level(source.read()))

    with open_source(uri) as source, pytest.raises(SourceLostError, match="unplugged"):
        watch(source)
    assert levels[0] == 50
    with pytest.raises(SourceMissingError):
        open_source(uri)
    time.sleep(0.15)
    with open_source(uri) as source:
        # The photo that was shown, or the next; and it does not fail again.
        assert level(source.read()) in (levels[-1], levels[-1] + 50)
        for _ in range(10):
            assert source.read() is not None


@pytest.mark.parametrize(
    ("kind", "error"), [("busy", SourceBusyError), ("denied", SourceDeniedError)]
)
def test_a_camera_fails_to_open_as_it_is_told(photos, kind, error):
    uri = f"replay:{photos}?fps=100&fail={kind}@0s-0.1s"
    with pytest.raises(error) as caught:
        open_source(uri)
    assert not caught.value.is_lasting
    time.sleep(0.12)
    with open_source(uri) as source:
        assert source.read() is not None


def test_a_hung_camera_hangs_until_it_is_closed(photos):
    uri = f"replay:{photos}?fps=100&fail=hang@0s-0.1s"
    source = open_source(uri)
    results = []
    reader = threading.Thread(target=lambda: results.append(source.read()))
    reader.start()
    reader.join(0.2)
    assert reader.is_alive()
    source.close()
    reader.join(2)
    assert not reader.is_alive()
    assert source.is_released
    with open_source(uri) as again:
        assert again.read() is not None


@pytest.mark.parametrize("kind", ["black", "garbage", "half"])
def test_spoilt_frames_come_and_go(photos, kind):
    uri = f"replay:{photos / '3.png'}?fps=100&hold=9&fail={kind}@0.05s-0.1s"
    whole, spoilt = set(), set()
    with open_source(uri) as source:
        start = time.monotonic()
        while time.monotonic() - start < 0.2:
            frame = source.read().frame
            (whole if (frame == 150).all() else spoilt).add(round(time.monotonic() - start, 3))
    assert spoilt
    assert min(whole) < min(spoilt) <= max(spoilt) < max(whole)


def test_one_that_was_closed_begins_anew(photos):
    uri = f"replay:{photos}?fps=100&hold=0.01&fail=black@0.0s-0.06s"
    for _ in range(2):
        with open_source(uri) as source:
            assert source.read().frame.max() == 0
            time.sleep(0.08)
            assert source.read().frame.max() > 0


def test_a_reel_holds_no_file_after_it_was_closed(tmp_path):
    path = film(tmp_path / "a.avi", "MJPG")
    reel = Reel([path], 1, True)
    assert reel.next() is not None
    assert is_open(path)
    reel.close()
    assert not is_open(path)
    assert reel.next() is None
