"""Bends images as other hands might have written them: affine and elastic distortion.

Elastic distortion is Simard, Steinkraus & Platt (2003), "Best Practices for
Convolutional Neural Networks Applied to Visual Document Analysis": every pixel is
displaced by uniform noise in [-1, 1], smoothed by a Gaussian and enlarged.

Smoothing noise for every digit would cost more than the training step it feeds. A
sum of that many independent terms is Gaussian, though, and the smoothing is
separable, so the covariance of a field F is C ⊗ C with one matrix C, side by side. Such a
field is `L @ Z @ L.T` with `L @ L.T = C` and standard normal Z, and as C is smooth a
dozen columns of L carry it: two small matrix products instead of a filter.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

# cv2.remap counts rows in 16 bits.
_MOST_ROWS = 32_000

# Share of the field's variance that may be lost with the columns left out of L.
_LOST_VARIANCE = 1e-4


@dataclass(frozen=True)
class Distortion:
    """How far images are bent; each amount is drawn uniformly from ± its value.

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
    mirror: bool = False
    """Whether half of the images are mirrored left to right: right for cats, wrong for digits."""

    def __post_init__(self) -> None:
        if not 0 <= self.rotation <= 180:
            raise ValueError("rotation must be from 0 to 180 degrees")
        if not 0 <= self.scale < 1:
            raise ValueError("scale must be at least 0 and below 1")
        if not 0 <= self.shear <= 1:
            raise ValueError("shear must be from 0 to 1")
        if not 0 <= self.shift <= 28:
            raise ValueError("shift must be from 0 to 28 pixels")
        if not 0.5 <= self.elastic_sigma <= 28:
            raise ValueError("elastic_sigma must be from 0.5 to 28 pixels")
        if not 0 <= self.elastic_alpha <= 1000:
            raise ValueError("elastic_alpha must be from 0 to 1000")

    def scaled(self, share: float) -> Distortion:
        """Return the distortion with all amounts multiplied."""
        return replace(
            self,
            rotation=self.rotation * share,
            scale=self.scale * share,
            shear=self.shear * share,
            shift=self.shift * share,
            elastic_alpha=self.elastic_alpha * share,
        )


UNBENT = Distortion(rotation=0, scale=0, shear=0, shift=0, elastic_alpha=0)
"""The distortion that leaves every image as it is."""


def distort(
    images: NDArray[np.uint8], distortion: Distortion, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Bend each image in its own way.

    Args:
        images: `uint8 (n, s, s)` or `(n, s, s, c)`; beyond their edges all is black.
        distortion: how far.
        rng: where the randomness comes from; the same state gives the same images.

    Returns:
        A new array of the same shape and dtype.
    """
    n, side = images.shape[:2]
    linear = _linear_maps(n, distortion, rng)
    shifts = rng.uniform(-distortion.shift, distortion.shift, (n, 2)).astype(np.float32)
    elastic = displacements(n, side, distortion, rng)

    # The affine part turns about the middle.
    centre = np.float32((side - 1) / 2)
    offsets = np.arange(side, dtype=np.float32) - centre
    across, down = offsets[None, None, :], offsets[None, :, None]
    a, b, c, d = (linear[:, i, j, None, None] for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)))
    to_centre = shifts + centre
    x = a * across + b * down + elastic[:, 0] + to_centre[:, 0, None, None]
    y = c * across + d * down + elastic[:, 1] + to_centre[:, 1, None, None]
    return resample(images, x, y)


def displacements(
    n: int, side: int, distortion: Distortion, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw smooth random displacement fields (Simard et al. 2003).

    Args:
        n: how many images.
        side: of each, pixels.
        distortion: `elastic_sigma` and `elastic_alpha` of it.
        rng: where the randomness comes from.

    Returns:
        `float32 (n, 2, side, side)`, pixels right and down.
    """
    L = smoothing_factor(distortion.elastic_sigma, side)
    Z = rng.standard_normal((n, 2, L.shape[1], L.shape[1]), dtype=np.float32)
    # Uniform noise in [-1, 1] has variance 1/3.
    amplitude = distortion.elastic_alpha / np.sqrt(3)
    return np.asarray(amplitude * (L @ Z @ L.T), np.float32)


@functools.cache
def smoothing_factor(sigma: float, side: int) -> NDArray[np.float32]:
    """Return the factor L of the covariance of white noise smoothed by a Gaussian.

    Args:
        sigma: of the Gaussian, pixels.
        side: of the image, pixels.

    Returns:
        `float32 (side, k)`, read-only: `L @ L.T` is the covariance between the
        pixels of a row (or column) of noise of variance 1.
    """
    reach = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    by_distance = np.correlate(kernel, kernel, "full")[2 * reach :]
    by_distance = np.pad(by_distance, (0, side))
    pixels = np.arange(side)
    covariance = by_distance[np.abs(pixels[:, None] - pixels[None, :])]

    variances, directions = np.linalg.eigh(covariance)
    variances, directions = variances[::-1].clip(0), directions[:, ::-1]
    kept = 1 + int(np.searchsorted(variances.cumsum(), (1 - _LOST_VARIANCE) * variances.sum()))
    factor = np.asarray(directions[:, :kept] * np.sqrt(variances[:kept]), np.float32)
    factor.flags.writeable = False
    return factor


def resample(
    images: NDArray[np.uint8], x: NDArray[np.float32], y: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Look up each pixel of each image at a given position, bicubically; outside is black.

    Bilinear lookup blurs, so that a network learns from softer strokes than it will read.

    Args:
        images: `uint8 (n, s, s)` or `(n, s, s, c)`.
        x: `float32 (n, s, s)`, column in pixels where each output pixel is read.
        y: the same for rows.

    Returns:
        A new array of the images' shape and dtype.
    """
    resampled = np.empty_like(images)
    at_once = _MOST_ROWS // (images.shape[1] + 2)
    for start in range(0, len(images), at_once):
        some = slice(start, start + at_once)
        resampled[some] = _resample_tower(images[some], x[some], y[some])
    return resampled


def _resample_tower(
    images: NDArray[np.uint8], x: NDArray[np.float32], y: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Resample images stacked into one tall one, so that OpenCV is called once."""
    n, side, _, *channels = images.shape
    # An empty row above and below each is where positions outside of it end up.
    stride = side + 2
    around = [(0, 0)] * len(channels)
    tower = np.pad(images, [(0, 0), (1, 1), (0, 0), *around]).reshape(n * stride, side, *channels)
    first_rows = np.arange(n, dtype=np.float32)[:, None, None] * stride + 1
    # Held inside its own empty rows, no image can read from its neighbour.
    rows = np.clip(y, -1, side) + first_rows
    flat = (n * side, side)
    found = cv2.remap(
        tower,
        np.ascontiguousarray(x, np.float32).reshape(flat),
        rows.reshape(flat),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    return np.asarray(found, np.uint8).reshape(images.shape)


def _linear_maps(n: int, distortion: Distortion, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw `(n, 2, 2)` maps from a place in the bent image to its place in the original."""
    angle = np.deg2rad(rng.uniform(-distortion.rotation, distortion.rotation, n))
    shear = rng.uniform(-distortion.shear, distortion.shear, n)
    scale = 1 + rng.uniform(-distortion.scale, distortion.scale, (n, 2))

    cos, sin, one, zero = np.cos(angle), np.sin(angle), np.ones(n), np.zeros(n)
    turn = np.stack([cos, -sin, sin, cos], axis=1).reshape(n, 2, 2)
    slant = np.stack([one, shear, zero, one], axis=1).reshape(n, 2, 2)
    # Divided, as a larger digit is read at positions nearer to the centre.
    maps = (turn @ slant) / scale[:, None, :]
    if distortion.mirror:
        maps[rng.random(n) < 0.5, :, 0] *= -1
    return maps.astype(np.float32)
