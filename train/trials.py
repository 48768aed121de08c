"""The trials of a search: made here or on a cluster, and read out of Optuna's study."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from train.attempt import attempt
from train.fit import Epoch
from train.flags import changed, text
from train.material import Material, lessons_of
from train.ranges import Range
from train.recipe import Recipe

if TYPE_CHECKING:
    import optuna

    from train.batches import Lessons
    from train.data import Examples

STUDY = "search"
"""What Optuna calls the study of a search."""

COMPLETE, PRUNED, FAILED = "complete", "pruned", "failed"
STATES = (COMPLETE, PRUNED, FAILED)
"""How a trial can end, the best first."""

# What Optuna keeps for us of a trial.
_LOSS, _EPOCHS, _GIVEN_UP = "validation_loss", "epochs", "given_up"


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


class Maker:
    """Makes the trials that a study is still missing, here or on a cluster."""

    def __init__(
        self,
        study: optuna.Study,
        recipe: Recipe,
        ranges: Mapping[str, Range],
        count: int,
        material: Material,
        progress: TextIO | None,
    ) -> None:
        self._study, self._recipe, self._ranges = study, recipe, ranges
        self._count, self._material, self._progress = count, material, progress
        self._done = sum(trial.state != FAILED for trial in trials_of(study, ranges))

    def is_missing_trials(self) -> bool:
        """Tell whether there are fewer than asked for, and say how many there are."""
        if self._done and self._progress:
            print(
                f"made before: {self._done} of {self._count} trials",
                file=self._progress,
                flush=True,
            )
        return self._done < self._count

    def make_here(self) -> None:
        """Make one after the other."""
        import optuna

        recipe, lessons, validation = self._recipe, *self._taught()

        def objective(trial: optuna.Trial) -> float:
            def on_epoch(epoch: Epoch) -> None:
                trial.report(epoch.validation_accuracy, epoch.epoch)
                trial.set_user_attr(_LOSS, epoch.validation_loss)
                if epoch.epoch < recipe.epochs and trial.should_prune():
                    raise optuna.TrialPruned

            proposed = {name: each.propose(trial, name) for name, each in self._ranges.items()}
            judged = attempt(changed(recipe, proposed), lessons, validation, on_epoch)
            trial.set_user_attr(_LOSS, judged.validation_loss)
            return judged.validation_accuracy

        while self._done < self._count:
            self._study.sampler = self._sampler()
            self._study.optimize(objective, n_trials=1)
            self._tell(trials_of(self._study, self._ranges)[-1])

    def make_there(self, address: str, storage: optuna.storages.RDBStorage) -> None:
        """Make several at a time on a cluster."""
        from train.cluster import Notes, Work, run_on_cluster

        def on_epoch(trial: optuna.Trial, epoch: int, loss: float, is_given_up: bool) -> None:
            # Tune's trials are all complete to Optuna, and of one that is given up it does
            # not hear the last epoch.
            for name, value in ((_LOSS, loss), (_EPOCHS, epoch), (_GIVEN_UP, is_given_up)):
                trial.set_user_attr(name, value)

        def on_end(number: int) -> None:
            self._tell(trials_of(self._study, self._ranges)[number])

        work = Work(self._recipe, self._ranges, *self._taught())
        missing = self._count - self._done
        notes = Notes(on_epoch, on_end)
        run_on_cluster(address, storage, STUDY, self._sampler(), work, missing, notes)

    def _taught(self) -> tuple[Lessons, Examples]:
        """Return what the networks learn from, and what they are judged by."""
        lessons = lessons_of(self._material, self._recipe)
        return lessons, self._material.validation[self._recipe.dataset]

    def _sampler(self) -> optuna.samplers.TPESampler:
        import optuna

        # A sampler's memory is the study, but its dice would start again with every
        # process: dice of its own for each trial give the same trials either way.
        dice = np.random.SeedSequence([self._recipe.seed, self._done]).generate_state(1)
        return optuna.samplers.TPESampler(seed=int(dice[0]))

    def _tell(self, trial: Trial) -> None:
        """Count a trial that has ended, and print its line."""
        self._done += 1
        if self._progress is None:
            return
        values = ", ".join(f"{name} {text(value)}" for name, value in trial.values.items())
        print(
            f"{self._done:{len(str(self._count))}}/{self._count}  trial {trial.number}: {values}: "
            f"{percent(trial)} kept apart, {trial.epochs} epochs, {trial.state}",
            file=self._progress,
            flush=True,
        )


def trials_of(study: optuna.Study, ranges: Mapping[str, Range]) -> list[Trial]:
    """Return the study's trials, by number."""
    from optuna.trial import TrialState

    states = {TrialState.COMPLETE: COMPLETE, TrialState.PRUNED: PRUNED}
    found = []
    for trial in study.get_trials(deepcopy=False):
        accuracy = trial.value
        if accuracy is None and trial.intermediate_values:
            accuracy = trial.intermediate_values[max(trial.intermediate_values)]
        attributes = trial.user_attrs
        loss = attributes.get(_LOSS, math.nan)
        state = states.get(trial.state, FAILED)
        if state == COMPLETE and attributes.get(_GIVEN_UP):
            state = PRUNED
        found.append(
            Trial(
                number=trial.number,
                state=state,
                values={
                    name: choices.read(trial.params[name])
                    for name, choices in ranges.items()
                    if name in trial.params
                },
                validation_accuracy=accuracy,
                validation_loss=loss if math.isfinite(loss) else None,
                epochs=attributes.get(_EPOCHS, len(trial.intermediate_values)),
            )
        )
    return found


def percent(trial: Trial) -> str:
    """Return how many of the images kept apart a trial got right, as text."""
    accuracy = trial.validation_accuracy
    return "-" if accuracy is None else f"{accuracy:.2%}"
