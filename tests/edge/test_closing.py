"""Tests of edge/closing.py."""

from __future__ import annotations

import pytest

from edge.closing import Closing, Running


class Told(Running):
    def __init__(self):
        self.told = []

    def start(self):
        self.told.append("start")

    def close(self):
        self.told.append("close")


def test_with_starts_and_closes_whatever_happens():
    running = Told()

    def fail():
        with running as same:
            assert same is running
            assert running.told == ["start"]
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert running.told == ["start", "close"]


def test_what_cannot_be_closed_is_none_of_them():
    with pytest.raises(TypeError):
        Closing()
