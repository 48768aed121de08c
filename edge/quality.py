"""How well a row of boxes can be seen, and what to change where it can't be read."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from edge.boxes import Boxes
from edge.strip import Strip

# Boxes below this height, px, hold digits of a dozen pixels.
_LEAST_HEIGHT = 14.0
# A corner may lie so far outside of the picture, in box heights.
_MOST_OUTSIDE = 0.12
# Blur above this, in box heights, closes the loops of an 8.
_MOST_BLUR = 0.04
# Share of the row that is as bright as the camera can tell, with something unread in it.
_MOST_GLARE = 0.25


@dataclass(frozen=True)
class Quality:
    """What is known of a row of boxes beside what is written in it."""

    height: float
    """Of a box, px of the picture."""
    tilt: float
    """How much larger the nearest box is than the farthest; 1 for a row seen straight on."""
    blur: float
    """Sigma of the blur of the steepest edge, in box heights."""
    glare: float
    """Share of the row that is as bright as the camera can tell, 0 to 1."""
    outside: float
    """How far the row leaves the picture, in box heights."""
    residual: float
    """Root mean square distance of the printed lines from the fitted row, in box heights."""

    @property
    def problem(self) -> str | None:
        """Why a row of this quality may not be readable: the worst reason, or None."""
        if self.outside > _MOST_OUTSIDE:
            return "cut-off"
        if self.height < _LEAST_HEIGHT:
            return "too-small"
        if self.blur > _MOST_BLUR:
            return "blurred"
        return "glare" if self.glare > _MOST_GLARE else None


def assess(size: tuple[int, int], boxes: Boxes, strip: Strip) -> Quality:
    """Return the quality of a row.

    Args:
        size: width and height of the picture it was found in, px.
        boxes: where.
        strip: the row flattened.
    """
    x, y = boxes.corners[..., 0], boxes.corners[..., 1]
    areas = np.abs((x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1))
    bounds = np.array(size, np.float32) - 1
    beyond = np.maximum(-boxes.corners, boxes.corners - bounds).max()
    return Quality(
        height=boxes.height,
        tilt=float(np.sqrt(areas.max() / max(areas.min(), 1e-6))),
        blur=_blur(strip),
        glare=strip.glare,
        outside=max(0.0, float(beyond)) / max(boxes.height, 1e-6),
        residual=boxes.residual,
    )


def _blur(strip: Strip) -> float:
    """Return the blur of the steepest edge: a step of 1 has the slope 1 / (sigma √(2π))."""
    dark = 1 - np.exp(-cv2.transform(strip.densities, np.full((1, 3), 1 / 3, np.float32)))
    slopes = np.abs(cv2.Sobel(dark, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)).ravel()
    place, last = int(0.995 * len(slopes)), int(0.98 * dark.size)
    steepest = float(np.partition(slopes, place)[place])
    contrast = float(np.partition(dark.ravel(), last)[last])
    if steepest <= 0:
        return 0.0
    return contrast / (steepest * math.sqrt(2 * math.pi)) / strip.height
