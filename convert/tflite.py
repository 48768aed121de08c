"""The conversion itself: a Keras model in, the bytes of a `.tflite` file out."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.errors import ConversionError
from convert.source import to_pixels
from edge.interpreter import make_interpreter
from edge.quiet import native_stderr_silenced
from train.augment import Distortion, distort
from train.data import Examples

# Digits that show the converter how large the activations become. Between 100 and
# 2,000, as they are, bent or mixed, the errors on the held-out digits differ by less
# than chance; mixed, the ranges cover neat hands and wild ones.
_REPRESENTATIVE = 1000


def to_tflite(model: Any, quantization: str, learnt: Examples, distortion: Distortion) -> bytes:
    """Convert a Keras model.

    Args:
        model: `float32` pixels in, `(n, 10)` out.
        quantization: a key of `QUANTIZATIONS`.
        learnt: training digits; `int8` takes the ranges of the activations from some.
        distortion: how these are bent before they do.

    Returns:
        The content of the `.tflite` file. The same model and versions give the same
        bytes.

    Raises:
        ConversionError: the converter gave up or gave something else.
    """
    return QUANTIZATIONS[quantization](model, learnt, distortion)


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


def _plain(model: Any, learnt: Examples, distortion: Distortion) -> bytes:
    """Weights and activations stay float32."""
    return _convert(_converter(model))


def _float16(model: Any, learnt: Examples, distortion: Distortion) -> bytes:
    """Weights are stored as float16 and widened when the file is loaded."""
    import tensorflow as tf

    converter = _converter(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return _convert(converter)


def _dynamic(model: Any, learnt: Examples, distortion: Distortion) -> bytes:
    """Weights are int8; activations are quantised while the model runs."""
    import tensorflow as tf

    converter = _converter(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    # One scale per unit makes version 12 of FULLY_CONNECTED, which runtimes as old
    # as tflite-runtime 2.14 refuse; one per layer makes version 9.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return _convert(converter)


def _int8(model: Any, learnt: Examples, distortion: Distortion) -> bytes:
    """All is int8: weights with a scale per unit, activations with one per layer.

    Pixels go in as they are (`uint8`, scale 1/255) and logits come out.
    """
    import tensorflow as tf

    logits = without_softmax(model)
    pixels = to_pixels(_representative(learnt, distortion), logits.input_shape)

    def samples() -> Iterator[list[NDArray[np.float32]]]:
        for one in pixels:
            yield [one[None]]

    converter = _converter(logits)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    # Without this the converter leaves in float whatever it can't quantise.
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.int8
    content = _convert(converter)
    _check_int8(content)
    return content


def _int4(model: Any, learnt: Examples, distortion: Distortion) -> bytes:
    """Weights are int4 with a scale per unit; activations are quantised while the model runs.

    TensorFlow's converter knows no int4; the AI Edge quantiser, of the same people, makes
    it of the float model's file.
    """
    from ai_edge_quantizer import quantizer, recipe

    plain = bytearray(_convert(_converter(without_softmax(model))))
    with _quiet():
        made = quantizer.Quantizer(plain, recipe.dynamic_wi4_afp32()).quantize()
    content = bytes(made.quantized_model or b"")
    _check_int4(content)
    return content


QUANTIZATIONS: dict[str, Callable[[Any, Examples, Distortion], bytes]] = {
    "none": _plain,
    "float16": _float16,
    "dynamic": _dynamic,
    "int8": _int8,
    "int4": _int4,
}


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


def _check_int4(content: bytes) -> None:
    """Look that no kernel was left in float: the quantiser passes over what it can't do."""
    interpreter = make_interpreter(content, "the converted model")
    interpreter.allocate_tensors()
    wide = [
        t["name"]
        for t in interpreter.get_tensor_details()
        if t["dtype"] == np.float32 and len(t["shape"]) == 2 and min(t["shape"]) > 1
    ]
    if wide:
        raise ConversionError(
            f"the model has weights that can't be int4 ({', '.join(wide)}); try --quantize int8"
        )


def _check_int8(content: bytes) -> None:
    """Look that nothing was left in float and that pixels go in as they are."""
    interpreter = make_interpreter(content, "the converted model")
    interpreter.allocate_tensors()
    left = [t["name"] for t in interpreter.get_tensor_details() if t["dtype"] == np.float32]
    if left:
        raise ConversionError(
            f"the model has parts that can't be int8 ({', '.join(left)}); try --quantize dynamic"
        )
    (pixels,) = interpreter.get_input_details()
    scale, zero_point = pixels["quantization"]
    if pixels["dtype"] != np.uint8 or zero_point != 0 or abs(scale * 255 - 1) > 1e-3:
        raise ConversionError(
            f"the input became {pixels['dtype'].__name__} with scale {scale:g} and zero point "
            f"{zero_point}, where uint8 with 1/255 and 0 is needed; do the training digits run "
            "from 0 to 255?"
        )
