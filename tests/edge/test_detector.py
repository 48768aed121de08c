from __future__ import annotations

import json
import threading

import cv2
import numpy as np
import pytest

from edge.detector import BUNDLED_DETECTOR, Detector, detected, looked_at
from edge.errors import ModelError
from edge.picture import Picture
from samples.scene import random_photo
from tests.edge.drawing import RED, away, frozen, row, turned

# The farthest corner, box heights: near enough to be pulled onto lines, or to be read as it is.
NEAR = 0.3


@pytest.fixture(scope="module")
def detector():
    return Detector()


@pytest.mark.parametrize("scale", [0.35, 0.5, 1.0, 2.0, 4.0])
def test_rows_of_any_size_are_detected(detector, scale):
    image, corners = row("04524", color=RED)
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    corners = (np.array(corners) + 0.5) * scale - 0.5
    best = next(detector.detect(Picture.of(frozen(image))))
    assert away(best.row.corners(), corners) < NEAR
    assert best.probability > 0.8


@pytest.mark.parametrize("degrees", [0, 20, 45, 90, 135, 180, 260])
def test_a_row_turned_any_way_is_detected(detector, degrees):
    image, corners = turned(*row("67381"), degrees)
    found = next(detector.detect(Picture.of(image))).row
    apart = [away(each.corners(), corners) for each in (found, found.turned())]
    assert min(apart) < NEAR


def test_grey_is_as_good_as_colour(detector):
    image, corners = row("90210")
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    assert away(next(detector.detect(Picture.of(grey))).row.corners(), corners) < NEAR


def test_of_several_rows_each_is_detected_before_one_is_again(detector):
    upper, high = row("04524", size=(560, 260))
    lower, low = row("67381", size=(560, 260))
    found = list(detector.detect(Picture.of(np.concatenate([upper, lower]))))
    truths = np.array(high), np.array(low) + np.array([0, 260])
    places = [
        {at for at, each in enumerate(found) if away(each.row.corners(), truth) < NEAR}
        for truth in truths
    ]
    assert sorted(map(min, places)) == [0, 1]
    # They are seen at other scales too, and lie a little otherwise there.
    assert max(map(len, places)) >= 2
    assert len({each.row.corners().tobytes() for each in found}) == len(found)


def test_the_likeliest_come_first(detector):
    photo, _, _ = random_photo(np.random.default_rng(3), "scan")
    found = list(detector.detect(Picture.of(photo)))
    odds = [each.probability for each in found]
    middles = np.array([each.row.corners().mean(axis=(0, 1)) for each in found])
    # Until the first that is detected again, which lies where another one does.
    apart = np.linalg.norm(middles[:, None] - middles, axis=2)
    count = next(
        (at for at in range(1, len(found)) if apart[at, :at].min() < found[at].row.height / 2),
        len(found),
    )
    assert odds[:count] == sorted(odds[:count], reverse=True)
    assert all(0 <= each <= 1 for each in odds)


def test_a_row_across_the_tiles_of_a_large_picture_is_detected(detector):
    image, corners = row("04524", (14, 18), 18, at=(412, 340), size=(1100, 700), line=1)
    found = next(detector.detect(Picture.of(image))).row
    assert away(found.corners(), corners) < NEAR


@pytest.mark.parametrize("shape", [(1, 1), (10, 3000), (3000, 10), (47, 47), (700, 1231)])
def test_no_shape_is_any_trouble(detector, shape):
    assert list(detector.detect(Picture.of(np.full(shape, 230, np.uint8)))) == []


@pytest.mark.parametrize(
    ("longest", "halvings"),
    [(47, []), (50, [0]), (1230, [0, 1, 2, 3, 4]), (1231, [1, 2, 3, 4]), (4056, [2, 3, 4, 5, 6])],
)
def test_it_looks_at_scales_that_are_neither_large_nor_small(longest, halvings):
    assert looked_at(Picture.of(np.zeros((1, longest), np.uint8))) == halvings


def test_a_row_is_detected_at_the_scales_that_are_asked_for(detector):
    image, corners = row("04524", size=(560, 260))
    picture = Picture.of(image)
    assert list(detector.detect(picture, [])) == []
    # Its boxes are ten pixels high at an eighth of its size, where they are detected best.
    best = next(detector.detect(picture, [3]))
    assert away(best.row.corners(), corners) < NEAR
    assert best.probability > 0.8


def test_threads_may_share_it(detector):
    image, _ = row("04524")
    alone = next(detector.detect(Picture.of(image)))
    found = []

    def detect():
        found.extend(next(detector.detect(Picture.of(image))) for _ in range(5))

    threads = [threading.Thread(target=detect) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert all(np.array_equal(each.row.corners(), alone.row.corners()) for each in found)


def test_it_computes_the_same_without_xnnpack():
    image, _ = row("04524")
    plain = next(detected(Picture.of(image), xnnpack=False)).row.corners()
    np.testing.assert_allclose(plain, next(detected(Picture.of(image))).row.corners(), atol=0.05)


def test_the_bundled_one_is_loaded_once(monkeypatch):
    picture = Picture.of(np.full((80, 80), 230, np.uint8))
    list(detected(picture))
    monkeypatch.setattr("edge.detector.Detector", None)
    list(detected(picture))


def test_its_card_is_the_files_own():
    card = json.loads(BUNDLED_DETECTOR.with_suffix(".json").read_text("utf-8"))
    assert Detector().card.sha256 == card["sha256"]


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "boxes.tflite"
    with pytest.raises(ModelError, match="no such model file"):
        Detector(path)
    path.write_bytes(BUNDLED_DETECTOR.read_bytes()[:-200] + bytes(200))
    path.with_suffix(".json").write_text(BUNDLED_DETECTOR.with_suffix(".json").read_text("utf-8"))
    with pytest.raises(ModelError, match="SHA-256"):
        Detector(path)


def test_another_network_is_refused():
    with pytest.raises(ModelError, match="not a network that detects boxes"):
        Detector(BUNDLED_DETECTOR.with_name("postcode.tflite"))
