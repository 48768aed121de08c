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


def ece_of_chance(
    probabilities: NDArray[np.float32], draws: int = 200, seed: int = 0, bins: int = 15
) -> NDArray[np.float64]:
    """Return what would be measured if the model were perfectly calibrated.

    Of few images the shares in the bins differ from the confidence by chance alone: what is
    drawn as the model says has an expected calibration error too, and less can't be shown.

    Args:
        probabilities: `float32 (n, k)`.
        draws: how often labels are drawn.
        seed: of the draws.
        bins: as of `confidence_bins`.

    Returns:
        `float64 (draws,)`, the expected calibration error of each, rising.
    """
    rng = np.random.default_rng(seed)
    limits = probabilities.cumsum(axis=1)
    limits /= limits[:, -1:]
    found = []
    for _ in range(draws):
        labels = (limits > rng.random((len(limits), 1))).argmax(axis=1).astype(np.uint8)
        found.append(confidence_bins(probabilities, labels, bins).ece)
    return np.sort(found)
