from __future__ import annotations

import errno
import os
import struct
from pathlib import Path

import pytest

from edge.errors import (
    SourceBusyError,
    SourceDeniedError,
    SourceError,
    SourceLostError,
    SourceMissingError,
)
from edge.sources import v4l2
from edge.sources.v4l2 import check

QUERYCAP, REQBUFS = 0x80685600, 0xC0145608
CAPTURE, METADATA, HAS_OWN = 0x1, 0x00800000, 0x80000000


class Kernel:
    """Answers requests to a device as Linux does."""

    def __init__(self, flags=CAPTURE, own=CAPTURE, errors=None, opening=None, driver=b"uvcvideo"):
        self.flags, self.own, self.errors, self.opening = flags, own, errors or {}, opening
        self.asked, self.driver = [], driver

    def open(self, path, flags):
        if self.opening:
            raise OSError(self.opening, os.strerror(self.opening), str(path))
        return self.real_open(os.devnull, os.O_RDWR)

    def ioctl(self, device, request, argument):
        self.asked.append(request)
        if request in self.errors:
            raise OSError(self.errors[request], os.strerror(self.errors[request]))
        if request == QUERYCAP:
            assert len(argument) == 104
            # struct v4l2_capability.
            name = self.driver.ljust(16, b"\0")
            return struct.pack("=16s32s32sIII12x", name, b"", b"", 0, self.flags, self.own)
        assert request == REQBUFS
        return argument

    def install(self, monkeypatch):
        self.real_open = os.open
        monkeypatch.setattr(v4l2.os, "open", self.open)
        monkeypatch.setattr(v4l2.fcntl, "ioctl", self.ioctl)
        return self


def handles():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_free_camera_is_one(monkeypatch):
    kernel = Kernel().install(monkeypatch)
    before = handles()
    check("webcam:0", Path("/dev/video0"))
    # Buffers that were asked for are given back.
    assert kernel.asked == [QUERYCAP, REQBUFS, REQBUFS]
    assert handles() == before


@pytest.mark.parametrize(
    ("kernel", "error", "words"),
    [
        (Kernel(opening=errno.ENOENT), SourceMissingError, "plugged in as /dev/video0"),
        (Kernel(opening=errno.EACCES), SourceDeniedError, "usermod -aG video"),
        (Kernel(opening=errno.EPERM), SourceDeniedError, "usermod -aG video"),
        (Kernel(opening=errno.EBUSY), SourceBusyError, "fuser /dev/video0"),
        (Kernel(opening=errno.ENODEV), SourceLostError, "unplugged"),
        (Kernel(opening=errno.EIO), SourceError, "Input/output error"),
        (Kernel(errors={REQBUFS: errno.EBUSY}), SourceBusyError, "another program"),
        (Kernel(errors={REQBUFS: errno.ENODEV}), SourceLostError, "unplugged"),
        (Kernel(errors={QUERYCAP: errno.ENODEV}), SourceLostError, "unplugged"),
        (Kernel(errors={QUERYCAP: errno.ENOTTY}), SourceMissingError, "takes no pictures"),
        # A webcam's second device, which sends only metadata.
        (Kernel(CAPTURE | HAS_OWN, METADATA), SourceMissingError, "takes no pictures"),
        (Kernel(METADATA, CAPTURE), SourceMissingError, "takes no pictures"),
        (Kernel(driver=b"unicam"), SourceMissingError, "use picamera:0"),
    ],
)
def test_what_is_wrong_is_told_apart_and_what_to_do(monkeypatch, kernel, error, words):
    kernel.install(monkeypatch)
    before = handles()
    with pytest.raises(error, match=words) as caught:
        check("webcam:0", Path("/dev/video0"))
    assert str(caught.value).startswith("webcam:0: ")
    assert "\n" not in str(caught.value)
    assert handles() == before


def test_a_driver_without_such_buffers_is_for_opencv_to_judge(monkeypatch):
    Kernel(errors={REQBUFS: errno.EINVAL}).install(monkeypatch)
    check("webcam:0", Path("/dev/video0"))


def test_other_cameras_that_are_there_are_named(monkeypatch):
    there = [Path("/dev/video2"), Path("/dev/video10")]
    monkeypatch.setattr(v4l2, "cameras", lambda: there)
    with pytest.raises(SourceMissingError, match="/dev/video2, /dev/video10"):
        check("webcam:77", Path("/dev/video77"))


def test_a_device_that_is_no_camera_takes_no_pictures():
    with pytest.raises(SourceMissingError, match="takes no pictures"):
        check("webcam:/dev/null", Path(os.devnull))


def test_a_file_is_no_camera(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(SourceMissingError, match="takes no pictures"):
        check("webcam:a", tmp_path / "a")
    with pytest.raises(SourceMissingError, match="plugged in"):
        check("webcam:b", tmp_path / "b")
