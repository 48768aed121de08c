"""Events from any thread to every client that listens, without a queue that could grow.

Of what only has a present (`camera`, `view`, `store`) a client that is slow gets the newest
and misses what was between. What must not be missed (`reading`, `correction`) waits, but not
without end: a client that leaves too many waiting is dropped, and asks anew for all there is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

# Readings of several minutes.
_MOST_WAITING = 64

_LATEST_ONLY = ("camera", "store", "view")


class Event(NamedTuple):
    """Something to tell."""

    name: str
    data: str
    """JSON, on one line."""


class Mailbox:
    """What one client has not yet been told; used in the event loop's thread only.

    Args:
        views_per_s: at most so many views a second are given out.
    """

    def __init__(self, views_per_s: float) -> None:
        self.closed = False
        self._pause_s = 1 / views_per_s
        self._next_view_s = 0.0
        self._latest: dict[str, Event] = {}
        self._ordered: deque[Event] = deque()
        self._arrived = asyncio.Event()

    def put(self, event: Event) -> None:
        """Leave an event; a client that has too many waiting is given up."""
        if event.name in _LATEST_ONLY:
            self._latest[event.name] = event
        elif len(self._ordered) < _MOST_WAITING:
            self._ordered.append(event)
        else:
            self.close()
        self._arrived.set()

    def close(self) -> None:
        """Let `take` return nothing from now on."""
        self.closed = True
        self._latest.clear()
        self._ordered.clear()
        self._arrived.set()

    async def take(self, seconds: float) -> list[Event]:
        """Return what has come, as soon as there is something.

        Args:
            seconds: to wait at most.

        Returns:
            The events, those of the present first; none after `seconds` without any, or
            when the mailbox is closed.
        """
        deadline = time.monotonic() + seconds
        while not self.closed:
            if due := self._due():
                return due
            self._arrived.clear()
            until = min(deadline, self._next_view_s) if "view" in self._latest else deadline
            pause = until - time.monotonic()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), max(0.0, pause))
            if time.monotonic() >= deadline:
                return self._due()
        return []

    def _due(self) -> list[Event]:
        now = time.monotonic()
        names = [name for name in _LATEST_ONLY if name in self._latest]
        if "view" in names:
            if now < self._next_view_s:
                names.remove("view")
            else:
                self._next_view_s = now + self._pause_s
        due = [self._latest.pop(name) for name in names]
        due += self._ordered
        self._ordered.clear()
        return due


class Hub:
    """Tells events to all who listen. `publish` may be called from any thread.

    Args:
        views_per_s: at most so many views a second go to one client.
    """

    def __init__(self, views_per_s: float) -> None:
        self._views_per_s = views_per_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._mailboxes: set[Mailbox] = set()
        self._lock = threading.Lock()
        self._waiting: dict[str, Event] = {}
        self._present: dict[str, Event] = {}
        self._closed = False

    def open(self) -> None:
        """Begin to tell, in the event loop that runs here."""
        with self._lock:
            # What came before the loop ran is present, and waits for nobody.
            self._waiting.clear()
            self._loop = asyncio.get_running_loop()
        self._closed = False

    def close(self) -> None:
        """Let everyone go; called in the event loop's thread."""
        self._closed = True
        for mailbox in list(self._mailboxes):
            mailbox.close()

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._mailboxes)

    def publish(self, name: str, data: Mapping[str, Any]) -> None:
        """Tell an event to all who listen now; from any thread, without waiting.

        What has a present is also told first to those who come later, views apart.
        """
        if name == "view" and not self._mailboxes:
            return
        event = Event(name, json.dumps(data, ensure_ascii=False))
        if name in _LATEST_ONLY:
            with self._lock:
                # While the loop has not come round to the one before, it is replaced.
                known = name in self._waiting
                self._waiting[name] = event
                if name != "view":
                    self._present[name] = event
            if known:
                return
        self._soon(event)

    @contextlib.contextmanager
    def listening(self) -> Iterator[Mailbox]:
        """Lend a mailbox that already holds the present state; in the loop's thread."""
        mailbox = Mailbox(self._views_per_s)
        with self._lock:
            present = list(self._present.values())
        for event in present:
            mailbox.put(event)
        if self._closed:
            mailbox.close()
        self._mailboxes.add(mailbox)
        try:
            yield mailbox
        finally:
            self._mailboxes.discard(mailbox)

    def _soon(self, event: Event) -> None:
        # Before the loop runs, and when it has ended, there is nobody to be told.
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._deliver, event)

    def _deliver(self, event: Event) -> None:
        if event.name in _LATEST_ONLY:
            with self._lock:
                event = self._waiting.pop(event.name, event)
        for mailbox in list(self._mailboxes):
            mailbox.put(event)
