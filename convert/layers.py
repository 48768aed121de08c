"""How much error each layer of a converted model adds: `python -m convert layers`.

A layer is run by the interpreter on what the layers before it made, errors and all. Beside it
the Keras layer computes, in float64, from the very same input: the difference is what this
layer alone adds. How far the signal is off by then, all layers together, is told too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.digits import gather_digits, together
from convert.errors import ConversionError
from convert.flatbuffer import FlatModel, Operator, read_flatbuffer
from convert.oracle import oracle_of, oracle_of_layers
from convert.source import load_source
from convert.tflite import to_tflite
from convert.variants import AS_USUAL, Options
from edge.quiet import native_stderr_silenced

_ACTIVATIONS = {"RELU", "TANH", "LOGISTIC", "LEAKY_RELU", "SOFTMAX", "ELU", "RELU6"}


@dataclass(frozen=True)
class LayerError:
    """What one Dense layer, with its activation, adds."""

    name: str
    """Of the Keras layer."""
    units: int
    mean: float
    """Of the absolute error that it adds, in the units of its output."""
    largest: float
    """Of the same."""
    signal_to_noise: float
    """Its output's power by the power of the error it adds, dB; inf where it adds none."""
    so_far: float
    """The same of the error of all layers up to it."""


def measure_layers(
    source_path: Path,
    quantization: str,
    data_path: Path | None = None,
    stroke_paths: Sequence[Path] = (),
    options: Options = AS_USUAL,
    count: int = 200,
) -> list[LayerError]:
    """Convert a model, run it and look at every layer.

    Args:
        source_path: as `convert.convert` takes it, and so are the others.
        quantization: a key of `convert.variants.VARIANTS`.
        data_path: MNIST.
        stroke_paths: the stroke sets.
        options: what else there is to choose.
        count: digits to run, at most.

    Returns:
        One for each Dense layer, first to last.

    Raises:
        SourceError: as `convert.convert`.
        DataError: as `convert.convert`.
        ConversionError: the model has more than Dense layers and activations, or can't be
            converted.
    """
    options.input_of(quantization)
    source = load_source(source_path)
    model = source.model
    blocks = _blocks(model, source_path)
    digits = gather_digits(source, data_path, stroke_paths, options, quantized=True)
    content = to_tflite(
        source.model_for(quantization), quantization, digits.learnt, source.recipe.distortion,
        options, digits.representative, source.per_layer,
    )  # fmt: skip
    flat = read_flatbuffer(content, source_path.name)
    images = together(list(digits.evaluation.values())).images[:count]
    return compare_layers(content, flat, blocks, images)


def compare_layers(
    content: bytes, flat: FlatModel, blocks: Sequence[Sequence[Any]], images: NDArray[np.uint8]
) -> list[LayerError]:
    """Run a file and compare each Dense layer with Keras's.

    Args:
        content: of the `.tflite` file.
        flat: what is in it.
        blocks: Keras's layers, those from one Dense layer to before the next together.
        images: `uint8 (n, 28, 28)`.

    Raises:
        ConversionError: the file has not as many Dense layers.
    """
    places = [k for k, op in enumerate(flat.operators) if op.name == "FULLY_CONNECTED"]
    if len(places) != len(blocks):
        raise ConversionError(
            f"the file has {len(places)} Dense layers where the Keras model has {len(blocks)}, "
            "so they can't be compared one by one"
        )
    values = _run(content, images)
    signal = images.reshape(len(images), -1) / 255
    found = []
    for place, block in zip(places, blocks, strict=True):
        operator = flat.operators[place]
        out, has_softmax = _end_of_block(flat, place)
        compute = oracle_of_layers(block, softmax=has_softmax)
        if compute is None:
            raise ConversionError(f"{block[0].name}: plain NumPy does not know this layer")
        got = values[out]
        given = values[operator.inputs[0]].reshape(len(images), -1)
        signal = compute(signal)
        found.append(_error(block[0], got, compute(given), signal))
    return found


def text(layers: Sequence[LayerError]) -> str:
    """Return the table to print."""
    width = max(len("layer"), *(len(each.name) for each in layers))
    head = (
        f"{'layer':{width}}  {'units':>6}  {'mean added':>10}  {'max added':>10}  "
        f"{'added, dB':>10}  {'so far, dB':>10}"
    )
    rows = [
        f"{each.name:{width}}  {each.units:6}  {each.mean:10.5f}  {each.largest:10.5f}  "
        f"{each.signal_to_noise:10.1f}  {each.so_far:10.1f}"
        for each in layers
    ]
    worst = min(layers, key=lambda each: each.signal_to_noise)
    return "\n".join(
        [head, *rows, f"signal to noise in dB: the higher, the better; {worst.name} adds most"]
    )


def _blocks(model: Any, path: Path) -> list[list[Any]]:
    """Return the layers from each Dense layer to before the next."""
    blocks: list[list[Any]] = []
    for layer in model.layers:
        if type(layer).__name__ == "Dense":
            blocks.append([layer])
        elif blocks:
            blocks[-1].append(layer)
        elif type(layer).__name__ not in {"InputLayer", "Flatten", "Reshape"}:
            raise ConversionError(
                f"{path}: has a {type(layer).__name__} before its first Dense layer, so its "
                "layers can't be compared one by one"
            )
    if not blocks or oracle_of(model) is None:
        raise ConversionError(
            f"{path}: has other layers than Dense ones and activations, so they can't be "
            "compared one by one"
        )
    return blocks


def _end_of_block(flat: FlatModel, place: int) -> tuple[int, bool]:
    """Return the tensor behind a Dense layer's activation, and whether that is a softmax."""
    operator: Operator = flat.operators[place]
    out, softmax = operator.outputs[0], False
    for later in flat.operators[place + 1 :]:
        if later.inputs[0] == out and later.name in _ACTIVATIONS:
            out, softmax = later.outputs[0], later.name == "SOFTMAX"
    return out, softmax


def _run(content: bytes, images: NDArray[np.uint8]) -> dict[int, NDArray[np.float64]]:
    """Run a file without XNNPACK, which hides what is between, and return every tensor."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=content,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    (pixels,) = interpreter.get_input_details()
    shape = (len(images), *pixels["shape"][1:])
    interpreter.resize_tensor_input(pixels["index"], shape)
    with native_stderr_silenced():
        interpreter.allocate_tensors()
    rows = images.reshape(shape)
    if pixels["dtype"] == np.float32:
        rows = rows.astype(np.float32) / np.float32(255)
    interpreter.set_tensor(pixels["index"], rows)
    interpreter.invoke()
    values = {}
    for tensor in interpreter.get_tensor_details():
        if len(tensor["shape"]) < 2 or tensor["shape"][0] != len(images):
            continue
        numbers = interpreter.get_tensor(tensor["index"]).astype(np.float64)
        scale, zero = tensor["quantization"]
        values[tensor["index"]] = (numbers - zero) * scale if scale else numbers
    return values


def _error(
    layer: Any,
    got: NDArray[np.float64],
    alone: NDArray[np.float64],
    true: NDArray[np.float64],
) -> LayerError:
    added = np.abs(got - alone)
    return LayerError(
        name=layer.name,
        units=got.shape[1],
        mean=float(added.mean()),
        largest=float(added.max()),
        signal_to_noise=_decibels(alone, got - alone),
        so_far=_decibels(true, got - true),
    )


def _decibels(signal: NDArray[np.float64], noise: NDArray[np.float64]) -> float:
    power = float((noise**2).mean())
    return 10 * math.log10(float((signal**2).mean()) / power) if power else math.inf
