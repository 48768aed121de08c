"""What is written in a `.tflite` file: its operators with their versions, and its tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.interpreter import make_interpreter

# Bits of a number; what is not here has no place in a digit model.
_BITS = {"FLOAT32": 32, "FLOAT16": 16, "INT8": 8, "UINT8": 8, "INT16": 16, "INT32": 32,
         "INT64": 64, "INT4": 4, "INT2": 2, "BOOL": 8, "FLOAT64": 64}  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """One tensor of the graph."""

    index: int
    name: str
    shape: tuple[int, ...]
    """-1 where any number goes."""
    dtype: str
    """As the format names it: `FLOAT32`, `INT8`, `INT4` …"""
    scales: tuple[float, ...]
    """Of its steps: none, one, or one per unit."""
    zero_points: tuple[int, ...]
    content: bytes
    """Of a constant; empty where it is computed."""

    @property
    def values(self) -> NDArray[Any]:
        """The numbers of a constant `float32`, `float16`, `int8`, `uint8` or `int32` tensor."""
        numbers = np.frombuffer(self.content, np.dtype(self.dtype.lower()))
        return numbers.reshape(self.shape)


@dataclass(frozen=True)
class Operator:
    """One step of the computation."""

    name: str
    """As the format names it: `FULLY_CONNECTED` …"""
    version: int
    inputs: tuple[int, ...]
    """Indices of tensors; -1 where there is none."""
    outputs: tuple[int, ...]
    activation: str
    """That is computed along: `NONE`, `RELU` …"""
    options: Any
    """The format's own object of further options; None where there are none."""


@dataclass(frozen=True)
class FlatModel:
    """A file with one graph."""

    operators: tuple[Operator, ...]
    tensors: tuple[Tensor, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def versions(self) -> dict[str, int]:
        """Return the highest version of each operator, in the order of the computation."""
        highest: dict[str, int] = {}
        for operator in self.operators:
            highest[operator.name] = max(operator.version, highest.get(operator.name, 0))
        return highest


def read_flatbuffer(content: bytes, name: str) -> FlatModel:
    """Take a `.tflite` file apart.

    Args:
        content: of the file.
        name: how to call it in an error.

    Raises:
        ModelError: the bytes are not a model, or one of several graphs.
        RuntimeMissingError: no interpreter is installed.
    """
    # The runtime verifies every offset; the schema's Python code follows them blindly.
    make_interpreter(content, name)
    schema = _schema()
    try:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        (graph,) = model.subgraphs
        tensors = tuple(
            _tensor(schema, model, index, each) for index, each in enumerate(graph.tensors)
        )
        operators = tuple(_operator(schema, model, each) for each in graph.operators)
    except (ValueError, TypeError, IndexError, AttributeError, KeyError) as error:
        raise ModelError(f"{name}: not a model of one graph ({error}); convert it again") from error
    return FlatModel(operators, tensors, tuple(graph.inputs), tuple(graph.outputs))


def is_float(dtype: str) -> bool:
    """Tell whether a tensor's numbers have a fraction."""
    return dtype.startswith("FLOAT")


def size_of(tensor: Tensor) -> int:
    """Return the bytes that a tensor's numbers take, any number counted as one."""
    count = int(np.prod([abs(length) for length in tensor.shape], dtype=np.int64))
    return (count * _BITS.get(tensor.dtype, 8) + 7) // 8


def _schema() -> Any:
    from ai_edge_litert import schema_py_generated

    return schema_py_generated


def _names(kind: Any) -> dict[int, str]:
    return {value: name for name, value in vars(kind).items() if isinstance(value, int)}


def _tensor(schema: Any, model: Any, index: int, tensor: Any) -> Tensor:
    dtype = _names(schema.TensorType)[tensor.type]
    shape = tensor.shapeSignature if tensor.shapeSignature is not None else tensor.shape
    rounding = tensor.quantization
    scales = [] if rounding is None or rounding.scale is None else rounding.scale
    zeros = [] if rounding is None or rounding.zeroPoint is None else rounding.zeroPoint
    data = model.buffers[tensor.buffer].data
    return Tensor(
        index=index,
        name=tensor.name.decode("utf-8", "replace"),
        shape=tuple(int(length) for length in (() if shape is None else shape)),
        dtype=dtype,
        scales=tuple(float(scale) for scale in scales),
        zero_points=tuple(int(zero) for zero in zeros),
        content=b"" if data is None else bytes(data),
    )


def _operator(schema: Any, model: Any, operator: Any) -> Operator:
    code = model.operatorCodes[operator.opcodeIndex]
    # The first field is too small for newer operators; the larger of the two counts.
    name = _names(schema.BuiltinOperator)[max(code.builtinCode, code.deprecatedBuiltinCode)]
    options = operator.builtinOptions
    fused = getattr(options, "fusedActivationFunction", 0)
    return Operator(
        name=name,
        version=int(code.version),
        inputs=tuple(int(index) for index in operator.inputs),
        outputs=tuple(int(index) for index in operator.outputs),
        activation=_names(schema.ActivationFunctionType)[fused],
        options=options,
    )
