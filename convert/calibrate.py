"""Makes the model's confidence mean what it says, and finds the one to reject below.

Temperature scaling and the expected calibration error are of Guo et al. (2017), "On
Calibration of Modern Neural Networks". Pure functions on logits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.classifier import softmax
from train.reliability import confidence_bins

BOXES = 5

# Of the accepted postcodes at most this share may be wrong.
ALLOWED_WRONG = 0.01
# A postcode that is more likely wrong than right is never accepted.
LEAST_THRESHOLD = 0.5

# Where hardly a digit is wrong, ever lower temperatures seem ever better: certainty that
# a few hundred digits can't give.
_TEMPERATURES = (0.5, 20.0)
# The search ends when the temperature is known to this share of itself.
_TEMPERATURE_PRECISION = 1e-4
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Rejection:
    """A reject threshold and what it does to the postcodes it was found on."""

    threshold: float
    """Least confidence of an accepted postcode, 0.5 to 1."""
    read_rate: float
    """Share of the postcodes that are accepted."""
    wrong_rate: float
    """Share of the accepted ones that are wrong."""


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    """Find the temperature under which the labels are most likely.

    The negative log-likelihood is convex in 1 / temperature, so it has one valley; a
    golden-section search over the temperature's logarithm finds the bottom.

    Args:
        logits: `float32 (n, 10)`.
        labels: `uint8 (n,)`.

    Returns:
        The temperature, from 0.5 to 20.
    """
    low, high = (math.log(limit) for limit in _TEMPERATURES)

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(logits, labels, math.exp(log_temperature))

    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    loss_left, loss_right = loss(left), loss(right)
    while high - low > _TEMPERATURE_PRECISION:
        if loss_left < loss_right:
            high, right, loss_right = right, left, loss_left
            left = high - _GOLDEN * (high - low)
            loss_left = loss(left)
        else:
            low, left, loss_left = left, right, loss_right
            right = low + _GOLDEN * (high - low)
            loss_right = loss(right)
    return math.exp((low + high) / 2)


def negative_log_likelihood(
    logits: NDArray[np.float32], labels: NDArray[np.uint8], temperature: float = 1.0
) -> float:
    """Return the mean of -log p(label) in nats.

    Args:
        logits: `float32 (n, 10)`.
        labels: `uint8 (n,)`.
        temperature: divides the logits.
    """
    scaled = logits.astype(np.float64) / temperature
    highest = scaled.max(axis=1)
    log_sums = highest + np.log(np.exp(scaled - highest[:, None]).sum(axis=1))
    return float((log_sums - scaled[np.arange(len(labels)), labels]).mean())


def expected_calibration_error(
    probabilities: NDArray[np.float32], labels: NDArray[np.uint8]
) -> float:
    """Return by how much confidence and accuracy differ, averaged over 15 bins of confidence.

    Guo et al. (2017), equation 3.

    Args:
        probabilities: `float32 (n, 10)`.
        labels: `uint8 (n,)`.
    """
    return confidence_bins(probabilities, labels).ece


def compose_postcodes(
    probabilities: NDArray[np.float32],
    labels: NDArray[np.uint8],
    count: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Put random digits together to postcodes of five.

    Args:
        probabilities: `float32 (n, 10)`, calibrated, one row per digit.
        labels: `uint8 (n,)`.
        count: how many postcodes.
        rng: draws the digits, each postcode's on its own.

    Returns:
        `float64 (count,)` confidence: the probability that all five are right, if
        they are right or wrong independently; `bool (count,)` whether they are.
    """
    chosen = rng.integers(len(labels), size=(count, BOXES))
    confidence = probabilities.max(axis=1).astype(np.float64)[chosen].prod(axis=1)
    right = (probabilities.argmax(axis=1) == labels)[chosen].all(axis=1)
    return confidence, right


def find_threshold(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Rejection:
    """Find the lowest confidence from which on at most 1 % are wrong.

    Args:
        confidence: `float64 (n,)`, of each postcode.
        right: `bool (n,)`, whether it was read right.

    Returns:
        The threshold, never below 0.5; 1 where even the most confident are too often
        wrong.
    """
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    wrong_share = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    # Postcodes of equal confidence are accepted together or not at all.
    last_of_equals = np.append(sorted_confidence[1:] < sorted_confidence[:-1], True)
    possible = np.flatnonzero(
        last_of_equals & (wrong_share <= ALLOWED_WRONG) & (sorted_confidence >= LEAST_THRESHOLD)
    )
    threshold = float(sorted_confidence[possible[-1]]) if len(possible) else 1.0

    accepted = confidence >= threshold
    wrong = int(np.count_nonzero(accepted & ~right))
    return Rejection(
        threshold=threshold,
        read_rate=float(accepted.mean()),
        wrong_rate=wrong / max(1, int(np.count_nonzero(accepted))),
    )


def calibrated(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return `float32 (n, 10)` probabilities at a temperature, as the kiosk computes them."""
    return softmax(logits / np.float32(temperature))
