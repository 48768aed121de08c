"""Takes what waits in the journal's outbox to a receiver, in order, until it has arrived."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from edge.backoff import Backoff
from edge.closing import Running
from edge.errors import FiveboxError, RefusedError
from edge.journal import Event, Journal

_log = logging.getLogger(__name__)

# Held in memory at a time, however much waits.
_BATCH = 50
# The outbox is looked at so often where nobody says that something waits, seconds.
_POLL_S = 1.0
# A reading that is refused so often is passed over: else none after it would ever arrive.
_MOST_REFUSALS = 5
# A receiver that asks for more is asked again all the same, seconds.
_LONGEST_WAIT_S = 3600.0
_PATIENCE_S = 15.0


class Receiver(Protocol):
    """Where readings go."""

    name: str
    """By which the journal knows what has arrived there."""

    def keep_up(self) -> None:
        """Connect where there is no connection; called again and again.

        Raises:
            PublishError: there is none to be had at present.
        """

    def send(self, events: Sequence[Event]) -> Iterator[int]:
        """Send events in order, and yield the number of each as soon as it has arrived.

        Raises:
            RefusedError: the next one is refused.
            PublishError: the next one did not arrive.
        """

    def close(self) -> None:
        """Take leave; may be called again."""


@dataclass(frozen=True)
class PublishState:
    """How publishing goes."""

    is_connected: bool
    message: str
    """One sentence for a person."""
    retry_s: float | None = None
    """Until the next try; None where none is needed."""
    refused: int = 0
    """How many events were passed over because the receiver would not have them."""


class Publisher(Running):
    """Drains the outbox in a thread of its own, for ever; `with` ends it.

    An event is forgotten when the receiver has it and the journal has stored that: what was on
    its way when the power went is sent again, with the same id. Nothing overtakes.

    Args:
        journal: with `receiver.name` among its receivers.
        receiver: is closed with the publisher.
        listener: called, in the thread, with each change of the state.
        backoff: the waits after failures.
    """

    def __init__(
        self,
        journal: Journal,
        receiver: Receiver,
        listener: Callable[[PublishState], None] | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._journal, self._receiver, self._listener = journal, receiver, listener
        self._backoff = backoff or Backoff(1.0, 300.0, jitter=0.5)
        self._state = PublishState(False, f"{receiver.name}: not yet connected")
        self._refusals: tuple[int, int] = (0, 0)
        self._is_stopped = threading.Event()
        self._is_woken = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"publish-{receiver.name}", daemon=True
        )

    @property
    def state(self) -> PublishState:
        """How publishing goes."""
        return self._state

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Say that something waits, which is otherwise seen within a second."""
        self._is_woken.set()

    def close(self) -> None:
        """End, at the latest when what is on its way has arrived or failed; may be repeated."""
        self._is_stopped.set()
        self._is_woken.set()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE_S)
        self._receiver.close()

    def _run(self) -> None:
        while not self._is_stopped.is_set():
            try:
                self._step()
            except FiveboxError as error:
                self._wait(str(error), getattr(error, "wait_s", None))
            except Exception as error:
                # A mistake of ours must not end publishing until the next restart.
                _log.exception("publishing failed")
                self._wait(f"{self._receiver.name}: {error}", None)

    def _step(self) -> None:
        self._receiver.keep_up()
        events = self._journal.pending(_BATCH, self._receiver.name)
        if events:
            self._deliver(events)
        self._backoff.reset()
        self._tell(PublishState(True, f"{self._receiver.name}: connected"))
        if len(events) < _BATCH and self._is_woken.wait(_POLL_S):
            self._is_woken.clear()

    def _deliver(self, events: Sequence[Event]) -> None:
        last = 0
        try:
            for number in self._receiver.send(events):
                last = number
        except RefusedError as error:
            refused = next(event for event in events if event.number > last)
            if self._is_enough(refused):
                _log.warning("event %s is passed over: %s", refused.id, error)
                self._tell(self._passed_over())
                last = refused.number
            else:
                raise
        finally:
            if last:
                self._journal.published(last, self._receiver.name)

    def _is_enough(self, refused: Event) -> bool:
        number, count = self._refusals
        self._refusals = (refused.number, count + 1 if refused.number == number else 1)
        return self._refusals[1] >= _MOST_REFUSALS

    def _passed_over(self) -> PublishState:
        state = self._state
        return PublishState(state.is_connected, state.message, state.retry_s, state.refused + 1)

    def _wait(self, message: str, asked_s: float | None) -> None:
        wait_s = min(_LONGEST_WAIT_S, max(self._backoff.next_s(), asked_s or 0.0))
        self._tell(PublishState(False, message, wait_s))
        self._is_stopped.wait(wait_s)

    def _tell(self, state: PublishState) -> None:
        refused = max(state.refused, self._state.refused)
        state = PublishState(state.is_connected, state.message, state.retry_s, refused)
        if state == self._state:
            return
        self._state = state
        if self._listener is not None:
            try:
                self._listener(state)
            except Exception:
                # Whoever listens badly must not end the sending; what it raised is in the log.
                _log.exception("the listener failed")
