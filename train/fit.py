"""Learns the weights, step by step as the textbook's algorithm does.

For each epoch, shuffle the images and bend them; for each batch, run the network
forward, differentiate the loss backward and move the weights against the gradient.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from train.batches import Lessons, ahead, batches, steps_per_epoch
from train.checkpoint import Checkpoint, Progressed
from train.data import Examples
from train.errors import CheckpointError
from train.learning import Pupil, make_learner
from train.losses import losses_of
from train.network import scores, without_softmax
from train.recipe import Recipe

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Step:
    """What one step brought."""

    epoch: int
    """From 1."""
    step: int
    """Of all steps, from 1."""
    steps: int
    """How many there will be in all."""
    loss: float
    """Mean over this epoch so far."""
    accuracy: float
    """Share of the images, as bent, that were right, over this epoch so far."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch brought."""

    epoch: int
    """From 1."""
    loss: float
    """Mean over the training images, as they were bent."""
    accuracy: float
    """Share of them that were right as they were learnt from."""
    validation_loss: float
    """Mean over the images kept apart, not bent."""
    validation_accuracy: float
    """Share of them that are right now."""


def fit(
    network: keras.Model,
    lessons: Lessons,
    validation: Examples,
    recipe: Recipe,
    checkpoint: Checkpoint | None = None,
    teachers: Sequence[keras.Model] = (),
    on_step: Callable[[Step], None] = lambda step: None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> list[Epoch]:
    """Train the network in place, by the recipe.

    Args:
        network: from `train.network.build`; its weights are changed.
        lessons: to learn from.
        validation: to look at after every epoch; nothing is learnt from it.
        recipe: all the numbers.
        checkpoint: where the state is kept after every epoch, and taken up again if
            an earlier process was stopped; None keeps nothing.
        teachers: networks whose answers are imitated, their mean, beside the labels;
            from `train.network.build`. None of them: the labels, and the answers that
            the lessons hold, alone.
        on_step: called after each step.
        on_epoch: called after each epoch, those of an earlier process included.

    Returns:
        One record per epoch.

    Raises:
        OutputError: the state can't be kept, or what is there is none of this run.
    """
    # The softmax belongs to the loss here: from logits it can't overflow.
    logits_of = without_softmax(network)
    optimizer = make_optimizer(recipe)
    optimizer.build(logits_of.trainable_variables)
    average = _average_of(logits_of) if recipe.average else ()
    pupil = Pupil(logits_of, optimizer, recipe, average, teachers)
    learn = make_learner(pupil)
    state = pupil.state
    history: list[Epoch] = []
    best: list[NDArray[Any]] | None = None
    if checkpoint and (progressed := checkpoint.load()):
        try:
            for variable, value in zip(state, progressed.state, strict=True):
                variable.assign(value)
            history = [Epoch(**record) for record in progressed.history]
        except (ValueError, TypeError) as error:
            raise CheckpointError(
                f"{checkpoint.path}: the state does not fit this network, another version may "
                "have left it; remove it to start anew"
            ) from error
        best = progressed.best
        for epoch in history:
            on_epoch(epoch)

    per_epoch = steps_per_epoch(lessons, recipe)
    steps = recipe.epochs * per_epoch
    while len(history) < recipe.epochs and not _stalled(history, recipe.patience):
        number = len(history) + 1
        step, seen, digits, loss_sum, right_sum = (number - 1) * per_epoch, 0, 0, 0.0, 0
        made = ahead(batches(lessons, number, recipe))
        for learnt in learn(zip(made, _rates(recipe, step, steps), strict=False)):
            step += 1
            seen += learnt.images
            digits += learnt.digits
            loss_sum += learnt.loss * learnt.images
            right_sum += learnt.right
            on_step(Step(number, step, steps, loss_sum / seen, right_sum / max(1, digits)))

        with _averaged(pupil):
            loss, accuracy = evaluate(logits_of, validation, recipe.loss)
            share = right_sum / max(1, digits)
            history.append(Epoch(number, loss_sum / seen, share, loss, accuracy))
            if recipe.patience and _best_epoch(history) == number:
                best = network.get_weights()
        if checkpoint:
            records = [vars(epoch) for epoch in history]
            checkpoint.save(Progressed([_value(v) for v in state], records, best))
        on_epoch(history[-1])

    if average:
        _swap(pupil)
    if best is not None:
        network.set_weights(best)
    return history


def make_optimizer(recipe: Recipe) -> keras.Optimizer:
    """Return the recipe's optimizer, at the recipe's rate."""
    import keras

    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(recipe.learning_rate)
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(recipe.learning_rate)
    optimizer = keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay)
    # A bias that shrinks only moves the threshold of its unit.
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def one_cycle(progress: float, peak: float, warmup: float) -> float:
    """Return the learning rate: up to the peak and down to almost nothing, along cosines.

    Smith & Topin (2019), "Super-Convergence". It starts at 1/25 of the peak and ends
    at 1/10,000 of that.

    Args:
        progress: share of the training that is done, 0 to 1.
        peak: the highest rate.
        warmup: share of the training after which the peak is reached.
    """
    start, end = peak / 25, peak / 250_000
    if progress < warmup:
        low, share = start, progress / warmup
    else:
        low, share = end, (1 - progress) / (1 - warmup)
    return low + (peak - low) * (1 - math.cos(math.pi * share)) / 2


def evaluate(logits_of: keras.Model, examples: Examples, loss: str) -> tuple[float, float]:
    """Return loss and accuracy of a network that gives logits, images not bent."""
    logits = scores(logits_of, examples.images)
    labels = examples.labels.astype(np.int64)
    losses = np.asarray(losses_of(logits, labels, loss))
    return float(losses.mean()), float((logits.argmax(axis=1) == labels).mean())


def _rates(recipe: Recipe, step: int, steps: int) -> Iterator[float]:
    """Yield the learning rate of this step of so many, from 0, and of all after it."""
    for done in itertools.count(step):
        if recipe.schedule == "one-cycle":
            yield one_cycle(done / steps, recipe.learning_rate, recipe.warmup)
        else:
            yield recipe.learning_rate


def _average_of(network: keras.Model) -> list[keras.Variable]:
    """Return where the running average of the weights begins: at the weights."""
    import keras

    return [keras.Variable(_value(v), trainable=False) for v in network.trainable_variables]


def _swap(pupil: Pupil) -> None:
    """Exchange a network's weights and their average."""
    for mean, weight in zip(pupil.average, pupil.logits_of.trainable_variables, strict=True):
        kept = _value(weight)
        weight.assign(_value(mean))
        mean.assign(kept)


def _value(variable: Any) -> NDArray[Any]:
    """Return a variable's value, a copy: JAX gives its own memory away."""
    import keras

    return np.array(keras.ops.convert_to_numpy(variable))


@contextlib.contextmanager
def _averaged(pupil: Pupil) -> Iterator[None]:
    """Lend the averaged weights, where there are any, to the network."""
    if not pupil.average:
        yield
        return
    _swap(pupil)
    try:
        yield
    finally:
        _swap(pupil)


def _best_epoch(history: list[Epoch]) -> int:
    """Return the first epoch with the lowest validation loss."""
    return min(history, key=lambda epoch: epoch.validation_loss).epoch


def _stalled(history: list[Epoch], patience: int) -> bool:
    """Tell whether the validation loss has not fallen for too long."""
    return bool(patience and history) and len(history) - _best_epoch(history) >= patience
