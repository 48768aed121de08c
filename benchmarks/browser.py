"""Debian's Chromium, and a hand that writes touch recordings on the kiosk's page."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

CHROMIUM = os.environ.get("FIVEBOX_CHROMIUM") or "/usr/bin/chromium"
# Nothing is asked of the network, and nothing waits for a graphics card or a first visit.
ARGUMENTS = (
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
# Of a stroke that is written: a screen reports no more, and each takes the browser a frame.
_MOST_POINTS = 16
_BOXES = "[...document.querySelectorAll('.box')].map((b) => b.getBoundingClientRect().toJSON())"


def missing() -> str | None:
    """Return why there is no browser to use, in one sentence; None where there is one."""
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed (pip install playwright)"
    if not shutil.which(CHROMIUM):
        return f"there is no Chromium at {CHROMIUM} (apt install chromium, or set FIVEBOX_CHROMIUM)"
    return None


@contextmanager
def chromium() -> Iterator[Any]:
    """Start the browser, without a window; `missing` says whether it is there."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def write(page: Any, recording: Mapping[str, Any], only: Sequence[int] | None = None) -> None:
    """Write a touch recording into the page's boxes with the mouse.

    Args:
        page: of the kiosk.
        recording: whose boxes are laid upon the page's.
        only: strokes of these boxes alone, 0 to 4; of all by default.
    """
    boxes = page.evaluate(_BOXES)
    for stroke in recording["strokes"]:
        place = _home(stroke, recording["boxes"])
        if only is not None and place not in only:
            continue
        step = max(1, len(stroke) // _MOST_POINTS)
        points = [
            _carried(point, recording["boxes"][place], boxes[place])
            for point in [*stroke[:-1:step], stroke[-1]]
        ]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)
        page.mouse.up()


def _home(stroke: Sequence[Sequence[float]], boxes: Sequence[Sequence[float]]) -> int:
    middle = sum(point[0] for point in stroke) / len(stroke)
    return min(range(5), key=lambda k: abs(boxes[k][0] + boxes[k][2] / 2 - middle))


def _carried(
    point: Sequence[float], old: Sequence[float], new: Mapping[str, float]
) -> tuple[float, float]:
    """Return a point of one box in another, at one scale in both directions."""
    scale = 0.98 * min(new["width"] / old[2], new["height"] / old[3])
    return (
        new["x"] + new["width"] / 2 + scale * (point[0] - old[0] - old[2] / 2),
        new["y"] + new["height"] / 2 + scale * (point[1] - old[1] - old[3] / 2),
    )
