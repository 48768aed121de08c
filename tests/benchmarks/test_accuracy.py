from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from benchmarks import accuracy, datasets, envelopes
from benchmarks.accuracy import Score
from benchmarks.datasets import Photo
from edge import Reading
from edge.picture import Picture
from tests.benchmarks.hands import made_photo


class Fake:
    """A recogniser that always answers the same."""

    def __init__(self, reading):
        self.reading = reading

    def read(self, image):
        assert Picture.of(image).pixels.dtype == np.uint8
        return self.reading


def test_a_photo_that_cannot_be_read_counts_as_wrong(tmp_path):
    whole = tmp_path / "a.png"
    cv2.imwrite(str(whole), np.full((50, 80, 3), 240, np.uint8))
    listed = [Photo(whole, "04524"), Photo(tmp_path / "none.png", "04524")]
    fake = Fake(Reading("accepted", postcode="04524", guess="04524"))
    assert accuracy.photos(fake, "two", listed) == Score("two", 2, 1, 1, 0, 1)


def test_without_the_data_it_says_where_they_were_looked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path / "nowhere"))
    monkeypatch.setattr("sys.argv", ["accuracy"])
    assert accuracy.main() == 1
    err = capsys.readouterr().err
    assert str(tmp_path / "nowhere") in err
    assert "FIVEBOX_DATA" in err


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """Run with scores that are given, and return the exit code and the JSON's path."""
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path))

    def run(scores, *arguments):
        asked = []

        def measure(recognizer, names, count, jobs):
            asked.append((tuple(names), count, jobs))
            return scores

        monkeypatch.setattr(accuracy, "measure", measure)
        monkeypatch.setattr("sys.argv", ["accuracy", *arguments])
        return accuracy.main(), asked[0]

    return run


def test_the_table_is_printed_and_the_json_written(measured, tmp_path, capsys):
    out = tmp_path / "deep" / "accuracy.json"
    code, asked = measured([Score("some", 8, 7, 4, 1, 5)], "--out", str(out), "--jobs", "3")
    assert code == 0
    assert asked == (tuple(accuracy.SETS), None, 3)
    assert "7 of 8" in capsys.readouterr().out
    written = json.loads(out.read_text())
    assert written["scores"] == [
        {
            "name": "some", "total": 8, "right": 7, "accepted": 4, "accepted_wrong": 1,
            "readable": 5, "missed": [],
        }
    ]  # fmt: skip
    assert written["floors"]["desk"]["right"] == 0.97
    assert len(written["model_sha256"]) == 64


def test_a_missed_floor_fails_and_is_named(measured, tmp_path, capsys):
    scores = [Score("desk", 300, 280, 200, 0, 290), Score("envelopes", 8, 8, 3, 0, 8)]
    code, _ = measured(scores, "--out", str(tmp_path / "a.json"))
    assert code == 1
    assert "desk (right)" in capsys.readouterr().err
    assert json.loads((tmp_path / "a.json").read_text())["scores"][0]["missed"] == ["right"]


def test_a_part_of_the_sets_does_not_overwrite_the_results(measured, tmp_path, monkeypatch):
    monkeypatch.setattr(accuracy, "RESULTS", tmp_path / "results.json")
    code, asked = measured([], "--only", "touch", "--count", "5")
    assert code == 0
    assert asked[:2] == (("touch",), 5)
    assert not (tmp_path / "results.json").exists()
    measured([])
    assert (tmp_path / "results.json").exists()


def test_single_boxes_are_scored_as_digits(tmp_path):
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.full((50, 40), 240, np.uint8))

    class Reader:
        def read_boxes(self, crops):
            (crop,) = crops
            assert crop.shape == (50, 40, 3)
            return Reading("rejected", guess="7")

    listed = [Photo(path, "7"), Photo(path, "1")]
    assert accuracy.cells(Reader(), "form_cells", listed) == Score("form_cells", 2, 1)


def test_rendered_photos_are_read_and_compared_with_what_was_written(monkeypatch):
    made = [made_photo("scan", 1, k) for k in range(2)]
    asked = []

    def photos(*arguments, jobs):
        asked.append((*arguments, jobs))
        return made

    monkeypatch.setattr(envelopes, "photos", photos)
    fake = Fake(Reading("accepted", postcode=made[0].postcode, guess=made[0].postcode))
    counted = accuracy.rendered(fake, "scan", count=2, jobs=4)
    assert asked == [("scan", 2, accuracy.RENDERED_SEED, "test", 4)]
    assert (counted.total, counted.right, counted.accepted_wrong) == (2, 1, 1)


def test_the_touch_set_has_recordings_of_both_stroke_sets(monkeypatch):
    def recordings(digits, count, seed):
        return [datasets.Touch({"from": digits}, "04524")] * count

    monkeypatch.setattr(datasets, "unseen_digits", lambda name: name)
    monkeypatch.setattr(datasets, "touch_recordings", recordings)
    seen = []

    class Reader:
        def read_strokes(self, recording):
            seen.append(recording["from"])
            return Reading("rejected", guess="04524", confidence=0.5)

    assert accuracy.all_touch(Reader()).total == 1000
    assert {name: seen.count(name) for name in seen} == {"pendigits": 500, "unipen": 500}
    assert accuracy.all_touch(Reader(), count=10).total == 10
