from __future__ import annotations

import pytest

from benchmarks.browser import write
from tests.edge.kiosk.page.browser import load_recording
from tests.edge.kiosk.page.conftest import SAMPLES
from tests.edge.kiosk.page.scripted import QUADS, accepted, rejected

SIZES = [(480, 320), (800, 480), (1024, 600), (1280, 800), (1920, 1080), (320, 480), (600, 1024)]
PLAIN = [f"{width}x{height}" for width, height in SIZES]
LOCALES = ("ko-KR", "en-GB")

# Everything that is seen and can be pressed, and the text it holds.
LOOK = """() => {
  const seen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && e.getClientRects().length > 0;
  const rect = (e) => { const r = e.getBoundingClientRect();
    return { left: r.left, top: r.top, right: r.right, bottom: r.bottom }; };
  const name = (e) => e.id || e.className.toString() + ':' + e.textContent.trim().slice(0, 12);
  const top = document.querySelector('dialog[open]') ?? document.querySelector('#app');
  const targets = [...top.querySelectorAll('button, a[href], input, .choice, .search')].filter(seen)
    .filter((e) => !(e.tagName === 'INPUT' && e.closest('label')));
  const clipped = [...top.querySelectorAll('button, a, p, h1, h2, span, b, label')].filter(seen)
    .filter((e) => !e.closest('.unseen, .box-erase, .verdict-text, .history-body'))
    .filter((e) => e.clientWidth > 2 && e.scrollWidth > e.clientWidth + 1);
  return {
    targets: targets.map((e) => ({ name: name(e), rolls: Boolean(e.closest('.history-body')),
      ...rect(e) })),
    clipped: clipped.map(name),
    page: [document.scrollingElement.scrollWidth, document.scrollingElement.scrollHeight],
    rolls: [...top.querySelectorAll('*')].filter((e) => seen(e) && !e.closest('.history-body'))
      .filter((e) => ['auto', 'scroll'].includes(getComputedStyle(e).overflowY)
        && e.scrollHeight > e.clientHeight + 1).map(name),
  };
}"""


def stylus():
    return load_recording(SAMPLES / "touch-stylus.json")


def check(page, width, height):
    """Assert that nothing is cut off, too small or on top of another."""
    look = page.evaluate(LOOK)
    assert look["page"] == [width, height], "the page is larger than the screen"
    assert look["rolls"] == []
    assert look["clipped"] == []
    for target in look["targets"]:
        if target["rolls"]:
            continue
        assert target["left"] >= -0.5, target
        assert target["top"] >= -0.5, target
        assert target["right"] <= width + 0.5, target
        assert target["bottom"] <= height + 0.5, target
    for target in look["targets"]:
        assert target["right"] - target["left"] >= 47.5, target
        assert target["bottom"] - target["top"] >= 47.5, target
    apart(look["targets"])


def apart(targets):
    for place, one in enumerate(targets):
        for other in targets[:place]:
            across = min(one["right"], other["right"]) - max(one["left"], other["left"])
            down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
            assert across < 1 or down < 1, (one, other)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("size", SIZES, ids=PLAIN)
def test_everything_fits_every_screen_in_both_languages(visit, scripted, size, locale):
    page = visit(*size, locale=locale)
    check(page, *size)
    # The longest that there is to say: a doubtful reading with its choices.
    scripted.live.tell(rejected("04524", {2: 0.62, 4: 0.8}, "not-a-digit"))
    page.wait_for_selector("#verdict .postcode", state="attached")
    check(page, *size)
    scripted.live.tell(accepted("13494", region="경기도 / Gyeonggi-do"))
    page.wait_for_selector("#verdict .region")
    scripted.live.see("inside", QUADS)
    check(page, *size)
    if page.locator("#mode-camera").is_visible():
        page.click("#mode-camera")
        check(page, *size)
        scripted.live.tell(rejected("04524", {2: 0.62, 4: 0.8}, "not-in-directory"))
        page.wait_for_selector("#verdict .postcode")
        page.wait_for_selector("#verdict .doubt")
        check(page, *size)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    "size", [(480, 320), (320, 480), (800, 480), (1280, 800)], ids="{0[0]}x{0[1]}".format
)
def test_every_dialog_fits_every_screen(visit, scripted, size, locale):
    page = visit(*size, locale=locale)
    scripted.live.tell(rejected("04524", {2: 0.62}))
    page.wait_for_selector("#verdict .postcode", state="attached")
    page.keyboard.press("s")
    page.wait_for_selector("#seen[open] img")
    check(page, *size)
    page.keyboard.press("s")
    page.wait_for_selector("#seen", state="hidden")
    page.locator("#choices button:visible").last.click()
    page.wait_for_selector("#corrector[open] .slot img")
    check(page, *size)
    page.click("#correct-cancel")
    page.click("#open-history")
    page.wait_for_selector(".entry")
    check(page, *size)
    page.click("#history-close")
    page.click("#open-menu")
    check(page, *size)
    page.click("#leave")
    check(page, *size)


@pytest.mark.parametrize("size", [(480, 320), (600, 1024)], ids="{0[0]}x{0[1]}".format)
def test_nothing_moves_when_a_reading_comes(visit, scripted, size):
    page = visit(*size)
    where = """JSON.stringify([...document.querySelectorAll('.box')]
      .map((b) => b.getBoundingClientRect()))"""
    before = page.evaluate(where)
    scripted.live.tell(accepted("04524"))
    page.wait_for_selector("#verdict .postcode")
    assert page.evaluate(where) == before
    scripted.live.tell(rejected("04524", {2: 0.62}))
    page.wait_for_selector(".tile.doubtful")
    assert page.evaluate(where) == before


def test_a_large_screen_shows_both_ways_in_and_a_small_one_either(visit):
    page = visit(1280, 800)
    assert page.locator("#pad").is_visible()
    assert page.locator("#frame").is_visible()
    page.set_viewport_size({"width": 480, "height": 320})
    page.wait_for_selector("#frame", state="hidden")
    assert page.locator("#pad").is_visible()
    page.click("#mode-camera")
    assert page.locator("#pad").is_hidden()
    assert page.locator("#frame").is_visible()
    page.reload()
    page.wait_for_selector("html[data-ready=yes]")
    assert page.locator("#frame").is_visible()


def test_a_page_enlarged_to_twice_its_size_still_works(visit):
    # As the browser's zoom does it: half as many CSS px, each twice as large.
    page = visit(640, 400, device_scale_factor=2)
    write(page, stylus())
    page.wait_for_selector("#verdict .postcode")
    check(page, 640, 400)
