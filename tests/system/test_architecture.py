"""The page on the architecture names what there is, all of it, and nothing else."""

from __future__ import annotations

import ast
import re
import subprocess

import pytest

from tests.conftest import ROOT
from tests.system.pages import codes

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
TRACKED = subprocess.run(
    ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split("\0")
PACKAGES = {
    name.removesuffix("/__init__.py").replace("/", ".")
    for name in TRACKED
    if name.endswith("/__init__.py")
}
OURS = {name for name in PACKAGES if "." not in name}


def named():
    """Return what the page's headings call packages and folders."""
    return [
        name
        for heading in re.findall(r"^### .*$", PAGE, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", heading)
    ]


def allowed():
    """Return what each package may import of ours, as the page's table has it."""
    rows = re.findall(r"^\| (`\w+`) \|(.*)\|$", PAGE, re.MULTILINE)
    return {first.strip("`"): set(re.findall(r"`(\w+)`", others)) for first, others in rows}


def imported(package):
    """Return which of our packages a package imports, and where."""
    for name in TRACKED:
        if name.startswith(f"{package}/") and name.endswith(".py"):
            for node in ast.walk(ast.parse((ROOT / name).read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and not node.level:
                    yield node.module.partition(".")[0], name
                elif isinstance(node, ast.Import):
                    for each in node.names:
                        yield each.name.partition(".")[0], name


def test_every_package_of_the_tree_has_its_paragraph():
    assert sorted(PACKAGES - set(named())) == []


def test_every_room_that_has_a_paragraph_is_there():
    assert named()
    for name in named():
        assert (ROOT / name.replace(".", "/")).is_dir(), name


def test_every_room_is_one_paragraph():
    rooms = re.split(r"^### .*$", PAGE, flags=re.MULTILINE)[1:]
    assert [len(room.strip().split("\n\n")) for room in rooms] == [1] * len(rooms)


def test_every_module_that_is_named_is_there():
    places = [code for code in codes(PAGE) if re.fullmatch(r"\w+(/\w+)+/?", code)]
    assert len(places) > 10
    for place in places:
        assert (ROOT / place).is_dir() or (ROOT / f"{place}.py").is_file(), place


def test_every_folder_at_the_top_is_named():
    folders = {name.partition("/")[0] for name in TRACKED if "/" in name}
    words = set(re.findall(r"[\w.]+", " ".join(codes(PAGE))))
    assert {folder for folder in folders if not folder.startswith(".")} <= words


@pytest.mark.parametrize("package", sorted(OURS))
def test_imports_run_as_the_page_says(package):
    may = allowed()[package] | {package}
    wrong = [(other, name) for other, name in imported(package) if other in OURS - may]
    assert wrong == []
    assert set(allowed()) == OURS
