"""Runs sets of the accuracy benchmark against what has been reached; a module each.

The benchmark itself marks what misses the floors that are aimed at; here is held what was
measured, so that nothing gets lost on the way there. Where a floor is reached it is the floor.
"""

from __future__ import annotations

from types import MappingProxyType

from benchmarks.accuracy import SETS
from benchmarks.scores import FLOORS, Floor
from edge import Recognizer

# Rendered photos take half a second each: the first so many of the benchmark's.
RENDERED_COUNT = 60

HELD = MappingProxyType(
    {
        **FLOORS,
        "scan": Floor(0.93, 0.03),
        "desk": Floor(0.86, 0.03),
        "hard": Floor(0.83, 0.04),
        "odd": Floor(0.6, 0.08),
        "envelopes": Floor(0.875, 0.0),
        "touch": Floor(0.945, 0.01, 0.88),
    }
)
"""By the name of the set."""


def assert_held(name: str, count: int | None = None) -> None:
    """Measure a set and fail with its row where a figure is below what has been reached."""
    score = SETS[name](Recognizer(), count, 1)
    assert not score.misses(HELD[name]), score.row
