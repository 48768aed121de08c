from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from benchmarks import datasets
from edge.strokes import assign, parse_recording
from train.material import divide, gather
from train.recipes import DEFAULT, RECIPES
from train.strokes import StrokeDigit, load_strokes


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Return an empty folder of data."""
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def tablet(data):
    """Write digits of three writers: straight strokes, as many as the digit says, or one."""
    written = [
        {
            "writer": writer,
            "label": digit,
            "strokes": [[[10 * k, 0], [10 * k + writer, 100]] for k in range(max(1, digit))],
        }
        for writer in range(3)
        for digit in range(10)
    ]
    with gzip.open(data / "pendigits_strokes.json.gz", "wt") as file:
        json.dump(written, file)
    return datasets.unseen_digits("pendigits")


def test_the_folder_is_the_environments_or_beside_the_project(data, monkeypatch):
    assert datasets.data_folder() == data
    monkeypatch.delenv("FIVEBOX_DATA")
    assert datasets.data_folder() == datasets.ROOT.parent / "shared" / "data"


def test_mnist_is_its_test_digits(data):
    digits, labels = np.zeros((3, 28, 28), np.uint8), np.arange(3, dtype=np.uint8)
    np.savez(data / "mnist.npz", x_test=digits, y_test=labels, x_train=digits, y_train=labels)
    found, what = datasets.mnist_digits("test")
    assert found.shape == (3, 28, 28)
    assert what.tolist() == [0, 1, 2]


def test_strips_and_envelopes_come_with_their_postcodes(data):
    for name in ("box_strips", "envelopes"):
        (data / name).mkdir()
    (data / "box_strips" / "labels.csv").write_text("file,postcode\na.jpg,04524\n")
    (data / "envelopes" / "labels.json").write_text('[{"file": "b.jpg", "postcode": "06738"}]')
    assert datasets.box_strips() == [(data / "box_strips" / "a.jpg", "04524")]
    assert datasets.envelopes() == [(data / "envelopes" / "b.jpg", "06738")]


def test_a_touch_recording_has_each_digit_inside_its_box(tablet):
    for touch in datasets.touch_recordings(tablet, 20, seed=1):
        checked = parse_recording(touch.recording)
        per_box = assign(checked)
        assert [len(strokes) for strokes in per_box] == [max(1, int(d)) for d in touch.postcode]
        for strokes, (x, y, width, height) in zip(per_box, checked.boxes, strict=True):
            points = np.concatenate(strokes)
            assert (points >= (x, y)).all()
            assert (points <= (x + width, y + height)).all()


def test_digits_are_of_writers_by_whom_nothing_was_chosen(tablet):
    digits = load_strokes(datasets.data_folder() / "pendigits_strokes.json.gz")
    divided = divide(digits, RECIPES[DEFAULT])
    chosen_by = {digit.writer for digit in [*divided.learnt, *divided.validation]}
    assert {digit.writer for digit in tablet} | chosen_by == {"0", "1", "2"}
    assert not {digit.writer for digit in tablet} & chosen_by


def test_validation_digits_of_mnist_are_those_that_the_model_was_decided_by(data):
    images = np.zeros((6000, 28, 28), np.uint8)
    images[:, 0, :2] = np.stack(np.divmod(np.arange(6000), 256), axis=1)
    labels = (np.arange(6000) % 10).astype(np.uint8)
    few = {"x_test": images[:1], "y_test": labels[:1]}
    np.savez(data / "mnist.npz", x_train=images, y_train=labels, **few)
    found, what = datasets.mnist_digits("validation")
    learnt = gather(RECIPES[DEFAULT], data / "mnist.npz").learnt
    held, known = (i[:, 0, 0].astype(int) * 256 + i[:, 0, 1] for i in (found, learnt.images))
    assert sorted([*held, *known]) == list(range(6000))
    assert (what == held % 10).all()


def test_form_cells_come_with_their_digit(data):
    (data / "form_cells").mkdir()
    (data / "form_cells" / "labels.csv").write_text("file,label,form\na.png,7,1\n")
    assert datasets.form_cells() == [(data / "form_cells" / "a.png", "7")]


def test_writers_of_few_digits_are_left_out(tablet):
    few = [StrokeDigit(digit.label, "few", digit.strokes) for digit in tablet[:4]]
    others = list(tablet)
    alone = list(datasets.touch_recordings(others, 5, seed=1))
    assert list(datasets.touch_recordings([*few, *others], 5, seed=1)) == alone


def test_time_runs_on_from_point_to_point(tablet):
    (touch,) = datasets.touch_recordings(tablet, 1, seed=0)
    clock = [point[2] for stroke in touch.recording["strokes"] for point in stroke]
    assert clock == sorted(clock)
    assert len(set(clock)) == len(clock)


def test_the_same_seed_gives_the_same_recordings(tablet):
    one, other = (list(datasets.touch_recordings(tablet, 5, seed=3)) for _ in range(2))
    assert one == other
    assert one != list(datasets.touch_recordings(tablet, 5, seed=4))
