"""Inputs listed in a thread of their own, a few ahead of those who read them.

What is listed may take its time, lines of a pipe say, and meanwhile readings go out.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from edge.errors import InputError
from edge.sources.inputs import Input

Listing = Callable[[Callable[[Input], int]], Iterator[Input]]
"""Given what counts a document's pages, yields the inputs."""


@dataclass
class Question:
    """How many pages has it? Asked by the listing thread, which waits for the answer."""

    item: Input
    answers: SimpleQueue[int | str | None] = field(default_factory=SimpleQueue)
    """A number, a sentence that says why there is none, or None where nobody answers."""
    deaths: int = 0
    """Of processes that tried."""


class End:
    """All inputs are listed, or listing them failed."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Feed:
    """The listing thread.

    Args:
        listing: yields the inputs.
        ahead: how many may wait to be taken.
    """

    def __init__(self, listing: Listing, ahead: int = 8) -> None:
        self.ready, self._bell = multiprocessing.Pipe(duplex=False)
        """`ready` can be waited for; each message stands for one `take`."""
        self._listing = listing
        self._room = threading.Semaphore(ahead)
        self._waiting: deque[Input | Question | End] = deque()
        self._asked: Question | None = None
        self._is_stopped = False
        # A daemon: it may hang in reading a pipe to which nobody writes.
        self._thread = threading.Thread(target=self._run, name="inputs", daemon=True)

    def __enter__(self) -> Feed:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_stopped = True
        self._room.release()
        asked = self._asked
        if asked is not None:
            asked.answers.put(None)
        self.ready.close()

    def take(self) -> Input | Question | End:
        """Return what comes next; waits for it."""
        self.ready.recv_bytes()
        self._room.release()
        return self._waiting.popleft()

    def _run(self) -> None:
        end = End()
        try:
            for item in self._listing(self._count):
                self._put(item)
        except _StoppedError:
            return
        except BaseException as error:
            end = End(error)
        with contextlib.suppress(_StoppedError):
            self._put(end)

    def _put(self, item: Any) -> None:
        self._room.acquire()
        if self._is_stopped:
            raise _StoppedError
        self._waiting.append(item)
        try:
            self._bell.send_bytes(b"\0")
        except OSError as error:
            raise _StoppedError from error

    def _count(self, item: Input) -> int:
        self._asked = Question(item)
        self._put(self._asked)
        answer = self._asked.answers.get()
        if answer is None or self._is_stopped:
            raise _StoppedError
        self._asked = None
        if isinstance(answer, str):
            raise InputError(answer)
        return answer


class _StoppedError(Exception):
    """Nobody takes inputs any more."""
