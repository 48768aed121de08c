from __future__ import annotations

import pytest

from benchmarks.browser import write
from tests.edge.kiosk.page.browser import load_recording, until, wait_for
from tests.edge.kiosk.page.conftest import SAMPLES
from tests.edge.kiosk.page.hand import Glass
from tests.edge.kiosk.page.scripted import accepted, rejected


def codes(page):
    return page.locator(".entry .code").all_inner_texts()


@pytest.fixture
def filled(page, scripted):
    """A page whose kiosk has read four envelopes, two of them doubtful."""
    for reading in (
        accepted("04524", region="서울특별시 / Seoul"),
        rejected("13494", {1: 0.6}),
        accepted("48058"),
        rejected("63309", {0: 0.5}, "not-in-directory"),
    ):
        scripted.live.tell(reading)
    wait_for(lambda: len(scripted.journal.entries()) == 4)
    until(page, "document.querySelector('#doubtful-count').textContent === '2'")
    return page


def test_today_is_listed_newest_first(filled):
    filled.click("#open-history")
    filled.wait_for_selector(".entry")
    assert codes(filled) == ["63309", "48058", "13494", "04524"]
    assert "Seoul" in filled.locator(".entry").last.inner_text()


def test_readings_are_searched(filled):
    filled.click("#open-history")
    filled.wait_for_selector(".entry")
    filled.fill("#history-query", "480")
    until(filled, "document.querySelectorAll('.entry').length === 1")
    assert codes(filled) == ["48058"]
    filled.fill("#history-query", "99999")
    until(filled, "document.querySelector('#history-empty').textContent !== ''")
    assert filled.locator("#history-empty").inner_text() == "Nothing found."


def test_a_finger_searches_without_a_keyboard(visit, scripted):
    scripted.live.tell(accepted("04524"))
    scripted.live.tell(accepted("48058"))
    wait_for(lambda: len(scripted.journal.entries()) == 2)
    page = visit(480, 320, has_touch=True)
    page.click("#open-history")
    page.wait_for_selector(".entry")
    assert page.locator("#history-keys").is_hidden()
    box = page.locator("#history-query").bounding_box()
    glass = Glass(page)
    glass.touch([(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)])
    page.wait_for_selector("#history-keys button")
    for digit in "480":
        page.click(f"#history-keys [data-number='{digit}']")
    assert page.input_value("#history-query") == "480"
    until(page, "document.querySelectorAll('.entry').length === 1")
    page.click("#history-keys .back")
    assert page.input_value("#history-query") == "48"


def test_doubtful_ones_are_reviewed_until_none_is_left(filled, scripted):
    filled.click("#open-history")
    filled.click("#history-doubtful")
    until(filled, "document.querySelectorAll('.entry').length === 2")
    assert codes(filled) == ["63309", "13494"]
    for left in (1, 0):
        filled.locator(".entry button").first.click()
        filled.wait_for_selector("#corrector[open]")
        filled.keyboard.press("5")
        filled.keyboard.press("Enter")
        until(filled, f"document.querySelectorAll('.entry').length === {left}")
    assert filled.locator("#history-empty").inner_text() == "Nothing to look at."
    filled.wait_for_selector("#doubtful-count", state="hidden")
    assert {e.corrected for e in scripted.journal.entries()} == {None, "53309", "53494"}


def test_any_reading_can_be_corrected_later(filled, scripted):
    filled.click("#open-history")
    filled.wait_for_selector(".entry")
    filled.click("[aria-label='Correct 04524']")
    filled.wait_for_selector("#corrector[open]")
    filled.locator(".slot").nth(4).click()
    filled.click(".number[data-number='6']")
    filled.click("#correct-save")
    until(filled, "document.querySelector('.entry:last-child .code').textContent === '04526'")
    assert scripted.journal.entries()[-1].corrected == "04526"


def test_many_readings_come_in_pages(page, scripted):
    for number in range(60):
        scripted.journal.add(accepted(f"{10000 + number}"), "camera")
    page.click("#open-history")
    until(page, "document.querySelectorAll('.entry').length === 50")
    page.click("#history-more")
    until(page, "document.querySelectorAll('.entry').length === 60")
    assert page.locator("#history-more").is_hidden()
    assert codes(page)[-1] == "10000"


def test_a_reading_that_comes_while_the_list_is_open_is_in_it(filled, scripted):
    filled.click("#open-history")
    filled.wait_for_selector(".entry")
    scripted.live.tell(accepted("30123"))
    until(filled, "document.querySelector('.entry .code').textContent === '30123'")


def test_the_digits_are_shown_as_the_model_sees_them(page):
    write(page, load_recording(SAMPLES / "touch-stylus.json"))
    page.wait_for_selector("#verdict .postcode")
    page.keyboard.press("s")
    page.wait_for_selector("#seen[open]")
    until(page, "[...document.querySelectorAll('.seen-digit img')].every((i) => i.complete)")
    sizes = page.evaluate(
        """[...document.querySelectorAll('.seen-digit img')]
          .map((i) => [i.naturalWidth, i.naturalHeight])"""
    )
    assert sizes == [[28, 28]] * 5
    assert page.locator(".bars").count() == 5
    assert page.locator(".bars li").count() == 50
    best = page.locator(".bars .best span:first-child").all_inner_texts()
    assert "".join(best) == "03187"


def test_showing_what_was_not_read_yet_reads_it_first(page):
    write(page, load_recording(SAMPLES / "touch-stylus.json"), only=(0, 1))
    page.keyboard.press("s")
    page.wait_for_selector("#seen[open]")
    assert page.locator(".seen-digit").count() == 5
