"""A floor for photos that are made here, on a machine without any data."""

from __future__ import annotations

import numpy as np

from benchmarks.scores import score
from edge import Recognizer
from samples.scene import random_photo


def test_of_scanned_envelopes_made_here_75_percent_are_read_right():
    recognizer = Recognizer()
    photos = (random_photo(np.random.default_rng(seed), "scan") for seed in range(20))
    readings = [(recognizer.read(photo), postcode) for photo, _, postcode in photos]
    found = score("made here", readings)
    assert found.right >= 0.75 * found.total, found.row
