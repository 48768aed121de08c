"""One process that reads inputs for another, with a recogniser of its own.

It is told what to do through a pipe that nobody else holds, and ends when that is closed:
whatever becomes of either process, the other knows, and no lock stays taken.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.errors import FiveboxError, InputError
from edge.reading import Reading

if TYPE_CHECKING:
    from edge.recognizer import Recognizer
    from edge.sources.inputs import Input

# Of libraries that start as many threads as there are cores, in each process.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# Where the memory runs out, a worker is to be ended and not who hands out the work.
_OOM_SCORE = "500"


@dataclass(frozen=True)
class Setup:
    """How to make the recogniser; see `Recognizer`."""

    model: str | None = None
    directory: str | None = None
    max_error: float | None = None
    xnnpack: bool = True

    def __call__(self) -> Recognizer:
        """Make it."""
        from edge.recognizer import Recognizer

        return Recognizer(self.model, self.directory, self.max_error, self.xnnpack)


def work(connection: Connection, make_recognizer: Callable[[], Any]) -> None:
    """Do what is asked for until nobody asks any more.

    Says `("ready", None)` or `("failed", error)` first. Of `("read", input)` the answers are
    any number of `("reading", reading)`, then `("done", None)`; of `("count", input)`,
    `("pages", n)` or `("problem", sentence)`.
    """
    for name in _THREADS:
        # Before NumPy is imported.
        os.environ[name] = "1"
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, "ascii")
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        _work(connection, make_recognizer)


def _work(connection: Connection, make_recognizer: Callable[[], Any]) -> None:
    import cv2

    # Each core has its process already.
    cv2.setNumThreads(1)
    try:
        recognizer = make_recognizer()
    except FiveboxError as error:
        connection.send(("failed", error))
        return
    connection.send(("ready", None))
    while True:
        task, item = connection.recv()
        if task == "count":
            connection.send(_count(item))
        else:
            _read(recognizer, item, connection)
            connection.send(("done", None))


def _count(item: Input) -> tuple[str, Any]:
    from edge.sources.load import count_pages

    try:
        return "pages", count_pages(item)
    except InputError as error:
        return "problem", str(error)


def _read(recognizer: Recognizer, item: Input, connection: Connection) -> None:
    from edge.batch import read_input

    readings = read_input(recognizer, item)
    while True:
        try:
            reading, _ = next(readings)
        except StopIteration:
            return
        except Exception as error:
            # A fault of ours in one input of a million must not end the work.
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            failure = f"the program has a fault that this input shows ({reason}); please report it"
            connection.send(("reading", Reading("error", item.source, reason=failure)))
            return
        connection.send(("reading", reading))
