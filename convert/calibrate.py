"""Makes the model's confidence mean what it says, and finds the ones to reject below.

Temperature scaling and the expected calibration error are of Guo et al. (2017), "On
Calibration of Modern Neural Networks". Pure functions on logits.

How far the error-reject curve can be trusted: postcodes are composed of held-out digits, as
many as one likes, but of digits there are some thousands, of which some dozens are read
wrong; where one postcode in a thousand may be wrong, it is a few digits that decide. So where
fewer than `ENOUGH` different digits made postcodes wrong, the share that was observed is not
taken at its word: one standard error is added to it, by which another sample of digits would
differ, and the share must not be above what the confidences themselves let expect. The rest
is what no sample tells: mail whose hands or photos are worse than the held-out ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.classifier import softmax
from train.reliability import confidence_bins

BOXES = 5

# Of the accepted postcodes at most this share may be wrong.
ALLOWED_WRONG = 0.01
# What else a kiosk may ask for.
CURVE = (0.0005, 0.001, 0.002, 0.005, ALLOWED_WRONG, 0.02, 0.05)
# By so many different wrong digits a share is known to a fifth of itself.
ENOUGH = 25
# A postcode that is more likely wrong than right is never accepted.
LEAST_THRESHOLD = 0.5

# Where hardly a digit is wrong, ever lower temperatures seem ever better: certainty that
# a few hundred digits can't give.
_TEMPERATURES = (0.5, 20.0)
# The search ends when the temperature is known to this share of itself.
_TEMPERATURE_PRECISION = 1e-4
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Postcodes:
    """Postcodes put together of digits."""

    confidence: NDArray[np.float64]
    """`(n,)`, the probability that all five digits are right, if they are right or wrong
    independently."""
    culprit: NDArray[np.int64]
    """`(n,)`, what made it wrong: of composed ones the digit, the first where several were, of
    others the postcode itself; -1 of a postcode that is right."""

    @property
    def right(self) -> NDArray[np.bool_]:
        """`(n,)`, whether all five digits are."""
        return self.culprit < 0

    def accepted(self, threshold: float) -> tuple[float, float]:
        """Return the share that is accepted at a threshold, and of it the share that is wrong."""
        sure = self.confidence >= threshold
        read = float(sure.mean())
        return read, float(1 - self.right[sure].mean()) if read else 0.0


@dataclass(frozen=True)
class Rejection:
    """A reject threshold and what it does to the postcodes it was found on."""

    threshold: float
    """Least confidence of an accepted postcode, 0.5 to 1; at 1 none is accepted."""
    read_rate: float
    """Share of the postcodes that are accepted."""
    wrong_rate: float
    """Share of the accepted ones that are wrong."""
    standard_error: float
    """Of `wrong_rate`, by which other digits of the same kind would give another."""
    wrong_digits: int
    """How many different digits made accepted postcodes wrong, or how many photos."""


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
    origins: NDArray[np.int64] | None = None,
) -> Postcodes:
    """Put random digits together to postcodes of five.

    Args:
        probabilities: `float32 (n, 10)`, calibrated, one row per digit.
        labels: `uint8 (n,)`.
        count: how many postcodes.
        rng: draws the digits, each postcode's on its own.
        origins: `int64 (n,)`, the same number for pictures of one and the same digit; None
            where each is another.
    """
    sources = np.arange(len(labels)) if origins is None else origins
    chosen = rng.integers(len(labels), size=(count, BOXES))
    wrong = (probabilities.argmax(axis=1) != labels)[chosen]
    first_wrong = chosen[np.arange(count), wrong.argmax(axis=1)]
    return Postcodes(
        confidence=probabilities.max(axis=1).astype(np.float64)[chosen].prod(axis=1),
        culprit=np.where(wrong.any(axis=1), sources[first_wrong], -1),
    )


def postcodes_of_rows(
    probabilities: NDArray[np.float32],
    labels: NDArray[np.uint8],
    rows: NDArray[np.integer[Any]],
) -> Postcodes:
    """Put digits that were cut out of rows of boxes together as they stood there.

    A photo that is blurred, or whose row was not found quite where it is, spoils all its digits:
    they are not right or wrong independently, and composed postcodes would have more wrong ones
    than there are.

    Args:
        probabilities: `float32 (n, 10)`, calibrated, one row per digit.
        labels: `uint8 (n,)`.
        rows: `int (n,)`, the same number for digits of one row. A row of fewer than five is
            left out: a kiosk does not accept it.
    """
    _, row, sizes = np.unique(rows, return_inverse=True, return_counts=True)
    order = np.argsort(row, kind="stable")
    digits = order[sizes[row[order]] == BOXES].reshape(-1, BOXES)
    right = (probabilities.argmax(axis=1) == labels)[digits].all(axis=1)
    return Postcodes(
        confidence=probabilities.max(axis=1).astype(np.float64)[digits].prod(axis=1),
        culprit=np.where(right, -1, np.arange(len(digits))),
    )


def find_threshold(postcodes: Postcodes, allowed: float = ALLOWED_WRONG) -> Rejection:
    """Find the lowest confidence from which on few enough are wrong.

    Few enough: of `ENOUGH` different digits and more that were read wrong, the observed share
    is not above what is allowed; of fewer, neither is that share with one standard error
    added, nor the share that the confidences let expect.

    Args:
        postcodes: of held-out digits.
        allowed: largest share of the accepted ones that may be wrong, 0 to 1.

    Returns:
        The threshold, never below 0.5; 1 where even the most confident are too often
        wrong.
    """
    return error_reject_curve(postcodes, (allowed,))[0]


def error_reject_curve(postcodes: Postcodes, allowed: Sequence[float]) -> list[Rejection]:
    """Find the threshold of each allowed share of wrong postcodes; see `find_threshold`.

    Args:
        postcodes: of held-out digits.
        allowed: largest shares of the accepted ones that may be wrong, 0 to 1.

    Returns:
        One for each share; the smaller the share, the higher the threshold.
    """
    order = np.argsort(-postcodes.confidence, kind="stable")
    confidence, culprit = postcodes.confidence[order], postcodes.culprit[order]
    accepted = np.arange(1, len(order) + 1)
    observed = np.cumsum(culprit >= 0) / accepted
    expected = np.cumsum(1 - confidence) / accepted
    digits, squares = _spoilers(culprit)
    error = np.sqrt(squares) / accepted
    guarded = np.maximum(observed + error, expected)
    share = np.where(digits >= ENOUGH, observed, guarded)
    # Postcodes of equal confidence are accepted together or not at all.
    last_of_equals = np.append(confidence[1:] < confidence[:-1], True)
    possible = last_of_equals & (confidence >= LEAST_THRESHOLD) & (confidence < 1)

    curve = []
    for limit in allowed:
        cuts = np.flatnonzero(possible & (share <= limit))
        if len(cuts) == 0:
            curve.append(Rejection(1.0, 0.0, 0.0, 0.0, 0))
            continue
        cut = int(cuts[-1])
        curve.append(
            Rejection(
                threshold=float(confidence[cut]),
                read_rate=(cut + 1) / len(order),
                wrong_rate=float(observed[cut]),
                standard_error=float(error[cut]),
                wrong_digits=int(digits[cut]),
            )
        )
    return curve


def _spoilers(culprit: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return, up to each postcode, how many digits made any wrong, and a sum of squares.

    It is the sum of the squares of how many postcodes each digit made wrong. Were the wrong
    digits drawn anew, each would be there more or less often, by Poisson's law: the variance
    of the count of wrong postcodes is this sum.
    """
    places = np.flatnonzero(culprit >= 0)
    order = np.argsort(culprit[places], kind="stable")
    digits = culprit[places][order]
    starts = np.flatnonzero(np.append(True, digits[1:] != digits[:-1]))[: len(digits)]
    before = np.arange(len(digits)) - np.repeat(starts, np.diff(np.append(starts, len(digits))))
    earlier = np.full(len(culprit), -1)
    earlier[places[order]] = before
    # From n to n + 1 a square grows by 2 n + 1.
    return np.cumsum(earlier == 0), np.cumsum(np.where(earlier >= 0, 2 * earlier + 1, 0))


def calibrated(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return `float32 (n, 10)` probabilities at a temperature, as the kiosk computes them."""
    return softmax(logits / np.float32(temperature))
