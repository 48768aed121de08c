from __future__ import annotations

import contextlib
import itertools
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import ImageError, InputError
from edge.sources import video
from edge.sources.video import frames, is_video

COUNT, RATE = 24, 12.5


def level(k):
    return 20 + 9 * k


def film(path, code, size=(64, 48)):
    """Write a film whose frames grow lighter, or skip where OpenCV can't."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), RATE, size)
    if not writer.isOpened():
        pytest.skip(f"this OpenCV can't write {code} into {path.suffix}")
    for k in range(COUNT):
        writer.write(np.full((size[1], size[0], 3), level(k), np.uint8))
    writer.release()
    return path


@pytest.fixture
def avi(tmp_path):
    return film(tmp_path / "a.avi", "MJPG")


def is_open(path):
    """Tell whether this process has a file open."""
    held = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            held.append(os.readlink(link))  # noqa: PTH115
        except OSError:
            # The descriptor that listed the folder.
            continue
    return str(path) in held


@pytest.mark.parametrize(
    ("name", "code"), [("a.avi", "MJPG"), ("a.mp4", "mp4v"), ("a.mkv", "VP80")]
)
def test_every_frame_comes_in_order_with_its_time(tmp_path, name, code):
    path = film(tmp_path / name, code)
    found = list(frames(path))
    times = [time for time, _ in found]
    levels = [float(frame.mean()) for _, frame in found]
    assert len(found) == COUNT
    assert {frame.shape for _, frame in found} == {(48, 64, 3)}
    assert {frame.dtype for _, frame in found} == {np.dtype(np.uint8)}
    np.testing.assert_allclose(levels, [level(k) for k in range(COUNT)], atol=4)
    np.testing.assert_allclose(times, np.arange(COUNT) / RATE, atol=0.002)
    assert not is_open(path)


def test_a_frame_is_the_callers_own(avi):
    found = [frame for _, frame in itertools.islice(frames(avi), 3)]
    found[0][:] = 0
    assert found[1].min() > 0
    assert not np.shares_memory(found[1], found[2])


def test_a_stream_without_a_clock_is_timed_by_its_rate(monkeypatch, avi):
    class Clockless:
        def __init__(self, path):
            self.capture = film_(path)

        def __getattr__(self, name):
            return getattr(self.capture, name)

        def get(self, prop):
            silent = prop in (cv2.CAP_PROP_POS_MSEC, cv2.CAP_PROP_FPS)
            return 0.0 if silent else self.capture.get(prop)

    film_ = cv2.VideoCapture
    monkeypatch.setattr(video.cv2, "VideoCapture", Clockless)
    times = [time for time, _ in frames(avi)]
    np.testing.assert_allclose(times, np.arange(COUNT) / 25)


@pytest.mark.parametrize(("name", "code"), [("a.avi", "MJPG"), ("a.mkv", "VP80")])
def test_a_film_cut_short_gives_the_frames_it_has_and_then_the_error(tmp_path, name, code):
    path = film(tmp_path / name, code, (320, 240))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    found = []
    with pytest.raises(ImageError, match=rf"cut short: it has \d+ of {COUNT} frames"):
        found.extend(float(frame.mean()) for _, frame in frames(path))
    assert COUNT / 4 < len(found) < COUNT
    # The very last one may be a part.
    np.testing.assert_allclose(found[:-1], [level(k) for k in range(len(found) - 1)], atol=4)
    assert not is_open(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"This is a text.\n" * 100, "not a video"),
        (np.random.default_rng(0).bytes(5000), "not a video"),
        (b"", "empty"),
        (None, "no such file"),
    ],
)
def test_what_is_no_film_is_one_sentence(tmp_path, capfd, content, words):
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        next(frames(path))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_film_whose_index_was_never_written_is_no_film(tmp_path):
    path = film(tmp_path / "a.mp4", "mp4v")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError, match="not a video, or one that is cut short"):
        list(frames(path))
    assert not is_open(path)


def test_nothing_is_printed_about_damaged_films(tmp_path, capfd):
    path = film(tmp_path / "a.avi", "MJPG", (320, 240))
    content = bytearray(path.read_bytes())
    for place in range(6000, len(content), 700):
        content[place : place + 40] = bytes(40)
    path.write_bytes(content)
    with contextlib.suppress(ImageError):
        for _ in frames(path):
            pass
    assert capfd.readouterr() == ("", "")


def test_too_many_pixels_are_refused_before_a_frame_is_decoded(monkeypatch, avi):
    monkeypatch.setattr(video, "MOST_PIXELS", 64 * 48 - 1)
    with pytest.raises(ImageError, match="64×48 px"):
        next(frames(avi))
    assert not is_open(avi)


def test_whoever_stops_early_lets_the_file_go(avi):
    film_ = frames(avi)
    next(film_)
    assert is_open(avi)
    film_.close()
    assert not is_open(avi)


def test_an_error_in_the_middle_lets_the_file_go(avi):
    def use():
        for _ in frames(avi):
            raise RuntimeError("in the loop")

    with pytest.raises(RuntimeError):
        use()
    assert not is_open(avi)


def test_a_name_that_looks_like_a_protocol_is_a_file(tmp_path, monkeypatch):
    film(tmp_path / "a.avi", "MJPG").rename(tmp_path / "concat:a.avi")
    monkeypatch.chdir(tmp_path)
    assert len(list(frames(Path("concat:a.avi")))) == COUNT


def test_a_film_is_known_by_its_name():
    assert is_video(Path("a.MKV"))
    assert not is_video(Path("a.jpg"))
