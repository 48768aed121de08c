"""The Keras model's own computation in plain NumPy, float64: `train.forward`, layer by layer.

It shares no code with Keras, TensorFlow or a runtime. It knows Dense layers, batch
normalisation, activations and what changes nothing but the shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train import forward

Step = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_NAMES = {"linear": "identity", "silu": "swish"}
# They do nothing when a network is used, or to a digit that is a row already.
_IDLE = {"InputLayer", "Flatten", "Reshape", "Dropout", "GaussianNoise"}


def oracle_of(model: Any) -> Step | None:
    """Return the function from pixels `(n, 784)`, 0 to 1, to scores `float64 (n, 10)`.

    Args:
        model: of Keras.

    Returns:
        None where the model has a layer that is not known, or more than one path.
    """
    functional = getattr(model, "_functional", None) or model
    # One node for each use of a layer: where a layer is used twice there are more.
    if len(getattr(functional, "_nodes", functional.layers)) != len(functional.layers):
        return None
    return oracle_of_layers(functional.layers)


def oracle_of_layers(layers: Sequence[Any], softmax: bool = True) -> Step | None:
    """Return what some layers in a row compute of what is given to the first.

    Args:
        layers: of Keras.
        softmax: whether to compute it where there is one; else the logits are left as they are.

    Returns:
        None where one of them is not known.
    """
    steps: list[Step] = []
    for layer in layers:
        step = _step(layer)
        if step is None:
            return None
        steps.extend(each for each in step if softmax or each is not forward.softmax)

    def compute(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        signal = pixels
        for step in steps:
            signal = step(signal)
        return signal

    return compute


def run_oracle(oracle: Step, digits: NDArray[np.uint8], chunk: int = 1000) -> NDArray[np.float32]:
    """Run it on digits `uint8 (n, 28, 28)`; returns `float32 (n, 10)`."""
    rows = digits.reshape(len(digits), -1) / 255
    parts = [oracle(rows[start : start + chunk]) for start in range(0, len(rows), chunk)]
    return np.concatenate(parts).astype(np.float32)


def _step(layer: Any) -> list[Step] | None:
    kind = type(layer).__name__
    if kind in _IDLE:
        return []
    if kind == "Dense":
        activation = _activation(layer.activation)
        if activation is None or len(layer.kernel.shape) != 2:
            return None
        kernel = np.asarray(layer.kernel)
        bias = np.asarray(layer.bias) if layer.use_bias else np.zeros(kernel.shape[1])
        (matrix,) = forward.matrices_of([kernel, bias])
        return [lambda x: forward.forward([matrix], x, "identity", "identity"), activation]
    if kind == "BatchNormalization":
        return [_normalisation(layer)]
    if kind == "Rescaling":
        scale, offset = (np.asarray(each, np.float64) for each in (layer.scale, layer.offset))
        return [lambda x: x * scale + offset]
    activation = _activation_of_layer(layer, kind)
    return None if activation is None else [activation]


def _activation_of_layer(layer: Any, kind: str) -> Step | None:
    if kind == "Activation":
        return _activation(layer.activation)
    if kind == "Softmax":
        return forward.softmax
    if kind == "LeakyReLU":
        return forward.leaky_relu(float(layer.negative_slope))
    if kind == "ReLU" and layer.max_value is None and not layer.negative_slope:
        return forward.relu
    return None


def _activation(function: Any) -> Step | None:
    name = getattr(function, "__name__", "")
    return forward.ACTIVATIONS.get(_NAMES.get(name, name))


def _normalisation(layer: Any) -> Step:
    """Return (x − mean) / √(variance + ε) · γ + β (Ioffe and Szegedy 2015), as inference has it."""
    mean, variance = (np.asarray(each, np.float64) for each in
                      (layer.moving_mean, layer.moving_variance))  # fmt: skip
    scale = 1 / np.sqrt(variance + layer.epsilon)
    if layer.scale:
        scale = scale * np.asarray(layer.gamma, np.float64)
    shift = np.asarray(layer.beta, np.float64) if layer.center else 0.0
    return lambda x: (x - mean) * scale + shift
