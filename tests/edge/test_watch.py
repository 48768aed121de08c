from __future__ import annotations

from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.consensus import Consensus
from edge.sources.source import Shot
from edge.watch import Watcher
from samples.handwriting import Hand, write_digit
from tests.edge.drawing import row, seen

SIZE = (1280, 960)
STEP = 1 / 30


@pytest.fixture
def searches(recognizer, monkeypatch):
    """Count how often a whole frame is searched."""
    count = Counter()
    real = recognizer.find

    def counted(picture):
        count["searched"] += 1
        return real(picture)

    monkeypatch.setattr(recognizer, "find", counted)
    return count


def page(postcode="04524", at=(350, 420), box=(80, 100), pitch=100, **more):
    return row(postcode, box=box, pitch=pitch, at=at, size=SIZE, **more)[0]


def desk(level=120):
    return np.full((SIZE[1], SIZE[0], 3), level, np.uint8)


def moved(image, x=0.0, y=0.0, degrees=0.0):
    matrix = cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), degrees, 1)
    matrix[:, 2] += [x, y]
    corners = np.zeros((1, 4, 2), np.float32)
    return seen(image, corners, np.vstack([matrix, [0, 0, 1]]), SIZE)[0]


def noisy(image, seed, sigma=4.0):
    noise = np.random.default_rng(seed).normal(0, sigma, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def rewritten(postcode):
    """The same page, written by another hand."""
    image, corners = row("", box=(80, 100), pitch=100, at=(350, 420), size=SIZE)
    hand, rng = Hand(sloppiness=0.3, styles=(1,) * 10), np.random.default_rng(5)
    for digit, quad in zip(postcode, corners, strict=True):
        for stroke in write_digit(int(digit), hand, rng):
            points = np.rint((stroke * 70 + quad.mean(axis=0) - 35) * 16).astype(np.int32)
            cv2.polylines(image, [points], False, (20, 20, 20), 8, cv2.LINE_AA, 4)
    return image


def read(recognizer, *parts):
    """Show pages for a number of frames each, and return the postcodes that are reported."""
    film, consensus = Film(recognizer), Consensus(recognizer.threshold)
    reports = []
    for image, count in parts:
        for _ in range(count):
            look = film.show(image, consensus.is_reported)
            seen = look.observation
            reports += consensus.take(seen.boxes, seen.found, film.time_s, look.is_anew)
    return [report.reading.postcode for report in (*reports, *consensus.take_rest())]


class Film:
    """Shows frames to a watcher, one after another."""

    def __init__(self, recognizer, settings=None):
        self.watcher, self.recognizer, self.time_s = Watcher(recognizer, settings), recognizer, 0.0

    def show(self, frame, is_certain=False):
        self.time_s += STEP
        frame.flags.writeable = False
        return self.watcher.look(Shot(frame, self.time_s), is_certain)

    def guess(self, look):
        return self.recognizer.decide(look.observation).guess


def test_a_row_at_rest_is_searched_once_and_read_in_every_frame(recognizer, searches):
    film = Film(recognizer)
    for k in range(15):
        look = film.show(noisy(page(), k))
        assert film.guess(look) == "04524"
        assert look.hint == "wait"
    assert searches["searched"] == 1


def test_boxes_are_parts_of_the_frame(recognizer):
    look = Film(recognizer).show(page())
    assert len(look.boxes) == 5
    (x, y), *_ = look.boxes[0]
    assert x == pytest.approx(350 / SIZE[0], abs=0.005)
    assert y == pytest.approx(420 / SIZE[1], abs=0.005)


def test_a_row_in_a_trembling_hand_is_followed(recognizer, searches):
    film, rng = Film(recognizer), np.random.default_rng(1)
    place = np.zeros(3)
    guesses = Counter()
    for k in range(40):
        place = 0.9 * place + rng.normal(0, 1, 3) * [4, 4, 0.2]
        look = film.show(noisy(moved(page(), *place), k))
        guesses[film.guess(look)] += 1
        x, y = np.mean(look.boxes, axis=(0, 1)) * SIZE - [590, 470]
        # The row's middle lies below and left of the picture's, about which it is turned.
        assert abs(x - place[0]) < 6
        assert abs(y - place[1]) < 6
    assert guesses["04524"] >= 38
    assert searches["searched"] <= 2


def test_a_row_that_is_carried_away_is_followed_until_it_is_gone(recognizer, searches):
    film = Film(recognizer)
    for k in range(24):
        look = film.show(moved(page(), x=12 * k, y=3 * k))
        assert film.guess(look) == "04524"
    for _ in range(30):
        look = film.show(desk())
    assert look.boxes == ()
    assert look.hint == "no-boxes"


def test_another_envelope_in_its_place_is_read(recognizer):
    film = Film(recognizer)
    for _ in range(4):
        film.show(page("04524"))
    for _ in range(4):
        look = film.show(page("67381"))
    assert film.guess(look) == "67381"


def test_another_envelope_elsewhere_is_found_once_the_first_has_gone(recognizer):
    film = Film(recognizer)
    for _ in range(4):
        film.show(page("04524"))
    for _ in range(30):
        look = film.show(page("67381", at=(200, 700)))
    assert film.guess(look) == "67381"


def test_a_hand_over_the_row_is_no_reading_and_the_row_is_there_again_behind_it(
    recognizer, searches
):
    film = Film(recognizer)
    film.show(page())
    covered = page()
    covered[300:700, 300:700] = (90, 120, 170)
    for _ in range(4):
        look = film.show(covered)
        assert not look.observation.boxes
    assert film.guess(film.show(page())) == "04524"
    assert searches["searched"] == 1


def test_what_does_not_change_is_hardly_looked_at(recognizer, monkeypatch):
    film = Film(recognizer)
    looked = Counter()
    real = type(recognizer).observe_at

    def counted(self, *arguments):
        looked["looked"] += 1
        return real(self, *arguments)

    monkeypatch.setattr(type(recognizer), "observe_at", counted)
    frame = page()
    for _ in range(90):
        look = film.show(frame)
        assert film.guess(look) == "04524"
    # Twenty looks, and then two a second.
    assert 20 <= looked["looked"] <= 27


def test_an_empty_desk_is_searched_less_and_less_often(recognizer, searches):
    film = Film(recognizer)
    empty, when = desk(), []
    for k in range(300):
        assert film.show(empty).hint == "no-boxes"
        if searches["searched"] > len(when):
            when.append(k * STEP)
    np.testing.assert_allclose(when, [0, 0.5, 1.5, 3.5, 7.5], atol=0.2)


def test_little_that_changes_on_an_empty_desk_is_reason_to_search(recognizer, searches):
    film = Film(recognizer)
    empty = desk(246)
    for _ in range(100):
        film.show(empty)
    before = searches["searched"]
    envelope = page(box=(40, 50), pitch=50, line=2)
    for _ in range(2):
        look = film.show(envelope)
    assert film.guess(look) == "04524"
    assert searches["searched"] == before + 1


def test_an_envelope_is_found_as_soon_as_it_lies_still(recognizer, searches):
    film = Film(recognizer)
    for _ in range(30):
        film.show(desk())
    before = searches["searched"]
    for k in range(12):
        slid = desk()
        slid[:, : 100 * (k + 1)] = page()[:, -100 * (k + 1) :]
        look = film.show(slid)
        # It isn't searched while it slides.
        assert searches["searched"] == before
        assert look.hint == "still"
    film.show(page())
    look = film.show(page())
    assert film.guess(look) == "04524"
    assert searches["searched"] == before + 1


def test_what_moves_on_and_on_is_searched_all_the_same(recognizer, searches):
    film = Film(recognizer)
    rng = np.random.default_rng(0)
    for _ in range(60):
        film.show(rng.integers(0, 256, (12, 16, 3), np.uint8).repeat(40, 0).repeat(40, 1))
    assert 2 <= searches["searched"] <= 4


def test_a_change_around_a_row_that_stays_is_reason_to_search_again(recognizer, searches):
    film = Film(recognizer)
    for _ in range(30):
        film.show(page())
    darker = page()
    darker[:380] = 60
    for _ in range(30):
        look = film.show(darker, is_certain=True)
    assert film.guess(look) == "04524"
    assert searches["searched"] == 2


@pytest.mark.parametrize(
    ("frame", "hint"),
    [
        (desk(), "no-boxes"),
        (desk(20), "dark"),
        (cv2.GaussianBlur(page(), (0, 0), 7), "still"),
    ],
)
def test_a_hint_says_what_to_change(recognizer, frame, hint):
    film = Film(recognizer)
    for _ in range(3):
        look = film.show(frame.copy())
    assert look.hint == hint


@pytest.mark.parametrize(
    ("poor", "hint"),
    [
        ({"height": 9.0}, "closer"),
        ({"blur": 0.2}, "still"),
        ({"glare": 0.9}, "glare"),
        ({"outside": 0.5}, "inside"),
        ({}, "wait"),
    ],
)
def test_a_hint_names_what_a_row_lacks(recognizer, monkeypatch, poor, hint):
    real = recognizer.observe_at

    def observe_at(picture, boxes):
        seen = real(picture, boxes)
        return replace(seen, quality=replace(seen.quality, **poor))

    monkeypatch.setattr(recognizer, "observe_at", observe_at)
    assert Film(recognizer).show(page()).hint == hint


def test_a_lamp_in_the_picture_is_glare(recognizer):
    image = desk(100)
    cv2.circle(image, (640, 480), 260, (255, 255, 255), -1)
    film = Film(recognizer)
    film.show(image)
    assert film.show(image).hint == "glare"


def test_frames_may_change_their_size(recognizer):
    film = Film(recognizer)
    film.show(page())
    half = cv2.resize(page(), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    for _ in range(20):
        look = film.show(half)
    assert film.guess(look) == "04524"
    assert film.guess(film.show(page())) in ("04524", None)


def test_black_frames_and_garbage_in_between_do_no_harm(recognizer):
    film = Film(recognizer)
    rng = np.random.default_rng(3)
    for k in range(40):
        bad = desk(0) if k % 2 else rng.integers(0, 256, (960, 1280, 3), np.uint8)
        film.show(page() if k % 5 else bad)
    for _ in range(25):
        look = film.show(page())
    assert film.guess(look) == "04524"


def test_a_row_is_anew_in_the_first_frame_and_after_it_was_lost(recognizer):
    film = Film(recognizer)
    assert [film.show(page()).is_anew for _ in range(4)] == [True, False, False, False]
    for _ in range(20):
        film.show(desk())
    found = [film.show(page()) for _ in range(25)]
    assert [look.is_anew for look in found if look.boxes][:2] == [True, False]


def test_a_row_that_was_hidden_is_seen_anew(recognizer):
    film = Film(recognizer)
    for _ in range(3):
        film.show(page())
    for _ in range(4):
        assert not film.show(desk()).is_anew
    assert [film.show(page()).is_anew for _ in range(3)] == [True, False, False]


def test_a_picture_that_is_another_all_at_once_shows_its_row_anew(recognizer):
    film = Film(recognizer)
    for _ in range(3):
        film.show(page())
    # The row at the very same place, on paper of another colour.
    other = page()
    other[:380] = 90
    other[560:] = 90
    assert [film.show(other).is_anew for _ in range(3)] == [True, False, False]


def test_a_blurred_row_is_not_anew_before_it_is_seen_well(recognizer):
    film = Film(recognizer)
    blurred = cv2.GaussianBlur(page(), (0, 0), 7)
    assert not any(film.show(blurred).is_anew for _ in range(3))
    assert any(film.show(page()).is_anew for _ in range(25))


@pytest.mark.parametrize("pause", [4, 20])
def test_the_same_postcode_in_another_hand_is_another_envelope(recognizer, pause):
    # In less than a second, in which the first would not have left.
    postcodes = read(recognizer, (page(), 20), (desk(), pause), (rewritten("04524"), 40))
    assert postcodes == ["04524", "04524"]


@pytest.mark.parametrize("pause", [4, 20])
def test_a_hand_that_passes_does_not_make_it_another_envelope(recognizer, pause):
    shown = [(page(), 20), (desk(), pause)] * 3
    moved_on = (moved(page(), x=60, y=20, degrees=4), 40)
    assert read(recognizer, *shown, moved_on) == ["04524"]
