"""Looks for better numbers of a recipe: Optuna proposes them and gives up hopeless trials early.

A trial is one training with the proposed numbers, judged by its accuracy on the images
kept apart; the test images are not looked at. Sampling (Bergstra et al. 2011,
"Algorithms for Hyper-Parameter Optimization"), the median rule and the storing of
trials are all Optuna's; with a cluster Ray Tune runs them (`train.cluster`).
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
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from edge import files
from edge.errors import OutputError
from train import report
from train.flags import changed, flag, numbers, text
from train.material import Material, gather
from train.quiet import import_keras
from train.ranges import Range, ranges_of
from train.recipe import Recipe
from train.recipes import RECIPES
from train.trials import FAILED, STATES, STUDY, Maker, Trial, percent, trials_of

if TYPE_CHECKING:
    import optuna


DATABASE = "search.db"
NAME = "search.json"
PICTURE = "search.png"

# What Optuna keeps for us of a study.
_IDENTITY = "identity"


def search(
    recipe: Recipe,
    vary: Sequence[str],
    trials: int,
    out: Path,
    data_path: Path | None = None,
    stroke_paths: Sequence[Path] = (),
    progress: TextIO | None = None,
    cluster: str | None = None,
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
        cluster: of a Ray cluster's head `host:port`, or `auto`; its cores make trials side
            by side, so that what is proposed depends on which ends first. None makes one
            after the other, here.

    Returns:
        A table of all trials, the best first, and the command line that trains the best.

    Raises:
        ValueError: something can't be varied, or would change nothing.
        DataError: the images can't be had.
        OutputError: the folder can't be written, holds another search or a damaged one.
        PackageMissingError: a cluster is asked for, and Ray is not installed.
        WorkerError: the cluster can't be reached or gives up, or trials failed on it.
    """
    ranges = ranges_of(vary, recipe)
    files.make_folder(out)
    with _alone(out):
        material = gather(recipe, data_path, stroke_paths)
        import_keras()
        with _study(out, _identify(recipe, ranges, material), recipe) as (study, storage):
            run = Maker(study, recipe, ranges, trials, material, progress)
            if run.is_missing_trials():
                run.make_there(cluster, storage) if cluster else run.make_here()
            found = trials_of(study, ranges)

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
        key=lambda trial: (STATES.index(trial.state), -(trial.validation_accuracy or 0)),
    )


def table(trials: Sequence[Trial], vary: Sequence[str]) -> str:
    """Return the trials as text, the best first."""
    rows = [["trial", *vary, "kept apart", "epochs", "state"]]
    rows += [
        [
            str(trial.number),
            *(text(trial.values[name]) if name in trial.values else "-" for name in vary),
            percent(trial),
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
def _study(
    folder: Path, identity: str, recipe: Recipe
) -> Iterator[tuple[optuna.Study, optuna.storages.RDBStorage]]:
    """Lend the folder's study, begun if need be; what a killed process left is cleared up."""
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    # Its news go to stderr; ours go to `progress`.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = folder / DATABASE
    with contextlib.ExitStack() as stack:
        try:
            study, storage = _open(path, recipe, stack)
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
            yield study, storage
        except (optuna.exceptions.StorageInternalError, SQLAlchemyError) as error:
            raise OutputError(
                f"{path}: can't be written any more; see to the disk, then the same command goes on"
            ) from error


def _open(
    path: Path, recipe: Recipe, stack: contextlib.ExitStack
) -> tuple[optuna.Study, optuna.storages.RDBStorage]:
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
    study = optuna.create_study(
        storage=storage,
        study_name=STUDY,
        direction="maximize",
        load_if_exists=True,
        # The first third says little: it takes so long until the rate of one cycle falls.
        pruner=optuna.pruners.MedianPruner(n_warmup_steps=math.ceil(recipe.epochs / 3)),
    )
    return study, storage


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
    finished = [trial for trial in trials if trial.state != FAILED]
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
