"""Takes crops of photos again, as another camera in another light might have.

Turned and mirrored, with less contrast, brighter or darker, in another tint or none, blurred
and with noise. Nothing is resampled: every pixel stays what one pixel saw.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# Standard deviations: of the logarithms of what contrast is lost, of the gain, of each
# channel's own gain and of gamma; and of the noise, in the levels of a pixel.
_CONTRAST, _GAIN, _TINT, _GAMMA, _NOISE = 0.3, 0.2, 0.08, 0.2, 3.0
# Shares of the crops whose channels change places, that become grey, and that are blurred.
_SHUFFLED, _GREY, _BLURRED = 0.3, 0.12, 0.3
_BLUR = (3, 3)
_ORDERS = np.array([[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
_MEAN = np.full((1, 3), 1 / 3, np.float32)
# For `cv2.flip`.
_ACROSS, _DOWN = 1, 0
# The corners of a box from the top left one clockwise, when it was mirrored.
_MIRRORED = [1, 0, 3, 2]
# Against 0 to the power of gamma, whose slope has no end.
_DARKEST = 1e-4


def retake(
    images: NDArray[np.uint8], corners: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return each crop as it might have been taken otherwise.

    Args:
        images: `uint8 (n, s, s, 3)`, squares.
        corners: `float32 (n, 5, 4, 2)` px, NaN where there is no row.
        rng: where the randomness comes from; the same state gives the same crops.

    Returns:
        New arrays of the same shapes and dtypes. A box's corners still go clockwise from one
        that may be called its top left one: a row upside down is the same row.
    """
    n, side = images.shape[:2]
    across, down, transposed = rng.random((3, n)) < 0.5
    levels = _levels(images, rng)
    shuffled = rng.random(n) < _SHUFFLED
    orders = _ORDERS[np.where(shuffled, rng.integers(0, len(_ORDERS), n), 0)]
    grey = rng.random(n) < _GREY
    blur = np.where(rng.random(n) < _BLURRED, rng.random(n), 0)
    noise = np.abs(rng.standard_normal(n)) * _NOISE
    # One field of noise for all, from another place on for each: drawing it takes the longest.
    field = rng.standard_normal(2 * images[0].size, np.float32)
    begin = rng.integers(0, images[0].size, n)
    made = np.empty_like(images)
    for k in range(n):
        image = images[k]
        image = cv2.flip(image, _ACROSS) if across[k] else image
        image = cv2.flip(image, _DOWN) if down[k] else image
        image = cv2.transpose(image) if transposed[k] else image
        # With four channels or fewer this looks each of them up in a table of its own.
        seen = np.asarray(cv2.LUT(image, levels[k][None]), np.float32)
        if shuffled[k]:
            b, g, r = cv2.split(seen)
            seen = cv2.merge([(b, g, r)[channel] for channel in orders[k]])
        if grey[k]:
            seen = cv2.merge([cv2.transform(seen, _MEAN)] * 3)
        if blur[k]:
            soft = cv2.blur(seen, _BLUR, borderType=cv2.BORDER_REPLICATE)
            seen = cv2.addWeighted(seen, 1 - blur[k], soft, blur[k], 0)
        grain = field[begin[k] : begin[k] + seen.size].reshape(seen.shape)
        seen = cv2.scaleAdd(grain, noise[k], seen)
        # To the nearest level, 0 to 255.
        made[k] = cv2.add(seen, 0, dtype=cv2.CV_8U)
    return made, _moved(corners, side, across, down, transposed)


def _levels(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw what each level of each channel becomes, `float32 (n, 256, 3)`, 0 to 255."""
    n = len(images)
    contrast = np.exp(-np.abs(rng.standard_normal((n, 1, 1))) * _CONTRAST)
    gain = np.exp(rng.standard_normal((n, 1, 1)) * _GAIN + rng.standard_normal((n, 1, 3)) * _TINT)
    gamma = np.exp(rng.standard_normal((n, 1, 1)) * _GAMMA)
    mean = np.array([cv2.mean(image)[:3] for image in images])[:, None]
    flat = mean + (np.arange(256)[None, :, None] - mean) * contrast
    return np.asarray(255 * np.clip(flat / 255 * gain, _DARKEST, 1) ** gamma, np.float32)


def _moved(
    corners: NDArray[np.float32],
    side: int,
    across: NDArray[np.bool_],
    down: NDArray[np.bool_],
    transposed: NDArray[np.bool_],
) -> NDArray[np.float32]:
    moved = corners.copy()
    moved[across, ..., 0] = side - 1 - moved[across, ..., 0]
    moved[down, ..., 1] = side - 1 - moved[down, ..., 1]
    moved[transposed] = moved[transposed][..., ::-1]
    mirrored = across ^ down ^ transposed
    moved[mirrored] = moved[mirrored][:, :, _MIRRORED]
    return moved
