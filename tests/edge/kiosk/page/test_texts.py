from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import edge.kiosk

PAGE = Path(edge.kiosk.__file__).parent / "page"
LANGUAGES = ("ko", "en")
SCRIPTS = sorted(PAGE.glob("js/*.js"))
HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
# Groups whose members are named by codes that come from the server.
CODED = re.compile(r"(?:coded\(\s*\"|`)([a-z]+(?:\.[a-z]+)*)(?:\"|\.\$\{)")


def texts(language):
    def without_twins(pairs):
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), "a text is there twice"
        return dict(pairs)

    content = (PAGE / "text" / f"{language}.json").read_text("utf-8")
    return json.loads(content, object_pairs_hook=without_twins)


class Elements(HTMLParser):
    """What the page's HTML says by itself."""

    def __init__(self):
        super().__init__()
        self.tags, self.words = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if data.strip():
            self.words.append(data.strip())


@pytest.fixture(scope="module")
def html():
    elements = Elements()
    elements.feed((PAGE / "index.html").read_text("utf-8"))
    return elements


def literals(script):
    """The strings of a script, without its comments."""
    source = re.sub(r"/\*.*?\*/", "", script.read_text("utf-8"), flags=re.S)
    source = re.sub(r"(?m)(?<![:\"'`])//.*$", "", source)
    source = re.sub(r"className: \"[^\"]*\"", "", source)
    return re.findall(r"\"((?:[^\"\\\n]|\\.)*)\"", source), source


def named(html):
    """All names of texts that page and scripts use: whole ones, and groups of coded ones."""
    whole, groups = set(), set()
    for _, attributes in html.tags:
        whole |= {v for k, v in attributes.items() if k in DATA}
    for script in SCRIPTS:
        strings, source = literals(script)
        whole |= {s for s in strings if s in texts("en")}
        whole |= set(re.findall(r"\bt\(\"([^\"]+)\"", source))
        groups |= set(CODED.findall(source))
    return whole, groups


DATA = ("data-text", "data-label", "data-title", "data-alt", "data-placeholder")


def test_both_languages_have_the_same_texts():
    assert texts("ko").keys() == texts("en").keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty(language):
    assert [key for key, text in texts(language).items() if not text.strip()] == []


def test_both_languages_fill_in_the_same_values():
    fields = {
        language: {k: set(re.findall(r"\{(\w+)\}", v)) for k, v in texts(language).items()}
        for language in LANGUAGES
    }
    assert fields["ko"] == fields["en"]


def test_only_korean_is_written_in_hangul():
    english = {key for key, text in texts("en").items() if HANGUL.search(text)}
    assert english == {"language.ko"}  # a language is named in itself
    korean = {key for key, text in texts("ko").items() if not HANGUL.search(text)}
    assert korean == {"app.name", "language.en", "menu.about"}


def test_every_text_that_is_asked_for_is_there(html):
    whole, groups = named(html)
    assert whole - texts("en").keys() == set()
    for group in groups:
        assert any(key.startswith(f"{group}.") for key in texts("en")), group


def test_every_text_is_used(html):
    whole, groups = named(html)
    unused = {key for key in texts("en").keys() - whole if key.rpartition(".")[0] not in groups}
    assert unused == set()


def test_every_code_of_the_camera_and_of_readings_has_its_words():
    from typing import get_args

    from edge.kiosk.service import NOT_STORED
    from edge.live import Hint

    known = texts("en").keys()
    for hint in get_args(Hint):
        assert f"hint.{hint}" in known
    for problem in ("unplugged", "hung", "busy", "missing", "denied", "damaged"):
        assert f"camera.problem.{problem}" in known
    for state in ("starting", "live", "reconnecting", "ended"):
        assert f"camera.state.{state}" in known
    reasons = (
        "low-confidence", "blank-box", "not-a-digit", "not-in-directory", "too-small", "blurred",
        "glare", "cut-off", "no-boxes", NOT_STORED,
    )  # fmt: skip
    for reason in reasons:
        assert f"reason.{reason}" in known


def test_no_words_are_written_in_the_html(html):
    assert html.words == []
    for tag, attributes in html.tags:
        spoken = {"aria-label", "title", "alt", "placeholder"} & attributes.keys()
        assert not spoken, (tag, attributes)


def test_no_words_are_written_in_scripts_and_styles():
    sentence = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")
    allowed = re.compile(r"\(orientation|\(prefers|button, |input, ")
    for script in SCRIPTS:
        strings, source = literals(script)
        found = [s for s in strings if sentence.search(s) and not allowed.search(s)]
        assert found == [], script.name
        assert not HANGUL.search(source), script.name
    for style in PAGE.glob("css/*.css"):
        words = re.findall(r"content:\s*\"(.*?)\"", style.read_text("utf-8"))
        assert set(words) <= {"", "?"}, style.name


def test_nothing_is_written_into_the_page_that_a_strict_policy_forbids(html):
    for tag, attributes in html.tags:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert tag != "style"
        assert tag != "script" or attributes.get("src"), "a script in the page"


def test_nothing_is_loaded_from_elsewhere():
    for path in PAGE.rglob("*"):
        if path.is_file():
            content = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
            assert "http:" not in content, path.name
            assert "https:" not in content, path.name
            assert "url(//" not in content, path.name


def test_every_file_that_is_named_is_there(html):
    for _, attributes in html.tags:
        for name in ("src", "href"):
            place = attributes.get(name) or ""
            if place.startswith("/static/"):
                assert (PAGE / place.removeprefix("/static/").partition("#")[0]).is_file(), place
    symbols = set(re.findall(r'<symbol id="(\w+)"', (PAGE / "icons.svg").read_text("utf-8")))
    for _, attributes in html.tags:
        if "icons.svg#" in (attributes.get("href") or ""):
            assert attributes["href"].partition("#")[2] in symbols
    for script in SCRIPTS:
        named = re.findall(r"icon\(\"(\w+)\"\)", literals(script)[1])
        assert set(named) <= symbols, script.name


def test_modules_are_small():
    for path in [*SCRIPTS, *PAGE.glob("css/*.css")]:
        assert len(path.read_text("utf-8").splitlines()) < 450, path.name
