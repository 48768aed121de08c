"""Runs programs, each in a process of its own, and counts what they answer."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.compare.items import Item, save_items
from benchmarks.datasets import ROOT
from benchmarks.reporting import percentiles

# Starts that the first answer is timed of; the middle one is told.
STARTS = 3
_WORKER = (sys.executable, "-m", "benchmarks.compare.worker")
# All run on one core; threads beyond it would wait for each other.
_THREADS = (
    "OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
)  # fmt: skip
_ENVIRONMENT = dict.fromkeys(_THREADS, "1") | {"TF_CPP_MIN_LOG_LEVEL": "3"}


class MissingError(Exception):
    """A program is not there to be measured; the message says how to get it."""


class FailedError(Exception):
    """A program broke off; the message is the last that it said."""


@dataclass(frozen=True)
class Counts:
    """Of one set."""

    total: int
    right: int
    """Guesses that are right, answered or not."""
    answered: int
    wrong: int
    """Of those answered."""


@dataclass(frozen=True)
class Measured:
    """A program, used in one way."""

    peer: str
    way: str
    version: str
    date: str
    """Of the measurement, year-month-day."""
    sets: dict[str, Counts]
    ms: dict[str, dict[str, float]]
    """By kind, `photo` and `touch`: `p50`, `p90` and `p99` of the processor's time, which on
    a core of its own is the time that passes, and depends little on what else is running."""
    wall_ms: dict[str, dict[str, float]]
    """The same of the time that passed."""
    first_s: float
    """From starting the process to its first answer, with files in the system's cache: the
    processor's time."""
    wall_first_s: float
    """The same of the time that passed."""
    peak_mb: float
    installed_mb: float


def measure(
    peer: str,
    way: str,
    items: Sequence[Item],
    command: Sequence[str] = _WORKER,
    progress: Callable[[int], None] = lambda done: None,
) -> Measured:
    """Measure a program in one way.

    Args:
        peer: its name, of `peers.PEERS`.
        way: one of its ways.
        items: what it reads, in this order.
        command: starts the process, given peer, way and a file of items.
        progress: is told after each item how many are read.

    Raises:
        MissingError: it is not installed.
        FailedError: it broke off.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "items.json")
        save_items(path, items)
        call = [*command, peer, way, str(path), "--core", str(max(os.sched_getaffinity(0)))]
        firsts = [_first_answer(call) for _ in range(STARTS)]
        answers, last = _answers(call, progress)
    if len(answers) != len(items):
        raise FailedError(f"it answered {len(answers)} of {len(items)}")
    return Measured(
        peer, way, last["version"], time.strftime("%Y-%m-%d"), count(items, answers),
        times(items, answers, "cpu"), times(items, answers, "ms"),
        round(statistics.median(cpu for cpu, _ in firsts), 3),
        round(statistics.median(wall for _, wall in firsts), 3),
        round(last["peak"] / 1e6, 1), round(last["installed"] / 1e6, 1),
    )  # fmt: skip


def count(items: Sequence[Item], answers: Sequence[dict[str, Any]]) -> dict[str, Counts]:
    """Count the answers of each set.

    Args:
        items: what was read.
        answers: `guess` and `is_sure` of each.
    """
    found = {}
    for name in dict.fromkeys(item.set for item in items):
        mine = [(i, a) for i, a in zip(items, answers, strict=True) if i.set == name]
        right = sum(answer["guess"] == item.postcode for item, answer in mine)
        sure = [(item, answer) for item, answer in mine if answer["is_sure"]]
        wrong = sum(answer["guess"] != item.postcode for item, answer in sure)
        found[name] = Counts(len(mine), right, len(sure), wrong)
    return found


def times(
    items: Sequence[Item], answers: Sequence[dict[str, Any]], clock: str
) -> dict[str, dict[str, float]]:
    """Return percentiles of milliseconds, by kind.

    Args:
        items: what was read.
        answers: `ms` and `cpu` of each.
        clock: which of the two.
    """
    found = {}
    for kind in dict.fromkeys(item.kind for item in items):
        mine = [a[clock] for i, a in zip(items, answers, strict=True) if i.kind == kind]
        found[kind] = percentiles(mine)
    return found


def _first_answer(call: Sequence[str]) -> tuple[float, float]:
    """Return the seconds from starting a process to its first answer, worked and passed."""
    start, taken = time.perf_counter(), None
    with closing(_lines([*call, "--first"])) as lines:
        for line in lines:
            taken = taken or (line["cpu"], time.perf_counter() - start)
    if taken is None:
        raise FailedError("it gave no answer")
    return taken


def _answers(
    call: Sequence[str], progress: Callable[[int], None]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the answers to all items, and what the process took."""
    answers: list[dict[str, Any]] = []
    last: dict[str, Any] = {}
    with closing(_lines(call)) as lines:
        for line in lines:
            if "ms" in line:
                answers.append(line)
                progress(len(answers))
            elif "peak" in line:
                last = line
    return answers, last


def _lines(call: Sequence[str]) -> Generator[dict[str, Any], None, None]:
    """Yield the lines of a process as it prints them."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(
            call, stdout=subprocess.PIPE, stderr=said, text=True, encoding="utf-8", cwd=ROOT,
            env=os.environ | _ENVIRONMENT,
        )  # fmt: skip
        with process:
            try:
                for text in process.stdout or ():
                    line = json.loads(text)
                    if "missing" in line:
                        raise MissingError(line["missing"])
                    yield line
            except BaseException:
                # Nobody listens any more.
                process.kill()
                raise
        if process.returncode:
            said.seek(0)
            words = [line.strip() for line in said if line.strip()]
            raise FailedError(words[-1] if words else f"exit code {process.returncode}")
