"""One training of the detector of boxes in a folder of its own: `python -m train detector`.

Leaves `boxes.keras` and `report.json`, or a state to go on from. The report's keys:

    run           identifies the run: SHA-256 of recipe, photos and network
    model         file name and SHA-256 of the `.keras` file
    architecture  of the network
    weights       how many there are, running means and variances included
    recipe        every number of the training
    data          of the photos learnt from and of those kept apart: the folders' names, how
                  many photos and crops, and the SHA-256 of the crops
    epochs        loss of both, one entry per epoch
    versions      of Python, numpy, Keras and what it ran on
    seconds       the training took, since it was last gone on with

`convert.detector` reads it to fill in the model card.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
from numpy.typing import NDArray

from edge import files
from edge.card import sha256_of
from train.checkpoint import Checkpoint, Progressed
from train.crops import PER_PHOTO, SIDE, Crops, load_crops
from train.errors import CheckpointError
from train.quiet import import_keras
from train.report import NAME as REPORT_NAME
from train.report import of_finished, versions

if TYPE_CHECKING:
    import keras

MODEL_NAME = "boxes.keras"
STATE_NAME = "checkpoint.npz"


@dataclass(frozen=True)
class DetectorRecipe:
    """The numbers of a training.

    Raises:
        ValueError: a number is outside its range.
    """

    epochs: int = 290
    """Times each crop is seen."""
    batch_size: int = 64
    """Crops per step."""
    learning_rate: float = 3e-3
    """Where the one cycle's cosine begins."""
    warmup: float = 0.04
    """Share of the steps on which the rate rises."""
    least: float = 0.005
    """Share of the rate that is left in the end."""
    weight_decay: float = 1e-3
    """Of AdamW, times the rate."""
    seed: int = 0
    """Of first weights, order and retakes."""

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise ValueError("epochs must be at least 1")
        if self.batch_size < 1:
            raise ValueError("batch_size must be at least 1")
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate must be above 0 and at most 1")
        if not 0 < self.warmup < 1:
            raise ValueError("warmup must be above 0 and below 1")
        if not 0 <= self.least <= 1:
            raise ValueError("least must be from 0 to 1")
        if not 0 <= self.weight_decay <= 1:
            raise ValueError("weight_decay must be from 0 to 1")
        if self.seed < 0:
            raise ValueError("seed must be 0 or more")


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

    from train.detector import architecture, build

    identity = _identify(recipe, learnt, kept_apart, architecture())
    checkpoint = Checkpoint(out / STATE_NAME, identity)
    if finished := of_finished(out, identity):
        # Killed at the very end, it may have left its state behind.
        checkpoint.clear()
        files.sweep(out)
        _say(progress, f"{out}: this run has finished before; nothing to do")
        return finished

    _say(progress, f"{len(learnt):,} crops to learn from, {len(kept_apart):,} kept apart")
    start = time.monotonic()
    network = build(SIDE, recipe.seed, shifts=keras.backend.backend() == "jax")
    history = _learn(network, learnt, kept_apart, recipe, checkpoint, jobs, progress)
    plain = build(seed=recipe.seed)
    plain.set_weights(network.get_weights())
    seconds = time.monotonic() - start

    with files.staging(out) as aside:
        model, report = aside / MODEL_NAME, aside / REPORT_NAME
        plain.save(model)
        made = {
            "run": identity,
            "model": {"file": model.name, "sha256": sha256_of(model.read_bytes())},
            "architecture": architecture(),
            "weights": plain.count_params(),
            "recipe": asdict(recipe),
            "data": {
                "train": _account(photos, learnt),
                "validation": _account(validation, kept_apart),
            },
            "epochs": history,
            "versions": versions(),
            "seconds": round(seconds, 1),
        }
        report.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", "utf-8")
        # The report last, as a folder with a report is a run that has finished.
        files.publish(model, report)
    checkpoint.clear()
    files.sweep(out)
    _say(progress, f"wrote {MODEL_NAME} and {REPORT_NAME} in {out}")
    return made


def _learn(
    network: keras.Model,
    learnt: Crops,
    kept_apart: Crops,
    recipe: DetectorRecipe,
    checkpoint: Checkpoint,
    jobs: int,
    progress: TextIO | None,
) -> list[dict[str, Any]]:
    """Train, or go on training, and return what each epoch brought."""
    import keras

    from train.detector import OneCycle, loss

    steps = recipe.epochs * _steps(learnt, recipe)
    optimizer = keras.optimizers.AdamW(
        OneCycle(recipe.learning_rate, steps, recipe.warmup, recipe.least),
        weight_decay=recipe.weight_decay,
    )
    optimizer.build(network.trainable_variables)
    # XLA compiles for longer than a small training on a CPU takes; on JAX there is no other way.
    network.compile(optimizer, loss, jit_compile=keras.backend.backend() == "jax")
    state = [*network.weights, *optimizer.variables]
    history: list[dict[str, Any]] = []
    if progressed := checkpoint.load():
        try:
            for variable, value in zip(state, progressed.state, strict=True):
                variable.assign(value)
        except ValueError as error:
            raise CheckpointError(
                f"{checkpoint.path}: the state does not fit this network, another version may "
                "have left it; remove it to start anew"
            ) from error
        history = progressed.history
        _say(progress, f"goes on after epoch {len(history)}")

    measured = _batches(kept_apart, recipe, None, 1)
    start = time.monotonic()
    for epoch in range(len(history) + 1, recipe.epochs + 1):
        # Epoch by epoch, as Keras prepares batches before it says which epoch they are for.
        batches = _batches(learnt, recipe, epoch, jobs)
        # They are shuffled, by a seed; Keras would shuffle them again by none.
        fitted = network.fit(batches, validation_data=measured, shuffle=False, verbose=0)
        found = fitted.history
        losses = {"loss": found["loss"][0], "validation_loss": found["val_loss"][0]}
        history.append({"epoch": epoch, **{name: round(x, 4) for name, x in losses.items()}})
        checkpoint.save(Progressed([_value(variable) for variable in state], history))
        _say(
            progress,
            f"epoch {epoch}/{recipe.epochs}  loss {losses['loss']:.3f}, "
            f"{losses['validation_loss']:.3f} kept apart  {time.monotonic() - start:.0f} s gone",
        )
    return history


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
            return _steps(crops, recipe) if epoch is not None else math.ceil(len(crops) / size)

        def __getitem__(self, step: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
            # Sorted, as memory is read faster in its order.
            some = np.sort(order[step * size : (step + 1) * size])
            images, corners = crops.images[some], crops.corners[some]
            if epoch is None:
                return images, corners
            # A generator of its own for each: the order in which threads come does not matter.
            return retake(images, corners, np.random.default_rng([recipe.seed, epoch, step]))

    return Batches(workers=threads)


def _steps(crops: Crops, recipe: DetectorRecipe) -> int:
    """Return how many batches an epoch has; what does not fill the last one is left out."""
    return max(1, len(crops) // recipe.batch_size)


def _identify(recipe: DetectorRecipe, learnt: Crops, kept_apart: Crops, architecture: str) -> str:
    what = {
        "recipe": asdict(recipe),
        "crops": [learnt.sha256, kept_apart.sha256],
        "architecture": architecture,
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def _account(folders: Sequence[Path], crops: Crops) -> dict[str, Any]:
    """Return what the report says of photos; names alone, as cards are published."""
    return {
        "folders": [folder.resolve().name for folder in folders],
        "photos": len(crops) // PER_PHOTO,
        "crops": len(crops),
        "sha256": crops.sha256,
    }


def _value(variable: Any) -> NDArray[Any]:
    """Return a variable's value, a copy: JAX gives its own memory away."""
    import keras

    return np.array(keras.ops.convert_to_numpy(variable))


def _say(out: TextIO | None, line: str) -> None:
    if out:
        print(line, file=out, flush=True)
