from __future__ import annotations

import numpy as np
import pytest

from edge.trajectory import features, paths
from tests.train.synthetic import handwriting
from train.trajectory.impostors import LETTERS, write_impostor

DIGITS = [
    [np.array(stroke, np.float32) for stroke in each["strokes"]]
    for each in handwriting(writers=1, each=1)
]


def many(count, seed=0):
    rng = np.random.default_rng(seed)
    return [write_impostor(DIGITS, rng) for _ in range(count)]


def test_impostors_are_strokes_that_paths_can_be_made_of():
    for strokes in many(300):
        assert strokes
        for stroke in strokes:
            assert stroke.dtype == np.float32
            assert stroke.ndim == 2
            assert stroke.shape[1] == 2
            assert len(stroke) >= 2
        assert np.isfinite(features(paths([strokes]))).all()


def test_the_same_state_writes_the_same_and_each_is_another():
    one, other = many(100), many(100)
    for a, b in zip(one, other, strict=True):
        assert len(a) == len(b)
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert len({way.tobytes() for way in paths(one)}) == 100


def test_all_kinds_are_among_them():
    counts = {len(strokes) for strokes in many(400)}
    # From a scribble to a #, and digits of two strokes under a cross.
    assert counts >= {1, 2, 3, 4}


@pytest.mark.parametrize("letter", LETTERS)
def test_letters_lie_in_their_square(letter):
    for stroke in LETTERS[letter]:
        assert len(stroke) >= 2
        assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in stroke)
