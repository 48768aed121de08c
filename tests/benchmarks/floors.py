"""Runs sets of the accuracy benchmark against their floors; a module each, to run side by side."""

from __future__ import annotations

from benchmarks.accuracy import SETS
from edge import Recognizer


def assert_floors(name: str) -> None:
    """Measure a set in full and fail with its row where a figure misses its floor."""
    score = SETS[name](Recognizer(), None, 1)
    assert not score.missed, score.row
