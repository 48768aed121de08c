"""Bends digits as other hands might have written them: affine and elastic distortion.

Elastic distortion is Simard, Steinkraus & Platt (2003), "Best Practices for
Convolutional Neural Networks Applied to Visual Document Analysis": every pixel is
displaced by uniform noise in [-1, 1], smoothed by a Gaussian and enlarged.

Smoothing noise for every digit would cost more than the training step it feeds. A
sum of that many independent terms is Gaussian, though, and the smoothing is
separable, so the covariance of a field F is C ⊗ C with one matrix C, 28 by 28. Such a
field is `L @ Z @ L.T` with `L @ L.T = C` and standard normal Z, and as C is smooth a
dozen columns of L carry it: two small matrix products instead of a filter.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 28

# Digits lie around the centre of 28 pixels; the affine part turns about it.
_CENTRE = (SIDE - 1) / 2

# One digit with an empty row above and below, where positions outside it end up.
_STRIDE = SIDE + 2
# cv2.remap counts rows in 16 bits.
_MOST_PER_REMAP = 32_000 // _STRIDE

# Share of the field's variance that may be lost with the columns left out of L.
_LOST_VARIANCE = 1e-4


@dataclass(frozen=True)
class Distortion:
    """How far digits are bent; each amount is drawn uniformly from ± its value.

    Raises:
        ValueError: a number is outside its range.
    """

    rotation: float = 12.0
    """Degrees; a 6 turned much further starts to be another digit."""
    scale: float = 0.15
    """Share of the size, each axis on its own: narrow and wide hands."""
    shear: float = 0.15
    """Sideways shift per height: the slant of a hand."""
    shift: float = 1.5
    """Pixels; what the centring of a photographed digit may be off."""
    elastic_sigma: float = 5.0
    """Pixels over which neighbouring displacements agree."""
    elastic_alpha: float = 34.0
    """Factor on the smoothed noise; with sigma 5 the displacement is 1.1 px (one std)."""

    def __post_init__(self) -> None:
        if not 0 <= self.rotation <= 180:
            raise ValueError("rotation must be from 0 to 180 degrees")
        if not 0 <= self.scale < 1:
            raise ValueError("scale must be at least 0 and below 1")
        if not 0 <= self.shear <= 1:
            raise ValueError("shear must be from 0 to 1")
        if not 0 <= self.shift <= SIDE:
            raise ValueError(f"shift must be from 0 to {SIDE} pixels")
        if not 0.5 <= self.elastic_sigma <= SIDE:
            raise ValueError(f"elastic_sigma must be from 0.5 to {SIDE} pixels")
        if not 0 <= self.elastic_alpha <= 1000:
            raise ValueError("elastic_alpha must be from 0 to 1000")


UNBENT = Distortion(rotation=0, scale=0, shear=0, shift=0, elastic_alpha=0)
"""The distortion that leaves every digit as it is."""


def distort(
    digits: NDArray[np.uint8], distortion: Distortion, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Bend each digit in its own way.

    Args:
        digits: `uint8 (n, 28, 28)`, white ink on black.
        distortion: how far.
        rng: where the randomness comes from; the same state gives the same digits.

    Returns:
        `uint8 (n, 28, 28)`, a new array.
    """
    n = len(digits)
    linear = _linear_maps(n, distortion, rng)
    shifts = rng.uniform(-distortion.shift, distortion.shift, (n, 2)).astype(np.float32)
    elastic = displacements(n, distortion, rng)

    offsets = np.arange(SIDE, dtype=np.float32) - np.float32(_CENTRE)
    across, down = offsets[None, None, :], offsets[None, :, None]
    a, b, c, d = (linear[:, i, j, None, None] for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)))
    to_centre = shifts + np.float32(_CENTRE)
    x = a * across + b * down + elastic[:, 0] + to_centre[:, 0, None, None]
    y = c * across + d * down + elastic[:, 1] + to_centre[:, 1, None, None]
    return resample(digits, x, y)


def displacements(n: int, distortion: Distortion, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw smooth random displacement fields (Simard et al. 2003).

    Args:
        n: how many digits.
        distortion: `elastic_sigma` and `elastic_alpha` of it.
        rng: where the randomness comes from.

    Returns:
        `float32 (n, 2, 28, 28)`, pixels right and down.
    """
    L = smoothing_factor(distortion.elastic_sigma)
    Z = rng.standard_normal((n, 2, L.shape[1], L.shape[1]), dtype=np.float32)
    # Uniform noise in [-1, 1] has variance 1/3.
    amplitude = distortion.elastic_alpha / np.sqrt(3)
    return np.asarray(amplitude * (L @ Z @ L.T), np.float32)


@functools.cache
def smoothing_factor(sigma: float) -> NDArray[np.float32]:
    """Return the factor L of the covariance of white noise smoothed by a Gaussian.

    Args:
        sigma: of the Gaussian, pixels.

    Returns:
        `float32 (28, k)`, read-only: `L @ L.T` is the covariance between the 28
        pixels of a row (or column) of noise of variance 1.
    """
    reach = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    by_distance = np.correlate(kernel, kernel, "full")[2 * reach :]
    by_distance = np.pad(by_distance, (0, SIDE))
    pixels = np.arange(SIDE)
    covariance = by_distance[np.abs(pixels[:, None] - pixels[None, :])]

    variances, directions = np.linalg.eigh(covariance)
    variances, directions = variances[::-1].clip(0), directions[:, ::-1]
    kept = 1 + int(np.searchsorted(variances.cumsum(), (1 - _LOST_VARIANCE) * variances.sum()))
    factor = np.asarray(directions[:, :kept] * np.sqrt(variances[:kept]), np.float32)
    factor.flags.writeable = False
    return factor


def resample(
    digits: NDArray[np.uint8], x: NDArray[np.float32], y: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Look up each pixel of each digit at a given position, bilinearly; outside is black.

    Args:
        digits: `uint8 (n, 28, 28)`.
        x: `float32 (n, 28, 28)`, column in pixels where each output pixel is read.
        y: the same for rows.

    Returns:
        `uint8 (n, 28, 28)`, a new array.
    """
    resampled = np.empty_like(digits)
    for start in range(0, len(digits), _MOST_PER_REMAP):
        some = slice(start, start + _MOST_PER_REMAP)
        resampled[some] = _resample_tower(digits[some], x[some], y[some])
    return resampled


def _resample_tower(
    digits: NDArray[np.uint8], x: NDArray[np.float32], y: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Resample digits stacked into one tall image, so that OpenCV is called once."""
    n = len(digits)
    tower = np.pad(digits, ((0, 0), (1, 1), (0, 0))).reshape(n * _STRIDE, SIDE)
    first_rows = np.arange(n, dtype=np.float32)[:, None, None] * _STRIDE + 1
    # Held inside its own empty rows, no digit can read from its neighbour.
    rows = np.clip(y, -1, SIDE) + first_rows
    flat = (n * SIDE, SIDE)
    found = cv2.remap(
        tower,
        np.ascontiguousarray(x, np.float32).reshape(flat),
        rows.reshape(flat),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    return np.asarray(found, np.uint8).reshape(n, SIDE, SIDE)


def _linear_maps(n: int, distortion: Distortion, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw `(n, 2, 2)` maps from a place in the bent digit to its place in the original."""
    angle = np.deg2rad(rng.uniform(-distortion.rotation, distortion.rotation, n))
    shear = rng.uniform(-distortion.shear, distortion.shear, n)
    scale = 1 + rng.uniform(-distortion.scale, distortion.scale, (n, 2))

    cos, sin, one, zero = np.cos(angle), np.sin(angle), np.ones(n), np.zeros(n)
    turn = np.stack([cos, -sin, sin, cos], axis=1).reshape(n, 2, 2)
    slant = np.stack([one, shear, zero, one], axis=1).reshape(n, 2, 2)
    # Divided, as a larger digit is read at positions nearer to the centre.
    return ((turn @ slant) / scale[:, None, :]).astype(np.float32)
