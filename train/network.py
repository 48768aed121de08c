"""The multi-layer perceptron of a recipe: dense layers and a softmax, nothing else."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from train.recipe import Recipe

if TYPE_CHECKING:
    import keras

CLASSES = 10

_CHUNK = 2000
# Of units whose output is one-sided, half of the signal is lost (He et al. 2015).
_ONE_SIDED = {"relu", "leaky_relu", "softplus", "swish"}


def build(recipe: Recipe, shape: tuple[int, ...], precision: str = "float32") -> keras.Model:
    """Build the network with fresh weights.

    Hidden layers are `dense → batch normalisation → activation → dropout`, the middle
    and the last where the recipe has them. First weights are He et al. (2015) under
    one-sided activations and Glorot & Bengio (2010) under the others.

    Args:
        recipe: widths, activation, seed and the rest.
        shape: of one image, for example `(28, 28)`.
        precision: of the matrix products while training, `float32` or `bfloat16`. What
            is saved should be `float32`; the weights are the same in both.

    Returns:
        A model of `float32 (n, pixels)`, 0 to 1, to `float32 (n, 10)` probabilities.
        The layer `logits` holds the scores before the softmax, which is a layer of
        its own: the loss is taken before it, and so is the int8 file.
    """
    import keras

    policy = policy_of(precision)
    pixels = keras.Input((math.prod(shape),), name="pixels")
    signal = pixels
    for place, units in enumerate(recipe.hidden, start=1):
        signal = make_dense(units, f"hidden_{place}", place, recipe, policy)(signal)
        if recipe.batch_norm:
            signal = keras.layers.BatchNormalization(name=f"norm_{place}")(signal)
        signal = activate(signal, recipe, place)
        if recipe.dropout:
            signal = keras.layers.Dropout(
                recipe.dropout, seed=(recipe.seed + 100 + place) % 2**31, name=f"dropout_{place}"
            )(signal)
    logits = make_dense(CLASSES, "logits", len(recipe.hidden) + 1, recipe, "float32")(signal)
    probabilities = keras.layers.Softmax(name="probabilities")(logits)
    return keras.Model(pixels, probabilities, name=recipe.name.replace("-", "_"))


def architecture(recipe: Recipe, shape: tuple[int, ...]) -> str:
    """Return layer widths and activation, for example `784-1024-512-512-10 relu`."""
    widths = (math.prod(shape), *recipe.hidden, CLASSES)
    return "-".join(map(str, widths)) + f" {recipe.activation}"


def without_softmax(network: keras.Model) -> keras.Model:
    """Return the part of `build`'s network that ends in logits; it shares the weights."""
    import keras

    logits = network.get_layer("logits").output
    return keras.Model(network.input, logits, name=f"{network.name}_logits")


def to_pixels(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return images as the network takes them: `uint8 (n, …)` → `float32 (n, pixels)`, 0 to 1."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def scores(network: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Run the network.

    Args:
        network: `float32 (n, pixels)` → `(n, 10)`.
        images: `uint8 (n, …)`.

    Returns:
        `float32 (n, 10)`: what the network gives, probabilities or logits.
    """
    parts = [
        np.asarray(network(to_pixels(images[start : start + _CHUNK]), training=False), np.float32)
        for start in range(0, len(images), _CHUNK)
    ]
    return np.concatenate(parts)


def make_dense(
    units: int, name: str, place: int, recipe: Recipe, policy: str
) -> keras.layers.Layer:
    """Make a dense layer without its activation, with fresh weights.

    Args:
        units: how many.
        name: of the layer.
        place: of the layer, from 1; with the recipe's seed it seeds the weights.
        recipe: `activation` and `seed` of it.
        policy: Keras's dtype policy.
    """
    import keras

    variance = "HeNormal" if recipe.activation in _ONE_SIDED else "GlorotNormal"
    weights = getattr(keras.initializers, variance)(seed=(recipe.seed + place) % 2**31)
    return keras.layers.Dense(units, kernel_initializer=weights, name=name, dtype=policy)


def policy_of(precision: str) -> str:
    """Return Keras's name for a recipe's precision while training."""
    return "mixed_bfloat16" if precision == "bfloat16" else "float32"


def activate(signal: Any, recipe: Recipe, place: int) -> Any:
    """Put the recipe's activation behind a layer.

    Of Keras's own parts alone, so that the model can be loaded anywhere.

    Args:
        signal: what the layer gives, a Keras tensor.
        recipe: `activation` and `swish_beta` of it.
        place: of the layer, from 1; for the name.
    """
    import keras

    name = f"{recipe.activation}_{place}"
    if recipe.activation != "swish":
        return keras.layers.Activation(recipe.activation, name=name)(signal)
    if recipe.swish_beta == 1:
        return keras.layers.Activation("silu", name=name)(signal)
    # x · sigmoid(βx) = silu(βx) / β, and Keras has no β.
    beta = recipe.swish_beta
    scaled = keras.layers.Rescaling(beta, name=f"{name}_times_beta")(signal)
    gated = keras.layers.Activation("silu", name=name)(scaled)
    return keras.layers.Rescaling(1 / beta, name=f"{name}_over_beta")(gated)
