"""Rows of five boxes as other programs are given them: flat, upright, black on white.

What they get is better than what they could see: the perspective, the light and the printed
lines are taken out by our own program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.lines import take_lines_out
from edge.picture import Picture
from edge.row import COUNT, row_through
from edge.strip import flatten
from edge.strokes import parse_recording

# A stroke's middle becomes this dark, as an optical density: 5 % of the paper's light.
_DARKEST = 3.0
# The textbook's pen is nine of a box's hundred pixels wide.
_PEN = 0.09
_SHIFT = 4


class FlatRow(NamedTuple):
    """A picture of a row, and where its boxes are in it."""

    image: NDArray[np.uint8]
    """(h, w): 255 for paper."""
    boxes: tuple[tuple[int, int, int, int], ...]
    """Five times x, y, width, height, px."""


def photographed(
    image: NDArray[np.uint8] | Picture, corners: NDArray[np.float32]
) -> FlatRow | None:
    """Return the row of a photo.

    Args:
        image: the photo, `uint8 (h, w, 3)` BGR; not written to.
        corners: `float32 (5, 4, 2)` px, of the boxes, in reading order.

    Returns:
        The row; None where these are no five boxes on a line.
    """
    row = row_through(corners, np.arange(COUNT), robust=False)
    if row is None:
        return None
    strip = flatten(image, row)
    inks, level = take_lines_out(strip)
    light = 255 * np.exp(-_DARKEST * np.clip(inks / max(level, 1e-3), 0, None))
    boxes = tuple((int(left), strip.top, strip.width, strip.height) for left in strip.lefts)
    return FlatRow(np.rint(light).astype(np.uint8), boxes)


def touched(recording: Mapping[str, Any]) -> FlatRow:
    """Return a touch recording as a picture, drawn with a pen as wide as the textbook's.

    Raises:
        RecordingError: it has another form than a touch recording.
    """
    checked = parse_recording(recording)
    boxes = np.rint(checked.boxes).astype(int)
    pen = max(1, round(_PEN * float(checked.boxes[:, 3].mean())))
    ends = boxes[:, :2] + boxes[:, 2:]
    margin = int(boxes[:, :2].min(initial=20))
    image = np.full((int(ends[:, 1].max()) + margin, int(ends[:, 0].max()) + margin), 255, np.uint8)
    for stroke in checked.strokes:
        # Of a single point OpenCV draws no line, of two equal ones a dot.
        stroke = np.repeat(stroke, 2, axis=0) if len(stroke) == 1 else stroke
        points = np.rint(stroke * 2**_SHIFT).astype(np.int32)
        cv2.polylines(image, [points], False, 0, pen, cv2.LINE_AA, _SHIFT)
    return FlatRow(image, tuple((x, y, w, h) for x, y, w, h in boxes.tolist()))
