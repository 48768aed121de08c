from __future__ import annotations

import numpy as np
import pytest

from tests.train.photographs import BOXES, write_photos
from train.errors import DataError
from train.photos import height_of, in_processes, labelled


@pytest.fixture
def folder(tmp_path):
    return write_photos(tmp_path / "photos")


def test_photos_of_all_folders_are_numbered_in_their_order(folder):
    photos = labelled([folder, folder])
    assert [photo.number for photo in photos] == list(range(12))
    assert [photo.path.name for photo in photos[6:8]] == ["0000.png", "0001.png"]
    assert photos[0].image().shape == (240, 400, 3)


def test_a_photo_without_a_row_has_no_postcode_and_no_height(folder):
    photos = labelled([folder])
    assert [photo.postcode for photo in photos] == ["12345"] * 5 + [""]
    assert photos[5].corners is None
    assert np.isnan(photos[5].height)
    assert photos[0].height == height_of(BOXES) == 50


def test_work_in_processes_comes_back_in_order(folder):
    photos = labelled([folder])
    expected = [photo.path for photo in photos]
    for jobs in (1, 2):
        assert [photo.path for photo in in_processes(_same, photos, jobs)] == expected


def _same(photo):
    return photo


def fault(folder, kind):
    labels = folder / "labels.csv"
    lines = labels.read_text().splitlines()
    if kind == "no folder":
        return folder / "nowhere", "no such file"
    if kind == "no labels":
        labels.unlink()
        return folder, "labels.csv: no such file"
    if kind == "no photos":
        labels.write_text(lines[0] + "\n")
        return folder, "lists no photos"
    if kind == "few corners":
        lines[2] = "0001.png,12345,1 2 3"
    elif kind == "no number":
        lines[2] = "0001.png,12345," + " ".join(["nan"] * 40)
    elif kind == "flat boxes":
        lines[2] = "0001.png,12345," + " ".join(["7"] * 40)
    elif kind == "no postcode":
        lines[2] = lines[2].replace("12345", "1234")
    elif kind == "short line":
        lines[2] = "0001.png"
    elif kind == "other columns":
        lines[0], lines[2] = "a,b,c", "1,2,3"
    elif kind == "no text":
        labels.write_bytes(b"\xff\xfe\x00")
        return folder, "not a table of photos"
    elif kind == "no photo":
        (folder / "0001.png").unlink()
        return folder, "0001.png: the photo can't be read"
    elif kind == "damaged photo":
        (folder / "0001.png").write_bytes(b"not a picture")
        return folder, "0001.png: not a photo"
    elif kind == "empty photo":
        (folder / "0001.png").write_bytes(b"")
        return folder, "0001.png: not a photo"
    labels.write_text("\n".join(lines) + "\n")
    return folder, "labels.csv: line"


@pytest.mark.parametrize(
    "kind",
    ["no folder", "no labels", "no photos", "few corners", "no number", "flat boxes", "no postcode",
     "short line", "other columns", "no text", "no photo", "damaged photo", "empty photo"],
)  # fmt: skip
def test_what_is_wrong_is_told_in_one_sentence(folder, kind):
    broken, said = fault(folder, kind)
    with pytest.raises(DataError) as caught:
        [photo.image() for photo in labelled([broken])]
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
