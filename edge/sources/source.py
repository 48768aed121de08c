"""What every camera and every stand-in for one is to the rest of the program."""

from __future__ import annotations

import atexit
import contextlib
import threading
import weakref
from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, Self, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.errors import SourceError

PREVIEW_WIDTH = 640
"""The most that the small picture is wide, px."""


@dataclass(frozen=True)
class Shot:
    """One frame as a source took it; nobody writes to its pictures."""

    frame: NDArray[np.uint8]
    """(h, w, 3) BGR."""
    time_s: float
    """When it was taken, seconds of the monotonic clock."""
    lores: NDArray[np.uint8] | None = None
    """The same small, (h, w, 3) BGR, where the source has a second stream."""

    @cached_property
    def small(self) -> NDArray[np.uint8]:
        """The frame for a preview, `uint8 (h, w, 3)` BGR, at most `PREVIEW_WIDTH` px wide."""
        return self.lores if self.lores is not None else shrunk(self.frame)


@runtime_checkable
class Source(Protocol):
    """Where frames come from. One thread reads; any may close."""

    @property
    def fps(self) -> float:
        """Frames a second that it aims at."""

    def read(self) -> Shot | None:
        """Wait for the next frame and return it; None where the source has come to its end.

        Raises:
            SourceError: there is none; the source is of no use any more and has to be closed.
        """

    def close(self) -> None:
        """Let the camera go. May be called often, and from any thread.

        While another thread reads, the camera is let go as soon as that read returns.
        """

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class Camera(Closing):
    """The part of a source that is the same for all: closed once, whoever closes it and when.

    Drivers must not be closed by one thread while another is inside of them. So whoever
    closes while a read goes on only leaves word, and the reader closes when it comes back.
    What is open when Python ends is closed then.
    """

    def __init__(self, name: str, fps: float) -> None:
        self.name, self.fps = name, fps
        self._closing = threading.Event()
        self._inside = threading.Lock()
        self._released = False
        _OPEN.add(self)

    @property
    def is_released(self) -> bool:
        """Whether the camera was let go."""
        return self._released

    def read(self) -> Shot | None:
        """Return the next frame; see `Source.read`."""
        try:
            with self._inside:
                if self._closing.is_set():
                    raise SourceError(f"{self.name}: it is closed; open it again")
                return self._read()
        finally:
            # Who closed meanwhile found the lock taken, and left it to this thread.
            if self._closing.is_set():
                self.close()

    def close(self) -> None:
        """Let the camera go; see `Source.close`."""
        self._closing.set()
        if self._inside.acquire(blocking=False):
            try:
                self._release_once()
            finally:
                self._inside.release()

    def _release_once(self) -> None:
        if not self._released:
            self._released = True
            _OPEN.discard(self)
            self._release()

    @abstractmethod
    def _read(self) -> Shot | None:
        """Return the next frame; `_closing` tells when nobody waits for it any more."""

    @abstractmethod
    def _release(self) -> None:
        """Let the camera go; called once, and never during `_read`."""


_OPEN: weakref.WeakSet[Camera] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for camera in list(_OPEN):
        with contextlib.suppress(Exception):
            camera.close()


def shrunk(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a frame at most `PREVIEW_WIDTH` px wide; the frame itself where it is no wider."""
    # Halving is quick, and takes the mean of what it covers; the rest leaves out little.
    while frame.shape[1] >= 2 * PREVIEW_WIDTH:
        size = (frame.shape[1] // 2, max(1, frame.shape[0] // 2))
        frame = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = frame.shape[:2]
    if width <= PREVIEW_WIDTH:
        return frame
    size = (PREVIEW_WIDTH, max(1, round(height * PREVIEW_WIDTH / width)))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR), np.uint8)
