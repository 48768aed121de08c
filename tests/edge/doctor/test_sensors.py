from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.doctor import sensors


@pytest.fixture
def root(tmp_path):
    """Return a function that writes a file of a machine's root, and the root."""

    def write(path, text=""):
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return tmp_path

    return write


def test_cameras_are_listed_with_what_this_user_may(root, tmp_path):
    for name in ("video10", "video2", "null"):
        root(f"dev/{name}")
    found = sensors.devices(tmp_path)
    assert dict(found.videos) == {"/dev/video2": True, "/dev/video10": True}
    assert found.user
    assert found.group in found.groups
    assert sensors.devices(tmp_path / "nothing").videos == {}


def test_a_disk_is_looked_at_below_a_folder_that_is_not_there_yet(tmp_path):
    found = sensors.disk(tmp_path / "not" / "yet")
    assert found.free_mb > 0
    assert not found.is_read_only
    assert found.problem == ""
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_file_system_is_told():
    # The kernel's own.
    assert sensors.disk(Path("/proc/sys")).problem
    assert sensors.disk(Path("/proc/sys")).free_mb == 0


def test_a_full_disk_is_told(monkeypatch, tmp_path):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert sensors.disk(tmp_path).problem == "No space left on device"


def test_a_read_only_disk_is_told_by_its_error(monkeypatch, tmp_path):
    def read_only(_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "fsync", read_only)
    assert sensors.disk(tmp_path).is_read_only


def test_a_clock_that_follows_a_server_is_told_by_its_mark(root):
    assert sensors.is_synchronised(root("run/systemd/timesync/synchronized")) is True


@pytest.mark.parametrize(
    ("said", "wanted"), [("echo yes", True), ("echo no", False), ("exit 1", None), ("", None)]
)
def test_a_clock_is_asked_for(tmp_path, monkeypatch, said, wanted):
    program = tmp_path / "timedatectl"
    program.write_text(f"#!/bin/sh\n{said}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert sensors.is_synchronised(tmp_path) is wanted


def test_without_anyone_to_ask_the_clock_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sensors.is_synchronised(tmp_path) is None


def test_the_processors_heat_is_read_and_not_the_batterys(root, tmp_path):
    assert sensors.celsius(tmp_path) is None
    root("sys/class/thermal/thermal_zone0/type", "battery\n")
    root("sys/class/thermal/thermal_zone0/temp", "21000\n")
    assert sensors.celsius(tmp_path) is None
    root("sys/class/thermal/thermal_zone1/type", "cpu-thermal\n")
    assert sensors.celsius(tmp_path) is None
    root("sys/class/thermal/thermal_zone1/temp", "48312\n")
    assert sensors.celsius(tmp_path) == 48.312


def test_the_firmwares_word_is_read(root, tmp_path):
    assert sensors.throttled(tmp_path) is None
    path = "sys/devices/platform/soc/soc:firmware/get_throttled"
    root(path, "50005\n")
    assert sensors.throttled(tmp_path) == 0x50005
    root(path, "?")
    assert sensors.throttled(tmp_path) is None


def test_a_screen_is_there_where_a_connector_says_so(root, tmp_path):
    root("sys/class/drm/card0-HDMI-A-1/status", "disconnected\n")
    assert not sensors.has_screen(tmp_path)
    root("sys/class/drm/card0-DSI-1/status", "connected\n")
    assert sensors.has_screen(tmp_path)
