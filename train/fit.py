"""Learns the weights, step by step as the textbook's algorithm does.

For each epoch, shuffle the images and bend them; for each batch, run the network
forward, differentiate the loss backward and move the weights against the gradient.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from train.batches import Lessons, ahead, batches, steps_per_epoch
from train.checkpoint import Checkpoint, Progressed
from train.data import CLASSES, IMPOSTOR, Examples
from train.errors import CheckpointError
from train.network import scores, without_softmax
from train.recipe import Recipe

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

Learn = Callable[..., "tuple[tf.Tensor, tf.Tensor]"]


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
    import tensorflow as tf

    # Sums in parallel may round differently from run to run; the same seed is to
    # give the same weights.
    tf.config.experimental.enable_op_determinism()

    # The softmax belongs to the loss here: from logits it can't overflow.
    logits_of = without_softmax(network)
    optimizer = make_optimizer(recipe)
    optimizer.build(logits_of.trainable_variables)
    average = _Average(logits_of, recipe.average) if recipe.average else None
    learn = _step(logits_of, optimizer, recipe, average, teachers)

    # All that a later process needs to go on as if nothing had happened. What dropout
    # draws its random numbers from is a variable too, though no weight.
    state = [*network.variables, *optimizer.variables, *(average.weights if average else [])]
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
        for pixels, labels, answers in ahead(batches(lessons, number, recipe)):
            if recipe.schedule == "one-cycle":
                rate = one_cycle(step / steps, recipe.learning_rate, recipe.warmup)
                optimizer.learning_rate = rate
            said = () if answers is None else (tf.constant(answers),)
            loss, right = learn(tf.constant(pixels), tf.constant(labels), *said)
            step += 1
            seen += len(labels)
            digits += int(np.count_nonzero(labels != IMPOSTOR))
            loss_sum += float(loss) * len(labels)
            right_sum += int(right)
            on_step(Step(number, step, steps, loss_sum / seen, right_sum / max(1, digits)))

        with _averaged(average):
            loss, accuracy = evaluate(logits_of, validation, recipe.loss)
            learnt = right_sum / max(1, digits)
            history.append(Epoch(number, loss_sum / seen, learnt, loss, accuracy))
            if recipe.patience and _best_epoch(history) == number:
                best = network.get_weights()
        if checkpoint:
            records = [vars(epoch) for epoch in history]
            checkpoint.save(Progressed([v.numpy() for v in state], records, best))
        on_epoch(history[-1])

    if average:
        average.swap()
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


def loss_of(logits: tf.Tensor, labels: tf.Tensor, kind: str) -> tf.Tensor:
    """Return the mean loss of a batch.

    Args:
        logits: `float32 (b, 10)`.
        labels: `int64 (b,)`; of an impostor all classes are wanted alike.
        kind: one of `train.recipe.LOSSES`. `mse` is the squared error of the softmax's
            probabilities, mean over the ten classes, as Keras has it.
    """
    import tensorflow as tf

    is_impostor = tf.cast(labels == IMPOSTOR, tf.float32)[:, None]
    wanted = tf.one_hot(labels, CLASSES) + is_impostor / CLASSES
    if kind == "mse":
        return tf.reduce_mean(tf.square(tf.nn.softmax(logits) - wanted))
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=wanted))


def evaluate(logits_of: keras.Model, examples: Examples, loss: str) -> tuple[float, float]:
    """Return loss and accuracy of a network that gives logits, images not bent."""
    import tensorflow as tf

    logits = scores(logits_of, examples.images)
    labels = examples.labels.astype(np.int64)
    mean = float(loss_of(tf.constant(logits), tf.constant(labels), loss))
    return mean, float((logits.argmax(axis=1) == labels).mean())


def softened(logits: Sequence[tf.Tensor], softness: float) -> tf.Tensor:
    """Return the mean of several teachers' softened probabilities, `float32 (b, 10)`.

    Args:
        logits: `float32 (b, 10)` of each teacher.
        softness: divides all.
    """
    import tensorflow as tf

    return tf.add_n([tf.nn.softmax(each / softness) for each in logits]) / len(logits)


def imitation_loss(logits: tf.Tensor, answers: tf.Tensor, softness: float) -> tf.Tensor:
    """Return how far a pupil's answers are from its teachers' (Hinton et al. 2015).

    Args:
        logits: `float32 (b, 10)` of the pupil.
        answers: `float32 (b, 10)` from `softened`.
        softness: divides the pupil's logits too; the loss is enlarged by its square, so
            that its gradient is as large as the labels'.
    """
    import tensorflow as tf

    shares = tf.stop_gradient(answers)
    losses = tf.nn.softmax_cross_entropy_with_logits(labels=shares, logits=logits / softness)
    return tf.reduce_mean(losses) * softness**2


def _step(
    logits_of: keras.Model,
    optimizer: keras.Optimizer,
    recipe: Recipe,
    average: _Average | None,
    teachers: Sequence[keras.Model],
) -> Learn:
    """Return the function that learns from one batch; it gives loss and how many were right."""
    import tensorflow as tf

    teacher_logits = [without_softmax(teacher) for teacher in teachers]

    def learn(
        pixels: tf.Tensor, labels: tf.Tensor, answers: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            logits = tf.cast(logits_of(pixels, training=True), tf.float32)
            loss = loss_of(logits, labels, recipe.loss)
            if teacher_logits:
                said = [each(pixels, training=False) for each in teacher_logits]
                answers = softened(said, recipe.softness)
            if answers is not None:
                imitation = imitation_loss(logits, answers, recipe.softness)
                loss += recipe.distillation * (imitation - loss)
        weights = logits_of.trainable_variables
        optimizer.apply(tape.gradient(loss, weights), weights)
        if average:
            average.update()
        right = tf.math.count_nonzero(tf.argmax(logits, axis=1) == labels)
        return loss, right

    compiled: Learn = tf.function(learn, reduce_retracing=True)
    return compiled


class _Average:
    """The running average of a network's weights (Polyak & Juditsky 1992)."""

    def __init__(self, network: keras.Model, memory: float) -> None:
        import tensorflow as tf

        self._variables = [v.value for v in network.trainable_variables]
        self._memory = memory
        self.weights = [tf.Variable(v, trainable=False) for v in self._variables]

    def update(self) -> None:
        """Move a step nearer to the present weights."""
        for mean, weight in zip(self.weights, self._variables, strict=True):
            mean.assign_sub((1 - self._memory) * (mean - weight))

    def swap(self) -> None:
        """Exchange the network's weights and their average."""
        for mean, weight in zip(self.weights, self._variables, strict=True):
            kept = weight.numpy()
            weight.assign(mean)
            mean.assign(kept)


@contextlib.contextmanager
def _averaged(average: _Average | None) -> Iterator[None]:
    """Lend the averaged weights to the network."""
    if not average:
        yield
        return
    average.swap()
    try:
        yield
    finally:
        average.swap()


def _best_epoch(history: list[Epoch]) -> int:
    """Return the first epoch with the lowest validation loss."""
    return min(history, key=lambda epoch: epoch.validation_loss).epoch


def _stalled(history: list[Epoch], patience: int) -> bool:
    """Tell whether the validation loss has not fallen for too long."""
    return bool(patience and history) and len(history) - _best_epoch(history) >= patience
