from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import datasets, envelopes
from benchmarks.compare import inputs
from tests.benchmarks.hands import made_photo
from tests.conftest import ROOT


@cache
def scan(number):
    return made_photo("scan", 1, number)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Return a folder of data with one envelope, and what was asked of the renderer."""
    folder = tmp_path / "data"
    (folder / "envelopes").mkdir(parents=True)
    (folder / "envelopes" / "a.jpg").write_bytes((ROOT / "samples" / "scan-strip.jpg").read_bytes())
    blank = np.full((300, 400, 3), 240, np.uint8)
    cv2.imwrite(str(folder / "envelopes" / "blank.png"), blank)
    (folder / "envelopes" / "labels.json").write_text(
        '[{"file": "a.jpg", "postcode": "16098"}, {"file": "blank.png", "postcode": "06738"}]'
    )
    asked = []

    def photos(*arguments, jobs):
        asked.append((*arguments, jobs))
        return [scan(number) for number in range(arguments[1])]

    def recordings(digits, count, seed):
        boxes = [[150 * k + 20, 40, 130, 180] for k in range(5)]
        strokes = [[[150 * k + 60, 60], [150 * k + 60, 180]] for k in range(5)]
        return [datasets.Touch({"boxes": boxes, "strokes": strokes}, "11111")] * count

    monkeypatch.setenv("FIVEBOX_DATA", str(folder))
    monkeypatch.setattr(envelopes, "photos", photos)
    monkeypatch.setattr(datasets, "unseen_digits", lambda name: name)
    monkeypatch.setattr(datasets, "touch_recordings", recordings)
    return folder, asked


def test_photos_are_of_test_writers_and_the_first_of_those_of_the_accuracy(data, tmp_path):
    inputs.prepare(tmp_path / "in", limit=1, jobs=3)
    assert data[1] == [(g, 1, inputs.RENDERED_SEED, "test", 3) for g in ("scan", "desk", "hard")]


def test_every_set_is_there_with_rows_where_they_are_found(data, tmp_path):
    items = inputs.prepare(tmp_path / "in", limit=2)
    rendered = [grade for grade in inputs.GRADES for _ in range(2)]
    assert [item.set for item in items] == [*rendered, *("envelopes",) * 2, *("touch",) * 2]
    *photos, envelope, blank = items[:-2]
    touches = items[-2:]
    for item in (*photos, envelope, *touches):
        assert Path(item.picture).is_file()
        assert Path(item.row).is_file()
        assert len(item.boxes) == 5
    assert blank.row is None
    assert all(item.recording is None for item in items[:-2])
    assert all(item.recording["boxes"] for item in touches)
    # A real photo stays where it lies.
    assert Path(envelope.picture) == data[0] / "envelopes" / "a.jpg"
    assert Path(envelope.row).parent == tmp_path / "in"


def test_they_are_made_once_and_anew_when_something_about_them_changes(data, tmp_path, monkeypatch):
    first = inputs.prepare(tmp_path / "in", limit=1)
    assert inputs.prepare(tmp_path / "in", limit=1) == first
    assert len(data[1]) == 3
    inputs.prepare(tmp_path / "in", limit=2)
    assert len(data[1]) == 6
    monkeypatch.setattr(inputs, "PHOTOS", 1)
    inputs.prepare(tmp_path / "in", limit=2)
    assert len(data[1]) == 9


def test_what_broke_off_is_made_anew(data, tmp_path, monkeypatch):
    first = inputs.prepare(tmp_path / "in", limit=1)
    with monkeypatch.context() as patch:
        patch.setattr(inputs, "_touched", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            inputs.prepare(tmp_path / "in", limit=2)
    assert inputs.prepare(tmp_path / "in", limit=1) == first
    assert len(data[1]) == 9


def test_the_fingerprint_is_of_what_is_read_and_not_of_where_it_lies(data, tmp_path):
    one = inputs.prepare(tmp_path / "one", limit=1)
    other = inputs.prepare(tmp_path / "other", limit=1)
    assert one != other
    assert inputs.fingerprint(one) == inputs.fingerprint(other)
    changed = [replace(one[0], postcode="99999"), *one[1:]]
    assert inputs.fingerprint(changed) != inputs.fingerprint(one)
    Path(one[1].row).write_bytes(b"another")
    assert inputs.fingerprint(one) != inputs.fingerprint(other)
