from __future__ import annotations

import threading
import time

import pytest

from edge.doctor.finding import fail, ok, warn, within, worst


def test_a_check_in_time_is_found_as_it_is():
    assert within(5, "disk", lambda: ok("disk", "fine")) == ok("disk", "fine")


def test_a_check_that_hangs_is_left_alone_and_fails():
    never = threading.Event()
    start = time.monotonic()
    found = within(0.1, "disk", lambda: never.wait() and ok("disk", "fine"))
    assert time.monotonic() - start < 3
    assert (found.name, found.state) == ("disk", "fail")
    assert "within 0.1 s" in found.message
    assert found.mend
    never.set()


def test_a_check_that_breaks_fails_in_one_line():
    def broken():
        raise RuntimeError("two\nlines")

    found = within(5, "camera", broken)
    assert (found.name, found.state) == ("camera", "fail")
    assert "RuntimeError: two lines" in found.message


@pytest.mark.parametrize(
    ("states", "wanted"),
    [("", "ok"), ("ok", "ok"), ("ok warn", "warn"), ("warn fail ok", "fail"), ("fail", "fail")],
)
def test_the_worst_state_counts(states, wanted):
    make = {"ok": ok("a", "b"), "warn": warn("a", "b", "c"), "fail": fail("a", "b", "c")}
    assert worst(make[state] for state in states.split()) == wanted
