from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cli import main
from edge.doctor import examine
from edge.doctor.finding import fail, ok, warn

ROOT = Path(__file__).parents[3]


@pytest.fixture
def found(monkeypatch):
    """Return a list of findings to fill, and what the doctor was asked."""
    findings, asked = [], []

    def examined(*arguments, **options):
        asked.append((arguments, options))
        return iter(findings)

    monkeypatch.setattr(examine, "examine", examined)
    return findings, asked


def test_each_finding_is_a_line_with_what_to_do(found, capsys):
    found[0].extend([ok("disk", "fine"), warn("clock", "it says 1970", "connect the network")])
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out == (
        "ok    disk       fine\nwarn  clock      it says 1970; connect the network\n"
    )


def test_a_failure_is_exit_code_1(found, capsys):
    found[0].extend([fail("camera", "none", "plug one in"), ok("disk", "fine")])
    assert main(["doctor"]) == 1
    assert "fail  camera     none; plug one in" in capsys.readouterr().out


def test_the_same_for_programs(found, capsys):
    found[0].extend([ok("disk", "fine"), fail("camera", "none", "plug one in")])
    assert main(["doctor", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "state": "fail",
        "findings": [
            {"name": "disk", "state": "ok", "message": "fine", "mend": None},
            {"name": "camera", "state": "fail", "message": "none", "mend": "plug one in"},
        ],
    }


def test_settings_and_camera_are_passed_on(found, tmp_path):
    main(["doctor", "--config", str(tmp_path / "s.toml"), "--source", "webcam:0"])
    assert found[1] == [((tmp_path / "s.toml",), {"source": "webcam:0"})]


def test_on_a_bare_machine_it_says_what_to_install_and_a_support_file_is_written(tmp_path):
    for package in ("numpy", "cv2", "ai_edge_litert", "PIL"):
        (tmp_path / f"{package}.py").write_text(f"raise ImportError('{package} is broken')")
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}",
        "XDG_DATA_HOME": str(tmp_path),
        "FIVEBOX_CAMERA_SOURCE": str(tmp_path),
    }

    def edge(*arguments):
        command = [sys.executable, "-m", "edge", *arguments]
        return subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True)

    doctor = edge("doctor", "--json")
    assert (doctor.returncode, doctor.stderr) == (1, "")
    found = {each["name"]: each for each in json.loads(doctor.stdout)["findings"]}
    assert found["packages"]["message"] == "numpy can't be imported (numpy is broken)"
    assert found["packages"]["mend"] == "pip install numpy"
    assert found["runtime"]["state"] == "fail"
    assert found["model"]["state"] == "ok"
    support = edge("support", "--out", "s.tar.gz")
    assert (support.returncode, support.stderr) == (0, "")
    assert (tmp_path / "s.tar.gz").stat().st_size > 2000
