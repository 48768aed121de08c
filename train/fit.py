"""Learns the weights, step by step as the textbook's algorithm does.

For each epoch, shuffle the digits and bend them; for each batch, run the network
forward, differentiate the loss backward and move the weights against the gradient.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from train.augment import distort
from train.data import Digits
from train.network import count_errors, to_pixels, without_softmax
from train.recipe import Recipe

if TYPE_CHECKING:
    import keras

Batch = tuple[NDArray[np.float32], NDArray[np.int64]]

# Batches that are bent ahead of the step that needs them.
_AHEAD = 4


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
    """Cross-entropy, nats, mean over this epoch so far."""
    accuracy: float
    """Share of bent digits that were right, over this epoch so far."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch brought."""

    epoch: int
    """From 1."""
    loss: float
    """Cross-entropy, nats, mean over the bent digits."""
    accuracy: float
    """Share of the bent digits that were right as they were learnt from."""
    holdout_accuracy: float
    """Share of the held-out digits, not bent, that are right now."""


def fit(
    network: keras.Model,
    digits: Digits,
    held_out: Digits,
    recipe: Recipe,
    on_step: Callable[[Step], None] = lambda step: None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> list[Epoch]:
    """Train the network in place, by the recipe.

    Args:
        network: from `train.network.build`; its weights are changed.
        digits: to learn from.
        held_out: to look at after every epoch; nothing is learnt from them.
        recipe: all the numbers.
        on_step: called after each step.
        on_epoch: called after each epoch.

    Returns:
        One record per epoch.
    """
    import keras
    import tensorflow as tf

    # Sums in parallel may round differently from run to run; the same seed is to
    # give the same weights.
    tf.config.experimental.enable_op_determinism()

    # The softmax belongs to the loss here: from logits it can't overflow.
    scores_of = without_softmax(network)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay)
    # A bias that shrinks only moves the threshold of its unit.
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.build(scores_of.trainable_variables)

    def learn(pixels: Any, labels: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            scores = scores_of(pixels, training=True)
            loss = loss_of(labels, scores)
        weights = scores_of.trainable_variables
        optimizer.apply(tape.gradient(loss, weights), weights)
        right = tf.math.count_nonzero(tf.argmax(scores, axis=1) == labels)
        return loss, right

    learn = tf.function(learn, reduce_retracing=True)

    steps = recipe.epochs * math.ceil(len(digits) / recipe.batch_size)
    step, history = 0, []
    for epoch in range(1, recipe.epochs + 1):
        seen, loss_sum, right_sum = 0, 0.0, 0
        for pixels, labels in ahead(batches(digits, epoch, recipe)):
            optimizer.learning_rate = one_cycle(step / steps, recipe.learning_rate, recipe.warmup)
            loss, right = learn(tf.constant(pixels), tf.constant(labels))
            step += 1
            seen += len(labels)
            loss_sum += float(loss) * len(labels)
            right_sum += int(right)
            on_step(Step(epoch, step, steps, loss_sum / seen, right_sum / seen))
        errors = count_errors(scores_of, held_out.images, held_out.labels)
        history.append(Epoch(epoch, loss_sum / seen, right_sum / seen, 1 - errors / len(held_out)))
        on_epoch(history[-1])
    return history


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


def batches(digits: Digits, epoch: int, recipe: Recipe) -> Iterator[Callable[[], Batch]]:
    """Yield an epoch's batches as functions still to be called, in any thread.

    Each batch has a random generator of its own, so that neither the order nor the
    thread in which they are called changes what comes out.

    Args:
        digits: to learn from.
        epoch: from 1; the order and the bends are another in each.
        recipe: `batch_size`, `distortion` and `seed` of it.

    Yields:
        Functions that return `float32 (b, 784)` pixels and `int64 (b,)` labels.
    """
    order = np.random.default_rng([recipe.seed, epoch]).permutation(len(digits))

    def batch(start: int) -> Batch:
        some = digits.take(order[start : start + recipe.batch_size])
        rng = np.random.default_rng([recipe.seed, epoch, start])
        bent = distort(some.images, recipe.distortion, rng)
        return to_pixels(bent), some.labels.astype(np.int64)

    for start in range(0, len(digits), recipe.batch_size):
        yield functools.partial(batch, start)


def ahead(tasks: Iterable[Callable[[], Batch]]) -> Iterator[Batch]:
    """Call the tasks in another thread, a few ahead of the one whose result is yielded."""
    with ThreadPoolExecutor(max_workers=1) as worker:
        waiting = []
        for task in tasks:
            waiting.append(worker.submit(task))
            if len(waiting) > _AHEAD:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()
