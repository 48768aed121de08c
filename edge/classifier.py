"""Digit images in, calibrated probabilities out, one invoke for all of them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.card import load_model
from edge.errors import ModelError
from edge.interpreter import make_interpreter
from edge.quiet import native_stderr_silenced

BUNDLED_MODEL = Path(__file__).parent / "models" / "postcode.tflite"
SIDE = 28
CLASSES = 10

_ONES = np.ones((CLASSES, CLASSES), np.float32)
# Where a model gives probabilities, those it rounded to 0 still need a logarithm.
_LEAST_PROBABILITY = 1e-7
# Between a model's highest logit and its lowest: e to minus this is far from float32's smallest
# number (e^-87), even where all ten of a digit are of the lowest kind.
_LARGEST_SPAN = 80.0


@dataclass(frozen=True)
class _Tensor:
    """What is needed of a tensor's details, read once."""

    index: int
    shape: tuple[int, ...]
    dtype: Any
    scale: float
    zero_point: int
    table: NDArray[Any] | None = None
    """What each of the 256 values of a byte stands for on the other side; None where the
    numbers go through as they are or are computed."""


class Classifier:
    """An MLP in a `.tflite` file, one input and one output, run on digit images.

    The model may take `float32`, `uint8` or `int8`, shaped `(n, 784)`, `(n, 28, 28)`
    or `(n, 28, 28, 1)`, and give logits or probabilities; this class adapts.
    Safe to share between threads: a lock guards the one interpreter, which holds the weights
    once, however many threads ask. XNNPACK computes, where the runtime has it.

    Args:
        model: the `.tflite` file; None is the bundled one.
        threads: threads one invoke may use; one, for to wake a second takes longer than half of
            five digits' work unless a core is idle (`benchmarks/inference.py` measures it).
        runtime: a name from `edge.interpreter.RUNTIMES`; None takes the first installed.
        xnnpack: whether it may compute with XNNPACK, which some boards can't.

    Raises:
        ModelError: the file is missing, damaged, of another shape, or not the one
            that its card describes.
        RuntimeMissingError: no interpreter is installed.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        threads: int = 1,
        runtime: str | None = None,
        xnnpack: bool = True,
    ) -> None:
        self.path = BUNDLED_MODEL if model is None else Path(model)
        content, self.card = load_model(self.path)
        self._interpreter = make_interpreter(content, str(self.path), threads, runtime, xnnpack)
        self._lock = threading.Lock()
        self._input, self._output = self._check_tensors()
        self._batch = 0
        self._gives_probabilities = self._look_at_output()
        self._powers = self._powers_of_bytes()

    @property
    def temperature(self) -> float:
        """Divides the logits before the softmax; 1 for a model without a card."""
        return self.card.temperature if self.card else 1.0

    def logits(self, digits: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the network's raw scores.

        Args:
            digits: `uint8 (n, 28, 28)`, white ink on black.

        Returns:
            `float32 (n, 10)`; logarithms of probabilities where the model ends in
            a softmax.

        Raises:
            ValueError: `digits` has another shape or dtype.
        """
        return self._logits_of(self._run(digits))

    def probabilities(self, digits: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return calibrated probabilities of the ten digits, one invoke for all images.

        Args:
            digits: `uint8 (n, 28, 28)`, white ink on black.

        Returns:
            `float32 (n, 10)`, rows that sum to 1.

        Raises:
            ValueError: `digits` has another shape or dtype.
        """
        scores = self._run(digits)
        if self._powers is None:
            return softmax(self._logits_of(scores) / np.float32(self.temperature))
        # Four calls of NumPy fewer than by way of the logits: a tenth of the invoke's time. The
        # product with ones has a row's sum ten times, in half the time of a sum spread out.
        powers = self._powers.take(scores.view(np.uint8))
        powers /= powers.dot(_ONES)
        return powers

    def _run(self, digits: NDArray[np.uint8]) -> NDArray[Any]:
        """Return what the network says in its own numbers, `(n, 10)`."""
        if digits.dtype != np.uint8 or digits.ndim != 3 or digits.shape[1:] != (SIDE, SIDE):
            raise ValueError(
                f"digits must be uint8 (n, {SIDE}, {SIDE}), not {digits.dtype} {digits.shape}"
            )
        if len(digits) == 0:
            return np.empty((0, CLASSES), self._output.dtype)
        pixels = _quantise(digits, self._input)
        with self._lock:
            if len(digits) != self._batch:
                self._interpreter.resize_tensor_input(
                    self._input.index, [len(digits), *self._input.shape[1:]]
                )
                self._interpreter.allocate_tensors()
                self._batch = len(digits)
            self._interpreter.set_tensor(self._input.index, pixels)
            self._interpreter.invoke()
            # get_tensor copies: no view of the interpreter's memory leaves the lock.
            scores: NDArray[Any] = self._interpreter.get_tensor(self._output.index)
        return scores

    def _logits_of(self, scores: NDArray[Any]) -> NDArray[np.float32]:
        found = _dequantise(scores, self._output)
        return np.log(np.maximum(found, _LEAST_PROBABILITY)) if self._gives_probabilities else found

    def _powers_of_bytes(self) -> NDArray[np.float32] | None:
        """Return e to the logit over the temperature of each of a quantised output's 256 values.

        A softmax does not change when all logits are moved alike, so they are counted from the
        highest that there is. None where the output is float32, or reaches so far that a digit's
        ten powers could all be 0.
        """
        if self._output.table is None:
            return None
        logits = self._logits_of(np.arange(256, dtype=np.uint8)).astype(np.float64)
        below = (logits - logits.max()) / self.temperature
        return np.exp(below).astype(np.float32) if below.min() > -_LARGEST_SPAN else None

    def _check_tensors(self) -> tuple[_Tensor, _Tensor]:
        inputs = [_tensor(d) for d in self._interpreter.get_input_details()]
        outputs = [_tensor(d) for d in self._interpreter.get_output_details()]
        shapes = f"{[t.shape for t in inputs]} in and {[t.shape for t in outputs]} out"
        fits = (
            len(inputs) == len(outputs) == 1
            and inputs[0].shape[1:] in {(SIDE * SIDE,), (SIDE, SIDE), (SIDE, SIDE, 1)}
            and outputs[0].shape[1:] == (CLASSES,)
            and {inputs[0].dtype, outputs[0].dtype} <= {np.float32, np.uint8, np.int8}
        )
        if not fits:
            raise ModelError(
                f"{self.path}: not a digit model: it has {shapes}, where "
                f"[(n, {SIDE * SIDE})] in and [(n, {CLASSES})] out is needed"
            )
        return (
            replace(inputs[0], table=_input_table(inputs[0])),
            replace(outputs[0], table=_output_table(outputs[0])),
        )

    def _look_at_output(self) -> bool:
        """Tell whether the model gives probabilities, by looking at some.

        The file format has no field for it. Blank, full and half-lit images make
        logits that don't each sum to 1; a quantised softmax does within its steps.
        """
        probe = np.zeros((3, SIDE, SIDE), np.uint8)
        probe[1], probe[2, :, SIDE // 2 :] = 255, 255
        try:
            # The first allocation is when the runtime announces its delegate.
            with native_stderr_silenced():
                scores = _dequantise(self._run(probe), self._output)
        except (ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise ModelError(f"{self.path}: the model can't be run ({reason})") from error
        if not np.isfinite(scores).all():
            raise ModelError(f"{self.path}: the model gives numbers that are not finite")
        return bool((scores >= 0).all() and np.allclose(scores.sum(axis=1), 1, atol=0.05))


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the softmax of each row of `float32 (n, k)`, safe from overflow."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    shares: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _tensor(details: dict[str, Any]) -> _Tensor:
    scale, zero_point = details["quantization"]
    shape = tuple(int(n) for n in details["shape"])
    return _Tensor(details["index"], shape, details["dtype"], float(scale), int(zero_point))


def _quantise(digits: NDArray[np.uint8], tensor: _Tensor) -> NDArray[Any]:
    pixels = digits.reshape(-1, *tensor.shape[1:])
    if tensor.dtype == np.float32:
        return pixels.astype(np.float32) / np.float32(255)
    return pixels if tensor.table is None else np.asarray(tensor.table[pixels])


def _dequantise(scores: NDArray[Any], tensor: _Tensor) -> NDArray[np.float32]:
    if tensor.table is None:
        return np.asarray(scores, np.float32)
    return np.asarray(tensor.table[scores.view(np.uint8)], np.float32)


def _input_table(tensor: _Tensor) -> NDArray[Any] | None:
    """Return the step of each pixel, `(256,)`; None where that is the pixel itself."""
    if tensor.dtype == np.float32:
        return None
    steps = np.rint(np.arange(256) / (255 * (tensor.scale or 1 / 255))) + tensor.zero_point
    limits = np.iinfo(tensor.dtype)
    table = np.asarray(np.clip(steps, limits.min, limits.max), tensor.dtype)
    as_they_are = tensor.dtype == np.uint8 and np.array_equal(table, np.arange(256))
    return None if as_they_are else table


def _output_table(tensor: _Tensor) -> NDArray[np.float32] | None:
    """Return the score of each byte, `float32 (256,)`."""
    if tensor.dtype == np.float32:
        return None
    steps = np.arange(256, dtype=np.uint8).view(tensor.dtype).astype(np.int32) - tensor.zero_point
    return np.asarray(steps * np.float32(tensor.scale), np.float32)
