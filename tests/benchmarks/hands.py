"""Writers who need no data: strokes from our own templates, and the same drawn as images."""

from __future__ import annotations

from functools import cache

import numpy as np

from benchmarks.envelopes import photos_of
from benchmarks.rendering.grades import Grade
from benchmarks.rendering.scene import Rendered, compose
from benchmarks.rendering.writers import Writers, gathered
from samples.handwriting import random_hand, write_digit
from train.drawing import as_written
from train.strokes import StrokeDigit


@cache
def made_digits() -> tuple[StrokeDigit, ...]:
    """Return every digit twice by each of three hands."""
    rng = np.random.default_rng(3)
    digits = []
    for writer in range(3):
        hand = random_hand(rng)
        for label in 2 * list(range(10)):
            digits.append(StrokeDigit(label, str(writer), tuple(write_digit(label, hand, rng))))
    return tuple(digits)


@cache
def made_writers() -> Writers:
    """Return one stroke set of those hands, and their digits as images."""
    digits = made_digits()
    by_writer = [tuple(d for d in digits if d.writer == str(w)) for w in range(3)]
    labels = np.array([d.label for d in digits], np.uint8)
    return gathered([by_writer], as_written(digits), labels)


def made_photo(grade: str, seed: int, number: int) -> Rendered:
    """Return one photo of a set, of digits by these writers."""
    (photo,) = photos_of(grade, seed, number, made_writers())
    return photo


def render(grade: Grade, rng: np.random.Generator, writers: Writers) -> Rendered:
    """Return one photo of a scene."""
    return compose(grade, rng, writers).taken(rng)
