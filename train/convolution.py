"""A small convolutional network that is a multi-layer perceptron in disguise.

A convolution without padding is a dense layer most of whose weights are zero and
the others shared. Trained as a convolution it sees from the start that strokes look the
same everywhere; written out as a dense layer it goes on from there without that bond
(d'Ascoli et al. 2019, "Finding the Needle in the Haystack with Convolutions"). What is
kept is a plain perceptron in either case.

    28×28  ──7×7, every 3rd pixel──▶  8×8×c  ──5×5──▶  4×4×d  ──dense──▶ …
             the first hidden layer            the second
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from train.network import CLASSES, activate, make_dense, policy_of
from train.recipe import FIRST_GRID, SECOND_GRID, Recipe

if TYPE_CHECKING:
    import keras

SIDE = 28
_FIRST_KERNEL, _FIRST_STRIDE = 7, 3
_SECOND_KERNEL = 5

_LEARNING_RATE = 0.003
_WARMUP = 0.3
# Its order and distortions are to be others than those of the perceptron's epochs.
_SEED_OFFSET = 2**31


def convolutional_recipe(recipe: Recipe) -> Recipe:
    """Return the recipe of the convolutional epochs: shorter, otherwise the same."""
    return replace(
        recipe,
        # Who asks for a short run wants a short one.
        epochs=min(recipe.convolutional_epochs, recipe.epochs),
        convolutional_epochs=0,
        learning_rate=_LEARNING_RATE,
        warmup=_WARMUP,
        average=0.0,
        patience=0,
        seed=(recipe.seed + _SEED_OFFSET) % 2**32,
    )


def build_convolutional(recipe: Recipe, precision: str = "float32") -> keras.Model:
    """Build the convolutional network whose dense form `train.network.build` builds.

    Args:
        recipe: widths, activation and seed; the widths of the first two hidden layers
            are 64 and 16 times the filters that they become.
        precision: as `train.network.build` takes it.

    Returns:
        A model of `float32 (n, 784)` to `float32 (n, 10)` probabilities, with a layer
        `logits`.
    """
    import keras

    policy = policy_of(precision)

    def convolution(filters: int, kernel: int, stride: int, place: int) -> keras.layers.Layer:
        weights = keras.initializers.HeNormal(seed=(recipe.seed + place) % 2**31)
        return keras.layers.Conv2D(
            filters,
            kernel,
            strides=stride,
            kernel_initializer=weights,
            name=f"filters_{place}",
            dtype=policy,
        )

    first, second, *rest = recipe.hidden
    pixels = keras.Input((SIDE * SIDE,), name="pixels")
    signal = keras.layers.Reshape((SIDE, SIDE, 1))(pixels)
    signal = convolution(first // FIRST_GRID**2, _FIRST_KERNEL, _FIRST_STRIDE, 1)(signal)
    signal = activate(signal, recipe, 1)
    signal = convolution(second // SECOND_GRID**2, _SECOND_KERNEL, 1, 2)(signal)
    signal = keras.layers.Flatten()(activate(signal, recipe, 2))
    for place, units in enumerate(rest, start=3):
        signal = make_dense(units, f"hidden_{place}", place, recipe, policy)(signal)
        signal = activate(signal, recipe, place)
    logits = make_dense(CLASSES, "logits", len(recipe.hidden) + 1, recipe, "float32")(signal)
    probabilities = keras.layers.Softmax(name="probabilities")(logits)
    return keras.Model(pixels, probabilities, name="convolutional")


def unfold(network: keras.Model) -> list[NDArray[np.float32]]:
    """Write the filters out as dense layers.

    Args:
        network: from `build_convolutional`.

    Returns:
        Kernels and biases as `set_weights` of `train.network.build`'s network takes
        them; that network then computes the same.
    """
    first, first_bias, second, second_bias, *rest = network.get_weights()
    return [
        dense_kernel(first, SIDE, _FIRST_STRIDE),
        np.tile(first_bias, FIRST_GRID**2),
        dense_kernel(second, FIRST_GRID, 1),
        np.tile(second_bias, SECOND_GRID**2),
        *rest,
    ]


def dense_kernel(filters: NDArray[np.float32], side: int, stride: int) -> NDArray[np.float32]:
    """Return the matrix of a convolution without padding.

    Args:
        filters: `float32 (k, k, channels, filters)`.
        side: of the square that is convolved.
        stride: pixels from one place to the next.

    Returns:
        `float32 (side * side * channels, places * places * filters)`, both sides in
        the order rows, columns, channels.
    """
    size, _, channels, count = filters.shape
    places = (side - size) // stride + 1
    kernel = np.zeros((side, side, channels, places, places, count), np.float32)
    for row in range(places):
        for column in range(places):
            top, left = row * stride, column * stride
            kernel[top : top + size, left : left + size, :, row, column] = filters
    return kernel.reshape(side * side * channels, places * places * count)
