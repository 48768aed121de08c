from __future__ import annotations

import re
import shutil
from itertools import pairwise

import pytest

from benchmarks.browser import write
from edge.errors import SourceLostError
from edge.live import CameraState, Live
from edge.sources import opener
from tests.edge.kiosk.page.browser import (
    load_recording,
    open_page,
    postcode_on,
    serving,
    until,
    wait_for,
)
from tests.edge.kiosk.page.conftest import SAMPLES
from tests.edge.kiosk.page.hand import inked
from tests.edge.kiosk.page.scripted import LIVE, QUADS, UNPLUGGED, accepted, rejected

HINTS = {
    "closer": "Move closer",
    "dark": "Too dark: more light please",
    "still": "Hold still",
    "glare": "Glare: tilt it away from the light",
    "inside": "Bring all five boxes into the picture",
}

WHERE_DRAWN = """[...document.querySelectorAll('#overlay polygon:not(.halo)')].map((p) => {
  const matrix = p.getScreenCTM();
  return [...p.points].map((q) => { const s = q.matrixTransform(matrix); return [s.x, s.y]; });
})"""


def has_text(selector, text):
    return f"document.querySelector('{selector}').textContent.trim() === '{text}'"


def shows_frames(page):
    """Wait until the preview is a picture."""
    until(page, "document.querySelector('#preview').naturalWidth > 0")


@pytest.fixture
def replayed(browser, postman, tmp_path):
    """Return a function that opens the page of a kiosk whose camera plays a sample."""
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(SAMPLES / "korean-red.jpg", folder)
    opened = []

    def play(options, wired=lambda source: source):
        source = wired(opener(f"replay:{folder}?{options}"))
        serve = serving(postman, tmp_path, lambda listener: Live(source, postman, listener))
        served = serve.__enter__()
        context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
        opened.extend([lambda: serve.__exit__(None, None, None), context.close])
        return open_page(context, served.url), served.journal

    yield play
    for close in reversed(opened):
        close()


def test_a_photo_that_is_shown_to_the_camera_is_read(replayed):
    page, journal = replayed("fps=10&hold=60")
    page.wait_for_selector("#verdict .postcode")
    assert postcode_on(page) == "04524"
    page.wait_for_selector("#overlay.certain")
    shows_frames(page)
    until(page, has_text("#overlay", "04524"))
    (entry,) = journal.entries()
    assert (entry.source, entry.postcode) == ("camera", "04524")


class Cable:
    """A camera's, which a test pulls out and plugs in again when the page has come so far."""

    def __init__(self, source):
        self.open_source, self.is_in = source, True

    def __call__(self):
        if not self.is_in:
            raise SourceLostError("the camera was unplugged")
        source = self.open_source()
        read = source.read

        def read_through():
            if not self.is_in:
                raise SourceLostError("the camera was unplugged")
            return read()

        source.read = read_through
        return source


def test_a_camera_that_is_unplugged_comes_back(replayed):
    cables = []

    def wired(source):
        cables.append(Cable(source))
        return cables[-1]

    page, _ = replayed("fps=10&hold=60", wired)
    page.wait_for_selector("#verdict .postcode")
    cables[0].is_in = False
    until(page, has_text("#camera-state", "Camera unplugged: reconnecting"))
    page.wait_for_selector("#camera-off", state="visible")
    cables[0].is_in = True
    page.wait_for_selector("#frame[data-state=live]")
    shows_frames(page)
    assert page.locator("#camera-off").is_hidden()
    page.wait_for_selector("#overlay polygon", state="attached")


@pytest.mark.parametrize(("code", "words"), HINTS.items())
def test_a_hint_says_what_to_do(page, scripted, code, words):
    scripted.live.see(code, QUADS)
    until(page, has_text("#hint", words))


def test_a_hint_stays_long_enough_to_be_read(page, scripted):
    page.evaluate(
        """() => {
          window.hinted = [];
          new MutationObserver(() => window.hinted.push(performance.now()))
            .observe(document.querySelector('#hint'), { childList: true });
        }"""
    )
    for number in range(20):
        scripted.live.see(("closer", "still")[number % 2], QUADS)
        page.wait_for_timeout(70)
    until(page, "window.hinted.length >= 2")
    times = page.evaluate("window.hinted")
    assert min(after - before for before, after in pairwise(times)) > 850


def test_boxes_are_drawn_where_they_are_in_the_picture(page, scripted):
    scripted.live.see("closer", QUADS)
    shows_frames(page)
    picture = page.evaluate(
        """() => {
          const image = document.querySelector('#preview');
          const {left, top, width, height} = image.getBoundingClientRect();
          const scale = Math.min(width / image.naturalWidth, height / image.naturalHeight);
          const shown = [image.naturalWidth * scale, image.naturalHeight * scale];
          return [left + (width - shown[0]) / 2, top + (height - shown[1]) / 2, ...shown];
        }"""
    )
    left, top, width, height = picture
    drawn = []

    def are_drawn():
        # Boxes that were not seen for a while are no longer drawn.
        scripted.live.see("closer", QUADS)
        page.wait_for_timeout(100)
        drawn[:] = page.evaluate(WHERE_DRAWN)
        return len(drawn) == 5

    wait_for(are_drawn)
    for quad, expected in zip(drawn, QUADS, strict=True):
        for (x, y), (across, down) in zip(quad, expected, strict=True):
            assert x == pytest.approx(left + across * width, abs=1)
            assert y == pytest.approx(top + down * height, abs=1)


def test_boxes_that_are_no_longer_seen_go(page, scripted):
    scripted.live.see("closer", QUADS)
    page.wait_for_selector("#overlay polygon", state="attached")
    until(page, "!document.querySelector('#overlay polygon')")


def test_the_postcode_is_drawn_only_when_it_is_certain(page, scripted):
    scripted.live.see("wait", QUADS, accepted("04524"))
    until(page, has_text("#hint", "Reading…"))
    assert page.locator("#overlay text").count() == 0
    scripted.live.see(None, QUADS, accepted("04524"))
    page.wait_for_selector("#overlay text", state="attached")


def test_what_the_camera_reads_is_shown_and_stored(page, scripted):
    scripted.live.tell(accepted("04524", region="서울특별시 / Seoul"))
    page.wait_for_selector("#verdict .postcode")
    assert postcode_on(page) == "04524"
    assert page.locator("#verdict .region").inner_text() == "Seoul"
    assert page.locator(".box.doubtful").count() == 0


def test_what_the_camera_reads_never_stands_below_the_ink_of_another(page, scripted):
    write(page, load_recording(SAMPLES / "touch-stylus.json"))
    until(page, "document.querySelector('#verdict .postcode')?.textContent === '03187'")
    scripted.live.tell(accepted("04524"))
    until(page, "document.querySelector('#verdict .postcode')?.textContent === '04524'")
    assert inked(page) == [False] * 5
    assert {entry.reading.postcode for entry in scripted.journal.entries()} == {"03187", "04524"}


@pytest.mark.parametrize("is_asked", [False, True], ids=["unfinished", "doubtful"])
def test_the_camera_does_not_interrupt_who_writes_or_is_asked(page, scripted, is_asked):
    write(page, load_recording(SAMPLES / "touch-stylus.json"), only=(0, 1, 2, 3))
    if is_asked:
        page.keyboard.press("r")
        page.wait_for_selector("#verdict .status.doubt")
    before = page.locator(".tile-digit b").all_inner_texts()
    scripted.live.tell(accepted("04524"))
    # It is among today's readings all the same.
    wait_for(lambda: page.wait_for_timeout(20) or scripted.journal.entries()[0].source == "camera")
    page.wait_for_timeout(300)
    assert page.locator(".tile-digit b").all_inner_texts() == before
    assert inked(page) == [True] * 4 + [False]


def test_ink_that_was_left_gives_way_to_the_camera(visit, scripted):
    page = visit()
    page.clock.install()
    write(page, load_recording(SAMPLES / "touch-stylus.json"), only=(0, 1, 2, 3))
    page.clock.fast_forward(61_000)
    scripted.live.tell(accepted("04524"))
    until(page, "document.querySelector('#verdict .postcode')?.textContent === '04524'")
    assert inked(page) == [False] * 5


def test_a_doubtful_envelope_is_corrected_on_the_screen(page, scripted):
    scripted.live.tell(rejected("04524", {2: 0.6}))
    page.locator(".tile.doubtful .tile-digit").click()
    page.click(".number[data-number='9']")
    page.click("#correct-save")
    wait_for(lambda: page.wait_for_timeout(20) or scripted.journal.entries()[0].corrected)
    assert scripted.journal.entries()[0].corrected == "04924"
    # The boxes to write in have nothing to do with it.
    assert page.locator(".box.doubtful").count() == 0


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ("unplugged", "Camera unplugged: reconnecting"),
        ("hung", "The camera hangs: restarting it"),
        ("busy", "Another program has the camera: close it"),
        ("missing", "No camera: plug one in"),
        ("denied", "The camera may not be used: allow it"),
        ("damaged", "Its pictures are damaged: check the cable"),
    ],
)
def test_what_is_wrong_with_the_camera_is_said(page, scripted, problem, words):
    scripted.live.be(CameraState("reconnecting", problem, "", 1.0))
    until(page, has_text("#camera-state", words))
    page.wait_for_selector("#camera-off", state="visible")
    scripted.live.be(LIVE)
    page.wait_for_selector("#camera-off", state="hidden")


def test_a_preview_that_broke_off_is_opened_again(visit, scripted):
    page = visit(fails=True)
    asked = []
    page.on("request", lambda r: asked.append(r.url) if "preview" in r.url else None)
    scripted.live.see("closer", QUADS)
    page.route("**/api/v1/preview*", lambda route: route.abort())
    scripted.live.be(UNPLUGGED)
    page.wait_for_selector("#frame[data-state=reconnecting]")
    scripted.live.be(LIVE)
    wait_for(lambda: page.wait_for_timeout(20) or len(asked) >= 2)
    page.unroute("**/api/v1/preview*")

    def shown():
        scripted.live.see("closer", QUADS)
        page.wait_for_timeout(100)
        return page.evaluate("document.querySelector('#preview').naturalWidth > 0")

    wait_for(shown)
    assert page.locator("#preview").is_visible()


def test_only_a_screen_that_shows_the_camera_asks_for_its_pictures(visit):
    page = visit(800, 480)
    assert page.locator("#preview").get_attribute("src") is None
    page.click("#mode-camera")
    assert re.match("/api/v1/preview", page.locator("#preview").get_attribute("src"))
    page.click("#mode-write")
    assert page.locator("#preview").get_attribute("src") is None


def test_the_picture_that_is_seen_can_be_read_at_once(page, scripted):
    import cv2

    photo = cv2.resize(cv2.imread(str(SAMPLES / "korean-red.jpg")), (640, 480))
    for _ in range(3):
        scripted.live.see("wait", (), None, photo)
        page.wait_for_timeout(150)
    shows_frames(page)
    page.keyboard.press("r")
    page.wait_for_selector("#verdict .postcode")
    (entry,) = scripted.journal.entries()
    assert (entry.source, entry.reading.guess) == ("photo", "04524")


def test_a_kiosk_that_is_restarted_is_found_again(browser, postman, tmp_path):
    context = browser.new_context(locale="en-GB")
    with serving(postman, tmp_path) as served:
        page = open_page(context, served.url)
        port = int(served.url.rstrip("/").rpartition(":")[2])
        page.wait_for_selector("#notice", state="hidden")
    page.wait_for_selector("#notice:not([hidden])")
    assert "reconnecting" in page.locator("#notice").inner_text()
    with serving(postman, tmp_path, port=port):
        page.wait_for_selector("#notice", state="hidden")
        context.close()


def test_a_page_without_a_camera_is_for_writing_alone(browser, postman, tmp_path):
    context = browser.new_context(viewport={"width": 480, "height": 320})
    with serving(postman, tmp_path) as served:
        page = open_page(context, served.url)
        assert page.locator("#mode-camera").is_hidden()
        assert page.locator("#camera-panel").is_hidden()
        assert page.locator("#pad").is_visible()
        context.close()


def test_an_envelope_that_was_read_before_the_page_came_is_shown(visit, scripted):
    scripted.live.tell(accepted("04524"))
    wait_for(lambda: len(scripted.journal.entries()) == 1)
    page = visit()
    page.wait_for_timeout(300)
    scripted.live.see(None, QUADS, accepted("04524"))
    page.wait_for_selector("#verdict .postcode")
    # Once it was taken off the screen it stays off.
    page.keyboard.press("e")
    scripted.live.see(None, QUADS, accepted("04524"))
    page.wait_for_timeout(400)
    assert page.locator("#verdict .postcode").count() == 0


def test_sure_digits_that_make_no_postcode_are_asked_about_as_a_whole(page, scripted):
    scripted.live.tell(rejected("99999", {}, "not-in-directory"))
    page.wait_for_selector("#verdict .doubt")
    assert page.locator(".tile.doubtful").count() == 0
    page.click(".confirm")
    wait_for(lambda: page.wait_for_timeout(20) or scripted.journal.entries()[0].corrected)
    assert scripted.journal.entries()[0].corrected == "99999"


def test_of_digits_that_are_all_sure_the_least_sure_is_asked_about(page, scripted):
    scripted.live.tell(rejected("04524", {1: 0.97}, "not-a-digit"))
    page.wait_for_selector(".tile.doubtful")
    assert ["doubtful" in each.get_attribute("class") for each in page.locator(".tile").all()] == [
        False,
        True,
        False,
        False,
        False,
    ]


def test_of_several_doubtful_digits_each_is_asked_about(page, scripted):
    scripted.live.tell(rejected("04524", {1: 0.6, 3: 0.7}))
    page.wait_for_selector(".tile.doubtful")
    assert page.locator(".tile.doubtful").count() == 2
    tapped = page.locator(".tile").nth(1).locator(".alternative").first
    first = tapped.inner_text()
    tapped.click()
    page.wait_for_selector("#verdict .status.sure")
    # What was said is stored at once; the other is still asked about.
    assert scripted.journal.entries()[0].corrected == f"0{first}524"
    page.wait_for_timeout(300)
    assert page.locator(".tile.doubtful").count() == 1
    page.click(".confirm")
    page.wait_for_selector(".tile.doubtful", state="detached")
    assert scripted.journal.entries()[0].corrected == f"0{first}524"
