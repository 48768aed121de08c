"""Medians and other quantiles of few or many numbers, by the shortest way.

NumPy's own take longer to look at their arguments than small arrays take to be sorted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def median(values: NDArray[Any]) -> float:
    """Return the median of `(n,)`, n ≥ 1; of an even number the mean of both in the middle."""
    high = len(values) // 2
    ordered = np.partition(values, high)
    if len(values) % 2:
        return float(ordered[high])
    return (float(ordered[:high].max()) + float(ordered[high])) / 2


def quantile(values: NDArray[Any], share: float) -> float:
    """Return a quantile of `(n,)`, n ≥ 1, linear between neighbours as `numpy.quantile`."""
    place = share * (len(values) - 1)
    low = int(place)
    ordered = np.sort(values)
    high = min(low + 1, len(values) - 1)
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))
