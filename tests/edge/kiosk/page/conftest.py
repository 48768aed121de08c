"""A browser, a kiosk that it opens, and the page in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks.browser import chromium, missing
from edge import Recognizer
from edge.journal import Journal
from tests.edge.kiosk.page.browser import open_page, serving
from tests.edge.kiosk.page.scripted import ScriptedLive

SAMPLES = Path(__file__).parents[4] / "samples"


@dataclass(frozen=True)
class ScriptedKiosk:
    """A kiosk whose camera sees what a test says."""

    url: str
    live: ScriptedLive
    journal: Journal


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, for the tests of one module: its event loop must not meet those of others."""
    if why := missing():
        pytest.skip(why)
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def postman() -> Recognizer:
    """A recogniser that knows Korea's postcodes."""
    return Recognizer(directory="kr")


@pytest.fixture
def scripted(postman: Recognizer, tmp_path: Path) -> Iterator[ScriptedKiosk]:
    """A kiosk with a scripted camera and an empty journal."""
    made: list[ScriptedLive] = []

    def make_live(listener: Callable[[object], None]) -> ScriptedLive:
        made.append(ScriptedLive(listener))
        return made[-1]

    with serving(postman, tmp_path, make_live) as served:
        yield ScriptedKiosk(served.url, made[-1], served.journal)


@pytest.fixture
def visit(browser: Any, scripted: ScriptedKiosk) -> Iterator[Callable[..., Any]]:
    """Return a function that opens the page; what its console calls an error fails the test,
    but where `fails` says that a request is to fail."""
    errors: list[str] = []
    contexts = []

    def open_it(
        width: int = 1280,
        height: int = 800,
        locale: str = "en-GB",
        fails: bool = False,
        **options: Any,
    ) -> Any:
        viewport = {"width": width, "height": height}
        contexts.append(browser.new_context(viewport=viewport, locale=locale, **options))
        return open_page(contexts[-1], scripted.url, [] if fails else errors)

    yield open_it
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(visit: Callable[..., Any]) -> Any:
    """The page as a screen of 1280×800 shows it in English."""
    return visit()
