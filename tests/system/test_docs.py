"""The manual as a site: built strictly, whole, and with nothing from elsewhere."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mkdocs") is None,
    reason="mkdocs is not installed; pip install 'fivebox[docs]'",
)
PAGES = sorted((ROOT / "docs").glob("*.md"))


def build(tree: Path) -> bool:
    """Build the site of a tree into `site`, and tell whether it could be; faster than a process."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config
    from mkdocs.exceptions import Abort

    try:
        build(load_config(str(tree / "mkdocs.yml"), site_dir=str(tree / "site")))
    except Abort:
        return False
    return True


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the folder of the site, built as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def tree(tmp_path):
    """Return a small tree of which a site can be built: `docs/page.md` is to be written."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    (tmp_path / "docs").mkdir()
    (tmp_path / "code.py").write_text("1\n")
    (tmp_path / "README.md").write_text("# First\n\n[page](docs/page.md), [code](code.py)\n")
    settings = (ROOT / "mkdocs.yml").read_text("utf-8").partition("nav:\n  -")[0]
    (tmp_path / "mkdocs.yml").write_text(f"{settings}nav:\n  - index.md\n  - page.md\n")
    return tmp_path


def test_every_page_is_in_it(site):
    for page in PAGES:
        assert (site / f"{page.stem}.html").is_file()
    assert "fivebox reads handwritten" in (site / "index.html").read_text("utf-8")
    assert "우편번호" in (site / "index.ko.html").read_text("utf-8")


def test_every_link_of_a_page_leads_somewhere(site):
    seen = 0
    for page in [*(site / f"{page.stem}.html" for page in PAGES), *site.glob("index*.html")]:
        for target in re.findall(r'(?:href|src)="([^"#?:]+)["#?]', page.read_text("utf-8")):
            assert (page.parent / unquote(target)).exists(), (page.name, target)
            seen += 1
    assert seen > 100


def test_it_loads_nothing_from_elsewhere(site):
    for page in site.glob("*.html"):
        text = page.read_text("utf-8")
        assert re.findall(r'src="(?:https?:)?//[^"]*"', text) == []
        assert re.findall(r'<link[^>]*href="(?:https?:)?//[^"]*"', text) == []


def test_files_outside_of_the_pages_folder_come_with_it(tree):
    (tree / "docs" / "page.md").write_text(
        "# P\n\n[code](../code.py), [first](../README.md#first)\n"
    )
    assert build(tree)
    assert 'href="tree/code.py"' in (tree / "site" / "page.html").read_text()
    assert 'href="index.html#first"' in (tree / "site" / "page.html").read_text()
    assert 'href="page.html"' in (tree / "site" / "index.html").read_text()
    assert (tree / "site" / "tree" / "code.py").read_text() == "1\n"


def test_code_is_no_link(tree):
    (tree / "docs" / "page.md").write_text("# P\n\n```text\n[code](../code.py)\n```\n")
    assert build(tree)
    assert "[code](../code.py)" in (tree / "site" / "page.html").read_text()


@pytest.mark.parametrize(
    "link", ["../gone.py", "gone.md", "../README.md#gone", "#gone", "/code.py", "../../code.py"]
)
def test_a_link_that_leads_nowhere_ends_it(tree, link):
    (tree / "docs" / "page.md").write_text(f"# P\n\n[gone]({link})\n")
    assert not build(tree)


def test_a_page_that_no_menu_has_ends_it(tree):
    (tree / "docs" / "page.md").write_text("# P\n")
    (tree / "docs" / "hidden.md").write_text("# H\n")
    assert not build(tree)
