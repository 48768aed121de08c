"""Debian's Chromium, a kiosk that is served to it, and a hand that writes on its page."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from edge import Recognizer
from edge.journal import Journal
from edge.kiosk.app import create_app
from edge.kiosk.service import Kiosk, MakeLive
from edge.kiosk.serving import LOGGING, Server, listen
from edge.kiosk.settings import Settings

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
# A page on a busy machine.
PATIENCE_MS = 20_000
REST_MS = 300
# Of a stroke that is written.
_MOST_POINTS = 16

Recording = Mapping[str, Any]


@contextmanager
def chromium() -> Iterator[Any]:
    """Start the browser; skips where it or Playwright is not there."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not shutil.which(CHROMIUM):
        pytest.skip(f"there is no Chromium at {CHROMIUM} (apt install chromium)")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True)
class Served:
    """A kiosk that is served."""

    url: str
    kiosk: Kiosk
    journal: Journal


@contextmanager
def serving(
    recognizer: Recognizer,
    folder: Path,
    make_live: MakeLive | None = None,
    settings: Settings | None = None,
    port: int = 0,
) -> Iterator[Served]:
    """Serve a kiosk in a thread of this process.

    Args:
        recognizer: reads.
        folder: for the journal.
        make_live: makes the camera's loop; None where there is no camera.
        settings: beside host and port.
        port: to listen on; 0 takes any free one.
    """
    settings = replace(settings or Settings(rest_ms=REST_MS), host="127.0.0.1", port=port)
    with Journal(folder / "journal.sqlite") as journal, listen(settings) as listening:
        app = create_app(settings, recognizer, journal, make_live)
        config = uvicorn.Config(
            app, log_config=LOGGING, access_log=False, ws="none", timeout_graceful_shutdown=3
        )
        server = Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            _wait_for(lambda: server.started or not thread.is_alive())
            yield Served(
                f"http://127.0.0.1:{listening.getsockname()[1]}/", app.state.kiosk, journal
            )
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive(), "the server does not end"


def open_page(context: Any, url: str, errors: list[str] | None = None, settle: bool = True) -> Any:
    """Open the kiosk's page and wait until it is ready.

    Args:
        context: of the browser.
        url: of the kiosk.
        errors: gets what the page's console calls errors.
        settle: wait until the page says that it is ready.
    """
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    if errors is not None:
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: m.type == "error" and errors.append(m.text))
    page.goto(url)
    if settle:
        page.wait_for_selector("html[data-ready=yes]")
    return page


def write(page: Any, recording: Recording, only: Sequence[int] | None = None) -> None:
    """Write a touch recording into the page's boxes with the mouse.

    Args:
        page: of the kiosk.
        recording: whose boxes are laid upon the page's.
        only: strokes of these boxes alone, 0 to 4; of all by default.
    """
    boxes = page.evaluate(
        "[...document.querySelectorAll('.box')].map((b) => b.getBoundingClientRect().toJSON())"
    )
    for stroke in recording["strokes"]:
        place = _home(stroke, recording["boxes"])
        if only is not None and place not in only:
            continue
        stroke = _thinned(stroke)
        points = [_carried(point, recording["boxes"][place], boxes[place]) for point in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)
        page.mouse.up()


def load_recording(path: Path) -> dict[str, Any]:
    """Return a touch recording of a file."""
    recording: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return recording


def until(page: Any, expression: str) -> None:
    """Wait until an expression is true in the page, whose own policy forbids Playwright's way."""
    _wait_for(lambda: page.evaluate(expression) or page.wait_for_timeout(20))


def postcode_on(page: Any) -> str:
    """Return the postcode that the page shows, once there is one."""
    shown: str = page.locator("#verdict .postcode").inner_text()
    return shown


def _thinned(stroke: Sequence[Sequence[float]]) -> Sequence[Sequence[float]]:
    """Return as few points as a slow screen reports: each takes the browser a frame."""
    step = max(1, len(stroke) // _MOST_POINTS)
    return [*stroke[:-1:step], stroke[-1]]


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


def _wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it did not happen in time")
        time.sleep(0.02)


wait_for = _wait_for
