"""The journal as the kiosk uses it: it may fail, which is told, and recover, which is told too."""

from __future__ import annotations

import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.errors import JournalError
from edge.journal import Entry, Journal
from edge.reading import Reading

# A reading takes less, its log and its images included.
_PROBE_BYTES = 65_536


class Seen(NamedTuple):
    """What the model saw and said of one reading."""

    digits: NDArray[np.uint8]
    """(n, 28, 28)"""
    probabilities: NDArray[np.float32]
    """(n, 10)"""


class Store:
    """Keeps readings, and remembers the digit images of the last ones. Safe between threads.

    Args:
        journal: where they are kept.
        on_change: called with None when the journal takes readings again, and with a sentence
            when it does not; it must not wait, nor call the store.
        recent: how many readings' images are remembered.
    """

    def __init__(
        self, journal: Journal, on_change: Callable[[str | None], None], recent: int
    ) -> None:
        self._journal, self._on_change, self._most = journal, on_change, recent
        self._recent: OrderedDict[str, Seen] = OrderedDict()
        self._lock = threading.Lock()
        self._problem = journal.problem

    @property
    def problem(self) -> str | None:
        """Why the journal took nothing when it was last asked; None where it did."""
        return self._problem

    def add(self, reading: Reading, kind: str, seen: Seen | None) -> Entry | None:
        """Keep a reading; it is on the disk when this returns.

        Returns:
            Its entry; None where the journal did not take it.
        """
        digits, probabilities = seen if seen is not None else (None, None)
        try:
            entry = self._journal.add(reading, kind, probabilities, digits)
        except JournalError as error:
            self._tell(str(error))
            return None
        self._tell(None)
        if seen is not None:
            with self._lock:
                self._recent[entry.id] = seen
                if len(self._recent) > self._most:
                    self._recent.popitem(last=False)
        return entry

    def correct(self, id: str, postcode: str | None) -> Entry:
        """Keep a person's word.

        Raises:
            UnknownReadingError: there is no such reading.
            JournalError: it can't be kept.
        """
        with self._lock:
            seen = self._recent.get(id)
        try:
            entry = self._journal.correct(id, postcode, seen.digits if seen else None)
        except JournalError as error:
            self._tell(str(error))
            raise
        self._tell(None)
        return entry

    def probe(self) -> None:
        """Try whether a journal that took nothing would take something now.

        A transaction that writes nothing succeeds on a full disk, so a file is written too.
        """
        try:
            with tempfile.TemporaryFile(dir=self._journal.path.parent) as file:
                file.write(bytes(_PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
            self._journal.tidy()
        except OSError:
            return
        self._tell(None)

    def seen(self, id: str) -> Seen | None:
        """Return what the model saw of a reading; None where that is not remembered."""
        with self._lock:
            seen = self._recent.get(id)
        if seen is not None:
            return seen
        entry = self._journal.get(id)
        if entry is None or entry.digits is None or entry.probabilities is None:
            return None
        return Seen(entry.digits, entry.probabilities)

    def _tell(self, problem: str | None) -> None:
        # Told under the lock: of two threads the later one's word is told last.
        with self._lock:
            if problem != self._problem:
                self._problem = problem
                self._on_change(problem)
