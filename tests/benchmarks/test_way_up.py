from __future__ import annotations

import sys

import numpy as np
import pytest

from benchmarks.way_up import Seen, fit, main, rows_in
from edge import Recognizer
from tests.train.photographs import write_rows


@pytest.fixture
def folder(tmp_path):
    return write_rows(tmp_path)


def test_rows_are_seen_upright_and_upside_down(folder):
    rows = list(rows_in(folder, Recognizer()))
    assert [seen.upright.argmax(axis=1).tolist() for seen in rows] == [
        [0, 4, 5, 2, 4],
        [6, 7, 3, 8, 1],
    ]
    assert rows[1].turned.argmax(axis=1).tolist()[0] == 9


def test_a_digit_that_is_seen_upright_alone_counts_for_it():
    rng = np.random.default_rng(0)

    def seen(digit):
        # Upright it may be any; upside down it is never a 4.
        table = rng.dirichlet(np.full(10, 0.2), 5).astype(np.float32)
        table[:, 4] = digit
        return table / table.sum(axis=1, keepdims=True)

    weights = fit([Seen(seen(0.8), seen(0.001)) for _ in range(40)])
    assert weights.argmax() == 4
    assert weights[4] > 0.3


def test_what_it_finds_is_printed(folder, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["way_up", str(folder)])
    assert main() == 0
    said = capsys.readouterr().out
    assert "by the weights     0 of 1 rows" in said
    assert len(said.splitlines()[0].split()) == 11


def test_a_folder_without_labels_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["way_up", str(tmp_path)])
    assert main() == 1
    assert "labels.csv: no such file" in capsys.readouterr().err
