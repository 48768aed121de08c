from __future__ import annotations

import ctypes
import time

import pytest

from edge.journal import clock


def test_a_moment_is_now():
    before = time.time_ns() // 1000
    moment = clock.now()
    assert before <= moment.wall_us <= time.time_ns() // 1000
    later = clock.now()
    assert later.uptime_s >= moment.uptime_s > 0
    assert later.boot_id == moment.boot_id != ""


@pytest.mark.parametrize(("state", "is_right"), [(0, True), (1, True), (5, False), (-1, False)])
def test_the_kernel_is_asked_whether_the_clock_is_right(monkeypatch, state, is_right):
    asked = []

    def adjtimex(buffer):
        asked.append(bytes(buffer[: ctypes.sizeof(ctypes.c_uint)]))
        return state

    monkeypatch.setattr(clock, "_adjtimex", lambda: adjtimex)
    assert clock.clock_is_right() is is_right
    # No mode is set: nothing is changed.
    assert asked == [b"\0\0\0\0"]


def test_where_the_kernel_can_not_be_asked_no_clock_is_right(monkeypatch):
    monkeypatch.setattr(clock, "_adjtimex", lambda: None)
    assert clock.clock_is_right() is False


def test_the_real_kernel_answers():
    assert clock._adjtimex() is not None
    assert clock.clock_is_right() in (True, False)
