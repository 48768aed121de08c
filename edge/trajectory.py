"""Reads a digit by the way that the pen took, as a drawing of it can't be read.

On a touchscreen there is more than an image: in which order lines were drawn, which way, and
where the pen was lifted. A 4 that closed at its top and a 9 may look the same; no hand writes
them in the same way. A small perceptron reads points along that way (`train.trajectory` makes
it), and its answer is pooled with that of the image's: the two err on different digits.

Pooled are the logarithms of probabilities, each with a weight (the logarithmic opinion pool,
Genest & Zidek 1986, "Combining Probability Distributions"). The network's card has the reject
thresholds of what is pooled.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.card import load_model
from edge.classifier import CLASSES, softmax
from edge.errors import ModelError
from edge.interpreter import make_interpreter
from edge.quiet import native_stderr_silenced
from edge.strokes import Stroke

BUNDLED_TRAJECTORY = Path(__file__).parent / "models" / "trajectory.tflite"

POINTS = 64
"""Points along the way of a digit, all as far from the next."""
FEATURES = POINTS * 3 + (POINTS - 1) * 2
"""Numbers that the network reads of a digit."""

# What the image's answer and the way's weigh (`python -m benchmarks.opinions` finds them).
IMAGE_WEIGHT, TRAJECTORY_WEIGHT = 0.7, 0.9
# A probability that was rounded to 0 still needs a logarithm.
_LEAST_PROBABILITY = 1e-7
# Against division by nothing, for a digit of one point.
_TINY = 1e-6
_SHARES = np.linspace(0, 1, POINTS)


class TrajectoryClassifier:
    """The network in its `.tflite` file. Safe to share between threads.

    Args:
        model: the file; None is the bundled one.
        xnnpack: whether the runtime may compute with XNNPACK, which some boards can't.

    Raises:
        ModelError: the file is missing, damaged or another network.
        RuntimeMissingError: no TFLite interpreter is installed.
    """

    def __init__(self, model: str | Path | None = None, xnnpack: bool = True) -> None:
        self.path = BUNDLED_TRAJECTORY if model is None else Path(model)
        content, self.card = load_model(self.path)
        self._lock = threading.Lock()
        self._interpreter = make_interpreter(content, str(self.path), xnnpack=xnnpack)
        (taken,), (given,) = (
            self._interpreter.get_input_details(),
            self._interpreter.get_output_details(),
        )
        shapes = tuple(taken["shape"][1:]), tuple(given["shape"][1:])
        if shapes != ((FEATURES,), (CLASSES,)):
            raise ModelError(
                f"{self.path}: not a network that reads pen trajectories; copy it again"
            )
        self._input, self._output = taken["index"], given["index"]
        self._batch = 0

    def probabilities(self, digits: Sequence[Sequence[Stroke]]) -> NDArray[np.float32]:
        """Return what digits are taken for, one invoke for all of them.

        Args:
            digits: each one's strokes, as `paths` takes them; at least one.

        Returns:
            `float32 (n, 10)`, rows that sum to 1.
        """
        read = features(paths(digits))
        with self._lock:
            if len(read) != self._batch:
                self._interpreter.resize_tensor_input(self._input, (len(read), FEATURES))
                # The first allocation is when the runtime announces its delegate.
                with native_stderr_silenced():
                    self._interpreter.allocate_tensors()
                self._batch = len(read)
            self._interpreter.set_tensor(self._input, read)
            self._interpreter.invoke()
            logits: NDArray[np.float32] = self._interpreter.get_tensor(self._output)
        return softmax(logits)


def paths(digits: Sequence[Sequence[Stroke]]) -> NDArray[np.float32]:
    """Return points along each digit's way, as far from each other, where the pen was up too.

    Args:
        digits: each one's strokes, at least one: `float32 (k, 2)` each, k ≥ 1, in any unit, y
            down.

    Returns:
        `float32 (n, POINTS, 3)`: x and y from the middle of the digit, whose larger side is 2,
        and whether the pen was down on the way there, 1 or 0.
    """
    # All digits' points one after the other, as if one way led through all of them.
    parts = [stroke for strokes in digits for stroke in strokes]
    points = np.concatenate(parts, dtype=np.float64)
    starts = np.array([0, *accumulate(map(len, parts))])
    firsts = np.array([0, *accumulate(map(len, digits))])
    first, last = starts[firsts[:-1], None], starts[firsts[1:], None] - 1
    so_far = np.zeros(len(points))
    lengths = points[1:] - points[:-1]
    np.hypot(lengths[:, 0], lengths[:, 1], out=so_far[1:])
    # No way leads from one digit to the next.
    so_far[first] = 0
    np.cumsum(so_far, out=so_far)
    places = so_far[first] + (so_far[last] - so_far[first]) * _SHARES
    # The pieces in which the places lie, by the points that they end and begin with.
    ends = np.searchsorted(so_far, places.ravel()).reshape(places.shape)
    ends = np.minimum(np.maximum(ends, first + 1), last)
    begins = np.maximum(ends - 1, first)
    share = (places - so_far[begins]) / np.maximum(so_far[ends] - so_far[begins], _TINY)
    down = np.ones(len(points), np.float32)
    down[starts[:-1]] = 0
    down[first] = 1
    ways = np.empty((len(digits), POINTS, 3), np.float32)
    origins = points[begins]
    ways[..., :2] = _centred(origins + (points[ends] - origins) * share[..., None])
    ways[..., 2] = down[ends]
    return ways


def centred(ways: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ways `(n, POINTS, 3)` with their middles at 0 and their larger sides 2."""
    moved = ways.copy()
    moved[..., :2] = _centred(ways[..., :2])
    return moved


def features(ways: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the network reads of ways.

    Args:
        ways: `float32 (n, POINTS, 3)`, from `paths`.

    Returns:
        `float32 (n, FEATURES)`: all points' x and y, the directions from each to the next,
        as vectors of length 1, and 1 where the pen was down, -1 where not.
    """
    places = ways[..., :2]
    steps = places[:, 1:] - places[:, :-1]
    lengths = np.hypot(steps[..., 0], steps[..., 1])[..., None]
    parts = places, steps / np.maximum(lengths, _TINY), 2 * ways[..., 2:] - 1
    return np.concatenate([part.reshape(len(ways), -1) for part in parts], axis=1)


def pooled(
    image: NDArray[np.float32],
    trajectory: NDArray[np.float32],
    weights: tuple[float, float] = (IMAGE_WEIGHT, TRAJECTORY_WEIGHT),
) -> NDArray[np.float32]:
    """Return what two answers come to together, `float32 (n, 10)`, rows that sum to 1.

    Args:
        image: `float32 (n, 10)`, what the digits' images are taken for.
        trajectory: `float32 (n, 10)`, what their ways are taken for.
        weights: of the two, 0 or more.
    """
    log_image, log_trajectory = (
        np.log(np.maximum(each, np.float32(_LEAST_PROBABILITY))) for each in (image, trajectory)
    )
    of_image, of_trajectory = np.asarray(weights, np.float32)
    return softmax(of_image * log_image + of_trajectory * log_trajectory)


def _centred(places: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    low, high = places.min(axis=1, keepdims=True), places.max(axis=1, keepdims=True)
    larger = (high - low).max(axis=2, keepdims=True)
    return np.asarray((places - (low + high) / 2) * (2 / np.maximum(larger, _TINY)))


@cache
def bundled(xnnpack: bool = True) -> TrajectoryClassifier:
    """Return the bundled network, loaded when it is first asked for: most readings are of photos.

    Raises:
        ModelError: its file is missing or damaged.
        RuntimeMissingError: no TFLite interpreter is installed.
    """
    return TrajectoryClassifier(xnnpack=xnnpack)
