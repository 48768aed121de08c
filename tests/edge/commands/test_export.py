from __future__ import annotations

import numpy as np
import pytest

from edge import Recognizer
from edge.cli import main
from edge.journal import Journal
from tests.edge.drawing import recording


@pytest.fixture(scope="module")
def kiosk_data(tmp_path_factory):
    """Return the folder of a kiosk on which a person corrected two of three readings."""
    folder = tmp_path_factory.mktemp("data")
    recognizer = Recognizer()
    with Journal(folder / "journal.db", keep_images=True) as journal:
        for written, corrected in (("04524", "04525"), ("81740", None), ("7241 ", "72413")):
            seen = recognizer.observe_strokes(recording(written))
            reading = recognizer.decide(seen)
            entry = journal.add(reading, "write", seen.probabilities, seen.digits)
            if corrected:
                journal.correct(entry.id, corrected)
    return folder


def test_corrected_digits_become_a_training_set(kiosk_data, tmp_path, capsys):
    out = tmp_path / "reviewed.npz"
    assert main(["export", "--reviewed", str(out), "--data", str(kiosk_data)]) == 0
    assert capsys.readouterr().out == f"9 digits of 2 readings in {out}\n"
    with np.load(out) as arrays:
        # Of the blank box nothing can be learnt, whatever was meant to be in it.
        assert arrays["labels"].tolist() == [0, 4, 5, 2, 5, 7, 2, 4, 1]
        assert arrays["images"].shape == (9, 28, 28)
        assert arrays["images"].max(axis=(1, 2)).min() > 100


def test_it_reads_while_the_kiosk_writes(kiosk_data, tmp_path):
    with Journal(kiosk_data / "journal.db"):
        assert (
            main(["export", "--reviewed", str(tmp_path / "a.npz"), "--data", str(kiosk_data)]) == 0
        )


def test_the_training_takes_it(kiosk_data, tmp_path):
    data = pytest.importorskip("train.data", reason="the training is not installed")
    out = tmp_path / "reviewed.npz"
    main(["export", "--reviewed", str(out), "--data", str(kiosk_data)])
    assert len(data.load_extra(out).examples) == 9


@pytest.mark.parametrize("name", ["out.csv", "out"])
def test_another_kind_of_file_is_refused(kiosk_data, tmp_path, capsys, name):
    assert main(["export", "--reviewed", str(tmp_path / name), "--data", str(kiosk_data)]) == 1
    assert ".npz" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_is_not_there_is_one_sentence_and_none_is_made(tmp_path, capsys):
    arguments = ["export", "--reviewed", str(tmp_path / "a.npz"), "--data", str(tmp_path / "none")]
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "journal.db" in said
    assert list(tmp_path.iterdir()) == []


def test_a_journal_without_corrections_is_one_sentence(tmp_path, capsys):
    Journal(tmp_path / "journal.db").close()
    assert main(["export", "--reviewed", str(tmp_path / "a.npz"), "--data", str(tmp_path)]) == 1
    assert "nothing to write" in capsys.readouterr().err
