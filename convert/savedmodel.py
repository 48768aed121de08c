"""A SavedModel folder as a Keras model that computes the same.

Keras 3 no longer loads such folders, so the network is read back from what TensorFlow's
converter makes of it, built anew and compared with the folder's own function.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.chain import Activation, Affine, Dense, Flat, Link, Range, read_chain
from convert.errors import SourceError
from convert.flatbuffer import FlatModel, read_flatbuffer
from edge.quiet import native_stderr_silenced

# Between what the folder computes and what was built of it, of a score.
_LARGEST_DIFFERENCE = 1e-3
# Where numbers are rounded while it runs, one may fall on the other side of a step.
_LARGEST_ROUNDED = 0.05
_PROBES = 64


def is_saved_model(path: Path) -> bool:
    """Tell whether a folder is a SavedModel, as far as its files' names tell."""
    return (path / "saved_model.pb").is_file()


def load_saved_model(path: Path, name: str) -> tuple[Any, Any | None, bool]:
    """Load a SavedModel folder.

    Args:
        path: of the folder.
        name: how to call it in an error.

    Returns:
        The `keras.Model` with the activations unrounded; the same with the ranges that its
        activations were rounded to in training, None where they were not; and whether its
        weights were rounded with one scale per layer.

    Raises:
        SourceError: it is damaged, or has something that no multi-layer perceptron has.
    """
    flat = _converted(path, name)
    _check_ends(flat, name)
    links = read_chain(flat, name)
    shape = flat.tensors[flat.inputs[0]].shape[1:]
    plain = build([link for link in links if not isinstance(link, Range)], shape)
    has_ranges = any(isinstance(link, Range) for link in links)
    ranged = build(_with_input_range(links), shape) if has_ranges else None
    _require_same(ranged or plain, path, name, _LARGEST_ROUNDED if ranged else _LARGEST_DIFFERENCE)
    per_layer = any(isinstance(link, Dense) and link.per_layer for link in links)
    return plain, ranged, per_layer


def build(links: Sequence[Link], shape: tuple[int, ...]) -> Any:
    """Build a Keras model of layers.

    Args:
        links: first to last.
        shape: of its input, without the number of digits.
    """
    import keras

    model = keras.Sequential([keras.Input(shape, name="pixels")], name="perceptron")
    for place, link in enumerate(links, 1):
        layer = _layer(link, f"layer_{place}")
        model.add(layer)
        if isinstance(link, Dense):
            layer.set_weights([link.kernel, link.bias])
    return model


def _layer(link: Link, name: str) -> Any:
    import keras

    match link:
        case Dense():
            return keras.layers.Dense(len(link.bias), link.activation, name=name)
        case Activation("leaky_relu"):
            return keras.layers.LeakyReLU(link.slope, name=name)
        case Activation("softmax"):
            return keras.layers.Softmax(name=name)
        case Activation():
            return keras.layers.Activation(link.name, name=name)
        case Affine():
            return keras.layers.Rescaling(link.scale, link.offset, name=name)
        case Range():
            return _rounding_layer(link, name)
        case Flat():
            return keras.layers.Flatten(name=name)


def _rounding_layer(limits: Range, name: str) -> Any:
    """Return a layer that rounds to 8 bits; the converter takes its range from it."""
    import keras
    import tensorflow as tf

    class RoundedTo(keras.layers.Layer):  # type: ignore[misc]
        """Rounds what it is given to 256 steps between two ends."""

        def call(self, inputs: Any) -> Any:
            return tf.quantization.fake_quant_with_min_max_args(inputs, limits.low, limits.high)

    return RoundedTo(name=name)


def _with_input_range(links: Sequence[Link]) -> list[Link]:
    """Return the layers with a range for the pixels, which training need not have rounded."""
    first = next(place for place, link in enumerate(links) if not isinstance(link, Flat))
    given = isinstance(links[first], Range)
    return [*links] if given else [Range(0.0, 1.0), *links]


def _converted(path: Path, name: str) -> FlatModel:
    import tensorflow as tf

    try:
        with native_stderr_silenced(), contextlib.redirect_stdout(io.StringIO()):
            content = bytes(tf.lite.TFLiteConverter.from_saved_model(str(path)).convert())
    # Whatever TensorFlow finds wrong comes as another kind of exception.
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise SourceError(
            f"{name}: not a SavedModel, or a damaged one ({lines[0][:120]}); save it again"
        ) from error
    return read_flatbuffer(content, name)


def _check_ends(flat: FlatModel, name: str) -> None:
    ends = [flat.tensors[index] for index in (*flat.inputs, *flat.outputs)]
    shapes = [tensor.shape for tensor in ends]
    if len(ends) != 2 or math.prod(shapes[0][1:]) != 784 or shapes[1][1:] != (10,):
        raise SourceError(
            f"{name}: not a digit model: its inputs and outputs are {shapes}, where (n, 784) in "
            "and (n, 10) out is needed"
        )
    if ends[0].dtype != "FLOAT32":
        raise SourceError(
            f"{name}: the model takes {ends[0].dtype.lower()}, where float32 is needed; save it "
            "without the layer that turns pixels into float32"
        )


def _require_same(model: Any, path: Path, name: str, largest: float) -> None:
    """Look that what was built computes what the folder's own function does."""
    rng = np.random.default_rng(0)
    pixels = rng.random((_PROBES, *model.input_shape[1:])).astype(np.float32)
    difference = float(np.abs(model.predict(pixels, verbose=0) - _own(path, pixels)).max())
    # Written so that a difference that is not a number is refused too.
    if not difference <= largest:
        raise SourceError(
            f"{name}: what was read of it computes something else, by {difference:.3g} of a "
            "score; save it as a .keras file"
        )


def _own(path: Path, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    function = loaded.signatures["serving_default"]
    (argument,) = function.structured_input_signature[1]
    (scores,) = function(**{argument: tf.constant(pixels)}).values()
    return np.asarray(scores, np.float32)
