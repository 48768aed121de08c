"""Arrays as people have them → the one form that everything here works on."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ImageError

# Above what phones take; in colour 64 million pixels fill 192 MB.
MOST_PIXELS = 64_000_000

# White in 16 bits is 65535 = 257 × 255.
_SIXTEEN_TO_EIGHT = 1 / 257
# Rows whose transparency is worked out at once: the wider numbers that it takes never
# fill more than a few MB.
_STRIP = 64


def as_bgr(image: object) -> NDArray[np.uint8]:
    """Return an array of any usual form as an image.

    Args:
        image: `(h, w)` or `(h, w, 1)` grey, `(h, w, 3)` BGR or `(h, w, 4)` BGRA;
            `uint8`, `uint16` of the full range (65535 is white) or `bool` (True is
            white); of any memory layout. Never written to.

    Returns:
        `uint8 (h, w, 3)` BGR or `(h, w)`, contiguous; alpha laid over white. The very
        array that was given where it is so already.

    Raises:
        ImageError: it is something else, empty, or larger than `MOST_PIXELS`.
    """
    if not isinstance(image, np.ndarray) or image.size == 0 or not _has_shape(image):
        raise ImageError(_not_an_image(image))
    if image.shape[0] * image.shape[1] > MOST_PIXELS:
        raise ImageError(too_large(image.shape[1], image.shape[0]))
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    eight = _eight_bits(image)
    return over_white(eight) if eight.ndim == 3 and eight.shape[2] == 4 else eight


def as_crops(crops: object) -> list[NDArray[np.uint8]]:
    """Return box crops as images; see `as_bgr`.

    Raises:
        ImageError: there are none, or one is no image.
    """
    if not isinstance(crops, Iterable) or (isinstance(crops, np.ndarray) and crops.ndim == 0):
        raise ImageError(f"crops are a list of images, not {type(crops).__name__}")
    images = [as_bgr(crop) for crop in crops]
    if not images:
        raise ImageError("there are no crops to read; give at least one")
    return images


def over_white(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay a picture with transparency over white.

    Args:
        image: `uint8 (h, w, 4)`, colours not multiplied by alpha; 255 is opaque.

    Returns:
        `uint8 (h, w, 3)`, the channels in the order given.
    """
    seen = np.empty((*image.shape[:2], 3), np.uint8)
    for top in range(0, image.shape[0], _STRIP):
        strip = image[top : top + _STRIP]
        alpha = strip[:, :, 3:].astype(np.uint16)
        # At most 255² + 127, which 16 bits just hold.
        mixed = strip[:, :, :3] * alpha + 255 * (255 - alpha) + 127
        seen[top : top + _STRIP] = mixed // 255
    return seen


def narrow(image: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Bring 16 bits down to 8, rounded, so that white stays white."""
    return np.asarray(cv2.convertScaleAbs(image, alpha=_SIXTEEN_TO_EIGHT), np.uint8)


def too_large(width: int, height: int) -> str:
    """Return the sentence that refuses a picture with too many pixels."""
    return (
        f"the image is too large: {width}×{height} px, where at most "
        f"{MOST_PIXELS // 1_000_000} million pixels are read; scale it down"
    )


def _eight_bits(image: NDArray[np.generic]) -> NDArray[np.uint8]:
    if image.dtype == np.uint8:
        return np.ascontiguousarray(image, np.uint8)
    if image.dtype == np.bool_:
        return np.ascontiguousarray(image, np.uint8) * np.uint8(255)
    # Whatever their byte order.
    if image.dtype.kind == "u" and image.dtype.itemsize == 2:
        return narrow(np.ascontiguousarray(image, np.uint16))
    raise ImageError(_not_an_image(image))


def _has_shape(image: NDArray[np.generic]) -> bool:
    return image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (1, 3, 4))


def _not_an_image(image: object) -> str:
    what = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
    return (
        "an image is a uint8 array (h, w, 3) in BGR, (h, w, 4) in BGRA or (h, w), "
        f"or one of uint16 or bool, not {what}"
    )
