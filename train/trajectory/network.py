"""The perceptron that reads a digit by the way of the pen, and what its mistakes cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from edge.classifier import CLASSES
from edge.trajectory import FEATURES


def build(hidden: Sequence[int], dropout: float, seed: int) -> keras.Model:
    """Build the network.

    Args:
        hidden: widths of the hidden layers, each followed by ReLU.
        dropout: share of a hidden layer that is silenced in a step of the training.
        seed: of its first weights, and of what is silenced.

    Returns:
        A model of `float32 (n, FEATURES)` to logits, `float32 (n, 10)`.
    """
    layers = keras.layers
    inputs = signal = keras.Input((FEATURES,), name="features")
    for place, width in enumerate(hidden):
        drawn = keras.initializers.HeUniform(seed=seed * 100 + place)
        name = f"hidden_{place + 1}"
        signal = layers.Dense(width, "relu", kernel_initializer=drawn, name=name)(signal)
        if dropout:
            signal = layers.Dropout(dropout, seed=seed * 100 + place, name=f"{name}_drop")(signal)
    drawn = keras.initializers.GlorotUniform(seed=seed * 100 + len(hidden))
    outputs = layers.Dense(CLASSES, kernel_initializer=drawn, name="logits")(signal)
    return keras.Model(inputs, outputs, name="trajectory")


def loss(smoothing: float) -> Callable[..., Any]:
    """Return the cross-entropy of targets of which a share is spread over all digits."""
    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)


def architecture(hidden: Sequence[int]) -> str:
    """Return the widths of all layers, and the activation."""
    return f"{'-'.join(map(str, (FEATURES, *hidden, CLASSES)))} relu"
