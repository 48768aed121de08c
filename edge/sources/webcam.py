"""A USB camera, through OpenCV and V4L2."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.errors import SourceBusyError, SourceError, SourceHungError, SourceLostError
from edge.sources.source import Camera, Shot
from edge.sources.uri import Number, Option
from edge.sources.v4l2 import check

OPTIONS: dict[str, Option] = {
    "width": Number(1280, 32, 9152),
    "height": Number(720, 32, 6944),
    "fps": Number(30.0, 0.1, 240.0, whole=False),
}
"""What the camera can't do, it does about."""

# Frames that come as JPEG: raw ones of this size are too many for a USB cable.
_FORMAT = "MJPG"
# Seconds after which OpenCV gives a frame up; by itself it waits for ten.
_TIMEOUT_S = "2"


class Webcam(Camera):
    """A V4L2 device.

    Args:
        uri: by which it is named in messages.
        device: `/dev/video0`, or a link to such a one.
        options: the values of `OPTIONS`.

    Raises:
        SourceMissingError: it isn't there, or takes no pictures.
        SourceBusyError: another program has it.
        SourceDeniedError: this user may not use it.
        SourceError: it can't be opened for another reason.
    """

    def __init__(self, uri: str, device: Path, options: dict[str, Any]) -> None:
        check(uri, device)
        self._device = device
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", _TIMEOUT_S)
        # What is wrong is said by the errors.
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        self._capture = cv2.VideoCapture(str(device.resolve()), cv2.CAP_V4L2)
        if not self._capture.isOpened():
            self._capture.release()
            # Somebody may have come first.
            check(uri, device)
            raise SourceError(f"{uri}: {device} can't be opened; try another USB port")
        for name, value in (
            (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*_FORMAT)),
            (cv2.CAP_PROP_FRAME_WIDTH, options["width"]),
            (cv2.CAP_PROP_FRAME_HEIGHT, options["height"]),
            (cv2.CAP_PROP_FPS, options["fps"]),
            # An old frame is of no use.
            (cv2.CAP_PROP_BUFFERSIZE, 1),
        ):
            self._capture.set(name, value)
        told = self._capture.get(cv2.CAP_PROP_FPS)
        super().__init__(uri, told if 0 < told < 1000 else float(options["fps"]))

    def _read(self) -> Shot | None:
        is_there, frame = self._capture.read()
        time_s = time.monotonic()
        if is_there and frame is not None and frame.ndim == 3:
            return Shot(np.asarray(frame, np.uint8), time_s)
        if not self._device.exists():
            raise SourceLostError(f"{self.name}: the camera was unplugged")
        # It is busy with this very capture.
        with contextlib.suppress(SourceBusyError):
            check(self.name, self._device)
        raise SourceHungError(
            f"{self.name}: the camera sends no pictures; unplug it, and plug it in again"
        )

    def _release(self) -> None:
        self._capture.release()
