"""A multi-layer perceptron's forward computation, as the textbook writes it (7.16 to 7.20).

A layer is a matrix U with one row per unit, whose first column is the bias: the input
vector gets a leading 1, and z = τ(U x). It is plain NumPy in float64 and shares nothing
with the libraries that train, convert and run networks, so it can tell whether these
are right.

The XOR network, for example, is `[[-0.5, 1, 1], [1.5, -1, -1]]` and `[[-1, 1, 1]]`, both
with `step`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Activation = Callable[[NDArray[np.float64]], NDArray[np.float64]]

# What Keras's activation "leaky_relu" takes; its layer LeakyReLU takes 0.3 instead.
LEAKY_SLOPE = 0.2


def forward(
    matrices: Sequence[ArrayLike],
    x: ArrayLike,
    activation: Activation | str,
    output: Activation | str = "softmax",
) -> NDArray[np.float64]:
    """Compute what the network's last layer puts out.

    Args:
        matrices: of the layers, first to last, each `(units, inputs + 1)` with the biases
            in column 0; a layer of one unit may be a vector `(inputs + 1,)`.
        x: `(n, d)` inputs, or one of them, `(d,)`; any numbers.
        activation: of the hidden layers, a function of `float64 (n, units)` or a name
            from `ACTIVATIONS`.
        output: the same for the last layer.

    Returns:
        `float64 (n, k)`; n is 1 for a single input.

    Raises:
        ValueError: a shape does not fit the one before it, or there is no such activation.
    """
    return layer_outputs(matrices, x, activation, output)[-1]


def classify(
    matrices: Sequence[ArrayLike],
    x: ArrayLike,
    activation: Activation | str,
    output: Activation | str = "softmax",
) -> NDArray[np.intp]:
    """Return the unit with the highest output for each input, of equal ones the first.

    Args:
        matrices: as `forward` takes them, and so are the others.
        x: `(n, d)` or `(d,)`.
        activation: of the hidden layers.
        output: of the last layer.

    Returns:
        `intp (n,)`, from 0.

    Raises:
        ValueError: as `forward`.
    """
    return np.asarray(forward(matrices, x, activation, output).argmax(axis=1), np.intp)


def layer_outputs(
    matrices: Sequence[ArrayLike],
    x: ArrayLike,
    activation: Activation | str,
    output: Activation | str = "softmax",
) -> list[NDArray[np.float64]]:
    """Compute what every layer puts out: where the inputs lie in each hidden space.

    Args:
        matrices: as `forward` takes them, and so are the others.
        x: `(n, d)` or `(d,)`.
        activation: of the hidden layers.
        output: of the last layer.

    Returns:
        One `float64 (n, units)` per layer, first to last, without the leading 1.

    Raises:
        ValueError: as `forward`.
    """
    signal = _two_dimensional(x, "the input")
    layers = [_two_dimensional(U, f"the matrix of layer {i}") for i, U in enumerate(matrices, 1)]
    if not layers:
        raise ValueError("there are no layers; give one matrix for each")
    hidden, last = _activation(activation), _activation(output)

    outputs = []
    for place, U in enumerate(layers, 1):
        if U.shape[1] != signal.shape[1] + 1:
            raise ValueError(
                f"the matrix of layer {place} is {U.shape}, where {signal.shape[1] + 1} columns "
                f"are needed: the bias and one for each of {signal.shape[1]} inputs"
            )
        extended = np.hstack([np.ones((len(signal), 1)), signal])
        tau = last if place == len(layers) else hidden
        signal = np.asarray(tau(extended @ U.T), np.float64)
        outputs.append(signal)
    return outputs


def matrices_of(weights: Sequence[ArrayLike]) -> list[NDArray[np.float64]]:
    """Turn the weights of Keras's Dense layers into the textbook's matrices.

    Args:
        weights: kernel `(inputs, units)` and bias `(units,)` of each layer in turn, as
            `get_weights()` of a model of Dense layers gives them.

    Returns:
        One `float64 (units, inputs + 1)` per layer, new arrays.

    Raises:
        ValueError: they are no such pairs, or a layer does not fit the one before it.
    """
    arrays = [np.asarray(weight, np.float64) for weight in weights]
    if not arrays or len(arrays) % 2:
        raise ValueError(
            f"there are {len(arrays)} arrays of weights, where a kernel and a bias are needed "
            "for each layer"
        )
    matrices: list[NDArray[np.float64]] = []
    for place, (kernel, bias) in enumerate(zip(arrays[::2], arrays[1::2], strict=True), 1):
        if kernel.ndim != 2 or bias.shape != kernel.shape[1:]:
            raise ValueError(
                f"layer {place} has weights {kernel.shape} and {bias.shape}, where a kernel "
                "(inputs, units) and a bias (units,) are needed"
            )
        if matrices and len(kernel) != len(matrices[-1]):
            raise ValueError(
                f"the kernel of layer {place} is {kernel.shape}, where {len(matrices[-1])} rows "
                f"are needed: one for each unit of layer {place - 1}"
            )
        matrices.append(np.vstack([bias, kernel]).T)
    return matrices


def step(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 from 0 on and -1 below: the perceptron's activation."""
    return np.where(z >= 0, 1.0, -1.0)


def sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / (1 + exp(-z)), the logistic sigmoid."""
    # Only powers of negative numbers, which can't overflow.
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1.0, small) / (1 + small), np.float64)


def tanh(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the hyperbolic tangent, the sigmoid from -1 to 1."""
    return np.tanh(z)


def relu(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return max(z, 0)."""
    return np.maximum(z, 0.0)


def leaky_relu(slope: float = LEAKY_SLOPE) -> Activation:
    """Make the activation that is z from 0 on and slope · z below."""

    def activation(z: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(z >= 0, z, slope * z)

    return activation


def softplus(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log(1 + exp(z)), a ReLU without its corner."""
    return np.logaddexp(0.0, z)


def swish(beta: float = 1.0) -> Activation:
    """Make the activation z · sigmoid(beta · z) (Ramachandran et al. 2017).

    Keras's "swish", also "silu", has beta 1.
    """

    def activation(z: NDArray[np.float64]) -> NDArray[np.float64]:
        return z * sigmoid(beta * z)

    return activation


def identity(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return z: the scores themselves. Keras calls it "linear"."""
    return z


def softmax(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return exp(z), each row divided by its sum."""
    # The same factor in numerator and denominator; the largest power becomes 1.
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float64)


ACTIVATIONS: dict[str, Activation] = {
    "step": step,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": relu,
    "leaky_relu": leaky_relu(),
    "softplus": softplus,
    "swish": swish(),
    "identity": identity,
    "softmax": softmax,
}
"""Activations by name, as recipes and Keras call them; leaky ReLU has slope 0.2, swish beta 1."""


def _activation(chosen: Activation | str) -> Activation:
    if not isinstance(chosen, str):
        return chosen
    if chosen not in ACTIVATIONS:
        raise ValueError(f"activation {chosen!r} is none of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[chosen]


def _two_dimensional(array: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return the array in float64, a vector as its only row."""
    found = np.asarray(array, np.float64)
    if found.ndim not in (1, 2):
        raise ValueError(f"{name} has shape {found.shape}, where one or two dimensions are needed")
    return np.atleast_2d(found)
