from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from benchmarks import opinions as module
from benchmarks.opinions import Opinions, best, main, opinions, worth
from edge.classifier import Classifier
from edge.trajectory import TrajectoryClassifier
from tests.train.synthetic import handwriting, one_hot
from train.strokes import StrokeDigit


@pytest.fixture
def digits():
    return [
        StrokeDigit(
            each["label"], "1", tuple(np.array(stroke, np.float32) for stroke in each["strokes"])
        )
        for each in handwriting(writers=1, each=1)
    ]


def test_both_are_asked_of_the_same_digits(digits):
    told = opinions(digits, Classifier(), TrajectoryClassifier())
    assert told.image.shape == told.trajectory.shape == (10, 10)
    np.testing.assert_array_equal(told.labels, [digit.label for digit in digits])
    assert worth(told, (0.8, 0.8)).errors <= 3


def test_what_weights_are_worth_is_counted():
    labels = np.array([3, 5], np.uint8)
    image, way = one_hot([3, 4], [0.91] * 2), one_hot([3, 5], [0.91] * 2)
    told = Opinions(image, way, labels)
    assert worth(told, (1.0, 0.0)).errors == 1
    assert worth(told, (0.0, 1.0)) == (0, pytest.approx(-math.log(0.91), abs=1e-4))
    image_weight, way_weight = best({"one": told})
    assert image_weight < way_weight


def test_each_set_counts_as_much():
    labels = np.zeros(20, np.uint8)
    sure, wrong = one_hot([0] * 20, [0.91] * 20), one_hot([1] * 20, [0.91] * 20)
    sets = {"a": Opinions(sure, wrong, labels), "b": Opinions(wrong, sure, labels)}
    image, way = best(sets)
    assert image == way


def test_the_table_is_printed(digits, monkeypatch, capsys):
    class Sides:
        validation = digits

    monkeypatch.setattr(module, "has_data", lambda _: True)
    monkeypatch.setattr(module, "stroke_sides", lambda _: Sides)
    monkeypatch.setattr(sys, "argv", ["opinions"])
    assert main() == 0
    said = capsys.readouterr().out.splitlines()
    assert "pendigits, 10" in said[0]
    assert [line.split("  ")[0] for line in said[1:]] == [
        "the image alone", "the trajectory alone", "both, as the kiosk", "both, at their best",
    ]  # fmt: skip


def test_without_data_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path / "nowhere"))
    monkeypatch.setattr(sys, "argv", ["opinions"])
    assert main() == 1
    assert "nowhere" in capsys.readouterr().err
