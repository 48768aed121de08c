"""Floors: what must never be read worse, on real input and on photos made here."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import accuracy, datasets
from edge import Recognizer
from samples.scene import random_photo


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer()


def assert_right(score, least):
    assert score.right >= least * score.total, score.row


def test_mnist_has_at_most_48_errors_of_10000(recognizer, shared_data):
    shared_data("mnist.npz")
    score = accuracy.mnist(recognizer)
    assert score.total == 10_000
    assert score.total - score.right <= 48, score.row


def test_of_phone_photos_of_ruled_boxes_90_percent_are_read_right(recognizer, shared_data):
    shared_data("box_strips")
    score = accuracy.photos(recognizer, "box strips", datasets.box_strips())
    assert score.total >= 100
    assert_right(score, 0.9)


def test_of_eight_envelopes_seven_are_read_right(recognizer, shared_data):
    shared_data("envelopes")
    score = accuracy.photos(recognizer, "envelopes", datasets.envelopes())
    assert score.total == 8
    assert_right(score, 7 / 8)


@pytest.mark.parametrize("name", accuracy.STROKE_SETS)
def test_of_touch_recordings_of_unseen_writers_90_percent_are_read_right(
    name, recognizer, shared_data
):
    shared_data(f"{name}_strokes.json.gz")
    score = accuracy.touch(recognizer, name)
    assert score.total == 500
    assert_right(score, 0.9)
    assert score.accepted_wrong <= 0.02 * score.accepted


def test_of_scanned_envelopes_made_here_75_percent_are_read_right(recognizer):
    photos = (random_photo(np.random.default_rng(seed), "scan") for seed in range(20))
    readings = [(recognizer.read(photo), postcode) for photo, _, postcode in photos]
    assert_right(accuracy.score("made here", readings), 0.75)
