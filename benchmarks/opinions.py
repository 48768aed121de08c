"""Finds what a digit's image and the way of its pen weigh: `python -m benchmarks.opinions`.

On the stroke sets' validation writers, whom neither network has learnt from. Of each pair of
weights it tells how many of the digits would be read wrong, and the mean negative logarithm of
the probability of what was written, which is least where the probabilities can be relied on.
`edge.trajectory` has the pair that is best over the sets, each counting as much.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# So that `python benchmarks/opinions.py` finds the packages as `-m` does.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.datasets import STROKE_SETS, stroke_sides
from benchmarks.reporting import has_data
from edge.classifier import Classifier
from edge.trajectory import IMAGE_WEIGHT, TRAJECTORY_WEIGHT, TrajectoryClassifier, pooled
from train.material import examples_of
from train.strokes import StrokeDigit

WEIGHTS = tuple(round(0.1 * k, 1) for k in range(13))


class Opinions(NamedTuple):
    """What two networks say of the same n digits."""

    image: NDArray[np.float32]
    """`(n, 10)` probabilities."""
    trajectory: NDArray[np.float32]
    """The same, of the way of the pen."""
    labels: NDArray[np.uint8]
    """`(n,)`"""


class Worth(NamedTuple):
    """What a pair of weights brings on one set."""

    errors: int
    loss: float
    """Mean negative logarithm of the right digit's probability."""


def opinions(
    digits: list[StrokeDigit], classifier: Classifier, follower: TrajectoryClassifier
) -> Opinions:
    """Return what the two networks say of digits."""
    examples = examples_of(digits)
    return Opinions(
        classifier.probabilities(examples.images),
        follower.probabilities([digit.strokes for digit in digits]),
        examples.labels,
    )


def worth(told: Opinions, weights: tuple[float, float]) -> Worth:
    """Return what a pair of weights brings: the image's, and the trajectory's."""
    together = pooled(told.image, told.trajectory, weights)
    right = together[np.arange(len(told.labels)), told.labels]
    errors = int((together.argmax(axis=1) != told.labels).sum())
    return Worth(errors, float(-np.log(np.maximum(right, np.finfo(np.float32).tiny)).mean()))


def best(sets: Mapping[str, Opinions]) -> tuple[float, float]:
    """Return the pair of weights whose loss is least, each set counting as much."""
    return min(
        product(WEIGHTS, WEIGHTS),
        key=lambda weights: sum(worth(told, weights).loss for told in sets.values()),
    )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.opinions", description=str(__doc__).split("\n", 1)[0]
    )
    parser.add_argument("--model", help="instead of the bundled model")
    parser.add_argument("--trajectory", help="instead of the bundled reader of trajectories")
    options = parser.parse_args()
    if not has_data("opinions"):
        return 1
    classifier, follower = Classifier(options.model), TrajectoryClassifier(options.trajectory)
    sets = {
        name: opinions(list(stroke_sides(name).validation), classifier, follower)
        for name in STROKE_SETS
    }
    found = best(sets)
    rows = {
        "the image alone": (1.0, 0.0),
        "the trajectory alone": (0.0, 1.0),
        "both, as the kiosk": (IMAGE_WEIGHT, TRAJECTORY_WEIGHT),
        "both, at their best": found,
    }
    sizes = "  ".join(f"{f'{name}, {len(told.labels)}':>18}" for name, told in sets.items())
    print(f"{'':22} {'weights':>11}  {sizes}")
    for name, weights in rows.items():
        each = [worth(told, weights) for told in sets.values()]
        figures = "  ".join(f"{one.errors:8} {one.loss:9.4f}" for one in each)
        print(f"{name:22} {weights[0]:5.1f} {weights[1]:5.1f}  {figures}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
