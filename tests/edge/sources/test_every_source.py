"""The same rules over every kind of source; one that can't be opened here skips and says why."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources import open_source, opener
from edge.sources.source import PREVIEW_WIDTH, Source
from tests.edge.sources.fake_picamera2 import World
from tests.edge.sources.servers import mjpeg_server
from tests.edge.sources.test_video import film

KINDS = (
    "photo",
    "folder",
    "video",
    "replay",
    "http",
    "picamera, faked",
    "picamera",
    "webcam",
)
# Those that end by themselves.
ENDING = {"photo", "folder", "video"}


@pytest.fixture(params=KINDS)
def uri(request, tmp_path, monkeypatch):
    kind = request.param
    with contextlib.ExitStack() as stack:
        yield Place(kind, _uri(kind, tmp_path, monkeypatch, stack))


class Place(str):
    """A URI that knows its kind."""

    def __new__(cls, kind, uri):
        place = super().__new__(cls, uri)
        place.kind = kind
        return place


def _uri(kind, folder, monkeypatch, stack):
    photos = folder / "photos"
    photos.mkdir()
    for k in range(2):
        cv2.imwrite(str(photos / f"{k}.png"), np.full((600, 800, 3), 90 + 60 * k, np.uint8))
    if kind == "photo":
        return f"{photos / '0.png'}?fps=100&hold=0.3"
    if kind == "folder":
        return f"{photos}?fps=100&hold=0.15"
    if kind == "video":
        return f"{film(folder / 'a.avi', 'MJPG')}?fps=100"
    if kind == "replay":
        return f"replay:{photos}?fps=100"
    if kind == "http":
        return stack.enter_context(mjpeg_server())[0]
    if kind == "picamera, faked":
        for name, module in World().modules().items():
            monkeypatch.setitem(sys.modules, name, module)
        return "picamera:0?width=820&height=616"
    if kind == "picamera" and importlib.util.find_spec("picamera2") is None:
        pytest.skip("picamera2 is not installed, so there is no Pi camera to open")
    if kind == "webcam" and not Path("/dev/video0").exists():
        pytest.skip("no webcam is plugged in as /dev/video0")
    uri = f"{kind}:0"
    try:
        open_source(uri).close()
    except SourceError as error:
        pytest.skip(str(error))
    return uri


def test_it_is_a_source_and_goes_by_with(uri):
    with open_source(uri) as source:
        assert isinstance(source, Source)
        assert source.fps > 0


def test_frames_are_colour_pictures_with_a_rising_time(uri):
    with open_source(uri) as source:
        shots = [source.read() for _ in range(8)]
    for shot in shots:
        assert shot.frame.ndim == 3
        assert shot.frame.shape[2] == 3
        assert shot.frame.dtype == np.uint8
    times = [shot.time_s for shot in shots]
    assert times == sorted(times)
    assert abs(times[-1] - time.monotonic()) < 5


def test_the_small_picture_shows_the_same(uri):
    with open_source(uri) as source:
        shot = source.read()
    height, width = shot.frame.shape[:2]
    small = shot.small
    assert small.shape[1] <= min(width, PREVIEW_WIDTH)
    assert small.shape[0] / small.shape[1] == pytest.approx(height / width, rel=0.02)
    assert small.shape[2] == 3
    assert small.dtype == np.uint8


def test_frames_stay_as_they_are_when_later_ones_are_read(uri):
    with open_source(uri) as source:
        first = source.read()
        copy = first.frame.copy()
        for _ in range(6):
            source.read()
        np.testing.assert_array_equal(first.frame, copy)


def test_closing_often_is_closing_once_and_then_nothing_is_read(uri):
    source = open_source(uri)
    source.read()
    for _ in range(3):
        source.close()
    with pytest.raises(SourceError, match="closed"):
        source.read()


def test_it_is_let_go_also_after_an_error(uri):
    def use():
        with open_source(uri) as source:
            source.read()
            raise KeyError("in the loop")

    with pytest.raises(KeyError):
        use()
    with open_source(uri) as again:
        assert again.read() is not None


def test_another_thread_may_close_it_while_it_is_read(uri):
    source = open_source(uri)
    assert source.read() is not None
    ended = []

    def read():
        try:
            while source.read() is not None:
                pass
        except SourceError as error:
            ended.append(error)
        else:
            ended.append(None)

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(0.02)
    source.close()
    reader.join(5)
    assert len(ended) == 1
    assert source.is_released


def test_it_can_be_opened_again_and_again_without_leaking(uri):
    again = opener(uri)
    with again() as source:
        source.read()

    def held():
        return len(list(Path("/proc/self/fd").iterdir()))

    # The network lets go in its own time.
    time.sleep(0.05)
    before = held(), threading.active_count()
    for _ in range(10):
        with again() as source:
            assert source.read() is not None
    deadline = time.monotonic() + 3
    while (held(), threading.active_count()) > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert held() <= before[0]
    assert threading.active_count() <= before[1]


def test_what_ends_says_so_and_the_others_go_on(uri):
    with open_source(uri) as source:
        count = 0
        while count < 70 and source.read() is not None:
            count += 1
        if uri.kind in ENDING:
            assert 20 <= count < 70
            assert source.read() is None
        else:
            assert count == 70
