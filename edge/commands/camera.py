"""`python -m edge camera`: prints each reading as soon as it is certain."""

from __future__ import annotations

import argparse
import math
import os
import queue
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING, TextIO

from edge.commands.reader import add_reader, make_recognizer
from edge.output import JsonLines, Table

if TYPE_CHECKING:
    from edge.live import CameraState, Event

_EPILOG = """\
The source is picamera:0?width=1640&height=1232&fps=30, webcam:0, a photo, a folder, a video, an
rtsp: or http: address, or replay:DIR, which plays a folder's photos and videos round and round as
a camera would show them. How the camera is, is said on standard error; Ctrl-C ends it.
exit code: 0, ended or stopped; 1, the source can't be used; 2, wrong usage
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "camera",
        help="read the envelopes that are laid under a camera",
        description="Watches a camera, and prints each postcode as soon as it is certain, or "
        "when the envelope has left unread.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--source", required=True, metavar="URI", help="where frames come from")
    parser.add_argument("--json", action="store_true", help="print one line of JSON per reading")
    add_reader(parser)
    parser.add_argument("--seconds", metavar="N", type=_positive, help="stop after so many seconds")
    parser.add_argument(
        "--until-read", metavar="N", type=_count, help="stop after so many readings"
    )
    parser.add_argument("--debug", action="store_true", help="show where an error came from")


def run(options: argparse.Namespace) -> int:
    """Watch until the source ends, enough was read or somebody stops it."""
    # `--help` needs neither numpy nor OpenCV.
    from edge.live import Live, View
    from edge.sources import opener
    from edge.sources.uri import without_password

    source = opener(options.source)
    recognizer = make_recognizer(options)
    events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()

    def listen(event: Event) -> None:
        if not isinstance(event, View):
            events.put(event)

    name = without_password(options.source)
    printer = _Readings(JsonLines() if options.json else Table([name]), name, options.until_read)
    with _standard_error() as complaints, _stopping(events):
        with Live(source, recognizer, listen):
            ended = _follow(_until(events, options.seconds), printer, complaints)
        # The envelope in view has left, too.
        while not events.empty():
            printer.add(events.get())
    printer.close()
    if ended is not None and ended.problem is not None:
        print(f"fivebox: {ended.message}", file=sys.stderr)
        return 1
    return 0


class _Readings:
    """Prints what is read, up to a number of readings."""

    def __init__(self, printer: JsonLines | Table, source: str, most: int | None) -> None:
        self._printer, self._source = printer, source
        self._left = math.inf if most is None else most
        self.close = printer.close

    @property
    def are_enough(self) -> bool:
        return self._left <= 0

    def add(self, event: object) -> None:
        """Print a reading; anything else is none."""
        from edge.live import Seen

        if isinstance(event, Seen) and not self.are_enough:
            self._printer.add(replace(event.reading, source=self._source))
            self._left -= 1


def _follow(events: Iterator[Event], readings: _Readings, complaints: TextIO) -> CameraState | None:
    """Print what happens; return the camera's last state where it has ended by itself."""
    from edge.live import CameraState

    said = ""
    for event in events:
        readings.add(event)
        if readings.are_enough:
            return None
        if isinstance(event, CameraState):
            if event.state == "ended":
                return event
            if event.message != said:
                said = event.message
                print(f"fivebox: {said}", file=complaints, flush=True)
    return None


def _until(events: queue.SimpleQueue[Event | None], seconds: float | None) -> Iterator[Event]:
    """Yield what happens until somebody stops it or the time is over."""
    end_s = math.inf if seconds is None else time.monotonic() + seconds
    while (left_s := end_s - time.monotonic()) > 0:
        try:
            event = events.get(timeout=None if left_s == math.inf else left_s)
        except queue.Empty:
            return
        if event is None:
            return
        yield event


@contextmanager
def _stopping(events: queue.SimpleQueue[Event | None]) -> Iterator[None]:
    """Have Ctrl-C and SIGTERM stop it, once; who insists ends the program."""

    def stop(number: int, frame: FrameType | None) -> None:
        for each, before in handlers.items():
            signal.signal(each, before)
        events.put(None)

    handlers = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, before in handlers.items():
            signal.signal(each, before)


@contextmanager
def _standard_error() -> Iterator[TextIO]:
    """Lend a standard error of our own: what video decoders say to the other is thrown away."""
    try:
        copy = os.dup(2)
    except OSError:
        copy = os.open(os.devnull, os.O_WRONLY)
    with os.fdopen(copy, "w", errors="backslashreplace") as complaints:
        yield complaints


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)
