"""How many errors are bought with how many answers: the error-reject curve.

Whoever refuses to answer below some confidence makes fewer errors and leaves more work
undone; the curve shows every such choice (C. K. Chow, "On optimum recognition error and
reject tradeoff", IEEE Transactions on Information Theory 16, 1970).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Point:
    """What one threshold does."""

    threshold: float
    """Least confidence that is accepted; infinite where nothing is."""
    accepted: int
    wrong: int
    """Of those accepted."""

    @property
    def error(self) -> float:
        """The share of wrong among accepted, 0 to 1; 0 where nothing is accepted."""
        return self.wrong / self.accepted if self.accepted else 0.0


@dataclass(frozen=True)
class Curve:
    """What every threshold does that changes anything, the strictest first."""

    thresholds: NDArray[np.float64]
    """(k,), falling; the first is infinite and accepts nothing."""
    accepted: NDArray[np.int64]
    """(k,), rising from 0."""
    wrong: NDArray[np.int64]
    """(k,), of those accepted."""

    @property
    def errors(self) -> NDArray[np.float64]:
        """The share of wrong among accepted, `float64 (k,)`; 0 where nothing is accepted."""
        return np.asarray(self.wrong / np.maximum(self.accepted, 1), np.float64)

    def point(self, index: int) -> Point:
        """Return one of the curve's points."""
        return Point(
            float(self.thresholds[index]), int(self.accepted[index]), int(self.wrong[index])
        )

    def at(self, threshold: float) -> Point:
        """Return what is accepted from a confidence on."""
        # How many of the falling thresholds are at least as high; the first always is.
        index = int(np.searchsorted(-self.thresholds, -threshold, side="right")) - 1
        return Point(threshold, int(self.accepted[index]), int(self.wrong[index]))

    def within(self, most_error: float) -> Point:
        """Return the point that accepts most while no more than a share of it is wrong.

        Args:
            most_error: share of wrong among accepted, 0 to 1.
        """
        allowed = np.flatnonzero(self.wrong <= most_error * self.accepted)
        return self.point(int(allowed[-1]))


def error_reject_curve(confidence: ArrayLike, right: ArrayLike) -> Curve:
    """Return the curve of answers that are accepted from some confidence on.

    Args:
        confidence: (n,), any finite numbers.
        right: `bool (n,)`.
    """
    sure = np.asarray(confidence, np.float64)
    mistaken = ~np.asarray(right, bool)
    order = np.argsort(-sure, kind="stable")
    sure, mistaken = sure[order], mistaken[order]
    # Equally confident answers are accepted together: a point after the last of each.
    ends = np.flatnonzero(np.append(sure[1:] != sure[:-1], True)[: len(sure)])
    return Curve(
        np.concatenate([[np.inf], sure[ends]]),
        np.concatenate([[0], ends + 1]),
        np.concatenate([[0], np.cumsum(mistaken, dtype=np.int64)[ends]]),
    )
