"""One training of the reader of pen trajectories: `python -m train trajectory`.

Leaves `trajectory.keras` and `report.json`, or a state to go on from; `train.course` tells what
is in the report, and instead of `data` there are `strokes`, the sets as they were divided, and
`errors`, of the writers kept apart and of the test writers, by set. `convert` makes the kiosk's
file of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
from numpy.typing import NDArray

from edge import files
from edge.classifier import CLASSES
from edge.trajectory import features, paths
from train.course import Course, Study, identify
from train.material import Strokes, divided
from train.quiet import import_keras
from train.recipes import DEFAULT, RECIPES
from train.strokes import StrokeDigit
from train.trajectory.impostors import write_impostor
from train.trajectory.paths import Variation, bent, ways

if TYPE_CHECKING:
    import keras

MODEL_NAME = "trajectory.keras"


@dataclass(frozen=True)
class TrajectoryRecipe(Course):
    """The numbers of a training; examples are digits and what is none.

    Raises:
        ValueError: a number is outside its range.
    """

    epochs: int = 100
    batch_size: int = 256
    learning_rate: float = 2e-3
    warmup: float = 0.05
    least: float = 0.001
    weight_decay: float = 0.01
    hidden: tuple[int, ...] = (256, 128)
    """Widths of the hidden layers."""
    dropout: float = 0.1
    """Share of a hidden layer that is silenced in a step."""
    smoothing: float = 0.02
    """Share of each target that is spread over all digits."""
    ways: int = 6
    """Ways in which each digit is written, to choose from; in half of the epochs its own."""
    impostors: int = 1500
    """What is no digit, in an epoch."""
    impostor_bank: int = 6000
    """And to choose from."""
    variation: Variation = field(default_factory=Variation)
    """How differently digits are written."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.hidden or min(self.hidden) < 1:
            raise ValueError("hidden must be widths of 1 or more")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout must be at least 0 and below 1")
        if not 0 <= self.smoothing < 1:
            raise ValueError("smoothing must be at least 0 and below 1")
        if self.ways < 1:
            raise ValueError("ways must be at least 1")
        if not 0 <= self.impostors <= self.impostor_bank:
            raise ValueError("impostors must be from 0 to impostor_bank")


def run_trajectory(
    stroke_paths: Sequence[Path],
    out: Path,
    recipe: TrajectoryRecipe | None = None,
    progress: TextIO | None = None,
) -> dict[str, Any]:
    """Train the network and leave it with its report in a folder.

    The same call goes on where an earlier one was stopped, and returns at once what an
    earlier one has finished. Writers are divided as for the kiosk's classifier: whose hand the
    one has not seen, the other has not.

    Args:
        stroke_paths: stroke sets, at least one.
        out: the run's folder, made if need be.
        recipe: all the numbers; None takes the usual ones.
        progress: where to print how far it is; None prints nothing.

    Returns:
        The report, as it is in `report.json`.

    Raises:
        DataError: the strokes can't be had.
        OutputError: the results can't be written, or the folder holds another run.
    """
    recipe = recipe or TrajectoryRecipe()
    files.make_folder(out)
    sets = divided(stroke_paths, RECIPES[DEFAULT])
    # Not before the strokes are good: it takes seconds.
    import_keras()

    from train.trajectory.network import architecture, build, loss

    name = architecture(recipe.hidden)
    study = Study(out, identify(recipe, name, *(each.source.sha256 for each in sets)), progress)
    if study.finished:
        return study.finished

    lessons = _Lessons(sets, recipe)
    study.say(lessons.summary)
    network = build(recipe.hidden, recipe.dropout, recipe.seed)
    history = study.learn(network, loss(recipe.smoothing), lessons, recipe)
    errors = {
        side: {each.source.name: _errors(network, getattr(each, side)) for each in sets}
        for side in ("validation", "test")
    }
    for side, found in errors.items():
        for kind, count in found.items():
            study.say(f"{kind}, {side}: {count['errors']} errors of {count['of']:,}")
    told = {
        "architecture": name,
        "strokes": [{"path": str(each.source.path), **each.account()} for each in sets],
        "errors": errors,
    }
    return study.leave(network, MODEL_NAME, recipe, history, told)


class _Lessons:
    """Batches of trajectories, written anew in every epoch; see `course.Lessons`."""

    def __init__(self, sets: Sequence[Strokes], recipe: TrajectoryRecipe) -> None:
        self._recipe = recipe
        rng = np.random.default_rng([recipe.seed, 0])
        learnt = [digit for each in sets for digit in each.learnt]
        kept = [digit for each in sets for digit in each.validation]
        self._ways = np.stack(
            [ways(digit.strokes, recipe.ways, recipe.variation, rng) for digit in learnt]
        )
        self._targets = _targets(learnt)
        written = [digit.strokes for digit in learnt]
        bank = [write_impostor(written, rng) for _ in range(recipe.impostor_bank)]
        self._impostors = paths(bank) if bank else self._ways[:0, 0]
        self._kept = features(_paths(kept)), _targets(kept)
        self.steps = recipe.steps(len(learnt) + recipe.impostors)
        self.summary = (
            f"{len(learnt):,} digits to learn from, {len(kept):,} of other writers kept apart"
        )

    def epoch(self, number: int) -> keras.utils.PyDataset:
        recipe = self._recipe
        rng = np.random.default_rng([recipe.seed, number])
        count = len(self._ways)
        chosen = rng.integers(0, recipe.ways, count) * (rng.random(count) < 0.5)
        none = rng.integers(0, max(1, len(self._impostors)), recipe.impostors)
        written = np.concatenate([self._ways[np.arange(count), chosen], self._impostors[none]])
        nothing = np.full((recipe.impostors, CLASSES), 1 / CLASSES, np.float32)
        targets = np.concatenate([self._targets, nothing])
        order = rng.permutation(len(written))[: self.steps * recipe.batch_size]
        read = features(bent(written[order], recipe.variation, rng))
        return _batches(read, targets[order], recipe.batch_size)

    def kept_apart(self) -> keras.utils.PyDataset:
        return _batches(*self._kept, self._recipe.batch_size)


def _batches(
    read: NDArray[np.float32], targets: NDArray[np.float32], size: int
) -> keras.utils.PyDataset:
    import keras

    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return math.ceil(len(read) / size)

        def __getitem__(self, step: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            some = slice(step * size, (step + 1) * size)
            return read[some], targets[some]

    return Batches()


def _targets(digits: Sequence[StrokeDigit]) -> NDArray[np.float32]:
    return np.eye(CLASSES, dtype=np.float32)[[digit.label for digit in digits]]


def _paths(digits: Sequence[StrokeDigit]) -> NDArray[np.float32]:
    return paths([digit.strokes for digit in digits])


def _errors(network: keras.Model, digits: Sequence[StrokeDigit]) -> Mapping[str, int]:
    said = network.predict(features(_paths(digits)), verbose=0).argmax(axis=1)
    wrong = said != [digit.label for digit in digits]
    return {"errors": int(wrong.sum()), "of": len(digits)}
