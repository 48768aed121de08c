"""How a network learns from batch after batch, in TensorFlow's way and in JAX's.

Both do the same: run the network forward, differentiate the loss backward, move the weights
against the gradient. TensorFlow changes its variables in place; JAX takes values and returns
others, so that variables are read when an epoch begins and written when it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from train.batches import Batch
from train.data import IMPOSTOR
from train.losses import loss_to_learn, softened
from train.network import without_softmax
from train.recipe import Recipe

if TYPE_CHECKING:
    import keras


class Learnt(NamedTuple):
    """What one step brought."""

    images: int
    """How many the batch has."""
    digits: int
    """Those of them that are no impostors."""
    loss: float
    """Mean over the batch."""
    right: int
    """How many of the digits were right, as bent."""


Learner = Callable[[Iterable[tuple[Batch, float]]], Iterator[Learnt]]
"""Learns from batches, each with the learning rate of its step, and tells of each step."""


@dataclass(frozen=True)
class Pupil:
    """A network that learns, and all that learning changes."""

    logits_of: keras.Model
    """`float32 (b, pixels)`, 0 to 1, to logits."""
    optimizer: keras.Optimizer
    """Built for the network's weights."""
    recipe: Recipe
    average: Sequence[keras.Variable] = ()
    """The running average of the trainable weights, where the recipe has one."""
    teachers: Sequence[keras.Model] = ()
    """Networks whose answers are imitated where a batch has none."""

    @property
    def state(self) -> list[Any]:
        """Every variable that a later process needs to go on; dropout's random state too."""
        return [*self.logits_of.variables, *self.optimizer.variables, *self.average]


def make_learner(pupil: Pupil) -> Learner:
    """Return what teaches the pupil, by the library that Keras runs on."""
    import keras

    return _with_jax(pupil) if keras.backend.backend() == "jax" else _with_tensorflow(pupil)


def _with_tensorflow(pupil: Pupil) -> Learner:
    import tensorflow as tf

    # Sums in parallel may round differently from run to run; the same seed is to
    # give the same weights.
    tf.config.experimental.enable_op_determinism()
    teacher_logits = [without_softmax(teacher) for teacher in pupil.teachers]
    weights, recipe = pupil.logits_of.trainable_variables, pupil.recipe

    def step(pixels: Any, labels: Any, answers: Any, taught: Any) -> Any:
        signal = _signal(pixels)
        with tf.GradientTape() as tape:
            logits = tf.cast(pupil.logits_of(signal, training=True), tf.float32)
            if teacher_logits:
                said = [each(signal, training=False) for each in teacher_logits]
                answers = softened(said, recipe.softness)
            loss = loss_to_learn(logits, labels, answers, recipe, taught)
        pupil.optimizer.apply(tape.gradient(loss, weights), weights)
        for mean, weight in zip(pupil.average, weights if pupil.average else (), strict=True):
            mean.assign(_nearer(mean.value, weight.value, recipe.average))
        return loss, _right(logits, labels)

    compiled = tf.function(step, reduce_retracing=True)

    def learn(lessons: Iterable[tuple[Batch, float]]) -> Iterator[Learnt]:
        for batch, rate in lessons:
            pupil.optimizer.learning_rate = rate
            given = (None if each is None else tf.constant(each) for each in batch)
            loss, right = compiled(*given)
            yield _learnt(batch, loss, right)

    return learn


def _with_jax(pupil: Pupil) -> Learner:
    import jax

    network, optimizer, recipe = pupil.logits_of, pupil.optimizer, pupil.recipe
    teachers = [without_softmax(teacher) for teacher in pupil.teachers]
    # As arguments: what a compiled function holds itself is folded into it for minutes.
    known = [
        (_values(each.trainable_variables), _values(each.non_trainable_variables))
        for each in teachers
    ]
    of_rate = next(k for k, v in enumerate(optimizer.variables) if v is optimizer._learning_rate)
    groups = (
        network.trainable_variables,
        network.non_trainable_variables,
        optimizer.variables,
        list(pupil.average),
    )

    def loss_of_weights(weights: Any, others: Any, signal: Any, batch: Batch) -> Any:
        logits, others = network.stateless_call(weights, others, signal, training=True)
        logits = logits.astype("float32")
        loss = loss_to_learn(logits, batch.labels, batch.answers, recipe, batch.taught)
        return loss, (logits, others)

    differentiated = jax.value_and_grad(loss_of_weights, has_aux=True)

    def step(carried: Any, known: Any, rate: Any, batch: Batch) -> Any:
        weights, others, moments, average = carried
        signal = _signal(batch.pixels)
        if teachers:
            said = [
                each.stateless_call(*at, signal, training=False)[0]
                for each, at in zip(teachers, known, strict=True)
            ]
            batch = batch._replace(answers=softened(said, recipe.softness))
        (loss, (logits, others)), gradient = differentiated(weights, others, signal, batch)
        moments = [*moments[:of_rate], rate, *moments[of_rate + 1 :]]
        weights, moments = optimizer.stateless_apply(moments, gradient, weights)
        average = [
            _nearer(mean, weight, recipe.average)
            for mean, weight in zip(average, weights if average else (), strict=True)
        ]
        return (weights, others, moments, average), loss, _right(logits, batch.labels)

    compiled = jax.jit(step, donate_argnums=0)

    def learn(lessons: Iterable[tuple[Batch, float]]) -> Iterator[Learnt]:
        carried = tuple(_values(group) for group in groups)
        # One step behind, so that the device has the next one before it is asked.
        waiting = None
        for batch, rate in lessons:
            carried, *brought = compiled(carried, known, np.float32(rate), batch)
            if waiting:
                yield _learnt(*waiting)
            waiting = (batch, *brought)
        if waiting:
            yield _learnt(*waiting)
        for group, values in zip(groups, carried, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)

    return learn


def _signal(pixels: Any) -> Any:
    """Return pixels as the network takes them: `uint8 (b, pixels)` → `float32`, 0 to 1."""
    from keras import ops

    return ops.cast(pixels, "float32") / 255.0


def _nearer(mean: Any, weight: Any, memory: float) -> Any:
    """Return the running average a step nearer to the weight (Polyak & Juditsky 1992)."""
    return mean - (1 - memory) * (mean - weight)


def _right(logits: Any, labels: Any) -> Any:
    from keras import ops

    return ops.count_nonzero(ops.equal(ops.cast(ops.argmax(logits, axis=1), labels.dtype), labels))


def _learnt(batch: Batch, loss: Any, right: Any) -> Learnt:
    digits = int(np.count_nonzero(batch.labels != IMPOSTOR))
    return Learnt(len(batch.labels), digits, float(loss), int(right))


def _values(variables: Iterable[Any]) -> list[Any]:
    return [variable.value for variable in variables]
