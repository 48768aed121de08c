"""Threads in which is read: one lane a kind of input, each with room for a few."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from edge.kiosk.problems import busy

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Lane:
    """One thread, and how many may wait for it.

    A photo never keeps a pen waiting: each kind of input has a lane of its own.

    Args:
        name: of the thread.
        most: calls that run or wait.
    """

    def __init__(self, name: str, most: int) -> None:
        self._threads = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._gate = Gate(most, "the kiosk has too much to read; try again in a second")
        self._is_closed = False

    @property
    def waiting(self) -> int:
        """How many calls run or wait."""
        return self._gate.inside

    async def run(self, call: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Call a function in the lane's thread and return what it returns.

        Raises:
            Problem: too many wait already, or the lane is closed.
        """
        return await asyncio.wrap_future(self.submit(call, *args, **kwargs))

    def submit(self, call: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> Future[_R]:
        """Call a function in the lane's thread, from any thread, without waiting.

        Raises:
            Problem: too many wait already, or the lane is closed.
        """
        self._gate.enter()
        try:
            future = self._threads.submit(call, *args, **kwargs)
        except BaseException as error:
            self._gate.leave()
            # A camera that took too long to end may still tell what it saw.
            if self._is_closed and isinstance(error, RuntimeError):
                raise busy("the kiosk is ending; try again when it is back") from error
            raise
        # Not when nobody waits for it any more: the thread still has it to do.
        future.add_done_callback(lambda _: self._gate.leave())
        return future

    def close(self, finish: bool = False) -> None:
        """Take nothing more; may be called again.

        Args:
            finish: whether to do what waits, and wait for it; else it is given up, and what
                runs is let end.
        """
        self._is_closed = True
        self._threads.shutdown(wait=finish, cancel_futures=not finish)


class Gate:
    """Lets in so many at the same time, and no more.

    Args:
        most: that may be inside.
        refusal: what the others are told.
    """

    def __init__(self, most: int, refusal: str) -> None:
        self._most, self._refusal = most, refusal
        self._lock = threading.Lock()
        self.inside = 0

    def enter(self) -> None:
        """Go inside.

        Raises:
            Problem: too many are.
        """
        with self._lock:
            if self.inside >= self._most:
                raise busy(self._refusal)
            self.inside += 1

    def leave(self) -> None:
        """Make room again."""
        with self._lock:
            self.inside -= 1

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Be inside for a while.

        Raises:
            Problem: too many are.
        """
        self.enter()
        try:
            yield
        finally:
            self.leave()
