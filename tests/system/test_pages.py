"""What the pages of the manual tell people to type is there to be typed."""

from __future__ import annotations

import re
import shlex

import pytest

from edge.cli import _parser
from tests.conftest import ROOT
from tests.system.pages import codes, commands, prose

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TARGETS = set(re.findall(r"^([\w-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def typed(page, program):
    """Return the arguments of each command of a page for a program, in blocks or in the text."""
    text = page.read_text("utf-8")
    lines = [*commands(text), *(code for code in codes(text) if "…" not in code)]
    before = r"^(?:.*\| )?(?:sudo (?:-u \S+ )?(?:[A-Z_]+=\S+ )*)?(?:\.venv[\w-]*/bin/)?"
    found = [re.match(rf"{before}(?:{program}) (.*)$", line) for line in lines]
    return [shlex.split(match[1]) for match in found if match]


@each_page
def test_commands_of_the_program_are_understood(page):
    for arguments in typed(page, "python -m edge|fivebox"):
        if arguments == ["COMMAND", "--help"]:
            continue
        if len(arguments) == 1:
            # Only named: what it needs is told elsewhere.
            arguments.append("--help")
        if "--help" in arguments:
            with pytest.raises(SystemExit, match=r"^0$"):
                _parser().parse_args(arguments)
        else:
            _parser().parse_args(arguments)


def test_there_are_commands_to_look_at():
    assert sum(len(typed(page, "python -m edge|fivebox")) for page in PAGES) > 40
    assert sum(len(typed(page, "make")) for page in PAGES) > 10


@each_page
def test_targets_of_make_are_there(page):
    for arguments in typed(page, "make"):
        names = [word for word in arguments if "=" not in word and not word.startswith("-")]
        assert set(names) <= TARGETS, arguments


@each_page
def test_modules_that_are_run_are_there(page):
    modules = re.findall(r"python -m ([a-z_.]+)", page.read_text("utf-8"))
    ours = [name for name in modules if (ROOT / name.partition(".")[0]).is_dir()]
    for name in ours:
        place = ROOT / name.rstrip(".").replace(".", "/")
        assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file(), name


@each_page
def test_environment_variables_are_known(page):
    names = set(re.findall(r"\bFIVEBOX_[A-Z][A-Z_]*[A-Z]\b", page.read_text("utf-8")))
    read = [*ROOT.glob("edge/**/*.py"), *ROOT.glob("convert/*.py"), *ROOT.glob("tests/*.py")]
    code = "\n".join(path.read_text("utf-8") for path in [*read, ROOT / "docs" / "settings.md"])
    assert {name for name in names if name not in code} == set()


@each_page
def test_links_to_files_lead_to_some(page):
    for target in re.findall(r"\]\((?![a-z]+:|#)([^)\s#]+)", prose(page.read_text("utf-8"))):
        assert (page.parent / target).exists(), target
