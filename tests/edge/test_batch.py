from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from edge import OutputError, Reading, RecordingError
from edge.batch import read_all
from edge.sources.images import load_image
from tests.edge.drawing import recording, row


class Fake:
    """A recogniser that reads nothing and notes what it was given."""

    def __init__(self):
        self.calls = []

    def read(self, image):
        self.calls.append("photo")
        assert image.pixels.shape[2] == 3
        return Reading("no-boxes", reason="no-boxes")

    def read_strokes(self, data):
        self.calls.append("recording")
        if len(data["boxes"]) != 5:
            raise RecordingError("a touch recording has 5 boxes; this one has 4")
        return Reading("accepted", postcode="04524", guess="04524", confidence=0.99)


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "a.jpg"
    cv2.imwrite(str(path), row("04524")[0])
    return path


@pytest.fixture
def touch(tmp_path):
    path = tmp_path / "b.json"
    path.write_text(json.dumps(recording("04524")))
    return path


def test_inputs_are_read_in_order_each_by_its_kind(photo, touch):
    fake = Fake()
    readings = list(read_all(fake, [touch, photo, touch]))
    assert fake.calls == ["recording", "photo", "recording"]
    assert [reading.source for reading in readings] == [str(touch), str(photo), str(touch)]
    assert [reading.status for reading in readings] == ["accepted", "no-boxes", "accepted"]
    assert all(reading.elapsed_ms > 0 for reading in readings)


def test_a_reading_is_there_before_the_next_input_is_touched(photo, touch):
    fake = Fake()
    readings = read_all(fake, [photo, touch])
    next(readings)
    assert fake.calls == ["photo"]


def test_a_bad_input_is_an_error_with_a_reason_and_the_others_are_read(tmp_path, photo):
    text, four = tmp_path / "text.jpg", tmp_path / "four.json"
    text.write_text("no picture")
    four.write_text(json.dumps({"boxes": [[0, 0, 1, 1]] * 4, "strokes": []}))
    paths = [tmp_path / "none.jpg", text, four, photo]
    readings = list(read_all(Fake(), paths))
    assert [reading.status for reading in readings] == ["error"] * 3 + ["no-boxes"]
    assert [reading.source for reading in readings] == [str(path) for path in paths]
    assert "no such file" in readings[0].reason
    assert "not an image" in readings[1].reason
    assert "5 boxes" in readings[2].reason


@pytest.fixture
def clip(tmp_path):
    """Return a video that shows two envelopes, and no envelope between them."""
    path = tmp_path / "clip.avi"
    pictures = [row(code, size=(560, 260))[0] for code in ("04524", "67381")]
    nothing = np.full_like(pictures[0], 240)
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (560, 260))
    for picture in [pictures[0]] * 4 + [nothing] * 13 + [pictures[1]] * 4:
        video.write(picture)
    video.release()
    return path


def test_a_video_gives_a_reading_for_each_envelope(clip, touch, recognizer, tmp_path):
    before = clip.read_bytes()
    out = tmp_path / "out"
    readings = list(read_all(recognizer, [clip, touch], out))
    assert [reading.postcode for reading in readings] == ["04524", "67381", "04524"]
    assert [reading.source for reading in readings] == [str(clip), str(clip), str(touch)]
    assert readings[1].elapsed_ms > readings[0].elapsed_ms > 0
    names = ["b.read.jpg", "clip-2.read.jpg", "clip.read.jpg"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert clip.read_bytes() == before


def test_a_video_without_envelopes_is_one_reading(tmp_path, recognizer):
    path = tmp_path / "empty.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for _ in range(3):
        video.write(np.full((48, 64, 3), 240, np.uint8))
    video.release()
    (reading,) = read_all(recognizer, [path], tmp_path / "out")
    assert (reading.status, reading.source) == ("no-boxes", str(path))
    assert list((tmp_path / "out").iterdir()) == []


def test_a_video_that_is_none_is_an_error_and_the_others_are_read(tmp_path, recognizer, touch):
    broken, empty = tmp_path / "broken.mp4", tmp_path / "empty.mp4"
    broken.write_text("no video")
    empty.write_bytes(b"")
    paths = [tmp_path / "none.mp4", broken, empty, touch]
    readings = list(read_all(recognizer, paths))
    assert [reading.status for reading in readings] == ["error"] * 3 + ["accepted"]
    assert all(reading.reason for reading in readings[:3])


def test_each_input_gets_a_picture_and_keeps_its_own(tmp_path, photo, touch, recognizer):
    before = photo.read_bytes(), touch.read_bytes()
    out = tmp_path / "deep" / "out"
    list(read_all(recognizer, [photo, touch], out))
    assert sorted(path.name for path in out.iterdir()) == ["a.read.jpg", "b.read.jpg"]
    for path in out.iterdir():
        assert load_image(path).shape[1] >= 480
    assert (photo.read_bytes(), touch.read_bytes()) == before


def test_inputs_of_one_name_get_pictures_of_their_own(tmp_path, photo):
    other = tmp_path / "other"
    other.mkdir()
    for name in ("a.jpg", "a.png", "a-2.jpg"):
        cv2.imwrite(str(other / name), row()[0])
    out = tmp_path / "out"
    list(read_all(Fake(), [photo, other / "a.jpg", other / "a.png", other / "a-2.jpg"], out))
    assert len(list(out.iterdir())) == 4


def test_a_picture_does_not_take_the_place_of_an_input_yet_to_be_read(tmp_path, photo):
    later = tmp_path / "a.read.jpg"
    later.write_bytes(photo.read_bytes())
    list(read_all(Fake(), [photo, later], tmp_path))
    assert later.read_bytes() == photo.read_bytes()


def test_what_could_not_be_read_gets_no_picture(tmp_path):
    out = tmp_path / "out"
    list(read_all(Fake(), [tmp_path / "none.jpg"], out))
    assert list(out.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named_before_anything_is_read(tmp_path, photo):
    fake = Fake()
    with pytest.raises(OutputError, match=r"a\.jpg/out"):
        list(read_all(fake, [photo], photo / "out"))
    with pytest.raises(OutputError, match=r"a\.jpg"):
        list(read_all(fake, [photo], photo))
    assert fake.calls == []


def test_a_picture_that_cannot_be_written_is_named_and_leaves_no_half(tmp_path, photo):
    out = tmp_path / "out"
    (out / "a.read.jpg").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"a\.read\.jpg"):
        list(read_all(Fake(), [photo], out))
    assert [path.name for path in out.iterdir()] == ["a.read.jpg"]


@pytest.mark.parametrize("size", [(60, 9000), (9000, 60)])
def test_a_very_long_picture_is_annotated_too(tmp_path, size):
    path = tmp_path / "long.png"
    image = cv2.resize(row()[0], size)
    cv2.imwrite(str(path), image)
    list(read_all(Fake(), [path], tmp_path / "out"))
    assert load_image(tmp_path / "out" / "long.read.jpg").size > 0
