"""The same network in other runtimes, to measure ours beside: ONNX Runtime, NumPy, Keras."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.classifier import softmax

# From `uint8 (n, 28, 28)` digits to `float32 (n, 10)` probabilities.
Work = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
Weights = Sequence[NDArray[np.float32]]


class MissingError(Exception):
    """A peer is not installed; the message says which."""


def numpy_float32(weights: Weights) -> Work:
    """Return the network as a few lines of NumPy.

    Args:
        weights: kernel `(inputs, units)` and bias `(units,)` of each layer in turn.
    """

    def run(digits: NDArray[np.uint8]) -> NDArray[np.float32]:
        signal = digits.reshape(len(digits), -1).astype(np.float32) / np.float32(255)
        for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
            signal = np.maximum(signal @ kernel + bias, 0)
        return softmax(signal @ weights[-2] + weights[-1])

    return run


def keras_predict(model: Any) -> Work:
    """Return `model.predict` as the textbook calls it."""

    def run(digits: NDArray[np.uint8]) -> NDArray[np.float32]:
        pixels = digits.reshape(len(digits), -1).astype(np.float32) / 255
        return np.asarray(model.predict(pixels, verbose=0))

    return run


def onnx_float32(weights: Weights, threads: int = 1) -> Work:
    """Return the network in ONNX Runtime.

    Raises:
        MissingError: `onnx` or `onnxruntime` is not installed.
    """
    return _session(onnx_graph(weights).SerializeToString(), threads)


def onnx_int8(
    weights: Weights, shown: NDArray[np.uint8], threads: int = 1, seven_bits: bool = False
) -> Work:
    """Return the network in ONNX Runtime, weights and activations int8 with a scale per unit.

    On x86 without VNNI it multiplies with VPMADDUBSW, which adds two products in 16 bits and
    cuts off what does not fit; its manual ("Quantize ONNX Models") says to take weights of
    seven bits there.

    Args:
        weights: of the network.
        shown: `uint8 (n, 28, 28)`, digits to take the ranges from.
        threads: that it may use.
        seven_bits: whether the weights go from -64 to 64.

    Raises:
        MissingError: `onnx` or `onnxruntime` is not installed.
    """
    graph = onnx_graph(weights)
    try:
        from onnxruntime import quantization
    except ImportError as error:
        raise MissingError(f"onnxruntime's quantisation is not installed ({error})") from error
    rows = iter([{"pixels": _pixels(one[None])} for one in shown])

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> Any:
            return next(rows, None)

    with tempfile.TemporaryDirectory() as folder:
        plain, rounded = Path(folder, "plain.onnx"), Path(folder, "int8.onnx")
        plain.write_bytes(graph.SerializeToString())
        quantization.quantize_static(
            str(plain), str(rounded), Reader(), per_channel=True, reduce_range=seven_bits,
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
        )  # fmt: skip
        return _session(rounded.read_bytes(), threads)


def onnx_graph(weights: Weights) -> Any:
    """Write the network as an ONNX model: `float32 (n, 784)` in, probabilities out.

    Raises:
        MissingError: `onnx` is not installed.
    """
    try:
        from onnx import TensorProto, checker, helper, numpy_helper
    except ImportError as error:
        raise MissingError("onnx is not installed; pip install 'fivebox[benchmark]'") from error
    nodes, constants, signal = [], [], "pixels"
    count = len(weights) // 2
    for place, (kernel, bias) in enumerate(zip(weights[::2], weights[1::2], strict=True), 1):
        names = [f"kernel_{place}", f"bias_{place}"]
        constants += [
            numpy_helper.from_array(np.ascontiguousarray(array, np.float32), name)
            for array, name in zip((kernel, bias), names, strict=True)
        ]
        nodes.append(helper.make_node("Gemm", [signal, *names], [f"sum_{place}"]))
        signal = f"sum_{place}"
        if place < count:
            nodes.append(helper.make_node("Relu", [signal], [f"hidden_{place}"]))
            signal = f"hidden_{place}"
    nodes.append(helper.make_node("Softmax", [signal], ["probabilities"], axis=1))
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])
        for name, width in (("pixels", len(weights[0])), ("probabilities", len(weights[-1])))
    ]
    graph = helper.make_graph(nodes, "perceptron", ends[:1], ends[1:], constants)
    # What ONNX Runtime has known for years, rather than the newest that `onnx` can write.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    return model


def _session(content: bytes, threads: int) -> Work:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingError(
            "onnxruntime is not installed; pip install 'fivebox[benchmark]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(digits: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(session.run(None, {"pixels": _pixels(digits)})[0])

    return run


def _pixels(digits: NDArray[np.uint8]) -> NDArray[np.float32]:
    return digits.reshape(len(digits), -1).astype(np.float32) / np.float32(255)
