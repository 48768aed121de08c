"""Says how far the training is: a line per epoch, and in a terminal a bar in between."""

from __future__ import annotations

import time
from typing import TextIO

from train.fit import Epoch, Step

_BAR = 20
# Often enough to look alive, seldom enough to cost nothing.
_REDRAW_S = 0.2


class Progress:
    """Prints what `train.fit.fit` reports.

    Args:
        epochs: how many there will be.
        out: where to print; the bar is drawn only on a terminal. None prints nothing.
    """

    def __init__(self, epochs: int, out: TextIO | None) -> None:
        self._epochs = epochs
        self._out = out
        self._start = time.monotonic()
        self._redrawn = self._start
        # Epochs of an earlier process took no time of this one.
        self._first: int | None = None
        self._left = 0.0
        self._width = 0

    def on_step(self, step: Step) -> None:
        """Draw the bar again, if it is time to."""
        now = time.monotonic()
        if self._first is None:
            self._first, self._start = step.step - 1, now
        self._left = (step.steps - step.step) * (now - self._start) / (step.step - self._first)
        if not self._out or not self._out.isatty() or now - self._redrawn < _REDRAW_S:
            return
        self._redrawn = now
        bar = ("#" * round(step.step / step.steps * _BAR)).ljust(_BAR, ".")
        line = (
            f"epoch {step.epoch}/{self._epochs} [{bar}] loss {step.loss:.4f}, "
            f"accuracy {step.accuracy:.2%}, left {_clock(self._left)}"
        )
        self._write(line, end="\r")

    def on_epoch(self, epoch: Epoch) -> None:
        """Print the epoch's line."""
        digits = len(str(self._epochs))
        line = (
            f"epoch {epoch.epoch:{digits}}/{self._epochs}  loss {epoch.loss:.4f}  "
            f"accuracy {epoch.accuracy:.2%} learnt, {epoch.validation_accuracy:.2%} kept apart"
        )
        if self._first is None:
            self._write(f"{line}  (before)", end="\n")
            return
        elapsed = time.monotonic() - self._start
        self._write(f"{line}  {_clock(elapsed)} gone, {_clock(self._left)} left", end="\n")

    def _write(self, line: str, end: str) -> None:
        if not self._out:
            return
        # A shorter line must cover the longer one that it replaces.
        self._out.write(line.ljust(self._width) + end)
        self._out.flush()
        self._width = len(line) if end == "\r" else 0


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
