from __future__ import annotations

import json

import cv2
import numpy as np

from benchmarks import accuracy
from benchmarks.accuracy import Score, score
from benchmarks.datasets import Photo
from edge import Reading


class Fake:
    """A recogniser that always answers the same."""

    def __init__(self, reading):
        self.reading = reading

    def read(self, image):
        assert image.dtype == np.uint8
        return self.reading


def test_a_score_counts_right_guesses_and_wrong_acceptances():
    readings = [
        (Reading("accepted", postcode="04524", guess="04524"), "04524"),
        (Reading("rejected", guess="04524"), "04524"),
        (Reading("accepted", postcode="04529", guess="04529"), "04524"),
        (Reading("no-boxes"), "04524"),
    ]
    assert score("some", readings) == Score("some", 4, right=2, accepted=2, accepted_wrong=1)


def test_a_row_has_counts_and_percent():
    row = Score("some", 8, 7, 4, 1).row
    assert "7 of 8 = 87.50%" in row
    assert row.endswith("4 (1 wrong)")


def test_a_photo_that_cannot_be_read_counts_as_wrong(tmp_path):
    whole = tmp_path / "a.png"
    cv2.imwrite(str(whole), np.full((50, 80, 3), 240, np.uint8))
    listed = [Photo(whole, "04524"), Photo(tmp_path / "none.png", "04524")]
    fake = Fake(Reading("accepted", postcode="04524", guess="04524"))
    assert accuracy.photos(fake, "two", listed) == Score("two", 2, 1, 1, 0)


def test_without_the_data_it_says_where_they_were_looked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path / "nowhere"))
    monkeypatch.setattr("sys.argv", ["accuracy"])
    assert accuracy.main() == 1
    err = capsys.readouterr().err
    assert str(tmp_path / "nowhere") in err
    assert "FIVEBOX_DATA" in err


def test_the_table_is_printed_and_the_json_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path))
    monkeypatch.setattr(accuracy, "measure", lambda _: [Score("some", 8, 7, 4, 1)])
    out = tmp_path / "deep" / "accuracy.json"
    monkeypatch.setattr("sys.argv", ["accuracy", "--out", str(out)])
    assert accuracy.main() == 0
    assert "7 of 8" in capsys.readouterr().out
    written = json.loads(out.read_text())
    assert written["scores"] == [
        {"name": "some", "total": 8, "right": 7, "accepted": 4, "accepted_wrong": 1}
    ]
    assert len(written["model_sha256"]) == 64
