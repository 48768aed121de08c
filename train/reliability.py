"""Is what a model is 90 % sure of right in 90 %? Counted in bins of confidence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ConfidenceBins:
    """Confidence and accuracy in bins of confidence of equal width, from 0 to 1."""

    counts: NDArray[np.int64]
    """`(bins,)`, how many images have a confidence in the bin."""
    confidence: NDArray[np.float64]
    """`(bins,)`, mean confidence of each bin, NaN where it is empty."""
    accuracy: NDArray[np.float64]
    """`(bins,)`, share of each bin that is right, NaN where it is empty."""

    @property
    def ece(self) -> float:
        """Expected calibration error, Guo et al. (2017), equation 3; NaN of no images."""
        n = self.counts.sum()
        gaps = np.abs(self.accuracy - self.confidence)
        return float(np.nansum(self.counts * gaps) / n) if n else math.nan


def confidence_bins(
    probabilities: NDArray[np.float32], labels: NDArray[np.uint8], bins: int = 15
) -> ConfidenceBins:
    """Sort images into bins of equal width by how sure the model is of its first choice.

    Args:
        probabilities: `float32 (n, k)`.
        labels: `uint8 (n,)`.
        bins: how many; Guo et al. (2017) take 15.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    # A confidence of 1 belongs to the last bin.
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    divisors = np.where(counts, counts, np.nan)
    return ConfidenceBins(
        counts,
        np.bincount(place, weights=confidence, minlength=bins) / divisors,
        np.bincount(place, weights=right, minlength=bins) / divisors,
    )
