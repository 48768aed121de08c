"""The textbook's deep MLP, `dmlp`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import keras

SIDE = 28
CLASSES = 10


def build(hidden: tuple[int, ...], seed: int) -> keras.Model:
    """Build the network with fresh weights.

    Args:
        hidden: widths of the hidden layers.
        seed: of the weights, He et al. (2015): normal with variance 2 / inputs, which
            keeps the signal's size from layer to layer under ReLU.

    Returns:
        A model of `float32 (n, 784)` pixels, 0 to 1, to `float32 (n, 10)`
        probabilities. The layer `logits` holds the scores before the softmax, which
        is a layer of its own: the loss is taken before it, and so is the int8 file.
    """
    import keras

    def dense(units: int, name: str, place: int, activation: str | None) -> keras.layers.Layer:
        weights = keras.initializers.HeNormal(seed=(seed + place) % 2**31)
        return keras.layers.Dense(
            units, activation=activation, kernel_initializer=weights, name=name
        )

    pixels = keras.Input((SIDE * SIDE,), name="pixels")
    signal = pixels
    for place, units in enumerate(hidden, start=1):
        signal = dense(units, f"hidden_{place}", place, "relu")(signal)
    logits = dense(CLASSES, "logits", len(hidden) + 1, None)(signal)
    probabilities = keras.layers.Softmax(name="probabilities")(logits)
    return keras.Model(pixels, probabilities, name="dmlp")


def without_softmax(network: keras.Model) -> keras.Model:
    """Return the part of `build`'s network that ends in logits; it shares the weights."""
    import keras

    return keras.Model(network.inputs, network.get_layer("logits").output, name="dmlp_logits")


def to_pixels(digits: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return digits as the network takes them: `uint8 (n, 28, 28)` → `float32 (n, 784)`, 0 to 1."""
    return digits.reshape(-1, SIDE * SIDE).astype(np.float32) / np.float32(255)


def count_errors(network: keras.Model, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> int:
    """Count the digits whose most probable class is not their label.

    Args:
        network: `float32 (n, 784)` → scores `(n, 10)`.
        images: `uint8 (n, 28, 28)`.
        labels: `uint8 (n,)`.
    """
    scores = network.predict(to_pixels(images), batch_size=1000, verbose=0)
    return int(np.count_nonzero(scores.argmax(axis=1) != labels))
