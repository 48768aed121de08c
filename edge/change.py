"""What has changed from one frame of a camera to another, and how light it is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Width of the picture on which movement is judged, px: noise is averaged away in it.
_WIDTH = 80
# A pixel of it has changed where it differs by so much, of 255, when both pictures are
# brought to the same brightness.
_DIFFERS = 12.0
# Pixels of a close look, of 255, which are noisier; and how many of them make a change.
_DIFFERS_CLOSELY = 24.0
_LEAST_PART = 0.004

# The brightest part of a picture that is not a lamp's reflection, a percentile, and below
# which value of 255 it is too dark to tell grey pencil from paper's grain.
_BRIGHT = 90
_DARK = 60.0
# As bright as the camera can tell; such a share of a picture is a lamp's reflection, and
# such a share a white page.
_BRIGHTEST = 253
_GLARE = (0.08, 0.6)


@dataclass(frozen=True)
class Glance:
    """A frame, seen very coarsely."""

    small: NDArray[np.uint8]
    """(h, w): grey, as large as the preview."""
    coarse: NDArray[np.float32]
    """(h, w): the same `_WIDTH` px wide, its mean 128."""
    is_dark: bool
    """Whether it is too dark to read anything."""
    has_glare: bool
    """Whether a lamp is reflected in it."""

    def moved(self, before: Glance) -> float:
        """Return the part of the picture that differs, 0 to 1; 1 for one of another size."""
        if self.small.shape != before.small.shape:
            return 1.0
        return float((np.abs(self.coarse - before.coarse) > _DIFFERS).mean())

    def differs(self, before: Glance, low: NDArray[np.intp], high: NDArray[np.intp]) -> bool:
        """Tell whether a part of the picture has changed, seen closely.

        Args:
            before: an earlier frame.
            low: x and y where the part begins, px of `small`.
            high: where it ends.
        """
        if self.small.shape != before.small.shape:
            return True
        x, y = (slice(max(0, int(a)), max(1, int(b))) for a, b in zip(low, high, strict=True))
        part = self.small[y, x]
        if not part.size:
            return True
        change = cv2.absdiff(part, before.small[y, x])
        return float((change > _DIFFERS_CLOSELY).mean()) > _LEAST_PART


def glance(small: NDArray[np.uint8]) -> Glance:
    """Look at a frame very coarsely.

    Args:
        small: `uint8 (h, w, 3)` BGR, a frame's preview; not written to.
    """
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
    width = min(_WIDTH, grey.shape[1])
    height = max(1, round(grey.shape[0] * width / grey.shape[1]))
    coarse = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    bright = float(np.percentile(coarse, _BRIGHT))
    # A camera that is about to set its exposure makes all of it lighter or darker.
    levelled = coarse * np.float32(128 / max(1.0, float(coarse.mean())))
    glaring = float((coarse >= _BRIGHTEST).mean())
    return Glance(
        small=grey,
        coarse=np.asarray(levelled, np.float32),
        is_dark=bright < _DARK,
        has_glare=_GLARE[0] < glaring < _GLARE[1],
    )
