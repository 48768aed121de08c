"""Quantisation-aware fine-tuning: the network learns to live with rounded numbers.

In every step the weights are rounded as the converted model will round them, to int8 or
int4 with one scale per unit, and what the hidden layers give is rounded to 8 bits; the
gradient passes the rounding as if it were not there (Jacob et al. 2018, "Quantization
and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"). The
weights that are kept are rounded ones, in a plain network: converting it finds the same
scales, and has nothing left to round.

TensorFlow's own operations round. The model optimisation toolkit, which is made for
this, knows only Keras 2 and would need an environment of its own; what Keras 3 has under
`quantize()` rounds after training.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from train.network import CLASSES, activate
from train.recipe import Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Of a hidden layer's output in the converted model, whatever its weights have.
_ACTIVATION_BITS = 8
# The range of an output follows its extremes with this memory, about a hundred steps.
_RANGE_MEMORY = 0.99


def build_rounded(
    recipe: Recipe,
    shape: tuple[int, ...],
    bits: int,
    weights: Sequence[NDArray[np.float32]],
) -> keras.Model:
    """Build the recipe's network with everything rounded in its forward computation.

    Args:
        recipe: of the network that is fine-tuned; without batch normalisation.
        shape: of one image, for example `(28, 28)`.
        bits: of the weights, 8 or 4.
        weights: kernels and biases to begin with, as that network's `get_weights` gives.

    Returns:
        A model of `float32 (n, pixels)` to `float32 (n, 10)` probabilities with a layer
        `logits`; `plain_weights` gives what it has learnt.
    """
    pixels = keras.Input((math.prod(shape),), name="pixels")
    signal = pixels
    for place, units in enumerate(recipe.hidden, start=1):
        signal = RoundedDense(units, bits, name=f"hidden_{place}")(signal)
        signal = activate(signal, recipe, place)
        signal = Rounded(name=f"rounded_{place}")(signal)
    logits = RoundedDense(CLASSES, bits, name="logits")(signal)
    network = keras.Model(pixels, keras.layers.Softmax(name="probabilities")(logits))
    for layer, kernel, bias in zip(
        _dense_layers(network), weights[::2], weights[1::2], strict=True
    ):
        layer.set_weights([kernel, bias])
    return network


def plain_weights(network: keras.Model) -> list[NDArray[np.float32]]:
    """Return rounded kernels, and biases, of a network from `build_rounded`."""
    return [
        np.asarray(tensor)
        for layer in _dense_layers(network)
        for tensor in (layer.rounded_kernel(), layer.bias)
    ]


@keras.saving.register_keras_serializable("fivebox")
class RoundedDense(keras.layers.Dense):
    """A dense layer whose weights are rounded, per unit and symmetrically, before they are used.

    Args:
        units: how many.
        bits: of a weight.
    """

    def __init__(self, units: int, bits: int, **options: Any) -> None:
        super().__init__(units, **options)
        self.bits = bits

    def get_config(self) -> dict[str, Any]:
        """Return what a layer like it is made of; a saved model is loaded by it."""
        return {**super().get_config(), "bits": self.bits}

    def rounded_kernel(self) -> tf.Tensor:
        """Return the kernel as a converted model has it, `float32 (inputs, units)`."""
        kernel = tf.convert_to_tensor(self.kernel)
        largest = tf.maximum(tf.reduce_max(tf.abs(tf.stop_gradient(kernel)), axis=0), 1e-8)
        # Narrow: as many steps below zero as above, so that zero is a step.
        return tf.quantization.fake_quant_with_min_max_vars_per_channel(
            kernel, -largest, largest, num_bits=self.bits, narrow_range=True
        )

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Multiply by the rounded kernel and add the bias."""
        return tf.matmul(inputs, self.rounded_kernel()) + self.bias


@keras.saving.register_keras_serializable("fivebox")
class Rounded(keras.layers.Layer):
    """Rounds what it is given to 8 bits between the extremes that it has seen lately."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the two ends of the range."""
        self.low = self.add_weight(shape=(), initializer="zeros", trainable=False, name="low")
        self.high = self.add_weight(shape=(), initializer="zeros", trainable=False, name="high")

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Follow the extremes while training, and round."""
        if training:
            self._follow(self.low, tf.minimum(tf.reduce_min(inputs), 0.0))
            self._follow(self.high, tf.reduce_max(inputs))
        return tf.quantization.fake_quant_with_min_max_vars(
            inputs,
            tf.convert_to_tensor(self.low),
            tf.maximum(tf.convert_to_tensor(self.high), 1e-6),
            num_bits=_ACTIVATION_BITS,
        )

    def _follow(self, end: keras.Variable, seen: tf.Tensor) -> None:
        # The first step has nothing to remember.
        moved = end * _RANGE_MEMORY + seen * (1 - _RANGE_MEMORY)
        end.assign(tf.where(self.high > 0, moved, seen))


def _dense_layers(network: keras.Model) -> list[RoundedDense]:
    return [layer for layer in network.layers if isinstance(layer, RoundedDense)]
