from __future__ import annotations

import io

from train.fit import Epoch, Step
from train.progress import Progress, _clock


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_log_gets_one_line_per_epoch_with_all_figures():
    out = io.StringIO()
    progress = Progress(60, out)
    progress.on_step(Step(1, 100, 12900, 1.5, 0.5))
    progress.on_epoch(Epoch(1, 0.75, 0.7602, 0.9664))
    (line,) = out.getvalue().splitlines()
    assert "\r" not in line
    for part in (" 1/60", "loss 0.7500", "76.02%", "96.64% held out", "left"):
        assert part in line


def test_a_terminal_gets_a_bar_that_the_epochs_line_covers(monkeypatch):
    monkeypatch.setattr("train.progress._REDRAW_S", 0)
    out = Terminal()
    progress = Progress(2, out)
    progress.on_step(Step(1, 50, 100, 1.5, 0.5))
    assert "[##########..........]" in out.getvalue()
    assert out.getvalue().endswith("\r")
    progress.on_epoch(Epoch(1, 0.75, 0.76, 0.97))
    bar, line = out.getvalue().split("\r")
    assert len(line.rstrip("\n")) >= len(bar)


def test_the_bar_is_not_redrawn_at_every_step(monkeypatch):
    monkeypatch.setattr("train.progress._REDRAW_S", 1000)
    out = Terminal()
    progress = Progress(2, out)
    for step in range(1, 50):
        progress.on_step(Step(1, step, 100, 1.5, 0.5))
    assert out.getvalue() == ""


def test_times_are_told_in_minutes_and_hours():
    assert [_clock(s) for s in (0, 59.6, 600, 3725)] == ["0:00", "1:00", "10:00", "1:02:05"]
