"""Inputs → readings in the same order, by several processes, any of which may die.

Each process has a pipe of its own and one input at a time, so that it is known what it died
of; pools of the standard library share their pipes, and end with the first process that does.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import Any

from edge.bulk.feed import End, Feed, Listing, Question
from edge.bulk.worker import work
from edge.errors import WorkerError
from edge.reading import Reading
from edge.sources.inputs import Input

# Inputs that were taken and whose readings are not all out, for each process: enough to be
# busy while a long video holds up the order.
_WINDOW = 32
# Bytes that inputs may carry which wait for a process.
_MOST_CARRIED = 64_000_000
# An input that ends so many processes is to blame; once may be chance, of memory say.
_MOST_DEATHS = 2
_MOST_FAILED_STARTS = 3
# Seconds that a process has to end when it is told to.
_PATIENCE = 2.0


@dataclass
class _Slot:
    """An input's place in the order."""

    item: Input
    readings: deque[Reading] = field(default_factory=deque)
    is_done: bool = False
    given: int = 0
    """Readings that came from a process."""
    skip: int = 0
    """Readings to come that were given already, by a process that died."""
    deaths: int = 0


class Pool:
    """Processes that read inputs.

    Args:
        make_recognizer: makes a recogniser in each process; must be importable there.
        jobs: processes at most; one is started when there is work for it.
        is_kept: whether they wait for another `read` when one has come to its end; else they
            end with it. With a `read` that fails or is closed they always do.
    """

    def __init__(
        self, make_recognizer: Callable[[], Any], jobs: int, is_kept: bool = False
    ) -> None:
        self._make_recognizer, self._jobs, self._is_kept = make_recognizer, jobs, is_kept
        self._window = _WINDOW * jobs
        self._workers: list[_Worker] = []
        self._pending: deque[_Slot | Question] = deque()
        self._failed_starts = 0
        self._carried = 0

    def read(self, listing: Listing) -> Iterator[Reading]:
        """Yield the readings of inputs, in the inputs' order, each as soon as it may go out.

        Args:
            listing: yields the inputs; it is run in a thread, and no further than some
                dozens for each process are held.

        Raises:
            FiveboxError: the recogniser can't be made, or the inputs can't be listed.
            WorkerError: no process can be started.
        """
        slots: deque[_Slot] = deque()
        end: End | None = None
        is_whole = False
        try:
            with Feed(listing) as feed:
                while True:
                    while slots and (slots[0].readings or slots[0].is_done):
                        while slots[0].readings:
                            yield slots[0].readings.popleft()
                        if slots[0].is_done:
                            slots.popleft()
                    if end is not None and not slots:
                        break
                    self._hand_out()
                    has_room = len(slots) < self._window and self._carried < _MOST_CARRIED
                    listens = [feed.ready] if end is None and has_room else []
                    busy = {w.connection: w for w in self._workers if w.is_awaited}
                    for ready in wait([*listens, *busy]):
                        if ready is not feed.ready:
                            self._hear(busy[ready])  # type: ignore[index]
                            continue
                        taken = feed.take()
                        if isinstance(taken, End):
                            end = taken
                        elif isinstance(taken, Question):
                            # Those who list wait for it.
                            self._pending.appendleft(taken)
                        else:
                            slots.append(_Slot(taken))
                            self._carried += taken.carried
                            self._pending.append(slots[-1])
            if end.error is not None:
                raise end.error
            is_whole = True
        finally:
            if not (is_whole and self._is_kept):
                self.close()

    def _hand_out(self) -> None:
        while self._pending:
            worker = next((w for w in self._workers if w.task is None), None)
            if worker is None:
                if len(self._workers) == self._jobs:
                    return
                worker = _Worker(self._make_recognizer)
                self._workers.append(worker)
            task = self._pending.popleft()
            if not worker.give(task):
                self._pending.appendleft(task)
                self._bury(worker)

    def _hear(self, worker: _Worker) -> None:
        try:
            kind, what = worker.connection.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        if kind == "failed":
            raise what
        if kind == "ready":
            worker.is_ready = True
            self._failed_starts = 0
            return
        task = worker.task
        if isinstance(task, Question):
            worker.task = None
            task.answers.put(what)
        elif task is not None and kind == "reading":
            task.given += 1
            if task.given > task.skip:
                task.readings.append(what)
        elif task is not None:
            worker.task = None
            self._finish(task)

    def _bury(self, worker: _Worker) -> None:
        """Blame the input for its process's end, or give it another try."""
        self._workers.remove(worker)
        how = worker.end()
        task = worker.task
        if not worker.is_ready:
            self._failed_starts += 1
            if self._failed_starts == _MOST_FAILED_STARTS:
                raise WorkerError(
                    f"a process to read inputs can't be started ({how}); try --jobs 1, or free "
                    "memory"
                )
        elif task is not None:
            task.deaths += 1
        if task is None:
            return
        if task.deaths < _MOST_DEATHS:
            if isinstance(task, _Slot):
                task.skip, task.given = max(task.skip, task.given), 0
            self._pending.appendleft(task)
            return
        reason = (
            f"reading it ends the process that does ({how}); leave it out, or give it more memory"
        )
        if isinstance(task, Question):
            task.answers.put(reason)
        else:
            task.readings.append(Reading("error", task.item.source, reason=reason))
            self._finish(task)

    def _finish(self, slot: _Slot) -> None:
        slot.is_done = True
        self._carried -= slot.item.carried

    def close(self) -> None:
        """End the processes."""
        for worker in self._workers:
            worker.connection.close()
            worker.process.terminate()
        for worker in self._workers:
            worker.end()
        self._workers.clear()
        self._pending.clear()


class _Worker:
    """One process, and what it was given to do."""

    def __init__(self, make_recognizer: Callable[[], Any]) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.task: _Slot | Question | None = None
        self.is_ready = False
        self.process: SpawnProcess = context.Process(
            target=work, args=(theirs, make_recognizer), name="fivebox-read", daemon=True
        )
        # Ctrl-C is sent to all processes of a terminal. The one that hands out the work
        # hears it and ends the others, who inherit that it is not for them; unless the tracker
        # of resources is started on the way, for then Python lets the signal through again.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process.start()
        except OSError as error:
            raise WorkerError(
                f"a process to read inputs can't be started ({error.strerror}); give fewer --jobs"
            ) from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()

    @property
    def is_awaited(self) -> bool:
        """Whether it has something to say, its end at least."""
        return self.task is not None or not self.is_ready

    def give(self, task: _Slot | Question) -> bool:
        """Hand it something to do; False where it is no more."""
        kind = "count" if isinstance(task, Question) else "read"
        try:
            self.connection.send((kind, task.item))
        except OSError:
            return False
        self.task = task
        return True

    def end(self) -> str:
        """Wait for its end, and return how it came."""
        with contextlib.suppress(OSError):
            self.connection.close()
        self.process.join(_PATIENCE)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        code = self.process.exitcode or 0
        self.process.close()
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"
