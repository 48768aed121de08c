from __future__ import annotations

import csv
import io
import json
import time

import pytest

from benchmarks.browser import write
from benchmarks.datasets import touch_recordings, unseen_digits
from tests.edge.kiosk.page.browser import load_recording, postcode_on, until, wait_for
from tests.edge.kiosk.page.conftest import SAMPLES
from tests.edge.kiosk.page.hand import Glass, in_box, inked

LINE = ((0.5, 0.2), (0.5, 0.5), (0.5, 0.8))


def stylus():
    return load_recording(SAMPLES / "touch-stylus.json")


@pytest.fixture
def posts(page):
    """What the page sends to be read."""
    sent = []

    def note(request):
        if request.method == "POST":
            sent.append(json.loads(request.post_data))

    page.on("request", note)
    return sent


@pytest.mark.parametrize("name", ["touch-stylus", "touch-out-of-order"])
@pytest.mark.parametrize("size", [(480, 320), (1280, 800)], ids="{0[0]}x{0[1]}".format)
def test_what_is_written_is_read_once_the_pen_rests(visit, scripted, name, size):
    page = visit(*size)
    write(page, load_recording(SAMPLES / f"{name}.json"))
    known = {"touch-stylus": "03187", "touch-out-of-order": "58210"}[name]
    page.wait_for_selector("#verdict .postcode")
    assert postcode_on(page) == known
    # A hand that is slow on a busy machine may have rested before.
    newest = scripted.journal.entries()[0]
    assert (newest.source, newest.reading.guess) == ("write", known)


def test_digits_of_real_pens_are_read_from_the_page(page, shared_data):
    shared_data("pendigits_strokes.json.gz")
    right = 0
    for touch in touch_recordings(unseen_digits("pendigits"), 6, seed=8):
        page.keyboard.press("e")
        write(page, touch.recording)
        page.wait_for_selector("#verdict .postcode", state="attached")
        shown = "".join(page.locator(".tile-digit b").all_inner_texts())
        right += shown == touch.postcode
    assert right >= 4


def test_the_region_stands_beside_the_postcode(visit):
    page = visit(locale="ko-KR")
    write(page, stylus())
    assert page.locator("#verdict .region").inner_text() == "서울특별시"
    page.click("#language")
    until(page, "document.querySelector('#verdict .region').textContent === 'Seoul'")


def test_four_digits_are_read_only_when_asked(page, scripted):
    write(page, stylus(), only=(0, 1, 2, 3))
    page.wait_for_timeout(900)
    assert scripted.journal.entries() == []
    page.keyboard.press("r")
    page.wait_for_selector("#verdict .status.doubt")
    assert page.locator(".tile-digit b").all_inner_texts() == ["0", "3", "1", "8", "?"]
    assert page.locator(".box.doubtful").count() == 1
    # Without five digits there is nothing to be called right.
    assert page.locator(".confirm").count() == 0


def test_a_recording_is_sent_in_the_form_that_is_agreed(page, posts):
    write(page, stylus())
    page.wait_for_selector("#verdict .postcode")
    sent = posts[-1]
    assert sent.keys() == {"boxes", "strokes"}
    assert [len(box) for box in sent["boxes"]] == [4] * 5
    for stroke in sent["strokes"]:
        assert all(len(point) == 3 for point in stroke)
        times = [point[2] for point in stroke]
        assert times == sorted(times)
    lefts = [box[0] for box in sent["boxes"]]
    assert lefts == sorted(lefts)


def test_one_box_is_erased_with_a_tap_and_all_with_a_key(page):
    write(page, stylus(), only=(0, 1, 2))
    assert inked(page) == [True, True, True, False, False]
    page.locator(".box-erase").nth(1).click()
    assert inked(page) == [True, False, True, False, False]
    page.keyboard.press("e")
    assert inked(page) == [False] * 5
    ink = page.evaluate(
        """() => { const c = document.querySelector('.ink');
        return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v); }"""
    )
    assert ink is False


def test_a_box_is_erased_by_keyboard(page):
    write(page, stylus(), only=(0, 3))
    page.locator(".box-erase").nth(3).focus()
    page.keyboard.press("Enter")
    assert inked(page) == [True, False, False, False, False]
    assert page.evaluate("document.activeElement.ariaLabel") == "Erase box 1"


def test_a_stroke_that_begins_where_a_box_is_erased_is_ink(page):
    write(page, stylus(), only=(0,))
    page.mouse.move(*in_box(page, 0, (0.9, 0.06))[0])
    page.mouse.down()
    page.mouse.move(*in_box(page, 0, (0.3, 0.5))[0], steps=5)
    page.mouse.up()
    assert inked(page)[0]


def test_a_stroke_belongs_to_the_box_that_most_of_it_is_in(page):
    (start,) = in_box(page, 1, (0.9, 0.5))
    page.mouse.move(*start)
    page.mouse.down()
    for point in in_box(page, 2, (0.2, 0.4), (0.4, 0.5), (0.6, 0.6), (0.8, 0.7)):
        page.mouse.move(*point)
    page.mouse.up()
    assert inked(page) == [False, False, True, False, False]


def test_fingers_write_and_palms_do_not(visit):
    page = visit(has_touch=True)
    glass = Glass(page)
    glass.touch(in_box(page, 0, *LINE))
    glass.touch(in_box(page, 1, *LINE), radius=70)
    assert inked(page) == [True, False, False, False, False]


def test_a_fingertip_that_becomes_a_palm_is_no_ink(visit):
    page = visit(has_touch=True)
    glass = Glass(page)
    first, second, third = in_box(page, 2, *LINE)
    glass.press(first)
    glass.slide(second)
    glass.slide(third, radius=80)
    glass.lift()
    assert inked(page) == [False] * 5


def test_a_hand_that_rests_beside_its_pen_is_no_ink(visit):
    page = visit(has_touch=True)
    glass = Glass(page)
    glass.time_s = time.time()
    first, second, third = in_box(page, 0, *LINE)
    glass.pen("mousePressed", first)
    glass.pen("mouseMoved", second)
    glass.touch(in_box(page, 4, *LINE))
    glass.pen("mouseMoved", third)
    glass.pen("mouseReleased", third)
    glass.touch(in_box(page, 3, *LINE))
    assert inked(page) == [True, False, False, False, False]
    glass.time_s += 0.9
    glass.touch(in_box(page, 3, *LINE))
    assert inked(page) == [True, False, False, True, False]


def test_a_pen_takes_over_from_the_finger_that_came_first(visit):
    page = visit(has_touch=True)
    glass = Glass(page)
    glass.press(in_box(page, 4, (0.5, 0.9))[0])
    first, *rest = in_box(page, 1, *LINE)
    glass.pen("mousePressed", first)
    for point in rest:
        glass.pen("mouseMoved", point)
    glass.pen("mouseReleased", rest[-1])
    glass.lift()
    assert inked(page) == [False, True, False, False, False]


def test_ink_keeps_its_box_when_the_screen_is_turned(visit, posts_of):
    page = visit(1024, 600)
    sent = posts_of(page)
    write(page, stylus())
    page.wait_for_selector("#verdict .postcode")
    before = in_box(page, 4, (0, 0))
    page.set_viewport_size({"width": 600, "height": 1024})
    wait_for(lambda: pump(page) and in_box(page, 4, (0, 0)) != before)
    with page.expect_response("**/api/v1/readings") as answer:
        page.keyboard.press("r")
    assert answer.value.json()["guess"] == "03187"
    assert sent[0]["boxes"] != sent[-1]["boxes"]


@pytest.fixture
def posts_of():
    def listen(page):
        sent = []
        page.on(
            "request",
            lambda r: sent.append(json.loads(r.post_data)) if r.method == "POST" else None,
        )
        return sent

    return listen


def pump(page):
    """Let what the browser has told arrive here."""
    page.wait_for_timeout(20)
    return True


def test_a_reading_that_was_overtaken_is_not_shown(page):
    held = []

    def slow(route):
        if route.request.method == "POST" and not held:
            held.append(route)  # the first is answered when it no longer counts
        else:
            route.continue_()

    page.route("**/api/v1/readings", slow)
    write(page, stylus())
    wait_for(lambda: pump(page) and held)
    page.keyboard.press("e")
    page.keyboard.press("r")
    body = {"status": "accepted", "id": "1", "digits": [], "postcode": "99999"}
    held[0].fulfill(json=body)
    page.wait_for_timeout(300)
    assert page.locator("#verdict .postcode").count() == 0
    write(page, stylus())
    page.wait_for_selector("#verdict .postcode")
    assert postcode_on(page) == "03187"


def test_writing_on_takes_the_old_reading_off_the_screen(page):
    write(page, stylus())
    page.wait_for_selector("#verdict .postcode")
    page.locator(".box-erase").nth(2).click()
    assert page.locator("#verdict .postcode").count() == 0
    assert page.locator(".tile-digit b").all_inner_texts() == ["\u2007"] * 5


def doubtful(page, scripted_reading):
    """Let what the page writes come back doubtful."""

    def answer(route):
        if route.request.method != "POST":
            return route.continue_()
        reading = route.fetch().json()
        reading |= {"status": "rejected", "postcode": None, "reason": "low-confidence"}
        for place, confidence, others in scripted_reading:
            reading["digits"][place] |= {
                "confidence": confidence,
                "alternatives": [{"digit": d, "confidence": 0.2} for d in others],
            }
        return route.fulfill(status=201, json=reading)

    page.route("**/api/v1/readings", answer)


@pytest.mark.parametrize("size", [(480, 320), (800, 480), (1280, 800)], ids="{0[0]}".format)
def test_a_doubtful_digit_is_outlined_and_its_second_best_tapped(visit, scripted, size):
    page = visit(*size)
    doubtful(page, [(3, 0.6, "35")])
    write(page, stylus())
    page.wait_for_selector(".box.doubtful")
    assert page.locator(".box").nth(3).get_attribute("class") == "box doubtful"
    # Not by colour alone: a dashed line, a mark, and words.
    outline = page.evaluate(
        "getComputedStyle(document.querySelector('.box.doubtful')).outlineStyle"
    )
    assert outline == "dashed"
    label = page.locator(".box").nth(3).get_attribute("aria-label")
    assert label == "Box 4, doubtful: please look"
    page.locator(".alternative:visible", has_text="3").click()
    wait_for(lambda: pump(page) and scripted.journal.entries()[0].corrected == "03137")
    page.wait_for_selector("#verdict .status.sure")
    assert postcode_on(page) == "03137"
    assert page.locator(".box.doubtful").count() == 0


def test_a_doubtful_reading_is_confirmed_as_it_is(page, scripted):
    doubtful(page, [(3, 0.6, "35")])
    write(page, stylus())
    page.click(".confirm")
    wait_for(lambda: pump(page) and scripted.journal.entries()[0].corrected == "03187")


def test_a_wrong_digit_is_corrected_on_the_number_pad_and_is_in_the_csv(page, scripted):
    write(page, stylus())
    page.locator(".tile-digit").nth(4).click()
    page.wait_for_selector("#corrector[open] .slot img")
    page.click(".number[data-number='2']")
    page.click("#correct-save")
    wait_for(lambda: pump(page) and scripted.journal.entries()[0].corrected == "03182")
    # The page learns of it after the journal.
    wait_for(lambda: pump(page) and postcode_on(page) == "03182")
    page.click("#open-history")
    with page.expect_download() as downloading:
        page.click("#history-csv")
    table = downloading.value.path().read_text("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(table))
    assert "03182" in row.values()


def test_a_digit_is_corrected_by_keyboard_alone(page, scripted):
    write(page, stylus())
    page.wait_for_selector("#verdict .postcode")
    page.locator(".tile-digit").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#corrector[open]")
    page.keyboard.press("9")
    page.keyboard.press("Enter")
    wait_for(lambda: pump(page) and scripted.journal.entries()[0].corrected == "09187")
    # And back again, once the page has been told.
    page.wait_for_selector(".tile.changed")
    page.locator(".tile-digit").nth(1).focus()
    page.keyboard.press("Enter")
    page.click("#correct-back")
    wait_for(lambda: pump(page) and scripted.journal.entries()[0].corrected is None)


def test_a_correction_that_is_given_up_changes_nothing(page, scripted):
    write(page, stylus())
    page.locator(".tile-digit").nth(0).click()
    page.keyboard.press("Backspace")
    assert page.locator("#correct-save").is_disabled()
    page.keyboard.press("Escape")
    page.wait_for_selector("#corrector", state="hidden")
    page.wait_for_timeout(200)
    assert scripted.journal.entries()[0].corrected is None
    assert postcode_on(page) == "03187"


def test_a_correction_that_can_not_be_stored_is_said_and_not_shown(visit):
    page = visit(fails=True)
    page.route("**/api/v1/readings/*", lambda route: route.abort())
    doubtful(page, [(3, 0.6, "35")])
    write(page, stylus())
    page.locator(".alternative:visible", has_text="3").click()
    page.wait_for_selector("#notice:not([hidden])")
    assert postcode_on(page) == "03187"


@pytest.mark.parametrize(
    ("status", "words"),
    [(503, "busy"), (413, "too large"), (422, "write it again"), (500, "went wrong")],
)
def test_a_failure_is_one_sentence(visit, status, words):
    page = visit(fails=True)
    page.route("**/api/v1/readings", lambda route: route.fulfill(status=status, json={}))
    write(page, stylus())
    page.wait_for_selector("#notice:not([hidden])")
    assert words in page.locator("#notice").inner_text()
    page.unroute("**/api/v1/readings")
    page.keyboard.press("r")
    page.wait_for_selector("#verdict .postcode")
    assert page.locator("#notice").is_hidden()
