from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.doctor.machine import (
    Disk,
    check_clock,
    check_disk,
    check_display,
    check_heat,
    check_system,
)

FOLDER = Path("/var/lib/fivebox")
GOOD = Disk(10_000, False, 500_000, 1_000_000)


@pytest.mark.parametrize(
    ("machine", "bits", "python", "state"),
    [
        ("aarch64", 64, (3, 13), "ok"),
        ("x86_64", 64, (3, 11), "ok"),
        ("armv7l", 32, (3, 11), "fail"),
        # A 64-bit kernel below 32-bit programs, as Raspberry Pi OS once came.
        ("aarch64", 32, (3, 11), "fail"),
        ("aarch64", 64, (3, 9), "fail"),
    ],
)
def test_64_bits_and_a_python_of_today_are_needed(machine, bits, python, state):
    found = check_system(machine, bits, python)
    assert found.state == state
    assert bool(found.mend) == (state == "fail")


def disk(**changes):
    return check_disk(FOLDER, 200, lambda _: replace(GOOD, **changes))


def test_a_disk_with_room_is_well():
    assert disk().state == "ok"
    assert disk(files=0, free_files=0).state == "ok"


@pytest.mark.parametrize(
    ("changes", "state", "told"),
    [
        ({"is_read_only": True}, "fail", "read-only"),
        ({"free_mb": 49.0}, "fail", "49 MB free"),
        ({"free_files": 3}, "fail", "no more files free"),
        ({"problem": "Permission denied"}, "fail", "can't be written to (Permission denied)"),
        ({"free_mb": 250.0}, "warn", "250 MB free, where the journal may take 200 MB"),
    ],
)
def test_a_disk_on_which_readings_can_not_be_kept_is_told(changes, state, told):
    found = disk(**changes)
    assert found.state == state
    assert told in found.message
    assert found.mend


def test_a_journal_that_may_outgrow_the_disk_is_a_warning():
    found = check_disk(FOLDER, 20_000, lambda _: GOOD)
    assert found.state == "warn"
    assert "journal.most_mb" in found.mend


def test_a_folder_that_can_not_be_looked_at_fails():
    def look(_):
        raise PermissionError(13, "Permission denied")

    assert check_disk(FOLDER, 200, look).state == "fail"


@pytest.mark.parametrize(
    ("year", "synchronised", "state"),
    [(2026, True, "ok"), (2026, False, "warn"), (2026, None, "warn"), (1970, True, "warn")],
)
def test_a_clock_that_may_be_wrong_is_a_warning(year, synchronised, state):
    found = check_clock(year, synchronised)
    assert found.state == state
    assert ("1970" in found.message) == (year == 1970)


@pytest.mark.parametrize(
    ("celsius", "throttled", "state", "told"),
    [
        (None, None, "ok", "no sensor"),
        (48.3, 0, "ok", "48 °C"),
        (81.0, 0, "warn", "slows down"),
        (60.0, 0x1, "warn", "too little voltage"),
        (60.0, 0x4, "warn", "throttled"),
        (60.0, 0x50000, "warn", "since the start: too little voltage, throttled"),
        (60.0, 0x40000, "warn", "since the start: throttled"),
    ],
)
def test_a_processor_that_is_slowed_down_is_a_warning(celsius, throttled, state, told):
    found = check_heat(celsius, throttled)
    assert found.state == state
    assert told in found.message
    if throttled:
        assert ("power supply" in found.mend) == ("voltage" in told)


@pytest.mark.parametrize(
    ("environ", "windows", "has_screen", "state", "told"),
    [
        ({"DISPLAY": ":0"}, "QT5", True, "ok", "DISPLAY=:0"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "GTK3", True, "ok", "WAYLAND_DISPLAY=wayland-0"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "QT5", True, "warn", "need X"),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "QT5", True, "ok", "DISPLAY=:0"),
        ({"DISPLAY": ":0"}, "", True, "warn", "headless"),
        ({}, "QT5", True, "warn", "there is a screen, but neither"),
        ({"DISPLAY": ""}, "QT5", False, "warn", "there is no screen, and neither"),
    ],
)
def test_a_display_without_which_only_the_pad_is_missing_is_a_warning(
    environ, windows, has_screen, state, told
):
    found = check_display(environ, windows, has_screen)
    assert found.state == state
    assert told in found.message
