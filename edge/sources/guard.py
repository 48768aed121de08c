"""Keeps a camera running: every frame has a deadline, and a camera that fails is opened again.

A driver may hang inside of a C call, where nothing can end it. So each time a source is
opened, a thread of its own opens, reads and closes it. Where no frame comes in time that
thread is left alone: should its call ever return, it closes the source and ends. Of such
threads there are never more than a few; then the camera is not opened again before one ends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from edge.backoff import Backoff
from edge.closing import Running
from edge.errors import FiveboxError, SourceError, SourceHungError
from edge.sources.source import Shot, Source

State = Literal["starting", "live", "reconnecting", "ended"]

_WORDS = {
    "unplugged": "unplugged",
    "hung": "sends no pictures",
    "busy": "in use by another program",
    "missing": "not found",
    "denied": "not allowed to be used",
}


@dataclass(frozen=True)
class CameraState:
    """How the camera is."""

    state: State
    problem: str | None
    """`unplugged`, `hung`, `busy`, `missing`, `denied` or `damaged`; None while all is well."""
    message: str
    """One English sentence for a person."""
    retry_s: float | None
    """Seconds until the next try, 0 while it is made; None where none is due."""


STARTING = CameraState("starting", None, "camera starting", None)
LIVE = CameraState("live", None, "camera live", None)
ENDED = CameraState("ended", None, "no more pictures", None)


@dataclass(frozen=True)
class Settings:
    """When a camera has failed, and when it is tried again."""

    first_s: float = 15.0
    """Seconds within which it must be open and send its first frame."""
    frame_s: float = 2.0
    """Seconds within which each further frame must come, or in the time of five frames."""
    least_wait_s: float = 0.5
    """Seconds from the first failure to the next try; each further one doubles them."""
    most_wait_s: float = 8.0
    """Seconds between tries at most."""
    healthy_s: float = 10.0
    """Seconds of frames after which a failure counts as the first again."""
    most_stuck: int = 3
    """Threads that may hang in the driver before the camera isn't opened any more."""
    close_s: float = 2.0
    """Seconds that closing waits for the driver."""


class Numbered(NamedTuple):
    """A frame of a guarded camera."""

    number: int
    """Rising, over all times that the camera was opened."""
    shot: Shot


class Guard(Running):
    """A camera that comes back. With-able; `close` is idempotent, from any thread.

    Args:
        source: opens it, and raises a `SourceError` where it can't be.
        on_state: is told how the camera is, one state after another, by the guard's thread.
        settings: the deadlines.
        clock: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        source: Callable[[], Source],
        on_state: Callable[[CameraState], None] = lambda _: None,
        settings: Settings | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open, self._on_state, self._clock = source, on_state, clock
        self._settings = Settings() if settings is None else settings
        self._backoff = Backoff(self._settings.least_wait_s, self._settings.most_wait_s)
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._state = STARTING
        self._newest: Numbered | None = None
        self._newest_s: float | None = None
        self._restarts = 0
        self._reader: _Reader | None = None
        self._stuck: list[_Reader] = []
        self._thread = threading.Thread(target=self._run, name="fivebox-guard", daemon=True)

    @property
    def state(self) -> CameraState:
        """How the camera is."""
        return self._state

    @property
    def restarts(self) -> int:
        """How often it was brought back."""
        return self._restarts

    @property
    def frame_age_s(self) -> float | None:
        """Seconds since the newest frame came; None where none ever came."""
        came_s = self._newest_s
        return None if came_s is None else max(0.0, self._clock() - came_s)

    @property
    def stuck(self) -> int:
        """Threads that hang in the driver."""
        return sum(reader.is_alive for reader in self._stuck)

    def start(self) -> None:
        """Open the camera, in a thread of its own.

        Raises:
            RuntimeError: it was started before.
        """
        self._thread.start()

    def newest(
        self, after: int, timeout_s: float, is_awaited: Callable[[], bool] = lambda: True
    ) -> Numbered | None:
        """Wait for a frame with a higher number than `after`, and return the newest.

        Args:
            after: 0 for any.
            timeout_s: seconds to wait at most.
            is_awaited: whether to wait at all; asked again whenever a state was told.

        Returns:
            None where none came in time or is awaited, or the camera has ended or was closed.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_new(after) or self._is_over or not is_awaited(), timeout_s
            )
            return self._newest if self._is_new(after) else None

    def close(self) -> None:
        """Let the camera go, and wait a little until it is gone."""
        with self._changed:
            self._closing.set()
            self._changed.notify_all()
        thread = self._thread
        if thread.ident is not None and thread is not threading.current_thread():
            thread.join(2 * self._settings.close_s)

    @property
    def _is_over(self) -> bool:
        return self._closing.is_set() or self._state.state == "ended"

    def _is_new(self, after: int) -> bool:
        return self._newest is not None and self._newest.number > after

    def _run(self) -> None:
        self._tell(STARTING)
        while not self._closing.is_set():
            error = self._use()
            if self._closing.is_set():
                break
            if error is None:
                self._tell(ENDED)
                return
            if getattr(error, "is_lasting", not isinstance(error, SourceError)):
                self._tell(CameraState("ended", _problem(error), str(error), None))
                return
            wait_s = self._backoff.next_s()
            self._tell(_reconnecting(error, wait_s))
            self._sleep(wait_s)
            if not self._closing.is_set():
                self._tell(_reconnecting(error, 0.0))
        self._tell(ENDED)

    def _use(self) -> FiveboxError | None:
        """Open the source and watch it; return why it failed, None where it has ended."""
        self._stuck = [reader for reader in self._stuck if reader.is_alive]
        if len(self._stuck) >= self._settings.most_stuck:
            return SourceHungError("it hangs in its driver; unplug it, and plug it in again")
        reader = _Reader(self._open, self._post, self._changed, self._clock)
        with self._changed:
            self._reader = reader
        reader.start()
        try:
            return self._watch(reader)
        finally:
            with self._changed:
                self._reader = None
            reader.leave()
            reader.join(self._settings.close_s if self._closing.is_set() else 0.1)
            if reader.is_alive:
                self._stuck.append(reader)

    def _watch(self, reader: _Reader) -> FiveboxError | None:
        while True:
            with self._changed:
                while not (self._closing.is_set() or reader.is_done):
                    left_s = reader.due_s(self._settings) - self._clock()
                    if left_s <= 0:
                        return SourceHungError("it sends no pictures")
                    self._changed.wait(left_s)
                    if reader.first_s is not None and self._state.state != "live":
                        break
                else:
                    return reader.error
            self._restarts += self._state.state == "reconnecting"
            self._tell(LIVE)

    def _post(self, reader: _Reader, shot: Shot) -> None:
        """Take a frame from a reader's thread."""
        with self._changed:
            if reader is not self._reader:
                return
            now_s = self._clock()
            number = 1 if self._newest is None else self._newest.number + 1
            self._newest, self._newest_s = Numbered(number, shot), now_s
            if reader.came(now_s) >= self._settings.healthy_s:
                self._backoff.reset()
            self._changed.notify_all()

    def _tell(self, state: CameraState) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()
        self._on_state(state)
        with self._changed:
            # Whoever waits for a frame may have this to tell first.
            self._changed.notify_all()

    def _sleep(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(self._closing.is_set, seconds)


class _Reader:
    """A thread that opens a source once, reads it and closes it."""

    def __init__(
        self,
        open_source: Callable[[], Source],
        post: Callable[[_Reader, Shot], None],
        changed: threading.Condition,
        clock: Callable[[], float],
    ) -> None:
        self._open, self._post, self._changed = open_source, post, changed
        self._source: Source | None = None
        self._is_left = False
        self._due_from_s = clock()
        self.first_s: float | None = None
        self.is_done = False
        self.error: FiveboxError | None = None
        self._thread = threading.Thread(target=self._run, name="fivebox-camera", daemon=True)
        self.start, self.join = self._thread.start, self._thread.join

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def due_s(self, settings: Settings) -> float:
        """Return when the next frame must have come."""
        if self.first_s is None or self._source is None:
            return self._due_from_s + settings.first_s
        return self._due_from_s + max(settings.frame_s, 5 / self._source.fps)

    def came(self, now_s: float) -> float:
        """Note that a frame came; return for how long they have, seconds."""
        self._due_from_s = now_s
        if self.first_s is None:
            self.first_s = now_s
        return now_s - self.first_s

    def leave(self) -> None:
        """Let the source go, or have it let go as soon as the driver returns."""
        with self._changed:
            self._is_left = True
            source = self._source
        if source is not None:
            source.close()

    def _run(self) -> None:
        error: FiveboxError | None = None
        try:
            with self._open() as source:
                with self._changed:
                    self._source = source
                while not self._is_left and self._take(source):
                    pass
        except FiveboxError as raised:
            # Where it was raised holds this reader and its camera, which hold it: they would stay
            # until the garbage collector looks at what is old.
            raised.__traceback__ = raised.__cause__ = raised.__context__ = None
            error = raised
        except Exception as raised:
            # Drivers raise what they like.
            error = SourceError(f"its driver failed ({type(raised).__name__}: {raised})")
        with self._changed:
            self.error, self.is_done = error, True
            self._changed.notify_all()

    def _take(self, source: Source) -> bool:
        """Post a frame, or return that there are no more."""
        # Not where a failure is noticed: whoever keeps that would keep the frame.
        shot = source.read()
        if shot is not None:
            self._post(self, shot)
        return shot is not None


def _problem(error: FiveboxError) -> str:
    return str(getattr(error, "problem", "damaged"))


def _reconnecting(error: FiveboxError, wait_s: float) -> CameraState:
    problem = _problem(error)
    message = f"camera {_WORDS.get(problem, 'sends what is no picture')}: reconnecting"
    if problem not in ("unplugged", "hung"):
        message += f" ({error})"
    return CameraState("reconnecting", problem, message, wait_s)
