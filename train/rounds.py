"""Bent images that come again, with what teachers say of each: made once for all pupils.

A teacher takes longer to answer than its pupil to learn, and bending takes a core of its own.
Where a recipe's bent images come again after some rounds, they and all answers to them lie in
files, one a round, from which pupils of any seed learn.
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
from train.batches import ROUND, Lessons, Rounds, ahead, round_in_order
from train.data import CLASSES, IMPOSTOR
from train.losses import softened
from train.network import to_pixels, without_softmax
from train.recipe import Recipe

if TYPE_CHECKING:
    import keras

Say = Callable[[NDArray[np.uint8]], NDArray[np.float32]]

# Of the recipe, what the images of a round hang on.
_MATTERS = (
    "dataset", "stroke_drawings", "stroke_bank", "impostors", "stroke_writers", "validation",
    "validation_seed", "softness", "batch_size", "distortion", "extra_digits",
)  # fmt: skip


def rounds_of(
    teachers: Sequence[keras.Model],
    names: Sequence[str],
    lessons: Callable[[], Lessons],
    data: Sequence[str],
    recipe: Recipe,
    beside: Path,
    on_round: Callable[[int], None] = lambda number: None,
) -> Rounds:
    """Bend and answer each round, or find it in the file that an earlier run has left.

    Args:
        teachers: networks with a layer `logits`.
        names: SHA-256 of their files.
        lessons: returns what is to be learnt from; called where a round is not there yet.
        data: SHA-256 of the files that the lessons are from.
        recipe: of the pupil, with rounds.
        beside: the folder in which that of the rounds lies.
        on_round: called with each round's number, from 1, when it is there.

    Returns:
        The rounds, read from the disk when they are used. Of an impostor the answer is that
        all classes are alike.

    Raises:
        OutputError: the rounds can't be kept.
    """
    fields = asdict(recipe)
    what: dict[str, Any] = {name: fields[name] for name in _MATTERS}
    what |= {"teachers": list(names), "data": list(data)}
    key = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:12]
    folder = beside / f"rounds-{key}"
    files.make_folder(folder)
    say = _together(teachers, recipe.softness)
    learnt: Lessons | None = None
    kept = []
    for number in range(1, recipe.rounds + 1):
        path = folder / f"round-{number:03}.npy"
        if not path.exists():
            learnt = learnt or lessons()
            made = _made(say, learnt, number, recipe)
            with files.staging(folder) as aside:
                np.save(aside / path.name, made)
                files.publish(aside / path.name)
        on_round(number)
        kept.append(np.load(path, mmap_mode="r"))
    return Rounds(kept)


def _together(teachers: Sequence[keras.Model], softness: float) -> Say:
    """Return the function that gives all teachers' mean answer to a batch."""
    import keras

    pixels = keras.Input(teachers[0].input.shape[1:])
    said = []
    for place, teacher in enumerate(teachers):
        logits_of = without_softmax(teacher)
        # All by one recipe, they have one name.
        logits_of.name = f"teacher_{place}"
        said.append(logits_of(pixels, training=False))
    # `predict_on_batch` compiles it, on whatever library Keras runs.
    together = keras.Model(pixels, softened(said, softness))

    def say(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(together.predict_on_batch(to_pixels(images)), np.float32)

    return say


def _made(say: Say, lessons: Lessons, number: int, recipe: Recipe) -> NDArray[np.void]:
    made = np.empty(lessons.count(recipe), ROUND)
    filled = 0
    for batch in ahead(round_in_order(lessons, number, recipe)):
        some = made[filled : filled + len(batch.labels)]
        some["pixels"], some["label"] = batch.pixels, batch.labels
        some["answers"] = say(batch.pixels)
        # No teacher knows what is no digit.
        some["answers"][batch.labels == IMPOSTOR] = 1 / CLASSES
        filled += len(batch.labels)
    return made
