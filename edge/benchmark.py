"""How fast this machine reads: what people wait for, timed in turns for some seconds.

Without inputs of one's own it reads the built-in postcode, as digits, as a touch recording and
drawn on a page as a camera would send it.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.batch import read_input
from edge.doctor import sample
from edge.doctor.child import run_module
from edge.interpreter import load_interpreter_class
from edge.recognizer import Recognizer
from edge.sources.images import decode_picture
from edge.sources.inputs import Input
from edge.strokes import parse_recording

PAGE = (1640, 1232)
"""Width and height of the drawn page, px: half of a Raspberry Pi camera's each way."""

_LEAST_ROUNDS = 3
_COLD_S = 120.0
_PERCENTILES = (50, 90, 99)


@dataclass(frozen=True)
class Timing:
    """How long one thing took."""

    what: str
    count: int
    """How often it was done."""
    p50: float
    """ms, as the next two."""
    p90: float
    p99: float


@dataclass(frozen=True)
class Report:
    """What came of it; the fields are those of the JSON."""

    processor: str
    cores: int
    """That this process may use."""
    python: str
    runtime: str
    """Which interpreter."""
    model: str
    timings: tuple[Timing, ...]
    first_ms: float | None
    """From starting a process to a touch recording's reading; None where it ended otherwise."""
    peak_mb: float
    """Most memory that this process held."""
    errors: tuple[str, ...]
    """Why inputs can't be read, a sentence each."""

    def to_json(self) -> str:
        """Return the report as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    def lines(self) -> Iterator[str]:
        """Yield the lines for people."""
        yield f"{self.processor}, {self.cores} cores, Python {self.python}, {self.runtime}"
        yield self.model
        yield f"{'ms':38} {'p50':>8} {'p90':>8} {'p99':>8} {'times':>7}"
        for each in self.timings:
            yield f"{each.what:38} {each.p50:8.2f} {each.p90:8.2f} {each.p99:8.2f} {each.count:7}"
        if self.first_ms is not None:
            yield f"{'first reading of a new process':38} {self.first_ms:8.0f}"
        yield f"peak memory {self.peak_mb:.0f} MB"


def benchmark(recognizer: Recognizer, inputs: Sequence[Input], seconds: float) -> Report:
    """Time a reader.

    Args:
        recognizer: whose model is timed.
        inputs: read from where they lie, in turns; none for the built-in postcode.
        seconds: that each row of the table takes; every thing is done three times at least.
    """
    errors, readable = _sorted_out(recognizer, inputs)
    if readable:
        works = {f"input to reading ({len(readable)})": _works(recognizer, readable)}
    else:
        works = {} if inputs else _built_in(recognizer)
    timings = tuple(time_in_turns(what, each, seconds) for what, each in works.items())
    model = recognizer.classifier.path
    return Report(
        processor=processor(),
        cores=len(os.sched_getaffinity(0)),
        python=platform.python_version(),
        runtime=load_interpreter_class().__module__.split(".")[0],
        model=str(model),
        timings=timings,
        first_ms=_cold_start_ms(model),
        peak_mb=round(_peak_mb(), 1),
        errors=errors,
    )


def time_in_turns(what: str, works: Sequence[Callable[[], object]], seconds: float) -> Timing:
    """Do things in turns, again and again, and time each.

    Args:
        what: what they are called together.
        works: what is done; at least one.
        seconds: for how long.
    """
    for work in works:
        work()
    took: list[float] = []
    end = time.perf_counter() + seconds
    while len(took) < _LEAST_ROUNDS * len(works) or time.perf_counter() < end:
        for work in works:
            start = time.perf_counter()
            work()
            took.append(1000 * (time.perf_counter() - start))
    p50, p90, p99 = np.percentile(took, _PERCENTILES).round(3).tolist()
    return Timing(what, len(took), p50, p90, p99)


def draw_page(width: int = PAGE[0], height: int = PAGE[1]) -> NDArray[np.uint8]:
    """Draw the built-in postcode in five red boxes on a page.

    Args:
        width: px, from 500.
        height: px.

    Returns:
        `uint8 (height, width, 3)` BGR.
    """
    page = np.full((height, width, 3), (226, 236, 240), np.uint8)
    written = parse_recording(sample.recording())
    right, bottom = written.corners.max(axis=(0, 1))
    scale = 0.5 * width / right
    corner = np.array([0.3 * width, 0.6 * height - bottom * scale])
    for box in written.corners:
        _polygon(page, box * scale + corner, (60, 60, 205), round(0.03 * scale * bottom), True)
    for stroke in written.strokes:
        _polygon(page, stroke * scale + corner, (90, 50, 40), round(0.07 * scale * bottom), False)
    return page


def _polygon(
    page: NDArray[np.uint8],
    points: NDArray[np.float32],
    colour: tuple[int, int, int],
    thickness: int,
    closed: bool,
) -> None:
    whole = np.rint(points).astype(np.int32)
    cv2.polylines(page, [whole], closed, colour, max(1, thickness), cv2.LINE_AA)


def _built_in(recognizer: Recognizer) -> dict[str, list[Callable[[], object]]]:
    touched = sample.recording()
    digits = sample.digits()
    done, encoded = cv2.imencode(".jpg", draw_page(), [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert done, "a uint8 (h, w, 3) array can always be encoded"
    content = encoded.tobytes()
    size = f"{PAGE[0]}×{PAGE[1]}"
    return {
        "five digits, classified": [lambda: recognizer.classifier.probabilities(digits)],
        "touch recording, read": [lambda: recognizer.read_strokes(touched)],
        f"JPEG of {size}, decoded": [lambda: cv2.imdecode(encoded, cv2.IMREAD_COLOR)],
        f"JPEG of {size}, read": [lambda: recognizer.read(decode_picture(content))],
    }


def _sorted_out(
    recognizer: Recognizer, inputs: Sequence[Input]
) -> tuple[tuple[str, ...], list[Input]]:
    """Return why some inputs can't be read, and the others."""
    errors, readable = [], []
    for item in inputs:
        found = [reading for reading, _ in read_input(recognizer, item)]
        failed = [f"{item.source}: {each.reason}" for each in found if each.status == "error"]
        errors += failed
        if not failed:
            readable.append(item)
    return tuple(errors), readable


def _works(recognizer: Recognizer, inputs: Sequence[Input]) -> list[Callable[[], object]]:
    def read(item: Input) -> None:
        for _ in read_input(recognizer, item):
            pass

    return [partial(read, item) for item in inputs]


def _cold_start_ms(model: Path) -> float | None:
    start = time.perf_counter()
    ended = run_module("edge.doctor.sample", [str(model), "xnnpack"], _COLD_S)
    return round(1000 * (time.perf_counter() - start), 1) if ended.code == 0 else None


def processor() -> str:
    """Return the processor's name, or on a Raspberry Pi the board's."""
    for path, start in (("/proc/device-tree/model", ""), ("/proc/cpuinfo", "model name")):
        try:
            lines = Path(path).read_text("utf-8", "replace").splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith(start):
                return line.partition(":")[2].strip() if start else line.strip("\0 ")
    return platform.machine()


def _peak_mb() -> float:
    """Return the most memory that this process held, MB."""
    try:
        lines = Path("/proc/self/status").read_text("utf-8").splitlines()
        # Linux counts `ru_maxrss` on from the process that started this one.
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes * 1024 / 1e6
