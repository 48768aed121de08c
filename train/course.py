"""The course of a training that is not of the classifier: its numbers, its epochs, what it leaves.

The detector of boxes and the reader of pen trajectories are trained so (`train.detecting`,
`train.trajectory`): AdamW along one cycle, with a state after every epoch to go on from, and in
the end a `.keras` file and a `report.json` with these keys:

    run           identifies the run: SHA-256 of recipe, data and network
    model         file name and SHA-256 of the `.keras` file
    architecture  of the network
    weights       how many there are, running means and variances included
    recipe        every number of the training
    data          what was learnt from and what was kept apart
    epochs        loss of both, one entry per epoch
    versions      of Python, numpy, Keras and what it ran on
    seconds       the training took, since it was last gone on with

The converter reads the report to fill in the model card.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

import numpy as np
from numpy.typing import NDArray

from edge import files
from edge.card import sha256_of
from train.checkpoint import Checkpoint, Progressed
from train.errors import CheckpointError
from train.report import NAME as REPORT_NAME
from train.report import of_finished, to_json, versions

if TYPE_CHECKING:
    import keras

STATE_NAME = "checkpoint.npz"


@dataclass(frozen=True)
class Course:
    """The numbers of a training.

    Raises:
        ValueError: a number is outside its range.
    """

    epochs: int
    """Times each example is seen."""
    batch_size: int = 64
    """Examples per step."""
    learning_rate: float = 3e-3
    """Where the one cycle's cosine begins."""
    warmup: float = 0.04
    """Share of the steps on which the rate rises."""
    least: float = 0.005
    """Share of the rate that is left in the end."""
    weight_decay: float = 1e-3
    """Of AdamW, times the rate."""
    seed: int = 0
    """Of first weights, order and of how examples are varied."""

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

    def steps(self, examples: int) -> int:
        """Return how many batches an epoch has; what does not fill the last one is left out."""
        return max(1, examples // self.batch_size)


class Lessons(Protocol):
    """What is learnt from and what is measured on."""

    steps: int
    """Batches of an epoch."""

    def epoch(self, number: int) -> keras.utils.PyDataset:
        """Return the batches of an epoch, from 1, shuffled and varied."""

    def kept_apart(self) -> keras.utils.PyDataset:
        """Return the batches that the loss is measured on, always the same."""


def identify(course: Course, architecture: str, *data: str) -> str:
    """Return what identifies a run, lower-case hexadecimal.

    Args:
        course: its numbers.
        architecture: of the network.
        data: what it learns from and is measured on: SHA-256 each.
    """
    what = {"recipe": asdict(course), "data": data, "architecture": architecture}
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


class Study:
    """One run in a folder of its own, begun, gone on with or finished.

    Args:
        out: the folder; it is there.
        identity: from `identify`.
        progress: where to print how far it is; None prints nothing.

    Raises:
        OutputError: the folder holds another run.
    """

    def __init__(self, out: Path, identity: str, progress: TextIO | None = None) -> None:
        self.out, self.identity = out, identity
        self._progress = progress
        self._checkpoint = Checkpoint(out / STATE_NAME, identity)
        self._start = time.monotonic()
        self.finished = of_finished(out, identity)
        """The report of the run where it has finished before."""
        if self.finished:
            # Killed at the very end, it may have left its state behind.
            self._clear()
            self.say(f"{out}: this run has finished before; nothing to do")

    def say(self, line: str) -> None:
        """Print how far it is."""
        if self._progress:
            print(line, file=self._progress, flush=True)

    def learn(
        self, network: keras.Model, loss: Callable[..., Any], lessons: Lessons, course: Course
    ) -> list[dict[str, Any]]:
        """Train, or go on training, and return what each epoch brought.

        Raises:
            CheckpointError: the state in the folder is another run's or damaged.
            OutputError: the state can't be written.
        """
        import keras

        from train.schedule import OneCycle

        steps = course.epochs * lessons.steps
        optimizer = keras.optimizers.AdamW(
            OneCycle(course.learning_rate, steps, course.warmup, course.least),
            weight_decay=course.weight_decay,
        )
        optimizer.build(network.trainable_variables)
        # Weights, and where the seeds of what is silenced at random have come to.
        state = [*network.variables, *optimizer.variables]
        # XLA compiles for longer than a small training on a CPU takes; on JAX there is no other
        # way.
        network.compile(optimizer, loss, jit_compile=keras.backend.backend() == "jax")
        history: list[dict[str, Any]] = []
        if progressed := self._checkpoint.load():
            try:
                for variable, value in zip(state, progressed.state, strict=True):
                    variable.assign(value)
            except ValueError as error:
                raise CheckpointError(
                    f"{self._checkpoint.path}: the state does not fit this network, another "
                    "version may have left it; remove it to start anew"
                ) from error
            history = progressed.history
            self.say(f"goes on after epoch {len(history)}")

        measured = lessons.kept_apart()
        self._start = time.monotonic()
        for epoch in range(len(history) + 1, course.epochs + 1):
            # Epoch by epoch, as Keras prepares batches before it says which epoch they are for.
            batches = lessons.epoch(epoch)
            # They are shuffled, by a seed; Keras would shuffle them again by none.
            fitted = network.fit(batches, validation_data=measured, shuffle=False, verbose=0)
            found = fitted.history
            losses = {"loss": found["loss"][0], "validation_loss": found["val_loss"][0]}
            history.append({"epoch": epoch, **{name: round(x, 4) for name, x in losses.items()}})
            self._checkpoint.save(Progressed([_value(variable) for variable in state], history))
            self.say(
                f"epoch {epoch}/{course.epochs}  loss {losses['loss']:.3f}, "
                f"{losses['validation_loss']:.3f} kept apart  "
                f"{time.monotonic() - self._start:.0f} s gone"
            )
        return history

    def leave(
        self,
        network: keras.Model,
        name: str,
        course: Course,
        history: list[dict[str, Any]],
        told: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Write the network and its report.

        Args:
            network: as it is to be kept.
            name: of its file, ending in `.keras`.
            course: the numbers of the training.
            history: from `learn`.
            told: what else the report tells: `architecture`, `data` and more.

        Returns:
            The report.

        Raises:
            OutputError: they can't be written.
        """
        seconds = time.monotonic() - self._start
        with files.staging(self.out) as aside:
            model, report = aside / name, aside / REPORT_NAME
            network.save(model)
            made = {
                "run": self.identity,
                "model": {"file": model.name, "sha256": sha256_of(model.read_bytes())},
                "weights": network.count_params(),
                "recipe": asdict(course),
                **told,
                "epochs": history,
                "versions": versions(),
                "seconds": round(seconds, 1),
            }
            report.write_text(to_json(made), "utf-8")
            # The report last, as a folder with a report is a run that has finished.
            files.publish(model, report)
        self._clear()
        self.say(f"wrote {name} and {REPORT_NAME} in {self.out}")
        return made

    def _clear(self) -> None:
        self._checkpoint.clear()
        files.sweep(self.out)


def _value(variable: Any) -> NDArray[Any]:
    """Return a variable's value, a copy: JAX gives its own memory away."""
    import keras

    return np.array(keras.ops.convert_to_numpy(variable))
