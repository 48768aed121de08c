"""Settings that the installer fills into the example."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config_docs import example
from edge.config_load import load

FILLER = Path(__file__).parents[2] / "deploy/lib/fill_settings.py"


@pytest.fixture(scope="module")
def fill(load_file):
    return load_file(FILLER).fill


def test_settings_are_what_was_given_and_can_be_loaded(fill, tmp_path: Path) -> None:
    text = fill(
        example(),
        {
            "journal.folder": "/var/lib/fivebox",
            "camera.source": "webcam:0",
            "reader.xnnpack": "false",
        },
    )
    path = tmp_path / "fivebox.toml"
    path.write_text(text)
    config = load(path).config
    assert config.camera.source == "webcam:0"
    assert config.journal.folder == Path("/var/lib/fivebox")
    assert config.reader.xnnpack is False
    assert text.count("\n") == example().count("\n"), "every other line stays"


def test_nothing_given_is_the_example(fill) -> None:
    assert fill(example(), {}) == example()


def test_a_key_that_the_example_has_not_is_no_setting(fill) -> None:
    with pytest.raises(KeyError, match=r"camera\.sauce"):
        fill(example(), {"camera.sauce": "x"})
    with pytest.raises(KeyError):
        fill(example(), {"kiosk.source": "x"})


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_any_text_comes_back_as_it_was(fill, source: str) -> None:
    found = tomllib.loads(fill(example(), {"camera.source": source}))["camera"]["source"]
    assert found == {"true": True, "false": False}.get(source, source)
