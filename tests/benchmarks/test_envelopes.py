from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest

from benchmarks import envelopes
from benchmarks.rendering.pose import FRAME
from tests.benchmarks.hands import made_photo, made_writers


@pytest.fixture
def made(monkeypatch):
    """Take writers who need no data."""
    monkeypatch.setattr(envelopes, "_writers", lambda side, folder: made_writers())


def run(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["envelopes", *map(str, arguments)])
    return envelopes.main()


def test_a_single_photo_of_a_set_can_be_made_again(made, tmp_path):
    whole = list(envelopes.photos("desk", 3, seed=4, side="test", folder=tmp_path))
    again = made_photo("desk", 4, 2)
    assert again.jpeg == whole[2].jpeg
    assert made_photo("desk", 5, 2).jpeg != again.jpeg
    assert made_photo("hard", 4, 2).jpeg != again.jpeg


def test_sets_are_told_apart_by_their_place_and_it_stays():
    # Or every photo of a set that moves would be another one, and figures not comparable.
    assert envelopes.SETS[:5] == ("scan", "desk", "hard", "strip", "negatives")


def test_photos_come_with_their_labels(made, monkeypatch, tmp_path):
    out = tmp_path / "new" / "desk"
    assert run(monkeypatch, "--grade", "desk", "--count", 2, "--seed", 7, "--out", out) == 0
    with (out / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["0000.jpg", "0001.jpg"]
    for number, row in enumerate(rows):
        truth = made_photo("desk", 7, number)
        assert row["postcode"] == truth.postcode
        corners = np.array([float(value) for value in row["corners"].split(" ")])
        np.testing.assert_allclose(corners, truth.corners.ravel(), atol=0.006)
        image = cv2.imread(str(out / row["file"]))
        assert image.shape == (FRAME.height, FRAME.width, 3)
        assert np.array_equal(image, truth.image)


def test_several_small_photos_are_taken_of_a_scene(made, monkeypatch, tmp_path):
    run(monkeypatch, "--count", 2, "--takes", 3, "--frame", "480x360", "--out", tmp_path)
    with (tmp_path / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    images = [cv2.imread(str(tmp_path / row["file"])) for row in rows]
    assert [image.shape for image in images] == 6 * [(360, 480, 3)]
    postcodes = [row["postcode"] for row in rows]
    assert postcodes[:3] == 3 * postcodes[:1]
    assert postcodes[3:] == 3 * postcodes[3:4] != postcodes[:3]
    places = [row["corners"] for row in rows]
    assert places[:3] == 3 * places[:1]
    for row in rows:
        corners = np.array([float(value) for value in row["corners"].split(" ")]).reshape(-1, 2)
        assert (corners >= 0).all()
        assert (corners < (480, 360)).all()
    # In another light.
    assert not any(np.array_equal(images[0], other) for other in images[1:])


@pytest.mark.parametrize("size", ["480", "480x", "0x0", "99x400", "480x5000", "a x b"])
def test_a_frame_that_is_none_is_told(size, made, monkeypatch, tmp_path, capsys):
    with pytest.raises(SystemExit) as exit_:
        run(monkeypatch, "--frame", size, "--out", tmp_path)
    assert exit_.value.code == 2
    assert f"{size}: not a size such as 480x360" in capsys.readouterr().err


def test_photos_without_a_postcode_are_taken_once(made, monkeypatch, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run(monkeypatch, "--grade", "negatives", "--takes", 2, "--out", tmp_path)
    assert "photos with a postcode" in capsys.readouterr().err


@pytest.mark.parametrize("grade", ["negatives", "odd_negatives"])
def test_photos_without_a_postcode_have_neither_postcode_nor_corners(
    grade, made, monkeypatch, tmp_path
):
    assert run(monkeypatch, "--grade", grade, "--count", 1, "--out", tmp_path) == 0
    with (tmp_path / "labels.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == [{"file": "0000.jpg", "postcode": "", "corners": ""}]


def test_any_number_of_processes_renders_the_same(shared_data):
    for name in ("mnist.npz", "pendigits_strokes.json.gz", "unipen_strokes.json.gz"):
        folder = shared_data(name).parent
    one, two = (
        [photo.jpeg for photo in envelopes.photos("scan", 3, 1, "validation", folder, jobs)]
        for jobs in (1, 2)
    )
    assert one == two


def test_without_data_it_says_what_is_missing(monkeypatch, tmp_path, capsys):
    nowhere = tmp_path / "nowhere"
    assert run(monkeypatch, "--data", nowhere, "--count", 1, "--out", tmp_path / "out") == 1
    assert str(nowhere) in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_named(made, monkeypatch, tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("")
    assert run(monkeypatch, "--count", 1, "--out", file) == 1
    assert str(file) in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [("--count", "0"), ("--count", "-3"), ("--jobs", "0")])
def test_numbers_below_one_are_refused(monkeypatch, tmp_path, capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        run(monkeypatch, *arguments, "--out", tmp_path)
    assert caught.value.code == 2
    assert arguments[0] in capsys.readouterr().err
