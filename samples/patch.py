"""Patches: small pieces of ink or print that are pressed onto a sheet of paper."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

Color = tuple[int, int, int]

_SUPERSAMPLING = 4


@dataclass(frozen=True)
class Patch:
    """A piece of print and where it goes.

    Coordinates follow OpenCV: the pixel (x, y) is centred on (x, y).
    """

    left: int
    # Column of the sheet under the patch's first column, px; may be negative.
    top: int
    # Row of the sheet under the patch's first row, px; may be negative.
    coverage: np.ndarray
    # float32 (h, w), 0 bare paper … 1 covered.
    color: np.ndarray
    # float32 (3,) or (h, w, 3), BGR, 0 … 255.


def press(sheet: np.ndarray, patches: Iterable[Patch]) -> np.ndarray:
    """Return the sheet with the patches on it, the later over the earlier.

    Args:
        sheet: float32 (H, W, 3), BGR, 0 … 255.
        patches: they may hang over the edge of the sheet, and are cut there.

    Returns:
        float32 (H, W, 3), a new array.
    """
    pressed = sheet.copy()
    height, width = sheet.shape[:2]
    for patch in patches:
        h, w = patch.coverage.shape
        x0, y0 = max(patch.left, 0), max(patch.top, 0)
        x1, y1 = min(patch.left + w, width), min(patch.top + h, height)
        if x0 >= x1 or y0 >= y1:
            continue
        inside = np.s_[y0 - patch.top : y1 - patch.top, x0 - patch.left : x1 - patch.left]
        alpha = patch.coverage[inside][..., None]
        color = patch.color if patch.color.ndim == 1 else patch.color[inside]
        under = pressed[y0:y1, x0:x1]
        under += alpha * (color - under)
    return pressed


def flat(color: Color) -> np.ndarray:
    """Return a colour as a patch wants it, float32 (3,)."""
    return np.array(color, np.float32)


def rectangle_coverage(
    shape: tuple[int, int], left: float, top: float, right: float, bottom: float
) -> np.ndarray:
    """Return the share of every pixel inside an upright rectangle, exact to the sub-pixel.

    Args:
        shape: rows and columns of the result.
        left, top, right, bottom: edges, px; pixel (x, y) reaches half a pixel around (x, y).

    Returns:
        float32 (rows, columns), 0 … 1.
    """
    rows, columns = np.arange(shape[0]), np.arange(shape[1])
    x = np.minimum(columns + 0.5, right) - np.maximum(columns - 0.5, left)
    y = np.minimum(rows + 0.5, bottom) - np.maximum(rows - 0.5, top)
    return np.outer(np.clip(y, 0, 1), np.clip(x, 0, 1)).astype(np.float32)


def frame_patch(
    left: float, top: float, right: float, bottom: float, line: float, color: Color
) -> Patch:
    """Return an upright rectangle's outline; the edges are the middle of the printed line, px."""
    x, y = int(np.floor(left - line)), int(np.floor(top - line))
    shape = int(np.ceil(bottom + line)) - y + 1, int(np.ceil(right + line)) - x + 1
    half = line / 2
    outer = (left - x - half, top - y - half, right - x + half, bottom - y + half)
    inner = (left - x + half, top - y + half, right - x - half, bottom - y - half)
    coverage = rectangle_coverage(shape, *outer) - rectangle_coverage(shape, *inner)
    return Patch(x, y, coverage, flat(color))


def bar_patch(left: float, top: float, right: float, bottom: float, color: Color) -> Patch:
    """Return a filled upright rectangle, px."""
    x, y = int(np.floor(left)), int(np.floor(top))
    shape = int(np.ceil(bottom)) - y + 1, int(np.ceil(right)) - x + 1
    coverage = rectangle_coverage(shape, left - x, top - y, right - x, bottom - y)
    return Patch(x, y, coverage, flat(color))


def lines_patch(
    lines: list[tuple[np.ndarray, np.ndarray | float]], color: Color, opacity: float = 1.0
) -> Patch:
    """Return polylines drawn with round ends, every segment as wide as asked.

    Args:
        lines: pairs of points, float (n, 2), px, and widths, px: one, or one per point.
        color: BGR.
        opacity: 0 … 1.
    """
    points = np.concatenate([line for line, _ in lines])
    margin = max(float(np.max(width)) for _, width in lines) + 2
    x, y = (int(v) for v in np.floor(points.min(axis=0) - margin))
    right, bottom = (int(v) for v in np.ceil(points.max(axis=0) + margin))
    w, h = right - x + 1, bottom - y + 1
    canvas = np.zeros((h * _SUPERSAMPLING, w * _SUPERSAMPLING), np.uint8)
    for line, width in lines:
        _draw(canvas, (line - (x, y) + 0.5) * _SUPERSAMPLING - 0.5, width)
    small = cv2.resize(canvas, (w, h), interpolation=cv2.INTER_AREA)
    return Patch(x, y, small.astype(np.float32) * (opacity / 255), flat(color))


def _draw(canvas: np.ndarray, line: np.ndarray, width: np.ndarray | float) -> None:
    ends = np.rint(line).astype(int).tolist()
    widths = np.broadcast_to(np.asarray(width, float), len(ends))
    thickness = np.maximum(np.rint(widths * _SUPERSAMPLING), 1).astype(int).tolist()
    if len(ends) == 1:
        cv2.circle(canvas, ends[0], (thickness[0] + 1) // 2, 255, cv2.FILLED)
    for a, b, thick in zip(ends[:-1], ends[1:], thickness[1:], strict=True):
        cv2.line(canvas, a, b, 255, thick)
