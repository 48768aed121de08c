"""One trial of a search: a network trained with the numbers that were proposed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from train.batches import Lessons
from train.convolution import build_convolutional, convolutional_recipe, unfold
from train.data import Examples
from train.fit import Epoch, fit
from train.network import build
from train.recipe import Recipe


def attempt(
    recipe: Recipe, lessons: Lessons, validation: Examples, on_epoch: Callable[[Epoch], None]
) -> Epoch:
    """Train a network and return the epoch that it is judged by.

    Args:
        recipe: with the numbers that were proposed.
        lessons: to learn from.
        validation: to look at after every epoch.
        on_epoch: called after each epoch; what it raises ends the trial.
    """
    import keras

    # Keras remembers every network that was built.
    keras.utils.clear_session()
    network = build(recipe, validation.images.shape[1:], recipe.precision)
    if recipe.convolutional_epochs:
        shorter = convolutional_recipe(recipe)
        filters = build_convolutional(shorter, recipe.precision)
        fit(filters, lessons, validation, shorter)
        network.set_weights(unfold(filters))
    return kept(fit(network, lessons, validation, recipe, on_epoch=on_epoch), recipe)


def kept(history: Sequence[Epoch], recipe: Recipe) -> Epoch:
    """Return the epoch whose weights the network has after these epochs.

    That is the last one; where the recipe has patience it is the one with the least loss,
    as `fit` does.
    """
    if not recipe.patience:
        return history[-1]
    return min(history, key=lambda epoch: epoch.validation_loss)
