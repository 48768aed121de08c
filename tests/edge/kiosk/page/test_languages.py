from __future__ import annotations

import json
import re

import pytest

from benchmarks.browser import write
from tests.edge.kiosk.page.browser import load_recording
from tests.edge.kiosk.page.conftest import SAMPLES
from tests.edge.kiosk.page.scripted import QUADS, UNPLUGGED, rejected
from tests.edge.kiosk.page.test_texts import texts

# All that is read or heard on the page as it is now.
HEARD = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) found.push(walk.currentNode.textContent);
  for (const e of document.querySelectorAll('*')) {
    for (const name of ['aria-label', 'title', 'alt', 'placeholder']) {
      if (e.getAttribute(name)) found.push(e.getAttribute(name));
    }
  }
  return found.concat(document.title).map((text) => text.trim()).filter(Boolean);
}"""


@pytest.mark.parametrize(
    ("locale", "language", "words"),
    [("ko-KR", "ko", "인식"), ("en-GB", "en", "Recognise"), ("fr-FR", "en", "Recognise")],
)
def test_the_browser_chooses_the_language(visit, locale, language, words):
    page = visit(locale=locale)
    assert page.locator("#recognise").inner_text() == words
    assert page.locator("html").get_attribute("lang") == language
    assert page.title() == texts(language)["app.title"]


def test_a_language_is_switched_and_remembered(visit):
    page = visit(locale="en-GB")
    assert page.locator("#language").inner_text() == "한국어"
    assert page.locator("#language").get_attribute("lang") == "ko"
    page.click("#language")
    page.wait_for_selector("html[lang=ko]")
    assert page.locator("#erase").inner_text() == "지우기"
    page.reload()
    page.wait_for_selector("html[data-ready=yes]")
    assert page.locator("html").get_attribute("lang") == "ko"
    page.click("#open-menu")
    page.check("input[name=language][value=auto]")
    page.wait_for_selector("html[lang=en]")


def test_a_reading_is_told_in_the_language_that_was_switched_to(page, scripted):
    scripted.live.tell(rejected("04524", {2: 0.6}))
    page.wait_for_selector("#verdict .doubt")
    page.click("#language")
    page.wait_for_selector("html[lang=ko]")
    assert page.locator("#verdict .status").inner_text() == "확인해 주세요: 확실하지 않습니다"
    assert page.locator("#camera-title").inner_text() == texts("ko")["camera.title"]


def test_every_word_on_the_page_comes_from_the_texts(browser, scripted):
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    # Each text says its own name, in brackets: what has none was written elsewhere.
    marked = {
        key: f"⟦{' '.join(re.findall(r'[{][a-z]+[}]', text))}⟧" for key, text in texts("en").items()
    }
    page.route("**/static/text/en.json", lambda route: route.fulfill(body=json.dumps(marked)))
    page.goto(scripted.url)
    page.wait_for_selector("html[data-ready=yes]")
    heard = set(page.evaluate(HEARD))
    write(page, load_recording(SAMPLES / "touch-stylus.json"))
    page.wait_for_selector("#verdict .postcode")
    heard |= set(page.evaluate(HEARD))
    page.keyboard.press("s")
    page.wait_for_selector("#seen[open]")
    heard |= set(page.evaluate(HEARD))
    page.keyboard.press("Escape")
    scripted.live.see("closer", QUADS)
    scripted.live.tell(rejected("04524", {2: 0.6}))
    page.wait_for_selector(".tile.doubtful")
    heard |= set(page.evaluate(HEARD))
    page.click("#choices .action >> nth=-1")
    page.wait_for_selector("#corrector[open]")
    heard |= set(page.evaluate(HEARD))
    page.keyboard.press("Escape")
    scripted.live.be(UNPLUGGED)
    page.click("#open-history")
    page.wait_for_selector(".entry")
    heard |= set(page.evaluate(HEARD))
    page.click("#history-close")
    page.click("#open-menu")
    page.click("#leave")
    heard |= set(page.evaluate(HEARD))
    context.close()
    assert any("⟦" in each for each in heard)
    outside = {each for each in heard if "⟦" not in each}
    # Numbers and times are no words, keys are what is printed on the keyboard, and regions have
    # their names from the directory.
    words = {e for e in outside if re.search(r"[^\W\d_]", e)} - {"e", "s", "r", "q", "Seoul"}
    assert {e for e in words if not re.fullmatch(r"[\d:]+\s?[AP]M", e)} == set()
