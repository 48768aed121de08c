"""The installer on a machine that is only a folder: what it does, refuses, keeps and takes away."""

from __future__ import annotations

import re
import tomllib

import pytest

TOML = "etc/fivebox/fivebox.toml"


def refused(ran, *words: str) -> None:
    """One sentence on standard error, with these words, and no other exit code than 1."""
    assert ran.code == 1
    lines = [line for line in ran.error.splitlines() if line.startswith("install.sh: ")]
    assert len(lines) == 1, ran.error
    for word in words:
        assert word in lines[0]


def test_a_bare_machine_becomes_a_kiosk(machine) -> None:
    ran = machine.install("--source", "webcam:0", "--screen")
    assert ran.code == 0, ran.error
    calls = "\n".join(machine.calls())
    assert re.search(r"apt-get install .* python3-numpy python3-opencv ", calls)
    assert "cage xwayland chromium" in calls
    assert "useradd --system" in calls
    assert "--shell /usr/sbin/nologin fivebox" in calls
    assert "systemctl enable fivebox.service" in calls
    assert "systemctl enable fivebox-screen.service" in calls
    assert "systemctl start fivebox.service" in calls
    settings = tomllib.loads(machine.read(TOML))
    assert settings["camera"] == {"source": "webcam:0"}
    assert settings["journal"] == {"folder": "/var/lib/fivebox"}
    assert "ok    system" in ran.out
    assert "Storage=volatile" in machine.read("etc/systemd/journald.conf.d/fivebox.conf")


def test_its_user_is_in_the_groups_that_are_there(machine) -> None:
    machine.install("--no-screen")
    groups = [call.split()[2] for call in machine.calls() if call.startswith("usermod")]
    assert groups == ["video", "input"]


def test_what_no_archive_has_is_left_out_and_told(machine) -> None:
    ran = machine.install("--no-screen")
    assert "no archive has python3-picamera2" in ran.out
    assert not any("install" in call and "picamera2" in call for call in machine.calls())


def test_the_doctor_looks_while_the_kiosk_does_not_hold_the_camera(machine) -> None:
    machine.install("--no-screen")
    calls = machine.calls()
    doctor = calls.index("python -m edge doctor")
    assert calls.index("systemctl stop fivebox.service") < doctor
    assert doctor < calls.index("systemctl start fivebox.service")


def test_a_second_run_keeps_the_settings_and_changes_no_file(machine) -> None:
    assert machine.install("--source", "webcam:0", "--no-screen").code == 0
    mine = machine.read(TOML) + "# mine\n"
    machine.write(TOML, mine)
    before = {name for name in machine.files() if "/env-" not in name}
    ran = machine.install("--source", "webcam:1", "--no-screen")
    assert ran.code == 0, ran.error
    assert machine.read(TOML) == mine
    assert 'source = "webcam:1"' in ran.out, "who asked for it is told where to set it"
    assert {name for name in machine.files() if "/env-" not in name} == before


def test_an_update_leaves_one_environment_and_it_is_the_new_one(machine) -> None:
    machine.install("--no-screen")
    (first,) = (machine.root / "opt/fivebox").glob("env-*")
    machine.install("--no-screen")
    (second,) = (machine.root / "opt/fivebox").glob("env-*")
    assert first != second
    assert (machine.root / "opt/fivebox/current").resolve() == second.resolve()


@pytest.mark.parametrize("broken", [{"FAKE_PIP": "1"}, {"FAKE_XNNPACK": "132", "FAKE_PLAIN": "1"}])
def test_an_update_that_does_not_work_leaves_what_was_there(machine, broken) -> None:
    machine.install("--no-screen")
    before = machine.files()
    refused(machine.install("--no-screen", **broken))
    assert machine.files() == before
    assert (machine.root / "opt/fivebox/current/bin/python").exists()


def test_a_kiosk_that_does_not_start_with_the_update_gets_its_old_program_back(machine) -> None:
    machine.command("systemctl", '[ "$1" != start ]')
    refused(machine.install("--no-screen"), "journalctl -u fivebox")
    first = (machine.root / "opt/fivebox/current").resolve()
    refused(machine.install("--no-screen"), "of before is in its place again")
    assert (machine.root / "opt/fivebox/current").resolve() == first


def test_the_old_program_stays_until_the_new_one_runs(machine) -> None:
    machine.install("--no-screen")
    (old,) = (machine.root / "opt/fivebox").glob("env-*")
    machine.command("systemctl", f'[ "$1" != start ] || ls {old}/bin >>"$FIVEBOX_CALLS"')
    assert machine.install("--no-screen").code == 0
    assert machine.calls()[-1] == "python"
    assert not old.exists()


def test_where_xnnpack_dies_it_is_switched_off(machine) -> None:
    ran = machine.install("--no-screen", FAKE_XNNPACK="132")
    assert ran.code == 0, ran.error
    assert tomllib.loads(machine.read(TOML))["reader"] == {"xnnpack": False}


def test_where_the_systems_opencv_will_not_do_it_comes_from_pip(machine) -> None:
    machine.install("--no-screen")
    assert not any("requirements-images.txt" in call for call in machine.calls())
    machine.install("--no-screen", FAKE_CV2="1")
    assert any("requirements-images.txt" in call for call in machine.calls())


def test_what_the_doctor_finds_decides_the_exit_code(machine) -> None:
    ran = machine.install("--no-screen", FAKE_DOCTOR="1")
    refused(ran, "doctor")
    assert "systemctl start fivebox.service" in machine.calls(), "a kiosk without a camera runs"


def test_a_dry_run_changes_nothing_and_tells_what_it_would(machine) -> None:
    before = machine.files()
    ran = machine.install("--dry-run", "--screen")
    assert ran.code == 0, ran.error
    assert machine.files() == before
    asked = [call.split()[1].rpartition("/")[2] for call in machine.calls()]
    assert asked == ["-c", "has_images.py"], "questions only"
    for told in ("apt-get install", "-m venv", "useradd", "systemctl enable fivebox.service"):
        assert f"would run: {told}" in ran.out or told in ran.out
    assert not (machine.root / "var").exists(), "no log"


def test_a_dry_run_needs_no_rights(machine) -> None:
    machine.command("id", "echo 1000")
    assert machine.install("--dry-run", "--no-screen").code == 0
    refused(machine.install("--no-screen"), "root", "sudo")


@pytest.mark.parametrize("name", ["armv7l", "armv6l", "i686", "riscv64"])
def test_other_processors_are_refused(machine, name: str) -> None:
    machine.command("uname", f"echo {name}")
    refused(machine.install(), name, "64-bit")
    assert machine.calls() == []


def test_a_system_of_32_bits_under_a_kernel_of_64_is_refused(machine) -> None:
    machine.command("getconf", "echo 32")
    refused(machine.install(), "32", "64-bit Raspberry Pi OS")
    assert machine.calls() == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('PRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\nVERSION_CODENAME=bullseye\n', "bullseye"),
        ('PRETTY_NAME="Some Linux"\n', "Some Linux"),
        ("", "unknown system"),
    ],
)
def test_other_releases_are_refused(machine, text: str, word: str) -> None:
    machine.write("etc/os-release", text)
    refused(machine.install(), word, "Trixie or Bookworm")
    assert machine.calls() == []


def test_too_little_disk_is_refused_with_both_figures(machine) -> None:
    machine.disk(900)
    refused(machine.install(), "900 MB", "1500")
    assert machine.calls() == []
    machine.command("df", "exit 1")
    refused(machine.install(), "df")


def test_a_python_that_is_not_the_systems_own_is_refused(machine) -> None:
    refused(machine.install("--no-screen", FAKE_PYTHON="3.14"), "3.14")
    assert not (machine.root / "opt").exists()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--sauce", "x"], "--sauce"),
        (["--source"], "--source needs a value"),
        (["--offline", ""], "--offline needs a value"),
        (["photo.jpg"], "photo.jpg"),
    ],
)
def test_a_wrong_command_line_is_refused(machine, arguments: list[str], word: str) -> None:
    ran = machine.install(*arguments)
    assert ran.code == 2
    assert word in ran.error
    assert "--help" in ran.error
    assert machine.calls() == []


def test_a_screen_is_used_where_one_is_connected(machine) -> None:
    machine.install()
    assert "systemctl enable fivebox-screen.service" not in machine.calls()
    machine.write("sys/class/drm/card0-HDMI-A-1/status", "connected\n")
    machine.install()
    assert "systemctl enable fivebox-screen.service" in machine.calls()


def test_little_memory_gets_the_light_window(machine) -> None:
    machine.write("proc/meminfo", "MemTotal:         426000 kB\n")
    assert machine.install("--screen").code == 0
    calls = machine.calls()
    assert "systemctl enable fivebox-pad.service" in calls
    assert "systemctl disable fivebox-screen.service" in calls
    assert not any("chromium" in call for call in calls)
    machine.write("etc/os-release", "VERSION_CODENAME=bookworm\n")
    refused(machine.install("--screen"), "--no-screen")


def test_the_log_has_every_command_and_how_it_ended(machine) -> None:
    machine.install("--no-screen", FAKE_PIP="1")
    log = machine.read("var/log/fivebox-install.log")
    assert "+ apt-get update" in log
    assert "ended: this did not succeed" in log


def test_two_installers_do_not_work_at_the_same_time(machine) -> None:
    machine.command("flock", "exit 1")
    refused(machine.install("--no-screen"), "another installer")
    assert machine.calls() == []


def test_where_systemd_does_not_run_it_starts_with_the_machine(machine) -> None:
    (machine.root / "run/systemd/system/.there").unlink()
    (machine.root / "run/systemd/system").rmdir()
    ran = machine.install("--no-screen")
    assert ran.code == 0, ran.error
    assert "starts with the machine" in ran.out
    called = [call.split()[1] for call in machine.calls() if call.startswith("systemctl")]
    assert set(called) == {"enable", "disable"}


def test_uninstalling_keeps_what_people_have_written_and_takes_all_else(machine) -> None:
    before = set(machine.files())
    machine.install("--screen")
    machine.write("var/lib/fivebox/journal.db", "readings")
    ran = machine.install("--uninstall")
    assert ran.code == 0, ran.error
    assert set(machine.files()) - before == {TOML, "var/lib/fivebox/journal.db"}
    assert "systemctl disable --now fivebox.service" in machine.calls()
    assert "userdel" in ran.out, "what stays and how to remove it is told"
    assert machine.install("--uninstall").code == 0, "and twice"


def test_a_dry_run_of_uninstalling_takes_nothing_and_says_so(machine) -> None:
    machine.install("--no-screen")
    before = machine.files()
    ran = machine.install("--uninstall", "--dry-run")
    assert ran.code == 0, ran.error
    assert machine.files() == before
    assert "fivebox would be taken away" in ran.out
    assert "is taken away" not in ran.out
