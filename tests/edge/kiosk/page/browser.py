"""A kiosk that is served in this process, and its page in a browser."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvicorn

from edge import Recognizer
from edge.journal import Journal
from edge.kiosk.app import create_app
from edge.kiosk.service import Kiosk, MakeLive
from edge.kiosk.serving import LOGGING, Server, listen
from edge.kiosk.settings import Settings

# A page on a busy machine. Only what fails waits as long.
PATIENCE_MS = 60_000
REST_MS = 300


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
            wait_for(lambda: server.started or not thread.is_alive())
            yield Served(
                f"http://127.0.0.1:{listening.getsockname()[1]}/", app.state.kiosk, journal
            )
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive(), "the server does not end"


def open_page(context: Any, url: str, errors: list[str] | None = None) -> Any:
    """Open the kiosk's page and wait until it is ready.

    Args:
        context: of the browser.
        url: of the kiosk.
        errors: gets what the page's console calls errors.
    """
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    if errors is not None:
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: m.type == "error" and errors.append(m.text))
    page.goto(url)
    page.wait_for_selector("html[data-ready=yes]")
    return page


def load_recording(path: Path) -> dict[str, Any]:
    """Return a touch recording of a file."""
    recording: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return recording


def until(page: Any, expression: str) -> None:
    """Wait until an expression is true in the page, whose own policy forbids Playwright's way."""
    wait_for(lambda: page.evaluate(expression) or page.wait_for_timeout(20))


def postcode_on(page: Any) -> str:
    """Return the postcode that the page shows, once there is one."""
    shown: str = page.locator("#verdict .postcode").inner_text()
    return shown


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE_MS / 1000) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it did not happen in time")
        time.sleep(0.02)
