"""What teachers say of every bent image, asked once and kept for all pupils.

A teacher takes longer to answer than its pupil to learn. Where a recipe's bent images
come again after some rounds, all answers are found before and lie in files, one a round,
from which pupils of any seed learn.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edge import files
from train.batches import Lessons, ahead, round_in_order
from train.data import CLASSES, IMPOSTOR
from train.fit import softened
from train.network import without_softmax
from train.recipe import Recipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

Say = Callable[["tf.Tensor"], "tf.Tensor"]

# Of the recipe, what the images of a round hang on.
_MATTERS = (
    "dataset", "stroke_drawings", "stroke_bank", "impostors", "stroke_writers", "validation",
    "validation_seed", "softness", "batch_size", "distortion",
)  # fmt: skip


def answers_of(
    teachers: Sequence[keras.Model],
    names: Sequence[str],
    lessons: Lessons,
    data: Sequence[str],
    recipe: Recipe,
    beside: Path,
    on_round: Callable[[int], None] = lambda number: None,
) -> list[NDArray[np.float16]]:
    """Return the teachers' answers to each round, from files where they have answered before.

    Args:
        teachers: networks with a layer `logits`.
        names: SHA-256 of their files.
        lessons: to be learnt from.
        data: SHA-256 of the files that the lessons are from.
        recipe: of the pupil, with rounds.
        beside: the folder in which that of the answers lies.
        on_round: called with each round's number, from 1, when it is answered.

    Returns:
        Of each round `float16 (count, 10)`, softened probabilities in the order of its
        batches, read from the disk when they are used.

    Raises:
        OutputError: the answers can't be kept.
    """
    fields = asdict(recipe)
    what: dict[str, Any] = {name: fields[name] for name in _MATTERS}
    what |= {"teachers": list(names), "data": list(data)}
    key = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:12]
    folder = beside / f"answers-{key}"
    files.make_folder(folder)
    say = _together(teachers, recipe.softness)
    found = []
    for number in range(1, recipe.rounds + 1):
        path = folder / f"round-{number:03}.npy"
        if not path.exists():
            said = _answer(say, lessons, number, recipe)
            with files.staging(folder) as aside:
                np.save(aside / path.name, said)
                files.publish(aside / path.name)
        on_round(number)
        found.append(np.load(path, mmap_mode="r"))
    return found


def _together(teachers: Sequence[keras.Model], softness: float) -> Say:
    """Return the function that gives all teachers' mean answer to a batch."""
    import tensorflow as tf

    logits_of = [without_softmax(each) for each in teachers]

    def say(pixels: tf.Tensor) -> tf.Tensor:
        return softened([each(pixels, training=False) for each in logits_of], softness)

    compiled: Say = tf.function(say, reduce_retracing=True)
    return compiled


def _answer(say: Say, lessons: Lessons, number: int, recipe: Recipe) -> NDArray[np.float16]:
    import tensorflow as tf

    said = []
    for pixels, labels, _ in ahead(round_in_order(lessons, number, recipe)):
        answers = say(tf.constant(pixels)).numpy()
        # No teacher knows what is no digit.
        answers[labels == IMPOSTOR] = 1 / CLASSES
        said.append(answers.astype(np.float16))
    return np.concatenate(said)
