from __future__ import annotations

from pathlib import Path

import pytest

from edge.sources import picamera, replay, webcam
from edge.sources.failures import KINDS
from edge.sources.guard import _WORDS, Settings
from edge.sources.uri import Choice, Number

PAGE = (Path(__file__).parents[3] / "docs" / "camera.md").read_text("utf-8")
SOURCES = {
    "`picamera:0`": picamera.OPTIONS,
    "`webcam:0`": webcam.OPTIONS,
    "a path": replay.FILE_OPTIONS,
    "`replay:`": replay.OPTIONS,
}


def line_of(start):
    (line,) = [each for each in PAGE.splitlines() if each.startswith(f"| {start}")]
    return line


@pytest.mark.parametrize("source", SOURCES)
def test_the_page_names_every_option_and_its_default(source):
    told = line_of(source).split("|")[3].strip()
    wanted = [
        f"`{name}` ({option.default:g})"
        if isinstance(option, Number)
        else f"`{name}`" + (f" ({option.default})" if option.default else "")
        for name, option in SOURCES[source].items()
    ]
    assert told == ", ".join(wanted)


@pytest.mark.parametrize("options", SOURCES.values(), ids=SOURCES)
def test_the_page_tells_what_is_allowed(options):
    for name, option in options.items():
        allowed = line_of(f"`{name}`").split("|")[3].strip()
        if isinstance(option, Number):
            assert allowed == f"{option.least:g} to {option.most:g}"
        elif isinstance(option, Choice):
            assert allowed == " or ".join(option.values)


def test_the_page_names_every_failure_and_problem():
    for kind in KINDS:
        assert f"`{kind}`" in PAGE
    for problem, words in _WORDS.items():
        assert f"| `{problem}` | camera {words}: reconnecting |" in PAGE


def test_the_page_tells_the_deadlines_in_use():
    settings = Settings()
    assert (settings.frame_s, settings.first_s) == (2, 15)
    assert (settings.least_wait_s, settings.most_wait_s, settings.most_stuck) == (0.5, 8, 3)
