"""The conversion itself: a Keras model in, the bytes of a `.tflite` file out."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert import checks
from convert.errors import ConversionError
from convert.source import to_pixels
from convert.variants import AS_USUAL, UINT8, Options
from edge.quiet import native_stderr_silenced
from train.augment import Distortion, distort
from train.data import Examples

# Digits that show the converter how large the activations become. Between 100 and
# 2,000, as they are, bent or mixed, the errors on the held-out digits differ by less
# than chance; mixed, the ranges cover neat hands and wild ones.
_REPRESENTATIVE = 1000


@dataclass(frozen=True)
class Job:
    """One conversion: what is converted, and how."""

    model: Any
    """The `keras.Model`: `float32` pixels in, `(n, 10)` out."""
    pixels: NDArray[np.uint8]
    """`uint8 (n, 28, 28)`, digits that show how large the activations become."""
    input: str
    """Of the file: `uint8` or `float32`."""
    per_layer: bool
    """Whether the weights of a Dense layer have one scale, rather than one per unit."""


def to_tflite(
    model: Any,
    quantization: str,
    learnt: Examples | None,
    distortion: Distortion,
    options: Options = AS_USUAL,
    representative: NDArray[np.uint8] | None = None,
    per_layer: bool = False,
) -> bytes:
    """Convert a Keras model.

    Args:
        model: `float32` pixels in, `(n, 10)` out.
        quantization: a key of `QUANTIZATIONS`.
        learnt: training digits; `int8` and `int16x8` take the ranges of the activations from
            some. None is enough where `representative` is given.
        distortion: how these are bent before they do.
        options: kind of input and target.
        representative: `uint8 (n, 28, 28)`, digits to take the ranges from instead.
        per_layer: whether the model was made for weights with one scale per layer.

    Returns:
        The content of the `.tflite` file. The same model and versions give the same
        bytes.

    Raises:
        ConversionError: the converter gave up or gave something else, or the options don't
            go together.
    """
    pixels_in = options.input_of(quantization)
    shown = representative
    if shown is None:
        shown = _representative(learnt, distortion) if learnt else np.zeros((0, 28, 28), np.uint8)
    # Older TFLite Micro computes Dense layers with a scale per unit wrongly.
    one_scale = per_layer or options.target == "micro"
    if quantization == "dynamic":
        # A scale per unit makes version 12 of FULLY_CONNECTED, which runtimes as old as
        # tflite-runtime 2.14 refuse; one per layer makes version 9.
        one_scale = options.target != "litert"
    return QUANTIZATIONS[quantization](Job(model, shown, pixels_in, one_scale))


def without_softmax(model: Any) -> Any:
    """Return the model up to its logits; it shares the weights.

    An int8 softmax has steps of 1/256: it can say neither 0.999 nor how unlikely the
    second digit is. From logits the caller computes both.

    Args:
        model: ends in a softmax, as a layer or as the activation of its last Dense
            layer; one that does not is returned as it is.
    """
    import keras

    # Names go into the file: those that Keras makes up count models, call by call.
    name = f"{model.name}_logits"
    last = model.layers[-1]
    activation = getattr(last, "activation", None)
    if isinstance(last, keras.layers.Softmax) or (
        isinstance(last, keras.layers.Activation) and activation is keras.activations.softmax
    ):
        return keras.Model(model.inputs, last.input, name=name)
    if isinstance(last, keras.layers.Dense) and activation is keras.activations.softmax:
        linear = keras.layers.Dense(last.units, use_bias=last.use_bias, name="logits")
        cut = keras.Model(model.inputs, linear(last.input), name=name)
        linear.set_weights(last.get_weights())
        return cut
    return model


def taking_pixels(model: Any) -> Any:
    """Return the model behind a layer that takes `uint8` pixels as they are.

    Args:
        model: takes `float32`, 0 to 1; it shares the weights.
    """
    import keras

    pixels = keras.Input(model.input_shape[1:], dtype="uint8", name="pixels")
    scaled = keras.layers.Rescaling(1 / 255, name="scaled")(pixels)
    return keras.Model(pixels, model(scaled), name=f"{model.name}_of_pixels")


def _plain(job: Job) -> bytes:
    """Weights and activations stay float32."""
    return _convert(_converter(_as_asked(job)))


def _float16(job: Job) -> bytes:
    """Weights are stored as float16 and widened when the file is loaded."""
    import tensorflow as tf

    converter = _converter(_as_asked(job))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return _convert(converter)


def _dynamic(job: Job) -> bytes:
    """Weights are int8; activations are quantised while the model runs."""
    import tensorflow as tf

    converter = _converter(_as_asked(job))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter._experimental_disable_per_channel_quantization_for_dense_layers = job.per_layer
    return _convert(converter)


def _int8(job: Job) -> bytes:
    """All is int8: weights with a scale per unit, activations with one per layer.

    Pixels go in as they are (`uint8`, scale 1/255) and logits come out. A network that was
    quantised in training brings the ranges of its activations along, and they are kept.
    """
    import tensorflow as tf

    converter = _calibrated(job, without_softmax(job.model))
    # Without this the converter leaves in float whatever it can't quantise.
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if job.input == UINT8:
        converter.inference_input_type = tf.uint8
        converter.inference_output_type = tf.int8
    content = _convert(converter)
    checks.require_int8(content, job.input)
    return content


def _int16x8(job: Job) -> bytes:
    """Weights are int8 with a scale per unit, activations int16; float32 goes in and out."""
    import tensorflow as tf

    converter = _calibrated(job, without_softmax(job.model))
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ]
    content = _convert(converter)
    checks.require_int16(content)
    return content


def _int4(job: Job) -> bytes:
    """Weights are int4 with a scale per unit; activations are quantised while the model runs.

    TensorFlow's converter knows no int4; the AI Edge quantiser, of the same people, makes
    it of the float model's file.
    """
    from ai_edge_quantizer import quantizer, recipe

    logits = without_softmax(job.model)
    plain = bytearray(_convert(_converter(_as_asked(replace(job, model=logits)))))
    with _quiet():
        made = quantizer.Quantizer(plain, recipe.dynamic_wi4_afp32()).quantize()
    content = bytes(made.quantized_model or b"")
    checks.require_int4(content)
    return content


QUANTIZATIONS: dict[str, Callable[[Job], bytes]] = {
    "none": _plain,
    "float16": _float16,
    "dynamic": _dynamic,
    "int8": _int8,
    "int16x8": _int16x8,
    "int4": _int4,
}


def _as_asked(job: Job) -> Any:
    return taking_pixels(job.model) if job.input == UINT8 else job.model


def _calibrated(job: Job, logits: Any) -> Any:
    """Return a converter that takes the ranges of the activations from digits."""
    import tensorflow as tf

    pixels = to_pixels(job.pixels, logits.input_shape)

    def samples() -> Iterator[list[NDArray[np.float32]]]:
        for one in pixels:
            yield [one[None]]

    converter = _converter(logits)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    converter._experimental_disable_per_channel_quantization_for_dense_layers = job.per_layer
    return converter


def _representative(learnt: Examples, distortion: Distortion) -> NDArray[np.uint8]:
    """Choose training digits, half as they are and half bent, always the same ones."""
    rng = np.random.default_rng(0)
    count = min(_REPRESENTATIVE, len(learnt))
    some = learnt.images[rng.choice(len(learnt), count, replace=False)]
    some[::2] = distort(some[::2], distortion, rng)
    return some


def _converter(model: Any) -> Any:
    # The only way in: from_concrete_functions drops a Keras 3 model's weights silently.
    import tensorflow as tf

    return tf.lite.TFLiteConverter.from_keras_model(model)


def _convert(converter: Any) -> bytes:
    try:
        with _quiet():
            return bytes(converter.convert())
    # The converter lets its compiler's own exceptions through.
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ConversionError(f"TensorFlow can't convert this model ({lines[0][:200]})") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the converter from printing its settings and the places of its temporary files."""
    with (
        native_stderr_silenced(),
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
    ):
        # Per-layer statistics are for networks that were quantised in training.
        warnings.filterwarnings("ignore", "Statistics for quantized inputs were expected")
        yield
