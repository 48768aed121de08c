from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.errors import SourceBusyError, SourceError, SourceHungError, SourceLostError
from edge.sources import open_source, webcam


class Capture:
    """OpenCV's capture of a device that is a file here."""

    opens = True
    fps = 25.0
    last = None

    def __init__(self, path, backend):
        assert backend == cv2.CAP_V4L2
        self.path, self.released, self.settings = path, 0, {}
        self.frames = [np.full((48, 64, 3), 7, np.uint8)] * 3
        Capture.last = self

    def isOpened(self):  # noqa: N802
        return self.opens and not self.released

    def set(self, name, value):
        assert not self.released
        self.settings[name] = value
        return False

    def get(self, name):
        return self.fps if name == cv2.CAP_PROP_FPS else 0.0

    def read(self):
        assert not self.released
        return (True, self.frames.pop()) if self.frames else (False, None)

    def release(self):
        self.released += 1


@pytest.fixture
def device(tmp_path, monkeypatch):
    monkeypatch.setattr(webcam.cv2, "VideoCapture", Capture)
    monkeypatch.setattr(webcam, "check", lambda name, path: None)
    monkeypatch.setattr(Capture, "opens", True)
    path = tmp_path / "video0"
    path.touch()
    return path


def test_it_is_asked_for_the_size_and_rate_that_are_wanted(device):
    with open_source(f"webcam:{device}?width=1920&height=1080&fps=15") as source:
        settings = Capture.last.settings
        assert settings[cv2.CAP_PROP_FRAME_WIDTH] == 1920
        assert settings[cv2.CAP_PROP_FRAME_HEIGHT] == 1080
        assert settings[cv2.CAP_PROP_FPS] == 15
        # What it can is another matter.
        assert source.fps == 25
        assert source.read().frame.shape == (48, 64, 3)
    assert Capture.last.released == 1


def test_a_link_to_a_device_is_followed(device, tmp_path):
    link = tmp_path / "usb-camera"
    link.symlink_to(device)
    with open_source(f"webcam:{link}"):
        assert Capture.last.path == str(device)


def test_a_device_that_has_gone_was_unplugged(device):
    with open_source(f"webcam:{device}") as source:
        for _ in range(3):
            source.read()
        device.unlink()
        with pytest.raises(SourceLostError, match="unplugged"):
            source.read()
    assert Capture.last.released == 1


def test_one_that_is_there_and_sends_nothing_hangs(device, monkeypatch):
    with open_source(f"webcam:{device}") as source:
        Capture.last.frames.clear()

        def busy(name, path):
            raise SourceBusyError("by this very capture")

        monkeypatch.setattr(webcam, "check", busy)
        with pytest.raises(SourceHungError, match="plug it in again"):
            source.read()


def test_one_that_goes_between_the_look_and_the_opening_is_told_by_a_second_look(
    device, monkeypatch
):
    looks = []

    def check(name, path):
        looks.append(path)
        if len(looks) == 2:
            raise SourceBusyError("x: somebody came first")

    monkeypatch.setattr(webcam, "check", check)
    monkeypatch.setattr(Capture, "opens", False)
    with pytest.raises(SourceBusyError, match="came first"):
        open_source(f"webcam:{device}")
    assert Capture.last.released == 1


def test_one_that_opencv_can_not_open_says_so(device, monkeypatch):
    monkeypatch.setattr(Capture, "opens", False)
    with pytest.raises(SourceError, match="another USB port"):
        open_source(f"webcam:{device}")
    assert Capture.last.released == 1
