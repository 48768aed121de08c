"""The Korean README says the same as the English one: commands, code, links and figures."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.conftest import ROOT
from tests.system.pages import blocks, codes, commands, figures, links

ENGLISH = (ROOT / "README.md").read_text("utf-8")
KOREAN = (ROOT / "README.ko.md").read_text("utf-8")
_HANGUL = re.compile("[가-힣]")


def parts(page):
    """Return the sections of a page, each with its heading."""
    return re.split(r"^(?=## )", page, flags=re.MULTILINE)


PAIRS = list(zip(parts(ENGLISH), parts(KOREAN), strict=False))
NAMES = [english.partition("\n")[0].lstrip("# ") for english, _ in PAIRS]
each_section = pytest.mark.parametrize(("english", "korean"), PAIRS, ids=NAMES)


def without_remarks(text):
    return [re.sub(r"\s*# .*$", "", line) for line in text.splitlines()]


def test_each_leads_to_the_other_in_its_first_lines():
    assert "[한국어](README.ko.md)" in ENGLISH.split("\n\n")[1]
    assert "[English](README.md)" in KOREAN.split("\n\n")[1]


def test_the_sections_are_the_same_ones():
    assert len(parts(KOREAN)) == len(parts(ENGLISH))
    levels = [re.findall(r"^#+ ", page, re.MULTILINE) for page in (ENGLISH, KOREAN)]
    assert levels[0] == levels[1]


def test_each_section_is_written_in_korean():
    for part in parts(KOREAN):
        assert _HANGUL.search(part)
    assert not _HANGUL.search(ENGLISH.replace("한국어", "", 1))


@each_section
def test_blocks_of_code_are_the_same_but_for_remarks(english, korean):
    assert list(commands(korean)) == list(commands(english))
    theirs, ours = blocks(english), blocks(korean)
    assert [block.language for block in ours] == [block.language for block in theirs]
    for their, our in zip(theirs, ours, strict=True):
        assert without_remarks(our.text) == without_remarks(their.text)


@each_section
def test_figures_in_the_remarks_of_code_are_the_same(english, korean):
    def remarks(page):
        found = re.findall(r"\s# (.*)$", "\n".join(b.text for b in blocks(page)), re.MULTILINE)
        return [Counter(re.findall(r"\d+(?:[.,]\d+)*", remark)) for remark in found]

    assert remarks(korean) == remarks(english)


@each_section
def test_links_are_the_same(english, korean):
    def elsewhere(page):
        return Counter(link for link in links(page) if not link.startswith("README"))

    assert elsewhere(korean) == elsewhere(english)


@each_section
def test_figures_are_the_same(english, korean):
    assert Counter(figures(korean)) == Counter(figures(english))


@each_section
def test_what_stands_as_code_in_the_text_is_the_same(english, korean):
    assert Counter(codes(korean)) == Counter(codes(english))


def rows(page):
    """Return the figures, links and code of each row of the tables, in order."""
    lines = [line for line in page.splitlines() if line.startswith("|")]
    return [(Counter(figures(line)), links(line), Counter(codes(line))) for line in lines]


@each_section
def test_tables_have_the_same_rows(english, korean):
    assert rows(korean) == rows(english)
