"""`make demo` from a fresh copy of the tracked files, as someone runs it who has cloned it."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.sources.images import load_image
from tests.system.conftest import ROOT, SAMPLES

# Set by the `make` under which the tests may run; not meant for the one they run.
_OURS = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHONPATH", "VIRTUAL_ENV"}


def tracked_files() -> list[str]:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip(f"this is no git checkout: {listed.stderr.strip()}")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def make_demo(folder: Path) -> tuple[subprocess.CompletedProcess[str], float]:
    start = time.monotonic()
    done = subprocess.run(
        ["make", "demo", f"PYTHON={sys.executable}"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if name not in _OURS},
        timeout=600,
    )
    return done, time.monotonic() - start


def disk_mb(folder: Path) -> float:
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) / 2**20


def state(folder: Path) -> dict[Path, int]:
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def rows_of(done: subprocess.CompletedProcess[str]) -> list[list[str]]:
    """Return the table's rows: file, postcode, confidence, status …"""
    return [line.split() for line in done.stdout.splitlines() if line.startswith("samples/")]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    folder = tmp_path_factory.mktemp("clone")
    for name in tracked_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def first_run(copy):
    done, _ = make_demo(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_every_sample_is_read_and_has_an_annotated_picture(first_run, copy):
    with (SAMPLES / "labels.csv").open(newline="") as file:
        truth = {f"samples/{row['file']}": row["postcode"] for row in csv.DictReader(file)}
    read = {row[0]: row for row in rows_of(first_run)}
    assert read.keys() == truth.keys()
    assert {name: read[name][1] for name in truth} == truth
    assert {read[name][3] for name in truth} == {"accepted"}
    for name in truth:
        assert load_image(copy / "out" / f"{Path(name).stem}.read.jpg").size > 0


def test_the_environment_is_a_pis_without_tensorflow_and_below_350_mb(first_run, copy):
    packages = {path.name.lower() for path in copy.glob(".venv/lib/python3*/site-packages/*")}
    assert any(name.startswith("ai_edge_litert") for name in packages)
    assert not [name for name in packages if name.startswith(("tensorflow", "keras"))]
    assert disk_mb(copy / ".venv") < 350


def test_a_second_run_installs_nothing_and_is_quick(first_run, copy):
    before = state(copy / ".venv")
    done, seconds = make_demo(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert state(copy / ".venv") == before
    assert seconds < 60
    assert [row[:4] for row in rows_of(done)] == [row[:4] for row in rows_of(first_run)]
