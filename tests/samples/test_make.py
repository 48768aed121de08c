"""samples/make.py and the command line: the committed gallery."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import samples
from samples.__main__ import main
from samples.gallery import PHOTOS, TOUCHES
from samples.make import write_gallery

FOLDER = Path(samples.__file__).parent


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    write_gallery(folder)
    return folder


def labels(folder):
    with (folder / "labels.csv").open(newline="") as table:
        return {row["file"]: row["postcode"] for row in csv.DictReader(table)}


def test_there_are_eight_photos_and_three_recordings_of_different_postcodes():
    codes = [sample.postcode for sample in (*PHOTOS.values(), *TOUCHES.values())]
    assert len(PHOTOS) >= 8
    assert len(TOUCHES) >= 3
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 5 and code.isdecimal() for code in codes)
    assert set("".join(codes)) == set("0123456789")


def test_writing_again_gives_the_same_bytes(gallery, tmp_path):
    files = write_gallery(tmp_path)
    assert len(files) == len(PHOTOS) + len(TOUCHES) + 1
    for path in files:
        assert path.read_bytes() == (gallery / path.name).read_bytes(), path.name


def test_another_seed_writes_the_same_postcodes_another_time(gallery, tmp_path, monkeypatch):
    monkeypatch.setattr("samples.make.PHOTOS", dict(list(PHOTOS.items())[:1]))
    assert main(["--out", str(tmp_path), "--seed", "1"]) == 0
    written = labels(tmp_path)
    assert len(written) == 1 + len(TOUCHES)
    assert written.items() <= labels(gallery).items()
    for name in written:
        assert (tmp_path / name).read_bytes() != (gallery / name).read_bytes()


def test_the_committed_files_are_those_of_the_labels():
    present = {path.name for pattern in ("*.jpg", "*.json") for path in FOLDER.glob(pattern)}
    assert present == set(labels(FOLDER))
    assert sum((FOLDER / name).stat().st_size for name in present) < 2.5e6


def test_the_committed_files_are_what_the_code_makes(gallery):
    assert labels(FOLDER) == labels(gallery)
    for name in labels(FOLDER):
        if name.endswith(".json"):
            made, kept = (json.loads((folder / name).read_text()) for folder in (gallery, FOLDER))
            assert made["boxes"] == kept["boxes"]
            assert len(made["strokes"]) == len(kept["strokes"])
        else:
            # Another processor rounds differently: the picture counts, not the byte.
            made, kept = (cv2.imread(str(folder / name)) for folder in (gallery, FOLDER))
            assert made.shape == kept.shape
            assert np.abs(made.astype(int) - kept).mean() < 1.5, name


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path, capsys):
    assert main(["--out", str(tmp_path / "none")]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "is not a folder" in error


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path, capsys):
    (tmp_path / f"{next(iter(PHOTOS))}.jpg").mkdir()
    assert main(["--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("seed", ["-1", "x", "1.5"])
def test_a_wrong_seed_is_wrong_usage(seed, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--seed", seed])
    assert stop.value.code == 2
    assert "whole number" in capsys.readouterr().err
