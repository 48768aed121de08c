from __future__ import annotations

import pytest

from benchmarks.browser import write
from tests.edge.kiosk.page.browser import load_recording
from tests.edge.kiosk.page.conftest import SAMPLES
from tests.edge.kiosk.page.scripted import QUADS, UNPLUGGED, accepted, rejected

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}


@pytest.fixture(scope="module")
def audit():
    """Return a function that gives what axe-core finds wrong with a page as it is."""
    axe = pytest.importorskip(
        "axe_playwright_python.base", reason="axe-playwright-python is not installed"
    )
    source = axe.AXE_FILE_PATH.read_text("utf-8")

    def find(page):
        if not page.evaluate("Boolean(window.axe)"):
            page.evaluate(source)
        result = page.evaluate("(rules) => axe.run(document, rules)", RULES)
        assert result["passes"], "nothing was looked at"
        return [
            (each["id"], node["target"], node.get("failureSummary"))
            for each in result["violations"]
            for node in each["nodes"]
        ]

    return find


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(480, 320), (800, 480), (1280, 800)], ids="{0[0]}x{0[1]}".format)
def test_axe_finds_nothing_anywhere(visit, scripted, audit, size, theme):
    page = visit(*size, color_scheme=theme)
    assert audit(page) == []
    scripted.live.see("closer", QUADS)
    scripted.live.tell(accepted("04524", region="서울특별시 / Seoul"))
    page.wait_for_selector("#verdict .postcode")
    assert audit(page) == []
    scripted.live.tell(rejected("04524", {2: 0.62}))
    page.wait_for_selector(".doubtful", state="attached")
    assert audit(page) == []
    page.keyboard.press("s")
    page.wait_for_selector("#seen[open] img")
    assert audit(page) == []
    page.click("#seen-close")
    page.locator("#choices button:visible").last.click()
    page.wait_for_selector("#corrector[open] .slot img")
    assert audit(page) == []
    page.click("#correct-cancel")
    page.click("#open-history")
    page.wait_for_selector(".entry")
    assert audit(page) == []
    page.click("#history-close")
    scripted.live.be(UNPLUGGED)
    if page.locator("#mode-camera").is_visible():
        page.click("#mode-camera")
    page.wait_for_selector("#camera-off", state="visible")
    assert audit(page) == []
    page.click("#open-menu")
    assert audit(page) == []
    page.click("#leave")
    assert audit(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_korean_on_a_page_that_is_written_on(visit, audit, theme):
    page = visit(locale="ko-KR", color_scheme=theme)
    write(page, load_recording(SAMPLES / "touch-stylus.json"))
    page.wait_for_selector("#verdict .postcode")
    assert audit(page) == []


def test_axe_would_find_something(page, audit):
    page.evaluate("document.querySelector('#open-menu').removeAttribute('aria-label')")
    page.evaluate("document.querySelector('#open-menu').removeAttribute('title')")
    assert [rule for rule, *_ in audit(page)] == ["button-name"]


def test_everything_is_reached_by_tab_and_seen_to_be(page, scripted):
    scripted.live.tell(rejected("04524", {2: 0.62}))
    page.wait_for_selector(".tile.doubtful")
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        here = page.evaluate(
            """() => { const e = document.activeElement; const s = getComputedStyle(e);
            return [e.id || e.dataset.focus || e.tagName, parseFloat(s.outlineWidth),
              s.outlineStyle]; }"""
        )
        if here[0] == "BODY":
            break
        reached.append(here[0])
        assert here[1] >= 2, here
        assert here[2] != "none", here
    assert reached[:3] == ["open-history", "language", "open-menu"]
    for name in ("tile-0", "tile-2", "tile-4", "right", "edit", "erase", "show", "recognise"):
        assert name in reached
    assert [each for each in reached if each.startswith("tile-2-")], "no alternative is reached"


def test_what_is_read_is_told_to_a_screen_reader(page, scripted):
    live = page.locator("#verdict")
    assert live.get_attribute("aria-live") == "polite"
    scripted.live.tell(accepted("04524", region="서울특별시 / Seoul"))
    page.wait_for_selector("#verdict .postcode")
    assert " ".join(live.inner_text().split()) == "04524 Seoul Read, 99.3% sure"
    assert page.locator("#hint").get_attribute("aria-live") == "polite"
    assert page.locator("#notice").get_attribute("role") == "alert"


def test_the_focus_stays_where_it_was_when_a_reading_is_corrected(page, scripted):
    scripted.live.tell(rejected("04524", {2: 0.62}))
    # A digit can be corrected, and hold the focus, once its reading is stored.
    page.wait_for_selector(".tile-digit[data-focus='tile-2']:enabled").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#corrector[open]")
    page.keyboard.press("7")
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict .status.sure")
    assert page.evaluate("document.activeElement.dataset.focus") == "tile-2"


def test_less_motion_means_none(visit):
    page = visit(reduced_motion="reduce")
    moving = page.evaluate(
        """[...document.querySelectorAll('*')].filter((e) => { const s = getComputedStyle(e);
          return s.transitionDuration.split(',').some((d) => parseFloat(d) > 0)
            || s.animationName !== 'none'; }).length"""
    )
    assert moving == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_ink_and_boxes_are_seen_on_their_ground(visit, theme):
    page = visit(color_scheme=theme)
    write(page, load_recording(SAMPLES / "touch-stylus.json"), only=(0,))
    ink, line, ground = page.evaluate(
        """[getComputedStyle(document.querySelector('.ink')).color,
            getComputedStyle(document.querySelector('.box')).borderTopColor,
            getComputedStyle(document.querySelector('.box')).backgroundColor]"""
    )
    assert contrast(ink, ground) >= 7
    assert contrast(line, ground) >= 3


def contrast(one, other):
    """The contrast of two colours (WCAG 2.2, 1.4.3)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    numbers = colour[colour.index("(") + 1 : -1].replace(",", " ").split()[:3]
    linear = [
        v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
        for v in (float(number) / 255 for number in numbers)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
