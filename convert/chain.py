"""A network read back from a float `.tflite` file: one path of layers, each after the other.

That file is how a SavedModel tells what it computes, in a handful of operators. Where it was
quantised in training it holds pairs of QUANTIZE and DEQUANTIZE: the rounding of the weights is
carried out here, and the ranges of the activations are kept as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.errors import SourceError
from convert.flatbuffer import FlatModel, Operator, Tensor

_FUSED = {"NONE": "linear", "RELU": "relu", "RELU6": "relu6", "TANH": "tanh"}
_ALONE = {"RELU": "relu", "RELU6": "relu6", "TANH": "tanh", "LOGISTIC": "sigmoid", "ELU": "elu",
          "SOFTMAX": "softmax"}  # fmt: skip


@dataclass(frozen=True)
class Dense:
    """A matrix, a bias, and an activation."""

    kernel: NDArray[np.float32]
    """`(inputs, units)`, rounded where it was in training."""
    bias: NDArray[np.float32]
    activation: str
    """A name of Keras's."""
    per_layer: bool
    """Whether it was rounded with one scale for all units."""


@dataclass(frozen=True)
class Activation:
    """A function of each number, or of each row."""

    name: str
    """Of Keras's, or `leaky_relu`."""
    slope: float = 0.0
    """Of `leaky_relu`, below 0."""


@dataclass(frozen=True)
class Affine:
    """A factor and a summand for each number: normalisation, or scaled pixels."""

    scale: NDArray[np.float32]
    offset: NDArray[np.float32]


@dataclass(frozen=True)
class Flat:
    """A picture becomes a row."""


@dataclass(frozen=True)
class Range:
    """Numbers were rounded to 8 bits between these ends while it was trained."""

    low: float
    high: float


Link = Dense | Activation | Affine | Flat | Range


def read_chain(model: FlatModel, name: str) -> list[Link]:
    """Return the layers of a network, first to last.

    Args:
        model: a float file with one input and one output.
        name: how to call it in an error.

    Raises:
        SourceError: it has an operator that is none of a multi-layer perceptron.
    """
    reader = _Reader(model, name)
    return list(reader.links())


class _Reader:
    """Follows the signal from the input to the output."""

    def __init__(self, model: FlatModel, name: str) -> None:
        self._model, self._name = model, name
        self._makers = {out: op for op in model.operators for out in op.outputs}

    def links(self) -> Iterator[Link]:
        signal, end = self._model.inputs[0], self._model.outputs[0]
        while signal != end:
            users = [op for op in self._model.operators if signal in op.inputs and
                     op.name != "SHAPE"]  # fmt: skip
            if [op.name for op in users] == ["LOGISTIC", "MUL"] and set(users[1].inputs) == {
                signal, *users[0].outputs
            }:  # fmt: skip
                yield Activation("silu")
                signal = users[1].outputs[0]
                continue
            if len(users) != 1:
                raise self._foreign("paths that part")
            yield from self._link(users[0], signal)
            signal = users[0].outputs[0]

    def _link(self, operator: Operator, signal: int) -> Iterator[Link]:
        name = operator.name
        if name == "FULLY_CONNECTED":
            yield self._dense(operator)
        elif name == "RESHAPE":
            yield Flat()
        elif name in _ALONE:
            yield Activation(_ALONE[name])
        elif name == "LEAKY_RELU":
            yield Activation("leaky_relu", float(operator.options.alpha))
        elif name == "QUANTIZE":
            yield _range(self._model.tensors[operator.outputs[0]])
        elif name in {"MUL", "ADD", "SUB"}:
            yield from self._affine(operator, signal)
        elif name != "DEQUANTIZE":
            raise self._foreign(f"the operator {name}")

    def _dense(self, operator: Operator) -> Dense:
        weights, per_layer = self._constant(operator.inputs[1])
        bias = (
            self._constant(operator.inputs[2])[0]
            if len(operator.inputs) > 2 and operator.inputs[2] >= 0
            else np.zeros(len(weights), np.float32)
        )
        if operator.activation not in _FUSED:
            raise self._foreign(f"the activation {operator.activation}")
        return Dense(np.ascontiguousarray(weights.T), bias, _FUSED[operator.activation], per_layer)

    def _affine(self, operator: Operator, signal: int) -> Iterator[Link]:
        (other,) = (index for index in operator.inputs if index != signal)
        number, _ = self._constant(other)
        if operator.name == "SUB":
            if operator.inputs[0] != signal:
                raise self._foreign("a number less the signal")
            number = -number
        if operator.name == "MUL":
            yield Affine(number, np.zeros_like(number))
        else:
            yield Affine(np.ones_like(number), number)
        if operator.activation != "NONE":
            if operator.activation not in _FUSED:
                raise self._foreign(f"the activation {operator.activation}")
            yield Activation(_FUSED[operator.activation])

    def _constant(self, index: int) -> tuple[NDArray[np.float32], bool]:
        """Return a constant, rounded as in training, and whether with one scale."""
        tensor = self._model.tensors[index]
        if tensor.content:
            return np.asarray(tensor.values, np.float32), False
        maker = self._makers.get(index)
        if maker is None:
            raise self._foreign("weights that are computed")
        if maker.name == "TRANSPOSE":
            numbers, per_layer = self._constant(maker.inputs[0])
            return np.ascontiguousarray(numbers.T), per_layer
        if maker.name == "DEQUANTIZE":
            rounded = self._model.tensors[maker.inputs[0]]
            source = self._makers.get(rounded.index)
            if source is not None and source.name == "QUANTIZE":
                numbers, _ = self._constant(source.inputs[0])
                return _rounded(numbers, rounded, source.options), len(rounded.scales) == 1
        raise self._foreign(f"weights that {maker.name} computes")

    def _foreign(self, what: str) -> SourceError:
        return SourceError(
            f"{self._name}: not a multi-layer perceptron: it has {what}; save it as a .keras file"
        )


def _rounded(numbers: NDArray[np.float32], tensor: Tensor, options: Any) -> NDArray[np.float32]:
    """Return numbers rounded to the steps of a tensor; a scale per unit is one of the last axis."""
    scales = np.array(tensor.scales, np.float32)
    zeros = np.array(tensor.zero_points, np.float32)
    limits = np.iinfo(tensor.dtype.lower())
    steps = np.clip(np.rint(numbers / scales + zeros), limits.min, limits.max)
    return np.asarray((steps - zeros) * scales, np.float32)


def _range(tensor: Tensor) -> Range:
    limits = np.iinfo(tensor.dtype.lower())
    (scale,), (zero,) = tensor.scales, tensor.zero_points
    return Range((limits.min - zero) * scale, (limits.max - zero) * scale)
