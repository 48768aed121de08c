from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge import Recognizer
from edge.picture import Picture
from tests.edge.drawing import row
from tests.train.photographs import write_photos, write_rows
from train import data
from train.cli import main
from train.cutouts import cut_out, row_in, write
from train.errors import DataError
from train.photos import labelled


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_rows(tmp_path_factory.mktemp("photos"))


def test_digits_are_cut_where_the_row_is_found_and_where_it_is(folder):
    cut = cut_out([folder])
    examples = cut.digits
    once, twice = [0, 4, 5, 2, 4], [6, 7, 3, 8, 1]
    assert examples.labels.tolist() == once * 2 + twice * 2
    assert examples.images.shape == (20, 28, 28)
    assert examples.images.dtype == np.uint8
    # White ink on black, and the model reads it.
    assert np.median(examples.images) == 0
    read = Recognizer().classifier.probabilities(examples.images).argmax(axis=1)
    assert (read == examples.labels).mean() >= 0.9
    # Five of one row are a postcode.
    assert cut.rows.tolist() == np.repeat(range(4), 5).tolist()
    # Found and moved are two cuts of the same digit.
    assert (examples.images[:5] != examples.images[5:10]).any()


def test_to_calibrate_on_they_are_cut_where_the_row_is_found_alone(folder):
    found = cut_out([folder], where="found")
    assert found.digits.labels.tolist() == [0, 4, 5, 2, 4, 6, 7, 3, 8, 1]
    np.testing.assert_array_equal(found.digits.images[5:], cut_out([folder]).digits.images[10:15])


def test_they_are_cut_near_where_the_row_is_without_looking_for_it(folder, monkeypatch, tmp_path):
    found = cut_out([folder])
    monkeypatch.setattr(Recognizer, "find", lambda *_: pytest.fail("the row is looked for"))
    near = cut_out([folder], where="near")
    assert near.digits.labels.tolist() == found.digits.labels.tolist()
    # Moved it is moved as ever; before it is moved otherwise, and pulled onto its lines.
    np.testing.assert_array_equal(near.digits.images[5:10], found.digits.images[5:10])
    assert (near.digits.images[:5] != near.digits.images[5:10]).any()
    read = Recognizer().classifier.probabilities(near.digits.images).argmax(axis=1)
    assert (read == near.digits.labels).mean() >= 0.9
    out = tmp_path / "digits.npz"
    assert main(["cutouts", str(folder), "--no-search", "--out", str(out), "--jobs", "1"]) == 0
    np.testing.assert_array_equal(np.load(out)["images"], near.digits.images)


def test_the_same_folders_give_the_same_digits_in_any_number_of_processes(folder):
    one, two = cut_out([folder], jobs=1), cut_out([folder], jobs=2)
    np.testing.assert_array_equal(one.digits.images, two.digits.images)
    np.testing.assert_array_equal(one.digits.labels, two.digits.labels)
    np.testing.assert_array_equal(one.rows, two.rows)


def test_a_photo_upside_down_is_cut_upright(folder, tmp_path):
    image, corners = row("04524")
    turned = np.array(image[::-1, ::-1])
    size = np.array([image.shape[1], image.shape[0]])
    cv2.imwrite(str(tmp_path / "a.png"), turned)
    numbers = " ".join(map(str, (size - 1 - np.asarray(corners)).ravel()))
    (tmp_path / "labels.csv").write_text(f"file,postcode,corners\na.png,04524,{numbers}\n")
    photo = labelled([tmp_path])[0]
    found = row_in(photo, Picture.of(photo.image()), Recognizer())
    assert found is not None
    assert np.abs(found.corners() - photo.corners).max() < 0.3 * photo.height
    assert cut_out([tmp_path]).digits.labels.tolist() == [0, 4, 5, 2, 4] * 2


def test_a_row_that_is_elsewhere_is_not_the_photos_own(folder):
    photo = labelled([folder])[0]
    elsewhere = photo._replace(corners=photo.corners + photo.height)
    assert row_in(elsewhere, Picture.of(photo.image()), Recognizer()) is None


def test_they_are_written_as_extra_digits_are_read(folder, tmp_path, capsys):
    out = tmp_path / "made" / "digits.npz"
    assert main(["cutouts", str(folder), "--out", str(out), "--jobs", "1"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "photo 2/2: 20 digits",
        f"wrote 20 digits to {out}",
    ]
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    extra = data.load_extra(out)
    np.testing.assert_array_equal(extra.examples.images, cut_out([folder]).digits.images)
    # The same digits are the same file: a run knows what it has learnt from by its SHA-256.
    before = out.read_bytes()
    write(cut_out([folder]), out)
    assert out.read_bytes() == before


def test_photos_without_digits_are_told(tmp_path, capsys):
    folder = write_photos(tmp_path / "photos", count=2, empty=2)
    with pytest.raises(DataError, match="no digits were found in the photos"):
        cut_out([folder])
    out = tmp_path / "digits.npz"
    assert main(["cutouts", str(folder), "--out", str(out)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not out.exists()


def test_that_they_cant_be_written_is_told_before_they_are_cut(folder, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "digits.npz"
    assert main(["cutouts", str(folder), "--out", str(out), "--jobs", "1"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "can't be written" in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ["photos"],
        ["--out", "x.npz"],
        ["photos", "--out", "x.npz", "--jobs", "0"],
        ["photos", "--out", "x.npz", "--found-only", "--no-search"],
    ],
)
def test_wrong_usage_leaves_with_2(wrong, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["cutouts", *wrong])
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err
