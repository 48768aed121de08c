"""Draws what was read over what it was read from, for people to check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.ink import resize
from edge.reading import Digit, Quad, Reading

# BGR. Green and red differ in brightness too, for those who can't tell them apart.
_ACCEPTED = (60, 150, 0)
_REJECTED = (40, 40, 220)
_TEXT = (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_WIDEST = 1600
# JPEG counts rows in 16 bits.
_HIGHEST = 60_000
_FARTHEST = 2**15
_LARGEST_TEXT = 3.2
# Around the boxes of a recording, px of the drawing; above them the digits stand.
_MARGIN = 40
_HEADROOM = 110
_RECORDING_WIDTH = 1000


def annotate(image: NDArray[np.uint8], reading: Reading) -> NDArray[np.uint8]:
    """Return a copy of a photo with the boxes, the digits and the outcome drawn in.

    Args:
        image: `uint8 (h, w, 3)` BGR.
        reading: what was read from it.

    Returns:
        `uint8 (h', w', 3)` BGR, at most 1600 px wide, a banner on top.
    """
    scale = min(1.0, _WIDEST / image.shape[1])
    # At least this wide, or the banner's words would not fit.
    scale = min(max(scale, 480 / image.shape[1]), _HIGHEST / image.shape[0])
    canvas = outline(image, reading, scale)
    for digit in reading.digits:
        _write_digit(canvas, digit, scale, _colour(reading))
    return np.vstack([_banner(canvas.shape[1], reading), canvas])


def outline(image: NDArray[np.uint8], reading: Reading, scale: float) -> NDArray[np.uint8]:
    """Return a copy of a photo, scaled, with the boxes drawn in.

    Args:
        image: `uint8 (h, w, 3)` BGR.
        reading: what was read from it.
        scale: px of the copy for one of the photo.
    """
    canvas = resize(image, scale)
    for digit in reading.digits:
        if digit.box is not None:
            corners = [np.rint(_corners(digit.box, scale)).astype(np.int32)]
            width = _line_width(canvas)
            cv2.polylines(canvas, corners, True, _colour(reading), width, cv2.LINE_AA)
    return canvas


def draw_recording(recording: Mapping[str, Any]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Draw a touch recording as it looked on the screen.

    Returns:
        `uint8 (h, w, 3)` BGR, and the map from screen to drawing px, `float64 (3,)`:
        scale, then what is added to x and to y.
    """
    boxes = np.array(recording["boxes"], float)
    low, high = boxes[:, :2].min(axis=0), (boxes[:, :2] + boxes[:, 2:]).max(axis=0)
    scale = (_RECORDING_WIDTH - 2 * _MARGIN) / max(float((high - low)[0]), 1e-6)
    shift = np.array([_MARGIN, _HEADROOM]) - low * scale
    height = min(2 * _RECORDING_WIDTH, int((high - low)[1] * scale) + _HEADROOM + _MARGIN)
    canvas = np.full((height, _RECORDING_WIDTH, 3), 255, np.uint8)
    for stroke in recording["strokes"]:
        if stroke:
            line = np.array([p[:2] for p in stroke]) * scale + shift
            points = np.clip(np.rint(line), -_FARTHEST, _FARTHEST).astype(np.int32)
            cv2.polylines(canvas, [points], False, (0, 0, 0), 5, cv2.LINE_AA)
    return canvas, np.array([scale, *shift])


def move(reading: Reading, to_drawing: NDArray[np.float64]) -> Reading:
    """Return a reading whose boxes are in px of `draw_recording`'s drawing."""
    scale, x0, y0 = to_drawing.tolist()
    digits = tuple(
        replace(d, box=d.box and tuple((x * scale + x0, y * scale + y0) for x, y in d.box))
        for d in reading.digits
    )
    return replace(reading, digits=digits)


def _write_digit(
    canvas: NDArray[np.uint8], digit: Digit, scale: float, colour: tuple[int, int, int]
) -> None:
    if digit.box is None:
        return
    corners = _corners(digit.box, scale)
    width = _line_width(canvas)
    side = float(np.linalg.norm(corners[1] - corners[0]))
    text = digit.digit or "-"
    size = min(max(0.5, side / 22), _LARGEST_TEXT)
    (wide, high), _ = cv2.getTextSize(text, _FONT, size, 2)
    middle = corners[:2].mean(axis=0)
    # Above the box, unless that is outside of the picture.
    y = middle[1] - 0.25 * high
    if y < high:
        y = corners[2:, 1].mean() + 1.25 * high
    place = (round(middle[0] - wide / 2), round(y))
    cv2.putText(canvas, text, place, _FONT, size, _TEXT, 3 * width + 2, cv2.LINE_AA)
    cv2.putText(canvas, text, place, _FONT, size, colour, width + 1, cv2.LINE_AA)


def _corners(box: Quad, scale: float) -> NDArray[np.float64]:
    """Return a box's corners in px of the canvas."""
    # Far outside of the picture OpenCV's integers would overflow.
    return np.clip((np.array(box) + 0.5) * scale - 0.5, -_FARTHEST, _FARTHEST)


def _line_width(canvas: NDArray[np.uint8]) -> int:
    return max(1, round(int(canvas.shape[1]) / 500))


def _banner(width: int, reading: Reading) -> NDArray[np.uint8]:
    shown = reading.postcode or reading.guess
    text = f"{reading.status}  {shown} ({reading.confidence:.1%})" if shown else reading.status
    if reading.reason and reading.reason != reading.status:
        text += f"  {reading.reason}"
    size = max(0.5, width / 1000)
    (wide, high), _ = cv2.getTextSize(text, _FONT, size, 2)
    size *= min(1.0, 0.94 * width / wide)
    banner = np.full((round(2.4 * high), width, 3), _colour(reading), np.uint8)
    place = (round(0.03 * width), round(1.7 * high))
    cv2.putText(banner, text, place, _FONT, size, _TEXT, max(1, round(2 * size)), cv2.LINE_AA)
    return banner


def _colour(reading: Reading) -> tuple[int, int, int]:
    return _ACCEPTED if reading.status == "accepted" else _REJECTED
