"""The shell scripts that `make` calls."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.conftest import ROOT

SCRIPTS = sorted(
    path
    for path in (ROOT / "scripts").iterdir()
    if path.is_file() and path.read_bytes().startswith(b"#!/bin/sh\n")
)
PACKAGES = ROOT / "scripts" / "make-system-packages"
TOOLS = ("sh", "sort", "tr", "paste", "sed", "env", "cat")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_clean_and_can_be_run(script):
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is missing; scripts/make-system-packages installs it")
    done = subprocess.run(["shellcheck", script], capture_output=True, text=True)
    assert done.stdout == ""
    assert script.stat().st_mode & 0o111


@pytest.fixture
def bare(tmp_path):
    """Return a folder with the few programs that every machine has."""
    for tool in TOOLS:
        (tmp_path / tool).symlink_to(shutil.which(tool))
    return tmp_path


def program(folder, name, text):
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def run(folder, *arguments):
    done = subprocess.run(
        [PACKAGES, *arguments], env={"PATH": str(folder)}, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_who_may_not_install_is_told_what_is_skipped(bare):
    program(bare, "id", "echo 1000")
    program(bare, "sudo", "exit 1")
    program(bare, "apt-get", f"touch {bare}/was-called")
    [line] = run(bare)
    assert "these tests are skipped" in line
    assert "the page in a browser" in line
    assert "sudo apt-get install chromium" in line
    assert not (bare / "was-called").exists()


def test_only_what_is_missing_is_installed_and_then_nothing_is_said_of_it(bare):
    program(bare, "id", "echo 0")
    for name in ("Xvfb", "xdotool", "shellcheck"):
        program(bare, name, "")
    program(bare, "fc-list", "echo a font")
    # Installs as apt does: the program is there afterwards.
    program(
        bare,
        "apt-get",
        f'for last; do case $last in -*|install|*=*|update) ;; *) : > {bare}/"$last"; '
        f'/bin/chmod +x {bare}/"$last"; echo "$last" >> {bare}/asked;; esac; done',
    )
    lines = run(bare)
    asked = (bare / "asked").read_text().split()
    assert "chromium" in asked
    assert not {"xvfb", "xdotool", "shellcheck", "fonts-noto-cjk"} & set(asked)
    assert "chromium" in lines[0]
    assert not any("browser" in line for line in lines[1:])


def test_a_package_that_can_not_be_had_keeps_no_other_away(bare):
    program(bare, "id", "echo 0")
    program(
        bare,
        "apt-get",
        f'case "$*" in *update*) exit 0;; *chromium*) exit 100;; esac; echo "$*" >> {bare}/asked',
    )
    lines = run(bare)
    assert "xdotool" in (bare / "asked").read_text()
    assert "chromium" in lines[-1]


def test_the_comparison_wants_tesseract_and_nothing_that_tests_want(bare):
    program(bare, "id", "echo 0")
    program(bare, "apt-get", f'echo "$*" >> {bare}/asked')
    lines = run(bare, "compare")
    assert "tesseract-ocr" in (bare / "asked").read_text()
    assert "chromium" not in (bare / "asked").read_text()
    assert "installing for the comparison: tesseract-ocr" in lines[0]
    assert "without tesseract-ocr this is left out: Tesseract" in lines[-1]
    assert "sudo apt-get install tesseract-ocr" in lines[-1]
    program(bare, "tesseract", "")
    assert run(bare, "compare") == []
