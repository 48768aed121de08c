"""A convolutional network to learn from: too slow for the kiosk, better than any perceptron.

Six layers of filters that are shared over the whole digit, normalised over the batch
(Ioffe & Szegedy 2015), and a dense head. It never ships: a perceptron imitates its answers
(`train.losses.imitation_losses`).

    28×28 ──3×3──▶ 28×28×32 ──3×3──▶ 28×28×32
          ──3×3, every 2nd pixel──▶ 14×14×64 ──3×3──▶ 14×14×64
          ──3×3, every 2nd pixel──▶ 7×7×128 ──3×3──▶ 7×7×128 ──dense──▶ …
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from train.convolution import SIDE
from train.network import CLASSES, activate, make_dense
from train.recipe import Recipe

if TYPE_CHECKING:
    import keras

# Filters, their side, and the pixels from one place to the next.
_LAYERS = ((32, 3, 1), (32, 3, 1), (64, 3, 2), (64, 3, 1), (128, 3, 2), (128, 3, 1))


def build_teacher(recipe: Recipe) -> keras.Model:
    """Build the network with fresh weights.

    Args:
        recipe: `hidden` of the dense head, `dropout` before each of its layers, activation
            and seed.

    Returns:
        A model of `float32 (n, 784)`, 0 to 1, to `float32 (n, 10)` probabilities, with a
        layer `logits`.
    """
    import keras

    pixels = keras.Input((SIDE * SIDE,), name="pixels")
    signal = keras.layers.Reshape((SIDE, SIDE, 1))(pixels)
    for place, (filters, kernel, stride) in enumerate(_LAYERS, start=1):
        signal = keras.layers.Conv2D(
            filters,
            kernel,
            strides=stride,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(seed=(recipe.seed + place) % 2**31),
            name=f"filters_{place}",
        )(signal)
        signal = keras.layers.BatchNormalization(name=f"norm_{place}")(signal)
        signal = activate(signal, recipe, place)
    signal = keras.layers.Flatten()(signal)
    for place, units in enumerate(recipe.hidden, start=len(_LAYERS) + 1):
        signal = _drop(signal, recipe, place)
        signal = make_dense(units, f"hidden_{place}", place, recipe, "float32")(signal)
        signal = activate(signal, recipe, place)
    place = len(_LAYERS) + len(recipe.hidden) + 1
    signal = _drop(signal, recipe, place)
    logits = make_dense(CLASSES, "logits", place, recipe, "float32")(signal)
    probabilities = keras.layers.Softmax(name="probabilities")(logits)
    return keras.Model(pixels, probabilities, name=recipe.name.replace("-", "_"))


def describe_teacher(recipe: Recipe) -> str:
    """Return filters, layer widths and activation in a line."""
    filters = "-".join(f"{filters}@{kernel}×{kernel}" for filters, kernel, _ in _LAYERS)
    widths = "-".join(map(str, (*recipe.hidden, CLASSES)))
    return f"convolutional {filters}-{widths} {recipe.activation}"


def _drop(signal, recipe: Recipe, place: int):  # type: ignore[no-untyped-def]
    import keras

    if not recipe.dropout:
        return signal
    seed = (recipe.seed + 100 + place) % 2**31
    return keras.layers.Dropout(recipe.dropout, seed=seed, name=f"dropout_{place}")(signal)
