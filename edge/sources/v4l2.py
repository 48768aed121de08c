"""What Linux says of a camera device before it is used: is it there, may I, is it free.

OpenCV says of all of these that it can't open the camera. The requests and structures are those
of the kernel's header linux/videodev2.h.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from pathlib import Path

from edge.errors import (
    SourceBusyError,
    SourceDeniedError,
    SourceError,
    SourceLostError,
    SourceMissingError,
)

# _IOR('V', 0, struct v4l2_capability), 104 bytes: the driver's name, and the flags of all of the
# driver, and of the device.
_QUERYCAP, _CAPABILITY = 0x80685600, struct.Struct("=16s68xII12x")
_HAS_DEVICE_FLAGS, _CAPTURES = 0x80000000, 0x1
# The drivers of what libcamera puts together: of the sensor, and of what develops its pictures.
_PI_CAMERA = ("unicam", "rp1-cfe", "bcm2835-isp", "pispbe", "bcm2835-codec", "rpi-hevc-dec")
# _IOWR('V', 8, struct v4l2_requestbuffers): count, type (1, capture), memory (1, mmap).
_REQBUFS, _BUFFERS = 0xC0145608, struct.Struct("=IIIII")


def check(name: str, path: Path) -> None:
    """Return if a device is a camera that can be used now.

    Args:
        name: of the source, for messages.
        path: of the device.

    Raises:
        SourceMissingError: it isn't there, or isn't a camera.
        SourceDeniedError: this user may not use it.
        SourceBusyError: another program has it.
        SourceLostError: it has gone meanwhile.
        SourceError: the driver says something else.
    """
    try:
        device = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _meaning(name, path, error) from error
    try:
        driver, captures = _look_at(device)
        if driver in _PI_CAMERA:
            raise SourceMissingError(
                f"{name}: {path} is a part of the Pi's own camera; use picamera:0"
            )
        if not captures:
            raise SourceMissingError(
                f"{name}: {path} takes no pictures; name another one{_others(path)}"
            )
        # Only one program may ask for buffers.
        for count in (1, 0):
            fcntl.ioctl(device, _REQBUFS, _BUFFERS.pack(count, 1, 1, 0, 0))
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        # A driver that has no such buffers is one for OpenCV to judge.
        if error.errno in (errno.EBUSY, errno.ENODEV, errno.EACCES, errno.EPERM):
            raise _meaning(name, path, error) from error
    finally:
        os.close(device)


def cameras() -> list[Path]:
    """Return the video devices that are there."""
    return sorted(Path("/dev").glob("video[0-9]*"), key=lambda path: (len(path.name), path.name))


def _look_at(device: int) -> tuple[str, bool]:
    """Return a device's driver, and whether it takes pictures."""
    try:
        answer = fcntl.ioctl(device, _QUERYCAP, bytes(_CAPABILITY.size))
    except OSError as error:
        if error.errno in (errno.ENOTTY, errno.EINVAL):
            return "", False
        raise
    driver, flags, own = _CAPABILITY.unpack(answer)
    captures = (own if flags & _HAS_DEVICE_FLAGS else flags) & _CAPTURES
    return driver.rstrip(b"\0").decode("ascii", "replace"), bool(captures)


def _meaning(name: str, path: Path, error: OSError) -> SourceError:
    if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENOTDIR):
        return SourceMissingError(
            f"{name}: no camera is plugged in as {path}; plug one in{_others(path)}"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return SourceDeniedError(
            f"{name}: this user may not use {path}; sudo usermod -aG video $USER, then log in again"
        )
    if error.errno == errno.EBUSY:
        return SourceBusyError(
            f"{name}: another program has {path}; close it (fuser {path} tells which)"
        )
    if error.errno == errno.ENODEV:
        return SourceLostError(f"{name}: {path} was unplugged")
    return SourceError(f"{name}: {path} can't be opened ({error.strerror})")


def _others(path: Path) -> str:
    there = ", ".join(str(each) for each in cameras() if each != path)
    return f", or name one that is there: {there}" if there else ""
