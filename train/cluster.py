"""The trials of a search on many machines: Ray Tune schedules them, Optuna proposes them.

Trials run side by side, one on each core of the cluster. One that is lost with its node is
begun again, and the median rule gives up hopeless ones; both are Tune's. All that is known
of them is written by the process that asked, into the same study as without a cluster.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.bulk.head import connected, import_ray
from edge.errors import WorkerError
from train.attempt import attempt, kept
from train.batches import Lessons
from train.data import Examples
from train.fit import Epoch
from train.flags import changed
from train.quiet import import_keras
from train.ranges import Range
from train.recipe import Recipe

if TYPE_CHECKING:
    import optuna

# Of a trial: which one of the study's it is, and what is reported after each epoch.
_NUMBER, _ACCURACY, _LOSS = "number", "validation_accuracy", "validation_loss"
# Times that a trial is begun again which ended with its node or its process.
_MOST_FAILURES = 3
# Complete trials before the median says anything, as Optuna's own rule has it.
_LEAST_SAMPLES = 5
# Tune would take Ctrl-C for itself, and write what it hears to files that nobody reads.
_ENVIRONMENT = {
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "RAY_AIR_NEW_OUTPUT": "0",
}
# One core for each trial, which TensorFlow must be told before it starts.
_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")


@dataclass(frozen=True)
class Work:
    """What the trials are, the same for all of them; sent to the nodes once."""

    recipe: Recipe
    """What is not varied."""
    ranges: Mapping[str, Range]
    """Of the varied fields."""
    lessons: Lessons
    """To learn from."""
    validation: Examples
    """To be judged by."""


@dataclass(frozen=True)
class Notes:
    """What is to be done with what the trials report."""

    on_epoch: Callable[[optuna.Trial, int, float, bool], None]
    """Called with the trial, the epoch from 1, the loss, and whether it is given up now."""
    on_end: Callable[[int], None]
    """Called with the number of a trial that was told to the study."""


def run_on_cluster(
    address: str,
    storage: optuna.storages.BaseStorage,
    study_name: str,
    sampler: optuna.samplers.BaseSampler,
    work: Work,
    count: int,
    notes: Notes,
) -> None:
    """Make trials on a Ray cluster.

    Args:
        address: of the cluster's head, `host:port`, or `auto`; see `edge.bulk.head`.
        storage: where the study is; only this process writes to it.
        study_name: which one in it.
        sampler: proposes numbers.
        work: what the trials are.
        count: how many to make.
        notes: what to do with what they report.

    Raises:
        PackageMissingError: Ray is not installed.
        WorkerError: the cluster can't be reached or gives up, or trials failed on it.
    """
    os.environ.update(_ENVIRONMENT)
    ray = import_ray("ray.tune", "ray.tune.search.optuna")
    from ray import tune
    from ray.tune.schedulers import MedianStoppingRule
    from ray.tune.search.optuna import OptunaSearch

    proposed: dict[int, Any] = {}

    def space(trial: optuna.Trial) -> dict[str, int]:
        for name, choices in work.ranges.items():
            choices.propose(trial, name)
        proposed[trial.number] = trial
        return {_NUMBER: trial.number}

    class Searcher(OptunaSearch):  # type: ignore[misc]
        def save(self, checkpoint_path: str) -> None:
            # Tune keeps a copy of what it knows every few seconds. The study is kept already.
            Path(checkpoint_path).touch()

    class Listener(tune.Callback):  # type: ignore[misc]
        def on_trial_result(
            self, iteration: int, trials: list[Any], trial: Any, result: Any, **_: Any
        ) -> None:
            epoch = result["training_iteration"]
            # Tune says so where its rule ends a trial, not where a trial comes to its end.
            is_given_up = bool(result.get("done")) and epoch < work.recipe.epochs
            notes.on_epoch(proposed[trial.config[_NUMBER]], epoch, result[_LOSS], is_given_up)

        def on_trial_complete(
            self, iteration: int, trials: list[Any], trial: Any, **_: Any
        ) -> None:
            notes.on_end(trial.config[_NUMBER])

    with connected(ray, address), tempfile.TemporaryDirectory(prefix="fivebox-") as scratch:
        cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
        tuner = tune.Tuner(
            tune.with_resources(tune.with_parameters(_train, work=work), {"cpu": 1}),
            tune_config=tune.TuneConfig(
                metric=_ACCURACY,
                mode="max",
                num_samples=count,
                max_concurrent_trials=min(cores, count),
                search_alg=Searcher(
                    space=space,
                    metric=_ACCURACY,
                    mode="max",
                    sampler=sampler,
                    study_name=study_name,
                    storage=storage,
                ),
                scheduler=MedianStoppingRule(
                    time_attr="training_iteration",
                    grace_period=math.ceil(work.recipe.epochs / 3) + 1,
                    min_samples_required=_LEAST_SAMPLES,
                    # Never: a trial that is to wait for others would begin again.
                    min_time_slice=math.inf,
                ),
            ),
            run_config=tune.RunConfig(
                name="search",
                storage_path=scratch,
                failure_config=tune.FailureConfig(max_failures=_MOST_FAILURES),
                callbacks=[Listener()],
                verbose=0,
            ),
        )
        errors = tuner.fit().errors
    if errors:
        raise WorkerError(
            f"{len(errors)} of {count} trials failed on the cluster ({_last_line(errors[0])}); "
            "the same command tries others in their place"
        )


def _train(config: dict[str, Any], work: Work) -> None:
    """Do one trial, on a node."""
    from ray import tune

    for name in _THREADS:
        os.environ[name] = "1"
    import_keras()
    recipe = changed(
        work.recipe, {name: choices.read(config[name]) for name, choices in work.ranges.items()}
    )
    history: list[Epoch] = []

    def on_epoch(epoch: Epoch) -> None:
        history.append(epoch)
        judged = kept(history, recipe)
        tune.report({_ACCURACY: judged.validation_accuracy, _LOSS: judged.validation_loss})

    attempt(recipe, work.lessons, work.validation, on_epoch)


def _last_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1][:200] if lines else type(error).__name__
