"""The services, as systemd itself judges them."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
KIOSK = DEPLOY / "systemd/fivebox.service"
NAMES = [unit.name for unit in UNITS]

systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def lines(unit: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit.read_text(), re.MULTILINE)


@systemd
@pytest.mark.parametrize("unit", UNITS, ids=NAMES)
def test_systemd_finds_nothing_wrong(unit: Path, tmp_path: Path) -> None:
    # With programs that are there, for the real ones are where it is installed.
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE)
    for each in UNITS:
        (tmp_path / each.name).write_text(
            re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", each.read_text(), flags=re.MULTILINE)
        )
    (tmp_path / unit.name).write_text(text)
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    told = [line for line in ended.stderr.splitlines() if "fivebox" in line]
    assert told == []
    assert ended.returncode == 0, ended.stderr


@systemd
def test_the_kiosk_is_exposed_to_little() -> None:
    ended = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(KIOSK)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    found = re.search(r"Overall exposure level for fivebox\.service: ([0-9.]+)", ended.stdout)
    assert found is not None, ended.stderr
    assert float(found[1]) < 2.5


def test_the_kiosk_is_watched_bounded_and_needs_no_network() -> None:
    assert lines(KIOSK, "Type") == ["notify"]
    assert float(lines(KIOSK, "WatchdogSec")[0]) > 0
    assert lines(KIOSK, "Restart") == ["always"]
    assert int(lines(KIOSK, "StartLimitBurst")[0]) * float(lines(KIOSK, "RestartSec")[0]) < float(
        lines(KIOSK, "StartLimitIntervalSec")[0]
    ), "else the limit is never reached"
    for bound in ("MemoryMax", "CPUQuota", "TasksMax"):
        assert lines(KIOSK, bound)
    ordered = " ".join(lines(KIOSK, "After") + lines(KIOSK, "Wants") + lines(KIOSK, "Requires"))
    assert "network" not in ordered


def test_devices_of_cameras_are_open_to_it_and_its_folder_can_be_written_to() -> None:
    assert {"char-video4linux rw", "char-media rw", "char-dma_heap rw"} <= set(
        lines(KIOSK, "DeviceAllow")
    )
    assert lines(KIOSK, "StateDirectory") == ["fivebox"]
    # The runtime reads /proc/cpuinfo.
    assert lines(KIOSK, "ProcSubset") == []


def test_the_kiosk_starts_where_a_group_of_devices_is_missing() -> None:
    # systemd starts nothing whose groups it doesn't find, and `render` is udev's.
    assert lines(KIOSK, "SupplementaryGroups") == []
    account = (DEPLOY / "lib/account.sh").read_text()
    assert "for group in video render input" in account


def test_screens_come_back_without_end_and_only_one_is_shown() -> None:
    for name, other in (("screen", "pad"), ("pad", "screen")):
        unit = DEPLOY / f"systemd/fivebox-{name}.service"
        assert lines(unit, "Restart") == ["always"]
        assert lines(unit, "StartLimitIntervalSec") == ["0"]
        assert f"fivebox-{other}.service" in lines(unit, "Conflicts")[0]


def test_what_units_start_is_what_the_installer_puts_there() -> None:
    units = (DEPLOY / "lib/units.sh").read_text()
    for unit in UNITS:
        program = lines(unit, "ExecStart")[0].split()[0]
        if program.startswith("/opt/fivebox/screen/"):
            script = DEPLOY / "screen" / Path(program).name
            assert script.stat().st_mode & 0o111
            assert script.name in units
        assert unit.name in units


def test_the_systems_log_is_kept_in_memory_and_bounded() -> None:
    parser = configparser.ConfigParser()
    parser.read(DEPLOY / "systemd/journald.conf")
    assert parser["Journal"]["Storage"] == "volatile"
    assert re.fullmatch(r"\d+M", parser["Journal"]["RuntimeMaxUse"])
