"""What the tests of the manual look at in its pages: code, links, figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
# 326, 99.6, 1,655,096, 2.14, 28×28 as 28 and 28; not the 6 of ISO8859-6 or that of README6.
_FIGURE = re.compile(r"(?<![\w.-])\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class Block:
    """A block of code."""

    language: str
    """As it is named after the fence; empty where it isn't."""
    text: str


def blocks(page: str) -> list[Block]:
    """Return the blocks of code of a page, in order."""
    return [Block(*found.groups()) for found in _FENCE.finditer(page)]


def commands(page: str) -> Iterator[str]:
    """Yield each command of the `sh` blocks, without what a comment says of it."""
    for block in blocks(page):
        if block.language == "sh":
            for line in block.text.splitlines():
                if command := re.sub(r"(^|\s)#\s.*$", "", line).strip():
                    yield command


def prose(page: str) -> str:
    """Return a page without its blocks of code."""
    return _FENCE.sub("", page)


def links(page: str) -> list[str]:
    """Return where the links and pictures of a page lead, in order."""
    return _LINK.findall(prose(page))


def codes(page: str) -> list[str]:
    """Return what stands in the page's prose as code, in order."""
    return _CODE.findall(prose(page))


def figures(page: str) -> list[str]:
    """Return the figures of the page's prose outside of code and of links' targets, in order."""
    return _FIGURE.findall(_CODE.sub("", _LINK.sub("]", prose(page))))
