"""From paper to photo and back: perspective, a wavy paper, a lens that is not quite true."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.rendering.pose import FRAME, Frame

# Photo pixels between two points whose place on the paper is computed; the rest is
# interpolated, to a hundredth of a pixel.
_STEP = 8
_ROUNDS = 12
# What lies farther out is never in the photo, and no lens is known there: by the corners' distance,
# squared.
_FARTHEST = 4.0


@dataclass(frozen=True)
class View:
    """How the camera sees a paper."""

    H: NDArray[np.float64]
    """From mm on a flat paper to photo px, `(3, 3)`."""
    lens: float = 0.0
    """Radial distortion of the photo's corners, parts of their distance from its middle:
    above 0 a pincushion, below a barrel (Brown 1966, first term)."""
    bend: float = 0.0
    """Amplitude of the paper's wave as it shifts what is printed, mm."""
    wave: float = 150.0
    """Its length, mm."""
    towards: float = 0.0
    """Direction along which it runs, radians."""
    phase: float = 0.0
    """Radians."""
    frame: Frame = FRAME
    """Of the photo."""

    def to_photo(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return where mm on the paper, `(…, 2)`, come out in the photo, px."""
        wanted = np.asarray(points, np.float64).reshape(-1, 2)
        flat = wanted
        # The wave is gentle: its inverse is found by stepping back.
        for _ in range(_ROUNDS):
            flat = wanted - self._waved(flat)
        straight = cv2.perspectiveTransform(flat[:, None], self.H)[:, 0]
        seen = straight
        for _ in range(_ROUNDS):
            seen = straight - self._strayed(seen)
        return seen.reshape(np.shape(points)).astype(np.float32)

    def to_paper(self, pixels: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return what photo px, `(…, 2)`, show: mm on the paper."""
        seen = np.asarray(pixels, np.float64).reshape(-1, 2)
        straight = seen + self._strayed(seen)
        flat = cv2.perspectiveTransform(straight[:, None], np.linalg.inv(self.H))[:, 0]
        return (flat + self._waved(flat)).reshape(np.shape(pixels))

    def maps(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the mm that each photo pixel shows, x and y, each `float32 (h, w)`."""
        width, height = self.frame
        columns, rows = -(-width // _STEP) + 2, -(-height // _STEP) + 2
        grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=2) * float(_STEP)
        # Enlarging takes pixel k of the small grid to the middle of a block.
        coarse = self.to_paper(grid + (_STEP - 1) / 2 - _STEP).astype(np.float32)
        size = (columns * _STEP, rows * _STEP)
        whole = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
        part = whole[_STEP : _STEP + height, _STEP : _STEP + width]
        return np.ascontiguousarray(part[..., 0]), np.ascontiguousarray(part[..., 1])

    def _waved(self, flat: NDArray[np.float64]) -> NDArray[np.float64]:
        along = np.array([np.cos(self.towards), np.sin(self.towards)])
        turn = 2 * np.pi * (flat @ along) / self.wave + self.phase
        return self.bend * np.sin(turn)[:, None] * np.array([-along[1], along[0]])

    def _strayed(self, seen: NDArray[np.float64]) -> NDArray[np.float64]:
        middle = (np.array(self.frame) - 1) / 2
        apart = seen - middle
        far = (apart**2).sum(axis=1, keepdims=True) / (middle @ middle)
        return -self.lens * np.minimum(far, _FARTHEST) * apart
