"""One training run in a folder of its own: model, report and pictures, or a state to go on from."""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
from numpy.typing import NDArray

from edge import files
from edge.card import sha256_of
from edge.errors import OutputError
from edge.quiet import native_stderr_silenced
from train import data, report
from train.batches import Lessons, Rounds
from train.checkpoint import Checkpoint
from train.convolution import build_convolutional, convolutional_recipe, unfold
from train.data import Examples
from train.errors import DataError
from train.fit import Epoch, fit
from train.material import Fold, Material, gather, lessons_of
from train.network import architecture, build, scores
from train.progress import Progress
from train.quiet import import_keras
from train.recipe import Recipe
from train.rounds import rounds_of
from train.teacher import build_teacher, describe_teacher

if TYPE_CHECKING:
    import keras

# Of the convolutional epochs and of all others.
STATES = ("checkpoint-convolutional.npz", "checkpoint.npz")
# The name under which the textbook saves its deep network.
ALSO_SAVED = {"dmlp": "dmlp_trained.h5"}
_WORST = 60


@dataclass(frozen=True)
class Rounding:
    """Fine-tunes what an earlier run has learnt, for weights of few bits (`train.quantize`)."""

    weights: Sequence[NDArray[np.float32]]
    """Kernels and biases to begin with."""
    sha256: str
    """Of the model file that they are from."""
    bits: int
    """Of the weights: 8 or 4."""
    averaged: Sequence[str] = ()
    """SHA-256 of other model files, with whose weights these are the mean."""

    def account(self) -> dict[str, Any]:
        """Return what the report says of it."""
        said = {"model_sha256": self.sha256, "bits": self.bits}
        return {**said, "averaged": list(self.averaged)} if self.averaged else said


@dataclass(frozen=True)
class Teacher:
    """The network of a finished run, to be imitated or averaged."""

    network: keras.Model
    sha256: str
    """Of its model file."""


@dataclass(frozen=True)
class Run:
    """A finished run."""

    folder: Path
    """Where everything lies."""
    report: dict[str, Any]
    """What `report.json` holds."""

    @property
    def history(self) -> list[Epoch]:
        """One record per epoch."""
        return [Epoch(**epoch) for epoch in self.report["epochs"]]


def train(
    recipe: Recipe,
    out: Path,
    data_path: Path | None = None,
    stroke_paths: Sequence[Path] = (),
    fold: Fold | None = None,
    rounding: Rounding | None = None,
    teachers: Sequence[Teacher] = (),
    progress: TextIO | None = None,
    extra_paths: Sequence[Path] = (),
) -> Run:
    """Train by a recipe and leave model, report and pictures in a folder.

    The same call goes on where an earlier one was stopped, and returns at once what
    an earlier one has finished.

    Args:
        recipe: all the numbers.
        out: the run's folder, made if need be.
        data_path: the data set's file; None takes Keras's copy.
        stroke_paths: stroke sets to mix in, where the recipe draws them.
        fold: part of a cross-validation to keep apart; its network is not kept.
        rounding: begin with another run's weights and round them in every step; None
            begins with fresh ones.
        teachers: to imitate, their mean, beside the labels.
        progress: where to print how far it is; None prints nothing.
        extra_paths: digits that are learnt from and never measured on.

    Raises:
        DataError: the images can't be had.
        OutputError: the results can't be written, or the folder holds another run.
    """
    files.make_folder(out)
    material = gather(recipe, data_path, stroke_paths, fold, extra_paths)
    origins = report.Origins(
        fold=fold,
        rounding=rounding.account() if rounding else None,
        teachers=tuple(teacher.sha256 for teacher in teachers),
    )
    identity = report.identify(recipe, material, origins)
    if finished := _finished(out, identity):
        # Killed at the very end, it may have left its state behind.
        _clear(out)
        _say(progress, f"{out}: this run has finished before; nothing to do")
        return finished

    _say(progress, _opening(recipe, material))
    start = time.monotonic()
    trained, history = _learn(recipe, material, out, identity, rounding, teachers, progress)
    seconds = time.monotonic() - start

    with files.staging(out) as aside:
        saved = [] if fold else _save(trained, recipe, aside)
        made = report.make_report(
            identity,
            saved[0] if saved else None,
            _architecture(recipe, material.dataset.train.images.shape[1:]),
            trained.count_params(),
            recipe,
            material,
            history,
            _count_errors(trained, material),
            seconds,
            origins,
        )
        pictures = _draw(trained, material, recipe, history, aside)
        readable, listed = aside / report.READABLE, aside / report.NAME
        titled = [(title, path.name) for title, path in pictures]
        readable.write_text(report.to_markdown(made, titled), "utf-8")
        # Last, as a folder with a report is a run that has finished.
        listed.write_text(report.to_json(made), "utf-8")
        files.publish(*saved, *(path for _, path in pictures), readable, listed)
    _clear(out)
    for side, sets in made["errors"].items():
        for name, count in sets.items():
            _say(progress, f"{name}, {side}: {count['errors']} errors of {count['of']:,}")
    _say(progress, f"wrote {', '.join(path.name for path in saved) or 'the report'} in {out}")
    return Run(out, made)


def load(folder: Path) -> tuple[Run, keras.Model]:
    """Load a finished run and its model.

    Raises:
        DataError: there is none, or it is damaged.
    """
    path = folder / report.NAME
    try:
        run = Run(folder, json.loads(path.read_text("utf-8")))
        file = folder / run.report["model"]["file"]
        content, promised = file.read_bytes(), run.report["model"]["sha256"]
    except FileNotFoundError as error:
        raise DataError(f"{error.filename}: no such file; train first, python -m train") from error
    except OSError as error:
        raise DataError(f"{error.filename}: can't be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not the report of a run with a model; train again") from error
    if sha256_of(content) != promised:
        raise DataError(f"{file}: not the model that {path.name} describes; train again")
    import_keras()
    import keras

    with _no_advice():
        return run, keras.saving.load_model(file, compile=False)


def average(network: keras.Model, folders: Sequence[Path]) -> list[str]:
    """Give a network the mean of its weights and of those of finished runs.

    Networks that were fine-tuned from the same weights, each another way, are better together
    so, at the price of one (Wortsman et al. 2022, "Model soups").

    Returns:
        SHA-256 of the runs' model files.

    Raises:
        DataError: there is no such run, it is damaged, or its network has other layers.
    """
    weights = [network.get_weights()]
    averaged = []
    for folder in folders:
        other = load_teacher(folder)
        weights.append(other.network.get_weights())
        averaged.append(other.sha256)
        if [one.shape for one in weights[-1]] != [one.shape for one in weights[0]]:
            raise DataError(
                f"{folder}: a network of other layers, which can't be averaged; give runs that "
                "were fine-tuned from the same one"
            )
    network.set_weights([np.mean(same, axis=0) for same in zip(*weights, strict=True)])
    return averaged


def load_teacher(folder: Path) -> Teacher:
    """Load the network of a finished run, to be imitated or averaged.

    Raises:
        DataError: there is none, or it is damaged.
    """
    run, network = load(folder)
    return Teacher(network, run.report["model"]["sha256"])


def _learn(
    recipe: Recipe,
    material: Material,
    out: Path,
    identity: str,
    rounding: Rounding | None,
    teachers: Sequence[Teacher],
    progress: TextIO | None,
) -> tuple[keras.Model, list[Epoch]]:
    """Train, or go on training, and return the plain network and what each epoch brought."""
    # Not before the images are good: it takes seconds.
    import_keras()
    shape = material.dataset.train.images.shape[1:]
    validation = material.validation[recipe.dataset]
    lessons: Lessons | Rounds
    if teachers and recipe.rounds:
        lessons, teachers = _rounds(teachers, material, recipe, out, progress), ()
    else:
        lessons = lessons_of(material, recipe)
    first, main = (Checkpoint(out / state, identity) for state in STATES)

    def learn(network: keras.Model, recipe: Recipe, checkpoint: Checkpoint) -> list[Epoch]:
        shown = Progress(recipe.epochs, progress)
        return fit(
            network,
            lessons,
            validation,
            recipe,
            checkpoint,
            [teacher.network for teacher in teachers],
            shown.on_step,
            shown.on_epoch,
        )

    if recipe.network == "convolutional":
        network = build_teacher(recipe)
        return network, learn(network, recipe, main)
    plain = build(recipe, shape)
    if rounding:
        from train.quantize import build_rounded, plain_weights

        network = build_rounded(recipe, shape, rounding.bits, rounding.weights)
        history = learn(network, recipe, main)
        plain.set_weights(plain_weights(network))
        return plain, history
    network = build(recipe, shape, recipe.precision)
    if recipe.convolutional_epochs:
        shorter = convolutional_recipe(recipe)
        _say(progress, "as a convolutional network:")
        filters = build_convolutional(shorter, recipe.precision)
        learn(filters, shorter, first)
        _say(progress, "as a multi-layer perceptron:")
        network.set_weights(unfold(filters))
    history = learn(network, recipe, main)
    plain.set_weights(network.get_weights())
    return plain, history


def _rounds(
    teachers: Sequence[Teacher],
    material: Material,
    recipe: Recipe,
    out: Path,
    progress: TextIO | None,
) -> Rounds:
    """Return the lessons, bent, with the teachers' answers to all rounds."""
    _say(progress, f"{recipe.rounds} rounds, and the teachers' answers to them:")

    def on_round(number: int) -> None:
        if number % 10 == 0 or number == recipe.rounds:
            _say(progress, f"round {number}/{recipe.rounds}")

    return rounds_of(
        [teacher.network for teacher in teachers],
        [teacher.sha256 for teacher in teachers],
        functools.partial(lessons_of, material, recipe),
        [
            material.dataset.sha256,
            *(each.source.sha256 for each in material.strokes),
            *(each.sha256 for each in material.extra),
        ],
        recipe,
        out.parent,
        on_round,
    )


def _finished(out: Path, identity: str) -> Run | None:
    """Return the run that a folder holds; None where it holds none."""
    found = report.of_finished(out, identity)
    return None if found is None else Run(out, found)


def _clear(out: Path) -> None:
    """Remove what is of use to a run that has not finished."""
    for state in STATES:
        (out / state).unlink(missing_ok=True)
    files.sweep(out)


def _architecture(recipe: Recipe, shape: tuple[int, ...]) -> str:
    if recipe.network == "convolutional":
        return describe_teacher(recipe)
    return architecture(recipe, shape)


def _opening(recipe: Recipe, material: Material) -> str:
    shape = material.dataset.train.images.shape[1:]
    drawn = sum(len(each.learnt) for each in material.strokes)
    strokes = f" and {drawn:,} stroke digits" if drawn else ""
    more = sum(len(each.examples) for each in material.extra)
    strokes += f" and {more:,} extra digits" if more else ""
    held = sum(len(examples) for examples in material.validation.values())
    tested = sum(len(examples) for examples in material.test.values())
    return (
        f"{recipe.name}, {_architecture(recipe, shape)}: {len(material.learnt):,} images"
        f"{strokes} to learn from, {held:,} kept apart, {tested:,} to test"
    )


def _save(network: keras.Model, recipe: Recipe, folder: Path) -> list[Path]:
    names = [f"{recipe.name}.keras"]
    if recipe.name in ALSO_SAVED:
        names.append(ALSO_SAVED[recipe.name])
    for name in names:
        try:
            with _no_advice():
                network.save(folder / name)
        # Of a full disk HDF5 tells in a paragraph, and not always as an OSError.
        except (OSError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "is the disk full?"
            raise OutputError(
                f"{folder.parent / name}: can't be written ({reason}); "
                "choose another place for the results"
            ) from error
    return [folder / name for name in names]


@contextlib.contextmanager
def _no_advice() -> Iterator[None]:
    """Keep Keras from warning of the textbook's file format, which is asked for.

    And TensorFlow from greeting: on JAX, Keras imports it for its files where it is there.
    """
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with native_stderr_silenced():
            yield
    finally:
        logger.setLevel(level)


def _count_errors(network: keras.Model, material: Material) -> dict[str, dict[str, dict[str, int]]]:
    def count(examples: Examples) -> dict[str, int]:
        wrong = scores(network, examples.images).argmax(axis=1) != examples.labels
        return {"errors": int(np.count_nonzero(wrong)), "of": len(examples)}

    return {
        side: {name: count(examples) for name, examples in sets.items()}
        for side, sets in (("validation", material.validation), ("test", material.test))
    }


def _draw(
    network: keras.Model,
    material: Material,
    recipe: Recipe,
    history: list[Epoch],
    folder: Path,
) -> list[tuple[str, Path]]:
    """Draw the run's pictures and return their titles and files."""
    # Here and not above: matplotlib takes a second, and only finished runs need it.
    from train import plots, sheet

    test = material.test[recipe.dataset]
    classes = data.KINDS[recipe.dataset].classes
    probabilities = scores(network, test.images)
    matrix = np.zeros((data.CLASSES, data.CLASSES), np.int64)
    np.add.at(matrix, (test.labels, probabilities.argmax(axis=1)), 1)
    figures = {
        "Accuracy and loss": ("curves.png", plots.curves(history)),
        "Confusion of the test images": ("confusion.png", plots.confusion(matrix, classes)),
        "The test images that are read worst": (
            "worst.png",
            sheet.worst(test.images, test.labels, probabilities, _WORST, classes),
        ),
    }
    for file, figure in figures.values():
        plots.save(figure, folder / file)
    return [(title, folder / file) for title, (file, _) in figures.items()]


def _say(out: TextIO | None, line: str) -> None:
    if out:
        print(line, file=out, flush=True)
