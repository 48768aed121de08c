from __future__ import annotations

from pathlib import Path

import pytest

from edge.commands.places import data_folder


def test_the_folder_that_is_given_is_taken():
    assert data_folder(Path("there")) == Path("there")


def test_else_that_of_the_users_data(monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    assert data_folder() == Path("/somewhere/fivebox")


@pytest.mark.parametrize("base", ["", "relative"])
def test_a_relative_place_is_ignored_as_the_specification_asks(monkeypatch, base):
    monkeypatch.setenv("XDG_DATA_HOME", base)
    monkeypatch.setenv("HOME", "/home/kiosk")
    assert data_folder() == Path("/home/kiosk/.local/share/fivebox")
