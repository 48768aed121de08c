"""Shell scripts and package lists: nothing that a linter or another list contradicts."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet  # pytest brings it

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SCRIPTS = [
    DEPLOY / "install.sh",
    *(path for path in sorted((DEPLOY / "screen").iterdir()) if not path.suffix),
    *(path for path in sorted((ROOT / "scripts").rglob("*")) if path.is_file() and not path.suffix),
]


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    ended = subprocess.run(
        ["shellcheck", "-x", "-a", str(script)], capture_output=True, text=True, cwd=ROOT
    )
    assert ended.stdout == ""
    assert ended.returncode == 0


def test_no_script_is_a_drawer_for_all() -> None:
    for script in [*SCRIPTS, *(DEPLOY / "lib").iterdir()]:
        if script.is_file():
            assert len(script.read_text().splitlines()) < 150, script


def names(file: str) -> set[str]:
    text = (DEPLOY / "packages" / file).read_text()
    return {line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"}


def test_a_kiosk_gets_every_package_that_the_project_asks_for_there() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    asked = {
        re.split(r"[<>=\[ ;]", line)[0]
        for extra in ("edge", "kiosk", "publish", "update")
        for line in extras.get(extra, [])
    }
    given = names("requirements.txt") | names("requirements-images.txt")
    assert asked - {"fivebox"} <= given


@pytest.mark.parametrize("version", ["3.11", "3.13"])
def test_every_package_is_held_to_one_version(version: str) -> None:
    pinned = names(f"constraints-{version}.txt")
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9.]*", line) for line in pinned)
    held = {line.partition("==")[0] for line in pinned}
    assert names("requirements.txt") | names("requirements-images.txt") <= held


def test_the_versions_are_those_that_the_project_allows() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    for python in ("3.11", "3.13"):
        pins = dict(line.split("==") for line in names(f"constraints-{python}.txt"))
        for line in extras["edge"] + extras["kiosk"]:
            name, range_ = re.fullmatch(r"([a-z0-9-]+)(?:\[\w+\])?(.*)", line).groups()
            if name != "fivebox":
                assert SpecifierSet(range_).contains(pins[name]), (python, line)


def test_no_list_names_a_host() -> None:
    for path in (*SCRIPTS, *(DEPLOY / "packages").iterdir(), *(DEPLOY / "lib").iterdir()):
        if path.is_file():
            hosts = set(re.findall(r"https?://([^/\s\"':]+)", path.read_text()))
            assert hosts <= {"127.0.0.1"}, path
