from __future__ import annotations

import pytest

from benchmarks.browser import write
from edge.kiosk.settings import Settings
from tests.edge.kiosk.page.browser import (
    REST_MS,
    load_recording,
    open_page,
    serving,
    until,
    wait_for,
)
from tests.edge.kiosk.page.conftest import SAMPLES
from tests.edge.kiosk.page.hand import inked
from tests.edge.kiosk.page.scripted import accepted, rejected

# Notes the tones that the page plays: the frequency of each oscillator that is started.
LISTEN = """() => {
  window.tones = [];
  window.AudioContext = class extends AudioContext {
    constructor() { super(); window.sounding = this; }
  };
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) {
    window.tones.push(this.frequency.value);
    return start.apply(this, when);
  };
}"""


@pytest.fixture
def hearing(page):
    page.evaluate(LISTEN)
    page.mouse.click(5, 5)  # browsers let a page sound once it was touched
    until(page, "window.sounding?.state === 'running'")
    return page


def tones(page, scripted, reading):
    scripted.live.tell(reading)
    # It sounds when it is shown.
    tone = "sure" if reading.status == "accepted" else "doubt"
    page.wait_for_selector(f"#verdict .status.{tone}")
    return page.evaluate("window.tones.splice(0)")


def test_accepted_and_doubtful_sound_different(hearing, scripted):
    first = tones(hearing, scripted, accepted("04524"))
    second = tones(hearing, scripted, rejected("04524", {2: 0.6}))
    assert first
    assert second
    assert first[-1] > first[0]
    assert first != second


def test_sound_is_muted_by_a_setting_that_is_remembered(hearing, scripted):
    hearing.click("#open-menu")
    hearing.uncheck("input[data-focus=sound]")
    hearing.click("#menu-close")
    assert tones(hearing, scripted, accepted("04524")) == []
    hearing.reload()
    hearing.wait_for_selector("html[data-ready=yes]")
    hearing.click("#open-menu")
    assert not hearing.is_checked("input[data-focus=sound]")


def test_dark_and_light_are_chosen(visit):
    page = visit(color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("#open-menu")
    page.check("input[name=theme][value=dark]")
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    page.wait_for_selector("html[data-ready=yes]")
    assert page.evaluate(ground) == dark


def test_keys_can_be_switched_off(page):
    write(page, load_recording(SAMPLES / "touch-stylus.json"), only=(0,))
    page.click("#open-menu")
    page.uncheck("input[data-focus=shortcuts]")
    page.click("#menu-close")
    page.keyboard.press("e")
    assert inked(page)[0]


def test_keys_do_nothing_while_something_is_typed(page):
    write(page, load_recording(SAMPLES / "touch-stylus.json"), only=(0,))
    page.click("#open-history")
    page.locator("#history-query").press("e")
    page.click("#history-close")
    assert inked(page)[0]


def test_leaving_takes_everything_off_the_screen(page, scripted):
    write(page, load_recording(SAMPLES / "touch-stylus.json"))
    page.wait_for_selector("#verdict .postcode")
    page.keyboard.press("q")
    page.wait_for_selector("#farewell[open]")
    assert inked(page) == [False] * 5
    assert page.locator("#verdict .postcode").count() == 0
    # Nothing more is told to a page that was left.
    scripted.live.tell(accepted("04524"))
    page.wait_for_timeout(300)
    assert page.locator("#verdict .postcode").count() == 0
    page.keyboard.press("Escape")
    assert page.locator("#farewell").is_visible()
    page.click("#begin")
    page.wait_for_selector("#farewell", state="hidden")

    def is_told():
        # The page listens again, but not at once.
        scripted.live.tell(accepted("48058"))
        page.wait_for_timeout(200)
        return page.locator("#verdict .postcode").count() == 1

    wait_for(is_told)


def test_what_another_screen_writes_is_not_shown_here(visit):
    here, there = visit(), visit()
    write(there, load_recording(SAMPLES / "touch-stylus.json"))
    there.wait_for_selector("#verdict .postcode")
    here.wait_for_timeout(300)
    assert here.locator("#verdict .postcode").count() == 0


def test_a_disk_that_takes_nothing_is_said(page, scripted, monkeypatch):
    from edge.errors import JournalError

    def full(*args, **kwargs):
        raise JournalError("journal: the disk is full; make room")

    monkeypatch.setattr(scripted.journal, "add", full)
    write(page, load_recording(SAMPLES / "touch-stylus.json"))
    page.wait_for_selector("#notice:not([hidden]):has-text('check the disk')")
    # It was read, but nobody may rely on it, and there is nothing to correct.
    assert page.locator("#verdict .status.doubt").inner_text().endswith("it could not be stored")
    assert page.locator("#choices button").count() == 0
    assert page.locator(".tile-digit:enabled").count() == 0


def test_everything_comes_from_the_kiosk_itself(visit, scripted):
    page = visit()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_selector("html[data-ready=yes]")
    page.click("#open-history")
    page.click("#history-close")
    assert asked
    assert [url for url in asked if not url.startswith((scripted.url, "data:"))] == []


def test_a_kiosk_that_demands_a_token_is_used_with_the_link_that_has_it(browser, postman, tmp_path):
    settings = Settings(rest_ms=REST_MS, token="a-token-of-this-test")
    context = browser.new_context(locale="en-GB")
    with serving(postman, tmp_path, settings=settings) as served:
        stranger = context.new_page()
        assert stranger.goto(served.url).status == 401
        page = open_page(context, f"{served.url}?token=a-token-of-this-test")
        write(page, load_recording(SAMPLES / "touch-stylus.json"))
        page.wait_for_selector("#verdict .postcode")
        assert "token" not in page.url
        context.close()
