"""Gradient descent on its own, as the textbook introduces it: the plain step that `fit` refines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Point = TypeVar("Point", float, NDArray[np.float64])


def gradient_descent(
    derivative: Callable[[Point], Point], start: Point, rate: float, steps: int
) -> list[Point]:
    """Walk downhill: u becomes u − rate · derivative(u), again and again.

    Args:
        derivative: of the loss with respect to u, in the shape of u.
        start: the first u, a number or an array; an array is not written to.
        rate: the learning rate.
        steps: how many to take.

    Returns:
        Every u on the way, `steps` + 1 of them, the start first.
    """
    points = [start]
    for _ in range(steps):
        u = points[-1]
        points.append(u - rate * derivative(u))
    return points
