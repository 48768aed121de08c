from __future__ import annotations

import json

import pytest

from edge.cli import main
from edge.config_docs import example, page


@pytest.fixture(autouse=True)
def no_variables(monkeypatch, tmp_path):
    """Take what is set on this machine away."""
    path = tmp_path / "set.toml"
    path.write_text("[kiosk]\nport = 9000\n")
    monkeypatch.setenv("FIVEBOX_CONFIG", str(path))
    return path


def test_the_settings_in_force_are_printed_with_their_origin(capsys, monkeypatch, no_variables):
    monkeypatch.setenv("FIVEBOX_KIOSK_SOUND", "off")
    assert main(["config"]) == 0
    rows = [row.split(None, 2) for row in capsys.readouterr().out.splitlines()]
    assert ["kiosk.port", "9000", f"{no_variables}, line 2"] in rows
    assert ["kiosk.sound", "false", "FIVEBOX_KIOSK_SOUND"] in rows


def test_a_flag_names_another_file(capsys, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text("[kiosk]\nport = 9001\n")
    assert main(["config", "--config", str(other), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kiosk.port"]["value"] == "9001"


def test_the_manuals_page_and_the_example_are_printed(capsys):
    assert main(["config", "--docs"]) == 0
    assert capsys.readouterr().out == page()
    assert main(["config", "--example"]) == 0
    assert capsys.readouterr().out == example()


def test_a_mistake_is_one_sentence_and_wrong_usage(capsys, no_variables):
    no_variables.write_text("[kiosk]\nprot = 1\n")
    assert main(["config"]) == 2
    assert capsys.readouterr().err == (
        f"fivebox: {no_variables}, line 2: unknown setting 'prot' in [kiosk]; did you mean port?\n"
    )
