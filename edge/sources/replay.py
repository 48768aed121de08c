"""Photos and videos instead of a camera, which obey a camera's rules and fail on command."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import (
    SourceBusyError,
    SourceDeniedError,
    SourceLostError,
    SourceMissingError,
)
from edge.sources.failures import Failure, failing, parse_failures
from edge.sources.reel import Reel, inputs
from edge.sources.source import Camera, Shot
from edge.sources.uri import RATE, SWITCH, Choice, Number, Option, Text

OPTIONS: dict[str, Option] = {
    "fps": RATE,
    "hold": Number(2.0, 0.0, 3600.0, whole=False),
    "loop": Choice("true", SWITCH),
    "fail": Text(allowed="a list like hang@5s,unplug@9s"),
}
"""`hold`: seconds for which a photo is shown, at least for a frame."""

FILE_OPTIONS: dict[str, Option] = {**OPTIONS, "loop": Choice("false", SWITCH)}
"""Of a file or folder that stands in for a camera: it ends."""

_OPENING = {
    "unplug": (SourceMissingError, "no camera is plugged in; plug one in"),
    "missing": (SourceMissingError, "no camera is plugged in; plug one in"),
    "busy": (SourceBusyError, "another program has the camera; close it"),
    "denied": (SourceDeniedError, "this user may not use the camera; allow it"),
}


@dataclass
class _Life:
    """What outlasts a failure: a camera that is plugged in again is the same one."""

    born_s: float
    place: int = 0


_LIVES: dict[str, _Life] = {}
_LIVES_LOCK = threading.Lock()


class Replay(Camera):
    """Plays what is in a folder.

    A source that failed on command goes on where it was when the same URI is opened again,
    in its frames and in what is still to fail; one that was closed begins anew.

    Args:
        uri: by which it is known.
        place: a folder, photo or video.
        options: the values of `OPTIONS`.

    Raises:
        SourceUriError: `fail` has another form.
        SourceMissingError: nothing to play is there.
        SourceError: it fails at this time, as it was told.
    """

    def __init__(self, uri: str, place: str, options: dict[str, Any]) -> None:
        self._uri = uri
        self._failures = parse_failures(uri, options["fail"])
        with _LIVES_LOCK:
            life = _LIVES.pop(uri, None)
        self._life = _Life(time.monotonic()) if life is None else life
        self._fail_to_open()
        paths: list[Path] = inputs(uri, place)
        fps = float(options["fps"])
        hold = max(1, round(options["hold"] * fps))
        first = self._life.place % len(paths)
        self._reel = Reel(paths, hold, options["loop"] == "true", first)
        self._due_s = time.monotonic()
        self._number = 0
        super().__init__(uri, fps)

    def _fail_to_open(self) -> None:
        failure = self._failing()
        if failure is not None and failure.kind in _OPENING:
            self._goes_on()
            kind, words = _OPENING[failure.kind]
            raise kind(f"{self._uri}: {words}")

    def _failing(self) -> Failure | None:
        return failing(self._failures, time.monotonic() - self._life.born_s)

    def _goes_on(self) -> None:
        with _LIVES_LOCK:
            _LIVES[self._uri] = self._life

    def _read(self) -> Shot | None:
        now_s = time.monotonic()
        # Frames that nobody waited for are lost, as a camera's are.
        self._due_s = max(self._due_s + 1 / self.fps, now_s - 1 / self.fps)
        if self._closing.wait(max(0.0, self._due_s - now_s)):
            return None
        failure = self._failing()
        if failure is not None and failure.kind in ("hang", *_OPENING):
            self._life.place = self._reel.place
            self._goes_on()
            if failure.kind == "hang":
                self._closing.wait()
                return None
            raise SourceLostError(f"{self._uri}: the camera was unplugged")
        frame = self._reel.next()
        if frame is None:
            return None
        self._number += 1
        if failure is not None:
            frame = failure.spoil(frame, self._number)
        return Shot(frame, time.monotonic())

    def _release(self) -> None:
        self._reel.close()
