"""One training of the detector of boxes in a folder of its own: `python -m train detector`.

Leaves `boxes.keras` and `report.json`, or a state to go on from; `train.course` tells what is in
the report. `convert` makes the kiosk's file of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
from numpy.typing import NDArray

from edge import files
from train.course import Course, Study, identify
from train.crops import PER_PHOTO, SIDE, Crops, load_crops
from train.quiet import import_keras

if TYPE_CHECKING:
    import keras

MODEL_NAME = "boxes.keras"


@dataclass(frozen=True)
class DetectorRecipe(Course):
    """The numbers of a training; examples are crops of photos."""

    epochs: int = 290


def run_detector(
    photos: Sequence[Path],
    validation: Sequence[Path],
    out: Path,
    recipe: DetectorRecipe | None = None,
    jobs: int = 1,
    progress: TextIO | None = None,
) -> dict[str, Any]:
    """Train the detector and leave it with its report in a folder.

    The same call goes on where an earlier one was stopped, and returns at once what an
    earlier one has finished.

    Args:
        photos: folders to learn from (`train.photos`).
        validation: folders to measure on after every epoch; nothing is learnt from them.
        out: the run's folder, made if need be.
        recipe: all the numbers; None takes the usual ones.
        jobs: processes that cut crops, and then threads that retake them.
        progress: where to print how far it is; None prints nothing.

    Returns:
        The report, as it is in `report.json`.

    Raises:
        DataError: the photos can't be had.
        OutputError: the results can't be written, or the folder holds another run.
    """
    recipe = recipe or DetectorRecipe()
    files.make_folder(out)
    learnt, kept_apart = load_crops(photos, jobs), load_crops(validation, jobs)
    # Not before the photos are good: it takes seconds.
    import_keras()
    import keras

    from train.detector import architecture, build, loss

    study = Study(out, identify(recipe, architecture(), learnt.sha256, kept_apart.sha256), progress)
    if study.finished:
        return study.finished

    study.say(f"{len(learnt):,} crops to learn from, {len(kept_apart):,} kept apart")
    network = build(SIDE, recipe.seed, shifts=keras.backend.backend() == "jax")
    history = study.learn(network, loss, _Lessons(learnt, kept_apart, recipe, jobs), recipe)
    plain = build(seed=recipe.seed)
    plain.set_weights(network.get_weights())
    data = {"train": _account(photos, learnt), "validation": _account(validation, kept_apart)}
    return study.leave(
        plain, MODEL_NAME, recipe, history, {"architecture": architecture(), "data": data}
    )


class _Lessons:
    """Batches of crops; see `course.Lessons`."""

    def __init__(self, learnt: Crops, kept_apart: Crops, recipe: DetectorRecipe, jobs: int) -> None:
        self._learnt, self._kept_apart, self._recipe, self._jobs = learnt, kept_apart, recipe, jobs
        self.steps = recipe.steps(len(learnt))

    def epoch(self, number: int) -> keras.utils.PyDataset:
        return _batches(self._learnt, self._recipe, number, self._jobs)

    def kept_apart(self) -> keras.utils.PyDataset:
        return _batches(self._kept_apart, self._recipe, None, 1)


def _batches(
    crops: Crops, recipe: DetectorRecipe, epoch: int | None, threads: int
) -> keras.utils.PyDataset:
    """Return the batches of an epoch, shuffled and retaken; None: in order, as they are."""
    import keras

    from train.retake import retake

    size = recipe.batch_size
    order = np.arange(len(crops))
    if epoch is not None:
        order = np.random.default_rng([recipe.seed, epoch]).permutation(order)

    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return recipe.steps(len(crops)) if epoch is not None else math.ceil(len(crops) / size)

        def __getitem__(self, step: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
            # Sorted, as memory is read faster in its order.
            some = np.sort(order[step * size : (step + 1) * size])
            images, corners = crops.images[some], crops.corners[some]
            if epoch is None:
                return images, corners
            # A generator of its own for each: the order in which threads come does not matter.
            return retake(images, corners, np.random.default_rng([recipe.seed, epoch, step]))

    return Batches(workers=threads)


def _account(folders: Sequence[Path], crops: Crops) -> dict[str, Any]:
    """Return what the report says of photos; names alone, as cards are published."""
    return {
        "folders": [folder.resolve().name for folder in folders],
        "photos": len(crops) // PER_PHOTO,
        "crops": len(crops),
        "sha256": crops.sha256,
    }
