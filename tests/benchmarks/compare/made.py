"""Measured figures that nobody measured, for tests of what is made of them."""

from __future__ import annotations

from benchmarks.compare.measuring import Counts, Measured


def measured(peer, way, right=5, touch=3, ms=10.0, answered=6, wrong=1):
    sets = {
        "desk": Counts(10, right, answered, wrong),
        "box_strips": Counts(4, 0, 0, 0),
        "touch": Counts(8, touch, 8, 8 - touch),
    }
    times = {
        "photo": {"p50": ms, "p90": 2 * ms, "p99": 3 * ms},
        "touch": {"p50": ms / 5, "p90": ms / 4, "p99": ms / 3},
    }
    return Measured(peer, way, "1.2", "2026-11-24", sets, times, times, 0.75, 0.8, 56.4, 326.4)


ALL = (
    measured("fivebox", "photo", 9, 7, 12.0),
    measured("textbook", "row", 2, 1, 60.0),
    measured("normalised", "row", 4, 3, 61.0),
    measured("rapidocr", "photo", 3, 4, 1500.0),
    measured("rapidocr", "row", 6, 5, 40.0),
    measured("tesseract", "photo-sparse", 1, 0, 300.0),
    measured("tesseract", "photo-line", 1, 0, 200.0),
    measured("tesseract", "row-sparse", 3, 0, 30.0),
    measured("tesseract", "row-line", 3, 1, 50.0),
)
