"""Makes one site of `docs/` and the READMEs: mkdocs calls these functions, see `mkdocs.yml`.

The pages are written to be read on a code host, so they link to files all over the tree. What lies
outside of `docs/` is taken into the site, under `tree/`; the READMEs become its first pages. A link
to what is not there stays as it is, and mkdocs in strict mode ends with it.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

FIRST_PAGES = {"README.md": "index.md", "README.ko.md": "index.ko.md"}
"""Files of the tree that are pages of the site, and their names there."""

# [text](target) and ![text](target); neither an address nor an anchor of the page itself.
_LINK = re.compile(r"(\]\()(?![a-z]+:|#)([^)\s#]+)((?:#[^)\s]*)?\))")
_FENCE = re.compile(r"^ *```.*?^ *```[^\n]*$", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the first pages, and each file outside of `docs/` that a page links to."""
    tree = Path(config.config_file_path).parent
    for name, page in FIRST_PAGES.items():
        if (tree / name).is_file():
            files.append(File.generated(config, page, abs_src_path=str(tree / name)))
    for page in list(files.documentation_pages()):
        for target in _targets(page.content_string):
            place = _place(page.src_uri, target)
            name = site_name(place)
            if place in FIRST_PAGES or name in files.src_uris or not (tree / place).is_file():
                continue
            files.append(File.generated(config, name, abs_src_path=str(tree / place)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let the links of a page lead to where their files lie in the site."""
    here = page.file.src_uri

    def moved(link: re.Match[str]) -> str:
        name = site_name(_place(here, link[2]))
        if name not in files.src_uris:
            return link[0]
        return link[1] + posixpath.relpath(name, posixpath.dirname(here) or ".") + link[3]

    pieces, end = [], 0
    for fence in _FENCE.finditer(markdown):
        pieces += [_LINK.sub(moved, markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*pieces, _LINK.sub(moved, markdown[end:])])


def site_name(place: str) -> str:
    """Return the name in the site of a file, from that in the tree (`edge/boxes.py`)."""
    if place in FIRST_PAGES:
        return FIRST_PAGES[place]
    if place.startswith("docs/"):
        return place.removeprefix("docs/")
    return f"tree/{place}"


def _targets(markdown: str) -> list[str]:
    return [link[2] for link in _LINK.finditer(_FENCE.sub("", markdown))]


def _place(page: str, target: str) -> str:
    """Return where in the tree a page of the site links to, from its top."""
    folder = "" if page in FIRST_PAGES.values() else posixpath.join("docs", posixpath.dirname(page))
    return posixpath.normpath(posixpath.join(folder, target))
