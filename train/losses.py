"""What is made small: the distance from the labels, and from what teachers answer.

In Keras's own operations, so that TensorFlow and JAX compute the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from train.data import CLASSES, IMPOSTOR
from train.recipe import Recipe


def losses_of(logits: Any, labels: Any, kind: str) -> Any:
    """Return the loss of each image of a batch, a tensor `float32 (b,)`.

    Args:
        logits: `float32 (b, 10)`.
        labels: `int64 (b,)`; of an impostor all classes are wanted alike.
        kind: one of `train.recipe.LOSSES`. `mse` is the squared error of the softmax's
            probabilities, mean over the ten classes, as Keras has it.
    """
    from keras import ops

    is_impostor = ops.cast(ops.equal(labels, IMPOSTOR), "float32")[:, None]
    wanted = ops.one_hot(labels, CLASSES) + is_impostor / CLASSES
    if kind == "mse":
        return ops.mean(ops.square(ops.softmax(logits) - wanted), axis=1)
    return ops.categorical_crossentropy(wanted, logits, from_logits=True)


def softened(logits: Sequence[Any], softness: float) -> Any:
    """Return the mean of several teachers' softened probabilities, `float32 (b, 10)`.

    Args:
        logits: `float32 (b, 10)` of each teacher.
        softness: divides all.
    """
    from keras import ops

    return sum(ops.softmax(each / softness) for each in logits) / len(logits)


def imitation_losses(logits: Any, answers: Any, softness: float) -> Any:
    """Return how far a pupil's answers are from its teachers', `(b,)` (Hinton et al. 2015).

    Args:
        logits: `float32 (b, 10)` of the pupil.
        answers: `float32 (b, 10)` from `softened`; no gradient goes into them.
        softness: divides the pupil's logits too; the loss is enlarged by its square, so
            that its gradient is as large as the labels'.
    """
    from keras import ops

    shares = ops.stop_gradient(answers)
    return ops.categorical_crossentropy(shares, logits / softness, from_logits=True) * softness**2


def loss_to_learn(
    logits: Any, labels: Any, answers: Any | None, recipe: Recipe, taught: Any | None = None
) -> Any:
    """Return a batch's loss: of the labels, mixed with that of the answers where there are any.

    Where teachers are wrong the label may be learnt alone, as the recipe says, and is learnt alone
    where `taught`, `bool (b,)`, says no.
    """
    from keras import ops

    losses = losses_of(logits, labels, recipe.loss)
    if answers is None:
        return ops.mean(losses)
    share = recipe.distillation
    if not recipe.imitate_mistakes:
        # Of what is no digit nobody is wrong.
        is_right = ops.equal(ops.cast(ops.argmax(answers, axis=1), labels.dtype), labels)
        share *= ops.cast(ops.logical_or(is_right, ops.equal(labels, IMPOSTOR)), losses.dtype)
    imitation = imitation_losses(logits, answers, recipe.softness)
    if taught is not None:
        share *= ops.cast(taught, losses.dtype)
    return ops.mean(losses + share * (imitation - losses))
