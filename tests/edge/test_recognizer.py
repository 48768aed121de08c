from __future__ import annotations

import contextlib
import copy
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge import FiveboxError, ImageError, ModelError, Reading, Recognizer, RecordingError, strokes
from edge.boxes import Boxes
from edge.classifier import BUNDLED_MODEL
from edge.decode import DEFAULT_THRESHOLD
from edge.directory import Directory
from edge.others import Others
from edge.picture import Picture
from edge.row import row_through
from edge.trajectory import pooled
from tests.edge.drawing import BLUE, ORANGE, RED, away, frozen, recording, row, turned, written

NO_OTHERS = Others(
    beside=0.0, between=0.0, dividing=0.0, crossing=0.0, about=0.0, own=1.0, worst=1.0
)


@pytest.fixture
def invokes(recognizer, monkeypatch):
    """Return a list that grows by one with every invoke."""
    calls = []
    interpreter = recognizer.classifier._interpreter
    invoke = interpreter.invoke
    monkeypatch.setattr(interpreter, "invoke", lambda: (calls.append(1), invoke()))
    return calls


def test_a_row_of_which_no_lines_are_seen_when_flattened_is_not_relied_on(recognizer, monkeypatch):
    others = NO_OTHERS._replace(own=0.4)
    monkeypatch.setattr("edge.recognizer.other_boxes", lambda picture, row: others)
    reading = recognizer.read(row("04524")[0])
    assert (reading.status, reading.guess) == ("rejected", "04524")
    assert reading.confidence <= 0.1


@pytest.mark.parametrize("seen", [{"worst": 0.6}, {"about": 0.7}])
def test_a_row_of_which_one_box_is_hardly_seen_or_of_six_is_not_relied_on(
    recognizer, monkeypatch, seen
):
    monkeypatch.setattr("edge.recognizer.other_boxes", lambda *_: NO_OTHERS._replace(**seen))
    reading = recognizer.read(row("04524")[0])
    assert (reading.status, reading.guess) == ("rejected", "04524")
    assert reading.confidence <= 0.1


def test_a_row_that_was_only_detected_is_less_sure_unless_it_is_marked(recognizer):
    image, corners = row("04524")
    found = row_through(corners, np.arange(5))
    fitted = Boxes(found.corners(), 0.8, found)
    detected = replace(fitted, is_detected=True)
    marked = replace(detected, is_marked=True)
    sure, less, told = (
        recognizer.observe_at(Picture.of(image), boxes).found
        for boxes in (fitted, detected, marked)
    )
    assert sure > 0.99
    assert 0.9 < less < 0.96
    assert told > 0.99


def test_a_row_that_its_lines_speak_against_is_read_and_not_relied_on(recognizer):
    image, corners = row("04524", color=(246,) * 3)
    found = row_through(corners, np.arange(5))
    boxes = Boxes(found.corners(), 0.9, found, is_doubtful=True)
    seen = recognizer.observe_at(Picture.of(image), boxes)
    assert seen.found <= 0.1
    reading = recognizer.decide(seen)
    assert (reading.status, reading.guess) == ("rejected", "04524")


@pytest.mark.parametrize("degrees", [0, 25, -50])
@pytest.mark.parametrize("color", [RED, ORANGE])
def test_a_written_row_is_read_and_accepted(recognizer, degrees, color):
    image, corners = turned(*row("04524", color=color), degrees)
    reading = recognizer.read(frozen(image))
    assert (reading.status, reading.postcode, reading.guess) == ("accepted", "04524", "04524")
    assert 0.9 < reading.confidence <= 1
    assert reading.reason is None
    assert [digit.digit for digit in reading.digits] == list("04524")
    assert away(np.array([digit.box for digit in reading.digits]), corners) < 0.05
    assert reading.elapsed_ms > 0


@pytest.mark.parametrize("at", [114, 130, 146])
def test_a_line_of_ruled_paper_through_the_row_is_no_matter(recognizer, at):
    image, _ = row("04524", color=ORANGE)
    cv2.line(image, (0, at), (image.shape[1], at), BLUE, 2)
    assert recognizer.read(image).guess == "04524"


# Upside down 0, 1, 2, 5 and 8 are digits too, and nothing but nines are sixes.
ONE_WAY_UP = st.text("3479", min_size=5, max_size=5).filter(lambda code: set(code) != {"9"})


@given(ONE_WAY_UP, st.sampled_from([1, 3]))
@settings(max_examples=12, deadline=None)
def test_turning_a_photo_by_a_quarter_changes_nothing(recognizer, postcode, quarters):
    image, _ = row(postcode, color=RED)
    turned_by = np.rot90(image, quarters)  # not contiguous: any array will do
    assert recognizer.read(turned_by).guess == recognizer.read(image).guess == postcode


@given(ONE_WAY_UP, st.floats(0.3, 1.0))
@settings(max_examples=12, deadline=None)
def test_less_light_changes_nothing(recognizer, postcode, light):
    image, _ = row(postcode, color=ORANGE)
    assert recognizer.read((image * light).astype(np.uint8)).guess == postcode


@given(ONE_WAY_UP, st.floats(0.4, 4.0))
@settings(max_examples=12, deadline=None)
def test_nearer_or_farther_changes_nothing(recognizer, postcode, scale):
    image, _ = row(postcode, color=BLUE)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(image, None, fx=scale, fy=scale, interpolation=how)
    assert recognizer.read(scaled).guess == postcode


def test_a_grey_picture_is_read_too(recognizer):
    image = np.ascontiguousarray(row("04524")[0][..., 0])
    assert recognizer.read(frozen(image)).postcode == "04524"


def test_crops_strokes_and_photos_of_the_same_digits_agree(recognizer):
    assert recognizer.read(row("29506")[0]).guess == "29506"
    assert recognizer.read_boxes([written(digit) for digit in "29506"]).guess == "29506"
    assert recognizer.read_strokes(recording("29506")).guess == "29506"


@pytest.mark.parametrize("postcode", ["0", "123", "9876543210"])
def test_any_number_of_crops_of_any_size_is_read(recognizer, postcode):
    sides = [40 + 13 * k for k in range(len(postcode))]
    crops = [frozen(written(d, side)) for d, side in zip(postcode, sides, strict=True)]
    reading = recognizer.read_boxes(crops)
    assert reading.guess == postcode
    assert [digit.box for digit in reading.digits] == [None] * len(postcode)


def test_crops_in_colour_are_read(recognizer):
    crops = [np.repeat(written(digit)[..., None], 3, 2) for digit in "04524"]
    assert recognizer.read_boxes(crops).guess == "04524"


def test_five_digits_take_one_invoke(recognizer, invokes):
    recognizer.read(row("04524")[0])
    assert len(invokes) == 1
    recognizer.read_strokes(recording("04524"))
    assert len(invokes) == 2
    recognizer.read_boxes([written(digit) for digit in "04524"])
    assert len(invokes) == 3


def test_blank_boxes_take_none(recognizer, invokes):
    reading = recognizer.read(row("     ")[0])
    assert (reading.status, reading.reason) == ("rejected", "blank-box")
    assert invokes == []


def test_a_blank_box_is_told_and_the_others_are_read(recognizer):
    for reading in (
        recognizer.read(row("04 24")[0]),
        recognizer.read_strokes(recording("04 24")),
        recognizer.read_boxes([written(d) if d != " " else written(1) * 0 + 245 for d in "04 24"]),
    ):
        assert (reading.status, reading.reason, reading.guess) == ("rejected", "blank-box", None)
        assert [digit.digit for digit in reading.digits] == ["0", "4", None, "2", "4"]


def test_without_boxes_it_says_so(recognizer):
    reading = recognizer.read(np.full((200, 300, 3), 240, np.uint8))
    assert (reading.status, reading.reason, reading.digits) == ("no-boxes", "no-boxes", ())


@pytest.mark.parametrize(
    "image",
    [
        None,
        "a.jpg",
        [[1, 2], [3, 4]],
        np.zeros((100, 100, 3), np.float32),
        np.zeros((100, 100, 2), np.uint8),
        np.zeros(100, np.uint8),
        np.zeros((0, 100, 3), np.uint8),
        np.zeros((100, 100, 3), np.int64),
    ],
)
def test_what_is_no_picture_is_an_image_error(recognizer, image):
    with pytest.raises(ImageError, match=r"uint8 array \(h, w, 3\)"):
        recognizer.read(image)
    with pytest.raises(ImageError, match=r"uint8 array \(h, w, 3\)"):
        recognizer.read_boxes([written(1), image])


@pytest.mark.parametrize("shape", [(1, 1), (9, 100), (100, 39), (5, 5, 3)])
def test_a_picture_too_small_for_five_boxes_is_an_image_error(recognizer, shape):
    with pytest.raises(ImageError, match="too small"):
        recognizer.read(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(
    ("crops", "words"), [([], "at least one"), (None, "NoneType"), (np.array(1), "ndarray")]
)
def test_no_crops_are_an_image_error(recognizer, crops, words):
    with pytest.raises(ImageError, match=words):
        recognizer.read_boxes(crops)


def forms(image):
    """Yield a picture in other forms that look the same."""
    yield image.astype(np.uint16) * 257
    yield np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
    yield np.asfortranarray(image)
    yield np.repeat(image, 2, axis=1)[:, ::2]
    yield image[::-1].copy()[::-1]


def test_every_form_of_a_picture_gives_the_same_reading(recognizer):
    image = row("04524")[0]
    wanted = replace(recognizer.read(image), elapsed_ms=0)
    for form in forms(image):
        assert replace(recognizer.read(frozen(form)), elapsed_ms=0) == wanted


DTYPES = ["u1", "u2", ">u2", "?", "i1", "u4", "i8", "f2", "f8", "c8", "O", "S3", "M8[s]", "V4"]
shapes = st.one_of(
    st.tuples(st.integers(1, 120), st.integers(1, 120)),
    st.tuples(st.integers(1, 120), st.integers(1, 120), st.sampled_from([1, 3, 4])),
    st.lists(st.integers(0, 20), max_size=4).map(tuple),
)


@st.composite
def arrays(draw):
    """Draw an array of any shape, dtype and layout: noise, black, or a part of a picture."""
    dtype = np.dtype(draw(st.one_of(st.sampled_from(["u1", "u2", "?"]), st.sampled_from(DTYPES))))
    shape = draw(shapes)
    kind = draw(st.sampled_from(["noise", "black", "picture"]))
    if kind == "noise":
        values = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 256, shape)
    else:
        values = np.zeros(shape, int)
        if kind == "picture" and len(shape) > 1 and values.size:
            grey = cv2.resize(row("04524")[0][..., 0], shape[1::-1])
            values += grey.reshape(grey.shape + (1,) * (len(shape) - 2))
    array = np.zeros(shape, dtype) if dtype.kind in "SMV" else values.astype(dtype)
    layout = draw(st.sampled_from(["C", "F", "backwards"]))
    return (
        array[::-1]
        if layout == "backwards" and shape
        else np.array(array, order="F" if layout == "F" else "C")
    )


@given(arrays())
def test_any_array_is_a_reading_or_an_error_of_ours(recognizer, array):
    before = array.copy()
    for read in (recognizer.read, recognizer.read_boxes, lambda a: recognizer.read_boxes([a])):
        with contextlib.suppress(FiveboxError):
            assert isinstance(read(frozen(array)), Reading)
    assert array.tobytes() == before.tobytes()


def test_what_is_no_recording_is_a_recording_error(recognizer):
    with pytest.raises(RecordingError, match="5 boxes"):
        recognizer.read_strokes({"boxes": [], "strokes": []})


def test_inputs_are_not_written_to(recognizer):
    data = recording("04524")
    before = copy.deepcopy(data)
    recognizer.read_strokes(data)
    assert data == before


def test_the_boxes_of_a_recording_are_those_of_the_screen(recognizer):
    reading = recognizer.read_strokes(recording("04524"))
    assert reading.digits[0].box == ((20, 40), (150, 40), (150, 220), (20, 220))


def test_the_way_of_the_pen_decides_between_what_looks_alike(recognizer, monkeypatch):
    data = recording("04 24")
    digits = strokes.digits_of(strokes.parse_recording(data))
    image = recognizer.classifier.probabilities(np.stack([d for d in digits if d is not None]))
    way = np.full((4, 10), 0.01, np.float32)
    way[range(4), [6, 4, 2, 4]] = 0.91
    asked = []

    class Follower:
        def probabilities(self, parts):
            asked.extend(parts)
            return way

    monkeypatch.setattr(recognizer, "_trajectories", Follower)
    boxes = recognizer.observe_strokes(data).boxes
    assert boxes[2].probabilities is None
    written = [box.probabilities for box in boxes if box.probabilities is not None]
    np.testing.assert_allclose(written, pooled(image, way))
    # Each digit's own strokes, those of the blank box left out.
    assert len(asked) == 4
    middles = [np.concatenate(part)[:, 0].mean() for part in asked]
    lefts = [data["boxes"][place][0] for place in (0, 1, 3, 4)]
    assert all(0 < middle - left < 130 for middle, left in zip(middles, lefts, strict=True))


def test_a_blank_recording_asks_nobody(recognizer, monkeypatch):
    assert recognizer.touch_threshold > 0
    monkeypatch.setattr(recognizer, "_trajectories", None)
    assert recognizer.read_strokes(recording("     ")).reason == "blank-box"


def test_a_directory_decides_between_what_looks_alike(tmp_path):
    codes = tmp_path / "codes.txt"
    codes.write_text("04524\n")
    reading = Recognizer(directory=codes).read_strokes(recording("04524"))
    assert reading.status == "accepted"
    codes.write_text("67381\n")
    reading = Recognizer(directory=codes).read_strokes(recording("04524"))
    assert (reading.reason, reading.postcode, reading.guess) == ("not-in-directory", None, "04524")


def test_the_threshold_is_the_cards_or_the_default(recognizer, tmp_path):
    assert recognizer.threshold == recognizer.classifier.card.reject_threshold
    without_card = shutil.copy(BUNDLED_MODEL, tmp_path)
    assert Recognizer(without_card).threshold == DEFAULT_THRESHOLD


def test_a_directory_may_be_built_in_or_in_memory(tmp_path):
    assert Recognizer(directory="kr").read_strokes(recording("04524")).region is not None
    only = Directory(np.zeros((10,) * 5, bool), {"0": "there"})
    only.valid[0, 4, 5, 2, 4] = True
    reading = Recognizer(directory=only).read_strokes(recording("04524"))
    assert (reading.postcode, reading.region) == ("04524", "there")


def test_the_threshold_may_be_chosen_by_the_largest_error(recognizer, tmp_path):
    curve = dict(recognizer.classifier.card.reject_curve)
    assert Recognizer(max_error=0.01).threshold == recognizer.threshold
    for share in (0.002, 0.05):
        assert Recognizer(max_error=share).threshold == curve[share]
    assert curve[0.002] > recognizer.threshold > curve[0.05]
    with pytest.raises(ModelError, match=r"postcode\.tflite: it can't be told"):
        Recognizer(max_error=1e-9)
    without_card = shutil.copy(BUNDLED_MODEL, tmp_path)
    with pytest.raises(ModelError, match=r"postcode\.tflite: the model has no card"):
        Recognizer(without_card, max_error=0.01)


@pytest.mark.parametrize("postcode", ["04524", "04 24", None])
def test_reading_is_observing_and_deciding(recognizer, postcode):
    image = row(postcode)[0] if postcode else np.full((200, 300, 3), 240, np.uint8)
    seen = recognizer.observe(frozen(image))
    assert replace(recognizer.read(image), elapsed_ms=0) == recognizer.decide(seen)
    assert (seen.reason is None) == (len(seen.boxes) == 5) == (postcode is not None)
    assert 0 <= seen.found <= 1
    assert [box.probabilities is None for box in seen.boxes] == [c == " " for c in postcode or ""]


def test_eight_threads_get_the_same_readings_as_one(recognizer):
    pictures = [row(code)[0] for code in ("04524", "67381", "     ")] * 3

    def read(picture):
        reading = recognizer.read(picture)
        return reading.status, reading.guess, reading.confidence, reading.digits

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, pictures)) == [read(picture) for picture in pictures[:3]] * 3


@pytest.mark.parametrize("degrees", [0, 180, 25])
def test_an_observation_holds_the_digits_as_the_model_saw_them(recognizer, degrees):
    image, _ = turned(*row("04 24"), degrees)
    seen = recognizer.observe(image).boxes
    assert [box.digit is None for box in seen] == [False, False, True, False, False]
    for box, digit in zip(seen, "04 24", strict=True):
        if box.digit is not None:
            assert (box.digit.shape, box.digit.dtype) == ((28, 28), np.uint8)
            again = recognizer.classifier.probabilities(box.digit[None])[0]
            assert int(again.argmax()) == int(box.probabilities.argmax()) == int(digit)
            np.testing.assert_allclose(again, box.probabilities, atol=1e-6)


def test_boxes_whose_place_is_known_are_read_there(recognizer):
    image, _ = row("04524")
    picture = Picture.of(image)
    choice = recognizer.find(picture)
    there, found = recognizer.observe_at(picture, choice.boxes), recognizer.observe(image)
    assert recognizer.decide(there) == recognizer.decide(found)
    assert there.quality == found.quality


def test_five_of_seven_boxes_are_passed_over(recognizer, monkeypatch):
    image, corners = row("1234567", size=(800, 260), count=7)
    five = row_through(np.asarray(corners[:5], np.float32), np.arange(5))
    boxes = Boxes(five.corners(), 1.0, five, is_sure=True)
    assert recognizer.observe_at(Picture.of(image), boxes).boxes
    monkeypatch.setattr("edge.recognizer.search", lambda *_: iter([boxes]))
    assert recognizer.find(Picture.of(image)) is None
    assert recognizer.read(image).status == "no-boxes"
