from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest

from train.fit import Epoch, Step
from train.progress import Progress, _clock

STEP = Step(epoch=1, step=100, steps=12900, loss=1.5, accuracy=0.5)
EPOCH = Epoch(1, 0.75, 0.7602, 0.4, 0.9664)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Return the time that passes, in seconds, as a list whose first value counts."""
    now = [1000.0]
    monkeypatch.setattr("train.progress.time.monotonic", lambda: now[0])
    return now


def test_a_log_gets_one_line_per_epoch_with_all_figures():
    out = io.StringIO()
    progress = Progress(60, out)
    progress.on_step(STEP)
    progress.on_epoch(EPOCH)
    (line,) = out.getvalue().splitlines()
    assert "\r" not in line
    for part in ("epoch  1/60", "loss 0.7500", "76.02% learnt", "96.64% kept apart"):
        assert part in line
    assert re.search(r"\d:\d\d gone, \d:\d\d left$", line)


def test_the_line_tells_the_time_that_is_gone_and_that_is_left(clock):
    out = io.StringIO()
    progress = Progress(4, out)
    for step in range(1, 26):
        clock[0] += 2
        progress.on_step(Step(1, step, 100, 1.5, 0.5))
    progress.on_epoch(EPOCH)
    # The first step is where the clock starts.
    assert "0:48 gone, " in out.getvalue()
    left = out.getvalue().split("gone, ")[1].split(" left")[0]
    minutes, seconds = map(int, left.split(":"))
    # 75 steps of 2 s.
    assert 60 * minutes + seconds == pytest.approx(150, abs=8)


def test_epochs_of_an_earlier_process_are_marked_and_took_no_time_of_this_one(clock):
    out = io.StringIO()
    progress = Progress(4, out)
    clock[0] += 500
    progress.on_epoch(EPOCH)
    progress.on_epoch(replace(EPOCH, epoch=2))
    for step in range(51, 76):
        clock[0] += 1
        progress.on_step(Step(3, step, 100, 1.5, 0.5))
    progress.on_epoch(replace(EPOCH, epoch=3))
    first, second, third = out.getvalue().splitlines()
    for line in (first, second):
        assert line.endswith("  (before)")
        assert "gone" not in line
        assert "96.64% kept apart" in line
    assert "before" not in third
    # 25 steps gone and 25 to come, whatever the earlier process took.
    assert "0:24 gone, 0:24 left" in third


def test_a_terminal_gets_a_bar_that_the_epochs_line_covers(monkeypatch):
    monkeypatch.setattr("train.progress._REDRAW_S", 0)
    out = Terminal()
    progress = Progress(2, out)
    progress.on_step(Step(1, 50, 100, 1.5, 0.5))
    assert "[##########..........]" in out.getvalue()
    assert out.getvalue().endswith("\r")
    progress.on_epoch(EPOCH)
    bar, line = out.getvalue().split("\r")
    assert len(line.rstrip("\n")) >= len(bar)


def test_the_bar_is_not_redrawn_at_every_step(monkeypatch):
    monkeypatch.setattr("train.progress._REDRAW_S", 1000)
    out = Terminal()
    progress = Progress(2, out)
    for step in range(1, 50):
        progress.on_step(Step(1, step, 100, 1.5, 0.5))
    assert out.getvalue() == ""


def test_where_nothing_is_to_be_printed_nothing_is(capsys):
    progress = Progress(2, None)
    progress.on_step(STEP)
    progress.on_epoch(EPOCH)
    assert capsys.readouterr() == ("", "")


def test_times_are_told_in_minutes_and_hours():
    assert [_clock(s) for s in (0, 59.6, 600, 3725)] == ["0:00", "1:00", "10:00", "1:02:05"]
