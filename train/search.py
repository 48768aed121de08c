"""Looks for better numbers of a recipe: Optuna proposes them and gives up hopeless trials early.

A trial is one training with the proposed numbers, judged by its accuracy on the images
kept apart; the test images are not looked at. Sampling (Bergstra et al. 2011,
"Algorithms for Hyper-Parameter Optimization"), the median rule and the storing of
trials are all Optuna's.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import math
import os
import shlex
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from edge import files
from edge.errors import OutputError
from train import report
from train.convolution import build_convolutional, convolutional_recipe, unfold
from train.fit import Epoch, fit
from train.flags import changed, flag, numbers, text
from train.material import Material, gather, lessons_of
from train.network import build
from train.quiet import import_tensorflow
from train.ranges import Range, ranges_of
from train.recipe import Recipe
from train.recipes import RECIPES

if TYPE_CHECKING:
    import optuna

DATABASE = "search.db"
NAME = "search.json"
PICTURE = "search.png"

_IDENTITY, _LOSS = "identity", "validation_loss"
_COMPLETE, _PRUNED, _FAILED = "complete", "pruned", "failed"
_STATES = (_COMPLETE, _PRUNED, _FAILED)


@dataclass(frozen=True)
class Trial:
    """What one trial brought."""

    number: int
    """Optuna's, from 0; those that were cut short count."""
    state: str
    """`complete`; `pruned`: given up as hopeless; `failed`: cut short from outside."""
    values: Mapping[str, Any]
    """Of the varied fields."""
    validation_accuracy: float | None
    """Of the network it made, or where it was given up; None before the first epoch."""
    validation_loss: float | None
    """The same; None also where the loss was no finite number."""
    epochs: int
    """How many there were."""


def search(
    recipe: Recipe,
    vary: Sequence[str],
    trials: int,
    out: Path,
    data_path: Path | None = None,
    stroke_paths: Sequence[Path] = (),
    progress: TextIO | None = None,
) -> str:
    """Try a recipe with other numbers until there are as many trials as asked for.

    The same call goes on where an earlier one was stopped, with the trials that an
    undisturbed one would have made; with more trials it continues what was finished.

    Args:
        recipe: one of `train.recipes.RECIPES`, perhaps with numbers of its own; what is
            not varied is taken from it.
        vary: names of fields, all in `VARIABLE`.
        trials: how many there shall be in all, complete or pruned.
        out: the search's folder, made if need be.
        data_path: the data set's file; None takes Keras's copy.
        stroke_paths: stroke sets to mix in, where the recipe draws them.
        progress: where to print a line per trial; None prints nothing.

    Returns:
        A table of all trials, the best first, and the command line that trains the best.

    Raises:
        ValueError: something can't be varied, or would change nothing.
        DataError: the images can't be had.
        OutputError: the folder can't be written, holds another search or a damaged one.
    """
    ranges = ranges_of(vary, recipe)
    files.make_folder(out)
    with _alone(out):
        material = gather(recipe, data_path, stroke_paths)
        import_tensorflow()
        with _study(out, _identify(recipe, ranges, material), recipe) as study:
            _run(study, recipe, ranges, trials, material, progress)
            found = _trials(study, ranges)

    best = ranked(found)[0]
    train_best = command(
        changed(recipe, best.values),
        ranges,
        out / f"trial-{best.number}",
        data_path,
        stroke_paths,
    )
    _write(out, recipe, ranges, found, best, train_best)
    return (
        f"{table(found, ranges)}\nwrote {NAME} and {PICTURE} in {out}; the best is trained by\n"
        f"{train_best}"
    )


def ranked(trials: Sequence[Trial]) -> list[Trial]:
    """Return the trials, the best first: complete, pruned, failed, each by accuracy."""
    return sorted(
        trials,
        key=lambda trial: (_STATES.index(trial.state), -(trial.validation_accuracy or 0)),
    )


def table(trials: Sequence[Trial], vary: Sequence[str]) -> str:
    """Return the trials as text, the best first."""
    rows = [["trial", *vary, "kept apart", "epochs", "state"]]
    rows += [
        [
            str(trial.number),
            *(text(trial.values[name]) if name in trial.values else "-" for name in vary),
            _percent(trial),
            str(trial.epochs),
            trial.state,
        ]
        for trial in ranked(trials)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        for row in rows
    )


def command(
    recipe: Recipe,
    vary: Sequence[str],
    out: Path,
    data_path: Path | None = None,
    stroke_paths: Sequence[Path] = (),
) -> str:
    """Return the command line that trains by a changed recipe.

    Args:
        recipe: of a name in `train.recipes.RECIPES`; flags say where it differs.
        vary: fields that get a flag in any case.
        out: folder for the run.
        data_path: the data set's file; None leaves it to Keras.
        stroke_paths: stroke sets to mix in.
    """
    usual = numbers(RECIPES[recipe.name])
    words = ["python", "-m", "train", "--recipe", recipe.name]
    for name, value in numbers(recipe).items():
        if name not in vary and value == usual[name]:
            continue
        if isinstance(value, bool):
            words.append(flag(name) if value else flag(f"no_{name}"))
        else:
            words += [flag(name), text(value)]
    if data_path:
        words += ["--data", str(data_path)]
    for path in stroke_paths:
        words += ["--strokes", str(path)]
    return shlex.join([*words, "--out", str(out)])


def _identify(recipe: Recipe, ranges: Mapping[str, Range], material: Material) -> str:
    """Return what is the same for two searches only if their trials can be mixed."""
    what = {
        "run": report.identify(recipe, material),
        "vary": {name: asdict(choices) for name, choices in ranges.items()},
    }
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes out: each would take the other's trial for one left by a dead one."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputError(
                f"{folder}: another search is running here; wait for it or choose another --out"
            ) from error
        except OSError:
            # A file system without locks; a network's may be one.
            pass
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _study(folder: Path, identity: str, recipe: Recipe) -> Iterator[optuna.Study]:
    """Lend the folder's study, begun if need be; what a killed process left is cleared up."""
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    # Its news go to stderr; ours go to `progress`.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = folder / DATABASE
    with contextlib.ExitStack() as stack:
        try:
            study = _open(path, recipe, stack)
            held = study.user_attrs.get(_IDENTITY)
            trials = study.get_trials(deepcopy=False)
        # What is raised for a damaged file depends on where the damage is.
        except Exception as error:
            raise OutputError(
                f"{path}: damaged, or no search of this version; remove it to start anew"
            ) from error
        if held != identity and (held or trials):
            raise OutputError(
                f"{folder}: holds a search of another recipe, data or --vary; choose another --out"
            )
        try:
            study.set_user_attr(_IDENTITY, identity)
            for trial in trials:
                if not trial.state.is_finished():
                    study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
            yield study
        except (optuna.exceptions.StorageInternalError, SQLAlchemyError) as error:
            raise OutputError(
                f"{path}: can't be written any more; see to the disk, then the same command goes on"
            ) from error


def _open(path: Path, recipe: Recipe, stack: contextlib.ExitStack) -> optuna.Study:
    import optuna

    # SQLite and not Optuna's journal file, though that opens faster: SQLite undoes the
    # half of a change that a kill or a power cut leaves behind, while to a half line the
    # journal appends the next one and then can't be read again. The connection is made
    # here, as not every path can be said in a URL.
    storage = optuna.storages.RDBStorage(
        f"sqlite:///{path.name}",
        engine_kwargs={"creator": lambda: sqlite3.connect(path, check_same_thread=False)},
    )
    stack.callback(storage.engine.dispose)
    stack.callback(storage.remove_session)
    return optuna.create_study(
        storage=storage,
        study_name="search",
        direction="maximize",
        load_if_exists=True,
        # The first third says little: it takes so long until the rate of one cycle falls.
        pruner=optuna.pruners.MedianPruner(n_warmup_steps=math.ceil(recipe.epochs / 3)),
    )


def _run(
    study: optuna.Study,
    recipe: Recipe,
    ranges: Mapping[str, Range],
    count: int,
    material: Material,
    progress: TextIO | None,
) -> None:
    """Make the trials that are still missing."""
    import keras
    import optuna

    before = sum(trial.state != _FAILED for trial in _trials(study, ranges))
    if before and progress:
        print(f"made before: {before} of {count} trials", file=progress, flush=True)
    if before >= count:
        return
    shape = material.dataset.train.images.shape[1:]
    lessons, validation = lessons_of(material, recipe), material.validation[recipe.dataset]

    def attempt(trial: optuna.Trial) -> float:
        # Keras remembers every network that was built.
        keras.utils.clear_session()
        tried = changed(
            recipe, {name: choices.propose(trial, name) for name, choices in ranges.items()}
        )

        def on_epoch(epoch: Epoch) -> None:
            trial.report(epoch.validation_accuracy, epoch.epoch)
            trial.set_user_attr(_LOSS, epoch.validation_loss)
            if epoch.epoch < recipe.epochs and trial.should_prune():
                raise optuna.TrialPruned

        network = build(tried, shape, tried.precision)
        if tried.convolutional_epochs:
            shorter = convolutional_recipe(tried)
            filters = build_convolutional(shorter, tried.precision)
            fit(filters, lessons, validation, shorter)
            network.set_weights(unfold(filters))
        history = fit(network, lessons, validation, tried, on_epoch=on_epoch)
        kept = history[-1]
        if recipe.patience:
            # As `fit` does, whose network has the weights of that epoch.
            kept = min(history, key=lambda epoch: epoch.validation_loss)
        trial.set_user_attr(_LOSS, kept.validation_loss)
        return kept.validation_accuracy

    for done in range(before, count):
        # A sampler's memory is the study, but its dice would start again with every
        # process: dice of its own for each trial give the same trials either way.
        dice = np.random.SeedSequence([recipe.seed, done]).generate_state(1)
        study.sampler = optuna.samplers.TPESampler(seed=int(dice[0]))
        study.optimize(attempt, n_trials=1)
        if progress:
            last = _trials(study, ranges)[-1]
            values = ", ".join(f"{name} {text(value)}" for name, value in last.values.items())
            print(
                f"{done + 1:{len(str(count))}}/{count}  trial {last.number}: {values}: "
                f"{_percent(last)} kept apart, {last.epochs} epochs, {last.state}",
                file=progress,
                flush=True,
            )


def _trials(study: optuna.Study, ranges: Mapping[str, Range]) -> list[Trial]:
    """Return the study's trials, by number."""
    from optuna.trial import TrialState

    states = {TrialState.COMPLETE: _COMPLETE, TrialState.PRUNED: _PRUNED}
    found = []
    for trial in study.get_trials(deepcopy=False):
        accuracy = trial.value
        if accuracy is None and trial.intermediate_values:
            accuracy = trial.intermediate_values[max(trial.intermediate_values)]
        loss = trial.user_attrs.get(_LOSS, math.nan)
        found.append(
            Trial(
                number=trial.number,
                state=states.get(trial.state, _FAILED),
                values={
                    name: choices.read(trial.params[name])
                    for name, choices in ranges.items()
                    if name in trial.params
                },
                validation_accuracy=accuracy,
                validation_loss=loss if math.isfinite(loss) else None,
                epochs=len(trial.intermediate_values),
            )
        )
    return found


def _write(
    out: Path,
    recipe: Recipe,
    vary: Sequence[str],
    trials: Sequence[Trial],
    best: Trial,
    train_best: str,
) -> None:
    """Leave `search.json` and `search.png` in the folder."""
    # Here and not above: matplotlib takes a second, and only a finished search needs it.
    from train import plots

    summary = {
        "recipe": recipe.name,
        "vary": list(vary),
        "best": best.number,
        "command": train_best,
        "trials": [asdict(trial) for trial in trials],
    }
    finished = [trial for trial in trials if trial.state != _FAILED]
    with files.staging(out) as aside:
        listed, drawn = aside / NAME, aside / PICTURE
        listed.write_text(json.dumps(summary, indent=2) + "\n", "utf-8")
        figure = plots.trials(
            [trial.values for trial in finished],
            [trial.validation_accuracy for trial in finished],
            list(vary),
        )
        plots.save(figure, drawn)
        files.publish(listed, drawn)


def _percent(trial: Trial) -> str:
    accuracy = trial.validation_accuracy
    return "-" if accuracy is None else f"{accuracy:.2%}"
