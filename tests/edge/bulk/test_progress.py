from __future__ import annotations

import io
import sys
import time

import pytest

from edge.bulk.progress import Progress
from edge.reading import Reading

ACCEPTED, REJECTED = Reading("accepted", "a"), Reading("rejected", "b")
ERROR = Reading("error", "c")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_where_nobody_watches_nothing_is_written():
    stream = io.StringIO()
    with Progress(lambda: range(9), {}, stream) as progress:
        progress.add(ACCEPTED)
    assert stream.getvalue() == ""


def test_where_it_is_not_to_be_shown_nothing_is_written():
    stream = Terminal()
    with Progress(None, {}, stream, is_shown=False) as progress:
        progress.add(ACCEPTED)
    assert stream.getvalue() == ""


def test_the_bar_tells_what_is_done_of_how_many_and_how_it_went():
    pytest.importorskip("tqdm", reason="tqdm, which draws the bar, is not installed")
    stream = Terminal()
    with Progress(lambda: range(40), {"accepted": 3, "error": 1}, stream) as progress:
        # Until they are counted.
        deadline = time.monotonic() + 10
        while progress._bar.total is None and time.monotonic() < deadline:
            time.sleep(0.01)
        for reading in (ACCEPTED, REJECTED, ERROR):
            progress.add(reading)
    last = stream.getvalue().rpartition("\r")[2]
    assert "7/40" in last
    assert "accepted 4, rejected 1, errors 2" in last


def test_more_than_was_counted_is_no_end(monkeypatch):
    pytest.importorskip("tqdm", reason="tqdm, which draws the bar, is not installed")
    stream = Terminal()
    with Progress(lambda: range(1), {}, stream) as progress:
        for _ in range(5):
            progress.add(ACCEPTED)
    assert "accepted 5" in stream.getvalue()


def test_what_cannot_be_counted_has_no_end():
    pytest.importorskip("tqdm", reason="tqdm, which draws the bar, is not installed")

    def fail():
        raise OSError

    stream = Terminal()
    with Progress(fail, {}, stream) as progress:
        progress.add(ACCEPTED)
    assert "accepted 1" in stream.getvalue()


def test_without_tqdm_there_is_no_bar(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    stream = Terminal()
    with Progress(None, {}, stream) as progress:
        progress.add(ACCEPTED)
    assert stream.getvalue() == ""
