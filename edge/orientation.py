"""Which way up a row of digits is, decided by the digits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Who photographs an envelope mostly holds it upright.
_USUAL_ODDS = 30.0
# What the classifier's probability of each digit, 0 to 9, tells of the way up, as weights of
# log(p + _LEAST): a digit that is upside down mostly looks like none, but now and then surely like
# one of these. By logistic regression on digits cut out of rendered photos of the hands to learn
# from, upright against upside down (`python -m benchmarks.way_up`).
_WEIGHTS = np.array(
    [-0.16, -0.19, -0.33, -0.26, 0.15, -0.48, -0.71, -0.21, -0.49, -0.73], np.float64
)
LEAST = 1e-3
"""Added to a probability before its logarithm is taken."""
# Nearer to the upright than this, degrees, neither way is the usual one.
_STEEP = 60.0

Row = Sequence[NDArray[np.float32] | None]


def turned_ink(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a digit's ink turned by half a turn."""
    return np.ascontiguousarray(ink[::-1, ::-1])


def turned_corners(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the corners `(5, 4, 2)` of a row that is read the other way up."""
    return corners[::-1][:, [2, 3, 0, 1]]


def upright_log_odds(corners: NDArray[np.float32], as_found: Row, turned: Row) -> float:
    """Return how much likelier the row stands as it was found than upside down.

    Args:
        corners: `float32 (5, 4, 2)` px, as found.
        as_found: `float32 (10,)` probabilities of each box, None where it is blank.
        turned: the same of the row turned by half a turn, its first box first.

    Returns:
        The natural logarithm of the odds.
    """
    return _usual_way(corners) * math.log(_USUAL_ODDS) + _evidence(as_found) - _evidence(turned)


def agreement(log_odds: float, as_found: Row, turned: Row) -> float:
    """Return how sure it is that the likelier way up is the right one, 0.5 to 1.

    It is of no matter where both ways show the same digits.
    """
    if _digits(as_found) == _digits(turned):
        return 1.0
    return 1 / (1 + math.exp(-min(abs(log_odds), 50.0)))


def _usual_way(corners: NDArray[np.float32]) -> int:
    """Return 1 where a row as found is about upright, -1 upside down, 0 for neither."""
    along = corners[-1].mean(axis=0) - corners[0].mean(axis=0)
    degrees = abs(math.degrees(math.atan2(float(along[1]), float(along[0]))))
    if degrees < _STEEP:
        return 1
    return -1 if degrees > 180 - _STEEP else 0


def _evidence(rows: Row) -> float:
    """Return what speaks for digits being upright, as a logarithm of odds."""
    return sum(float(_WEIGHTS @ np.log(row + LEAST)) for row in rows if row is not None)


def _digits(rows: Row) -> list[int | None]:
    return [None if row is None else int(row.argmax()) for row in rows]
