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

# _IOR('V', 0, struct v4l2_capability), 104 bytes; its flags for all of the driver, and for the
# device, lie here.
_QUERYCAP, _CAPABILITY_BYTES, _FLAGS = 0x80685600, 104, struct.Struct("=84xII")
_HAS_DEVICE_FLAGS, _CAPTURES = 0x80000000, 0x1
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
        if not _captures(device):
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


def _captures(device: int) -> bool:
    try:
        answer = fcntl.ioctl(device, _QUERYCAP, bytes(_CAPABILITY_BYTES))
    except OSError as error:
        if error.errno in (errno.ENOTTY, errno.EINVAL):
            return False
        raise
    driver, own = _FLAGS.unpack_from(answer)
    return bool((own if driver & _HAS_DEVICE_FLAGS else driver) & _CAPTURES)


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
