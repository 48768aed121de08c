"""A camera that is watched all the time: how it is, what it sees, and what was read.

Capture runs in one thread and looking in another, so that a long look never holds the camera
up: only the newest frame is looked at, those between are passed over. Everything is told by
the looking thread, one call at a time; a listener that takes long makes it look less often,
and nothing piles up.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.closing import Running
from edge.consensus import Consensus, Report
from edge.quality import Quality
from edge.reading import Quad, Reading
from edge.recognizer import Recognizer, explained
from edge.sources.guard import CameraState, Guard, Numbered, Settings
from edge.sources.source import Source
from edge.watch import Watcher

__all__ = ["CameraState", "Event", "Hint", "Live", "Seen", "Source", "View"]

Hint = Literal["no-boxes", "closer", "dark", "still", "glare", "inside", "wait"]

# Seconds after which a looking thread without frames looks whether it is to end.
_TICK_S = 0.5
# Seconds that closing waits for the listener to return.
_CLOSE_S = 5.0
# States that wait for a listener; of more the oldest are of no interest.
_MOST_STATES = 16

_LOG = logging.getLogger("fivebox.live")


@dataclass(frozen=True)
class View:
    """The newest frame, looked at."""

    number: int
    """Of the frame, rising."""
    time_s: float
    """When it was taken, seconds of the monotonic clock."""
    preview: NDArray[np.uint8]
    """(h, w, 3) BGR, at most 640 px wide; nobody writes to it."""
    boxes: tuple[Quad, ...]
    """Of each of the five the corners, as parts of the frame's width and height, 0 to 1; none
    where none were found."""
    hint: Hint | None
    """What keeps the reading from being certain; None where it is."""
    reading: Reading | None
    """The best that is known of the envelope in view so far; boxes in px of the frame."""


@dataclass(frozen=True)
class Seen:
    """An envelope's reading is certain, or the envelope has left unread."""

    reading: Reading
    """Without `source`; `elapsed_ms` from when the last frame was taken."""
    digits: NDArray[np.uint8]
    """(5, 28, 28), white ink on black, as the model saw them; a blank one is all 0."""
    probabilities: NDArray[np.float32]
    """(5, 10), of all frames together; those of a blank box are 0."""
    quality: Quality | None
    """How well the row could be seen at last."""


Event = CameraState | View | Seen


class Live(Running):
    """Watches a camera, and tells a listener. Safe to use from several threads.

    Args:
        source: opens the camera, and again whenever it fails: `opener(uri)`.
        recognizer: reads; its threshold and directory decide.
        listener: is told of every change of the camera's state, of every frame that was looked
            at, and of every envelope, by one thread. What it raises is logged and forgotten.
        settings: when the camera has failed and is tried again.
    """

    def __init__(
        self,
        source: Callable[[], Source],
        recognizer: Recognizer,
        listener: Callable[[Event], None],
        *,
        settings: Settings | None = None,
    ) -> None:
        self._listener = listener
        self._states: deque[CameraState] = deque(maxlen=_MOST_STATES)
        self._guard = Guard(source, self._states.append, settings)
        self._watcher = Watcher(recognizer)
        self._consensus = Consensus(recognizer.threshold, recognizer.directory)
        self._quality: Quality | None = None
        self._time_s = -math.inf
        self._view: View | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fivebox-look", daemon=True)

    @property
    def state(self) -> CameraState:
        """How the camera is."""
        return self._guard.state

    @property
    def view(self) -> View | None:
        """The newest frame that was looked at; None before the first."""
        return self._view

    @property
    def frame_age_s(self) -> float | None:
        """Seconds since the camera's newest frame came; None before the first."""
        return self._guard.frame_age_s

    @property
    def restarts(self) -> int:
        """How often the camera was brought back."""
        return self._guard.restarts

    def start(self) -> None:
        """Open the camera and look, in threads of their own; returns at once.

        Raises:
            RuntimeError: it was started before.
        """
        self._thread.start()
        self._guard.start()

    def close(self) -> None:
        """Stop, and let the camera go. May be called often, from any thread and listener."""
        self._closing.set()
        self._guard.close()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            # A listener that never returns holds nobody else up.
            self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        number = 0
        while not self._closing.is_set():
            newest = self._guard.newest(number, _TICK_S, lambda: not self._states)
            self._tell_states()
            if newest is None:
                if self._guard.state.state == "ended":
                    break
                continue
            number = newest.number
            try:
                self._look_at(newest)
            except Exception:
                # One frame that can't be looked at must not end all looking.
                _LOG.exception("a frame could not be looked at")
        for report in self._consensus.take_rest():
            self._tell(_seen(report, self._quality))
        self._tell_states()

    def _look_at(self, newest: Numbered) -> None:
        # A source that tells times of its own may go back when it is opened again.
        self._time_s = max(self._time_s, newest.shot.time_s)
        number, shot = newest.number, replace(newest.shot, time_s=self._time_s)
        look = self._watcher.look(shot, self._consensus.is_reported)
        seen = look.observation
        reports = self._consensus.take(seen.boxes, seen.found, shot.time_s, look.is_anew)
        elapsed_ms = 1000 * (time.monotonic() - shot.time_s)
        for report in reports:
            # Of an envelope that has left the last that was seen of it.
            self._tell(_seen(report, seen.quality or self._quality, elapsed_ms))
        if seen.quality is not None:
            self._quality = seen.quality
        best = self._consensus.current
        if best is not None:
            best = replace(explained(best, self._quality), elapsed_ms=elapsed_ms)
        hint = None if self._consensus.is_reported else look.hint
        self._view = View(number, shot.time_s, shot.small, look.boxes, hint, best)
        self._tell(self._view)

    def _tell_states(self) -> None:
        while self._states:
            self._tell(self._states.popleft())

    def _tell(self, event: Event) -> None:
        try:
            self._listener(event)
        except Exception:
            # Whoever listens badly must not end the looking; what it raised is in the log.
            _LOG.exception("the listener failed")


def _seen(report: Report, quality: Quality | None, elapsed_ms: float = 0.0) -> Seen:
    count = len(report.boxes)
    digits = np.zeros((count, 28, 28), np.uint8)
    probabilities = np.zeros((count, 10), np.float32)
    for k, box in enumerate(report.boxes):
        if box.digit is not None:
            digits[k] = box.digit
        if box.probabilities is not None:
            probabilities[k] = box.probabilities
    reading = replace(explained(report.reading, quality), elapsed_ms=elapsed_ms)
    return Seen(reading, digits, probabilities, quality)
