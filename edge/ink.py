"""How dark things are on paper, whatever the light: the base of all image work here."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# A picture of more pixels is worked on in bands of about so many, and at least so many rows: what
# is made on the way stays small then.
_LARGE, _BAND, _LEAST_ROWS = 1_000_000, 300_000, 64
# The blackest ink gives back about a tenth of the light; what a camera makes of less is noise.
_BLACK = 0.1
# Of a pixel that gives back 0 to 255 of 255 parts of the paper's light.
_DENSITIES = -np.log(np.maximum(np.arange(256) / 255, _BLACK)).astype(np.float32)


def resize(image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Return a picture scaled, averaged when it shrinks, at least 1 px each way."""
    size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def paper_light(image: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """Estimate the picture with everything dark and thin taken away.

    A closing fills what is darker than its surroundings and narrower than `reach`:
    strokes and lines go, light, shadow and the paper's tint stay.

    Args:
        image: `uint8 (h, w)` or `(h, w, 3)`.
        reach: px, more than the widest stroke.

    Returns:
        `uint8`, shaped like `image`.
    """
    window = np.ones((reach, reach), np.uint8)
    light = cv2.morphologyEx(image, cv2.MORPH_CLOSE, window, borderType=cv2.BORDER_REPLICATE)
    # A closing keeps the brightest specks of noise; averaging takes them down.
    side = _averaged(reach)
    return np.asarray(cv2.blur(light, (side, side), dst=light), np.uint8)


def _averaged(reach: int) -> int:
    return max(3, reach // 2 | 1)


def _given_back(image: NDArray[np.uint8], light: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return which part of the light each pixel gives back, of 255; written over the light."""
    # In its place: on a small machine these pictures are most of what is held, and to get
    # memory for one anew takes as long as to fill it.
    cv2.max(light, (1,) * 4, dst=light)
    return np.asarray(cv2.divide(image, light, dst=light, scale=255), np.uint8)


def darkness(image: NDArray[np.uint8], reach: int) -> NDArray[np.float32]:
    """Return how much of the paper's light is missing at each pixel.

    The mean over the channels: every ink shows in at least one of them, and
    JPEG keeps brightness sharper than any single colour.

    Args:
        image: `uint8 (h, w)` or `(h, w, 3)`, dark on light.
        reach: px, more than the widest stroke.

    Returns:
        `float32 (h, w)`: 0 is paper, 1 is black.
    """
    # In bytes, which is what the picture has; floats here would take most of the
    # time that it takes to find the boxes.
    given_back = _given_back(image, paper_light(image, reach))
    if given_back.ndim == 3:
        given_back = np.asarray(cv2.transform(given_back, np.full((1, 3), 1 / 3)), np.uint8)
    return np.asarray((255 - given_back) * np.float32(1 / 255), np.float32)


def line_darkness(image: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """Return how much of the paper's light is missing in the channel that misses most of it.

    A printed line of any colour is darkest there: an orange one in blue, a blue one in red.

    Args:
        image: `uint8 (h, w)` or `(h, w, 3)`, dark on light.
        reach: px, more than the widest line.

    Returns:
        `uint8 (h, w)`: 0 is paper, 255 is black.
    """
    height, width = image.shape[:2]
    if height * width <= _LARGE:
        return _line_darkness(image, reach)
    rows = max(_LEAST_ROWS, _BAND // width)
    found = np.empty((height, width), np.uint8)
    # Beyond it nothing is looked at: by the closing, and by the averaging after it.
    margin = reach + _averaged(reach) // 2
    for top in range(0, height, rows):
        low = max(0, top - margin)
        band = _line_darkness(image[low : top + rows + margin], reach)
        found[top : top + rows] = band[top - low : top - low + rows]
    return found


def _line_darkness(image: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    given_back = _given_back(image, paper_light(image, reach))
    if image.ndim == 3:
        blue, green, red = cv2.split(given_back)
        given_back = np.asarray(cv2.min(cv2.min(blue, green, dst=blue), red, dst=blue), np.uint8)
    return np.asarray(cv2.bitwise_not(given_back, dst=given_back), np.uint8)


def density(image: NDArray[np.uint8], reach: int) -> NDArray[np.float32]:
    """Return optical densities: the natural logarithm of paper's light over the pixel's.

    Args:
        image: `uint8 (h, w, 3)`, dark on light.
        reach: px, more than the widest stroke.

    Returns:
        `float32 (h, w, 3)`, 0 for paper to 2.3 for black; ink on top of ink adds.
    """
    window = np.ones((reach, reach), np.uint8)
    light = cv2.morphologyEx(image, cv2.MORPH_CLOSE, window, borderType=cv2.BORDER_REPLICATE)
    # A median keeps a shadow's edge where it is; an average would draw a line along it.
    light = cv2.medianBlur(light, 5)
    given_back = _given_back(image, np.asarray(light, np.uint8))
    return np.asarray(cv2.LUT(given_back, _DENSITIES), np.float32)
