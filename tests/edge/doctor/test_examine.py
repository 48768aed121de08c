from __future__ import annotations

import pytest

from edge.doctor import camera, machine, packages
from edge.doctor.examine import examine
from edge.doctor.packages import Packages

NAMES = [
    "settings", "system", "packages", "files", "access", "model", "runtime", "directory",
    "camera", "disk", "clock", "heat", "display",
]  # fmt: skip


@pytest.fixture
def settings(tmp_path):
    """Return a function that writes a settings file."""

    def write(text):
        path = tmp_path / "fivebox.toml"
        path.write_text(text)
        return path

    return write


def states(findings):
    return {finding.name: finding.state for finding in findings}


def test_here_nothing_fails_with_a_picture_for_a_camera(settings, tmp_path):
    path = settings(f"[journal]\nfolder = '{tmp_path}'\n[reader]\ndirectory = 'kr'\n")
    findings = list(examine(path, {"DISPLAY": ":0"}, "samples/korean-red.jpg"))
    assert [finding.name for finding in findings] == NAMES
    assert "fail" not in states(findings).values(), findings
    assert states(findings)["runtime"] == states(findings)["model"] == "ok"
    for finding in findings:
        assert "\n" not in finding.message
        assert (finding.mend is None) == (finding.state == "ok")


@pytest.fixture
def no_processes(monkeypatch):
    """Take away what takes long, and is tested elsewhere."""
    seen = Packages({"numpy": "2.2.4", "cv2": "4.10.0", "ai_edge_litert": "2.3.0"}, windows="GTK3")
    monkeypatch.setattr(packages, "look", lambda: seen)
    monkeypatch.setattr("edge.doctor.reading.check_runtime", lambda *_: _ok("runtime"))
    monkeypatch.setattr(camera, "try_frame", lambda _: None)


def _ok(name):
    from edge.doctor.finding import ok

    return ok(name, "not asked")


def test_what_is_set_is_what_is_looked_at(settings, no_processes, tmp_path):
    path = settings(
        f"""
        [reader]
        model = "{tmp_path}/no.tflite"
        directory = "{tmp_path}/no.txt"
        [camera]
        source = "{tmp_path}/no.jpg"
        [kiosk]
        host = "0.0.0.0"
        token_file = "{tmp_path}/no-token"
        [journal]
        folder = "/proc/sys"
        """
    )
    found = states(examine(path, {}))
    assert {name for name, state in found.items() if state == "fail"} == {
        "files", "access", "model", "directory", "camera", "disk",
    }  # fmt: skip


def test_the_others_are_looked_at_though_the_settings_can_not_be_used(settings, no_processes):
    found = states(examine(settings("[kiosk]\nprot = 1\n"), {}))
    assert found["settings"] == "fail"
    assert found["model"] == "ok"
    assert list(found) == NAMES


def test_a_check_that_breaks_does_not_end_the_others(settings, no_processes, monkeypatch):
    def broken(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(machine, "check_clock", broken)
    found = states(examine(settings(""), {}))
    assert found["clock"] == "fail"
    assert list(found) == NAMES
