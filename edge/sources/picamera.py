"""The Raspberry Pi's own camera, through picamera2, which is imported only here.

Every frame is a request that belongs to the camera: it is copied and given back at once, also
where copying fails. A camera that holds requests back runs out of them and stands still.
"""

from __future__ import annotations

import contextlib
import importlib
import time
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import (
    SourceBusyError,
    SourceDeniedError,
    SourceError,
    SourceHungError,
    SourceMissingError,
)
from edge.sources.source import PREVIEW_WIDTH, Camera, Shot
from edge.sources.uri import HEIGHT, RATE, WIDTH, Choice, Option

OPTIONS: dict[str, Option] = {
    "width": WIDTH,
    "height": HEIGHT,
    "fps": RATE,
    "turn": Choice("0", ("0", "180")),
}
"""`turn`: degrees by which the camera hangs the wrong way."""

# One is copied, one is filled, and two wait: with fewer frames are lost, and each of
# 1640×1232 takes 6 MB.
_BUFFERS = 4
# Seconds within which the first frame must come, and each further one: less than what a guard
# allows, so that the camera is closed by the thread that has it.
_FIRST_S, _FRAME_S = 6.0, 1.5
# Seconds after which a read looks whether anybody still waits for it.
_TICK_S = 0.2


class PiCamera(Camera):
    """A camera on the Pi's ribbon cable.

    Two streams: the whole frame, and a small one that the camera itself makes.

    Args:
        uri: by which it is named in messages.
        number: which of the cameras, from 0.
        options: the values of `OPTIONS`.

    Raises:
        SourceMissingError: picamera2 isn't installed, or there is no such camera.
        SourceBusyError: another program has it.
        SourceDeniedError: this user may not use it.
        SourceError: it can't be set up so.
    """

    def __init__(self, uri: str, number: int, options: dict[str, Any]) -> None:
        self._camera = _open(uri, number)
        self._lores_width = 0
        self._job: Any = None
        self._frames = 0
        try:
            self._set_up(options)
        except BaseException as error:
            self._release()
            if isinstance(error, Exception):
                raise _translated(uri, error) from error
            raise
        super().__init__(uri, float(options["fps"]))

    def _set_up(self, options: dict[str, Any]) -> None:
        width, height = options["width"], options["height"]
        # What is called RGB888 there lies in memory as OpenCV has it: blue, green, red.
        streams: dict[str, Any] = {"main": {"size": (width, height), "format": "RGB888"}}
        if width > PREVIEW_WIDTH:
            self._lores_width = PREVIEW_WIDTH
            small = 2 * max(1, round(height * PREVIEW_WIDTH / width / 2))
            # On a Pi 4 the small stream can't have another format.
            streams["lores"] = {"size": (PREVIEW_WIDTH, small), "format": "YUV420"}
        if options["turn"] == "180":
            libcamera = importlib.import_module("libcamera")
            streams["transform"] = libcamera.Transform(hflip=1, vflip=1)
        self._camera.configure(
            self._camera.create_video_configuration(
                **streams,
                controls=_controls(self._camera.camera_controls, options["fps"]),
                buffer_count=_BUFFERS,
                # An old frame is of no use.
                queue=False,
            )
        )
        self._camera.start()

    def _read(self) -> Shot | None:
        request = self._next_request()
        if request is None:
            return None
        try:
            time_s = time.monotonic()
            frame = np.asarray(request.make_array("main"), np.uint8)
            small = request.make_array("lores") if self._lores_width else None
        except Exception as error:
            raise _translated(self.name, error) from error
        finally:
            request.release()
        self._frames += 1
        return Shot(frame, time_s, None if small is None else _bgr(small, self._lores_width))

    def _next_request(self) -> Any:
        """Wait for a frame's request; None where nobody waits for it any more."""
        due_s = time.monotonic() + (_FRAME_S if self._frames else _FIRST_S)
        try:
            self._job = self._camera.capture_request(wait=False)
            while not self._closing.is_set():
                try:
                    request = self._job.get_result(timeout=_TICK_S)
                except TimeoutError:
                    if time.monotonic() >= due_s:
                        raise SourceHungError(
                            f"{self.name}: the camera sends no pictures; "
                            "check its ribbon cable at both ends"
                        ) from None
                else:
                    self._job = None
                    return request
        except SourceError:
            raise
        except Exception as error:
            raise _translated(self.name, error) from error
        return None

    def _release(self) -> None:
        try:
            with contextlib.suppress(Exception):
                self._camera.stop()
            # The frame that was asked for last may have come since.
            if self._job is not None:
                with contextlib.suppress(Exception):
                    self._job.get_result(timeout=0).release()
        finally:
            with contextlib.suppress(Exception):
                self._camera.close()


def _open(uri: str, number: int) -> Any:
    try:
        module = importlib.import_module("picamera2")
    except ImportError as error:
        missing = SourceMissingError(
            f"{uri}: picamera2 is not installed ({error}); on the Pi: "
            "sudo apt install python3-picamera2, and make the environment with "
            "--system-site-packages"
        )
        missing.is_lasting = True
        raise missing from error
    try:
        there = len(module.Picamera2.global_camera_info())
        if number < there:
            return module.Picamera2(number)
    except Exception as error:
        raise _translated(uri, error) from error
    found = f"there is no such camera (found: {there})" if there else "no camera is connected"
    raise SourceMissingError(
        f"{uri}: {found}; check the ribbon cable, and what rpicam-hello --list-cameras says"
    )


def _controls(known: dict[str, Any], fps: float) -> dict[str, Any]:
    """Return how a camera is set for a page close by, as far as it can be."""
    enums = importlib.import_module("libcamera").controls
    frame_us = round(1e6 / fps)
    wanted = {
        # A longer exposure than a frame's time would blur what moves.
        "FrameDurationLimits": (frame_us, frame_us),
        "AfMode": enums.AfModeEnum.Continuous,
        "AfRange": enums.AfRangeEnum.Macro,
        "AeExposureMode": enums.AeExposureModeEnum.Short,
        # White paper fills the picture: it must not become grey, and not whiter than white.
        "AeConstraintMode": enums.AeConstraintModeEnum.Highlight,
        "AeMeteringMode": enums.AeMeteringModeEnum.CentreWeighted,
    }
    return {name: value for name, value in wanted.items() if name in known}


def _bgr(planes: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Return a YUV420 picture, `uint8 (3 h / 2, stride)`, as `uint8 (h, width, 3)` BGR."""
    bgr = cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420)
    # What fills the lines up to the stride is no picture.
    return np.ascontiguousarray(bgr[:, :width], np.uint8)


def _translated(uri: str, error: Exception) -> SourceError:
    """Return what an error of picamera2 means; the reason is often in the one before it."""
    if isinstance(error, SourceError):
        return error
    words = ""
    each: BaseException | None = error
    while each is not None:
        words += f" {type(each).__name__}: {each}"
        each = each.__cause__ or each.__context__
    low = words.lower()
    if "busy" in low or "acquire" in low:
        return SourceBusyError(
            f"{uri}: another program has the camera; close it (rpicam-hello, a browser, "
            "another fivebox)"
        )
    if "permission" in low or "denied" in low:
        return SourceDeniedError(
            f"{uri}: this user may not use the camera; sudo usermod -aG video $USER, "
            "then log in again"
        )
    return SourceError(f"{uri}: the camera can't be used ({type(error).__name__}: {error})")
