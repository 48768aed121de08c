"""Strokes of a touchscreen → which box each belongs to → five digits drawn with a round pen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.digits import normalise
from edge.errors import RecordingError

COUNT = 5
# Nobody writes five digits with more; a file with more is no handwriting.
MOST_POINTS = 50_000
# Screen pixels; beyond, arithmetic on coordinates loses its meaning. Milliseconds may
# be those of a clock that began in 1970.
_FARTHEST = 1e6
_LATEST = 1e15
_SMALLEST_BOX = 1e-3

# A stroke farther from every box than this, in box widths, belongs to none.
_FARTHEST_STROKE = 0.6
# Ink smaller than this, in box heights, is a touch and no digit.
_LEAST_EXTENT = 0.08

# The digit is drawn this large, px, before `digits.normalise` brings it to 20 by averaging
# 36 pixels into one, which smooths its edges: smooth lines would take three times as long to
# draw, and of 1,245 digits of unseen writers as many were read wrong.
_DRAWN = 120
# Width of the pen as a part of the digit's larger side. MNIST's median stroke is 2.35 px of 20
# (2 * ink / outline length over its training digits), but strokes that run close together part
# better with a thinner one: of 1,245 digits of the validation writers 20 are read wrong with 2.35,
# 17 with 1.8, 26 with 3.0.
_PEN = 1.8 / 20
# Points of drawn lines carry this many bits below the pixel.
_SHIFT = 4

Stroke = NDArray[np.float32]


@dataclass(frozen=True)
class Recording:
    """A touch recording that has been checked."""

    boxes: NDArray[np.float32]
    """(5, 4): x, y, width, height in screen px, y down."""
    strokes: tuple[Stroke, ...]
    """Each `float32 (n, 2)`, n ≥ 1, screen px."""

    @property
    def corners(self) -> NDArray[np.float32]:
        """Corners of the boxes, `float32 (5, 4, 2)`, from the top left, clockwise."""
        x, y, w, h = self.boxes.T
        quads = [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]
        return np.array(quads, np.float32).transpose(2, 0, 1)


def parse_recording(data: object) -> Recording:
    """Check a touch recording.

    Args:
        data: `{"boxes": [[x, y, w, h] × 5], "strokes": [[[x, y], …], …]}`, screen px;
            points may carry a third number, milliseconds.

    Returns:
        The recording; strokes without a point are left out.

    Raises:
        RecordingError: it has another form.
    """
    if not isinstance(data, Mapping) or "boxes" not in data or "strokes" not in data:
        raise RecordingError('a touch recording is an object with "boxes" and "strokes"')
    boxes, strokes = data["boxes"], data["strokes"]
    if not _is_list(boxes) or len(boxes) != COUNT:
        count = len(boxes) if _is_list(boxes) else "no"
        raise RecordingError(f"a touch recording has {COUNT} boxes; this one has {count}")
    for place, box in enumerate(boxes, 1):
        if not (_is_list(box) and len(box) == 4 and all(_within(v, _FARTHEST) for v in box)):
            raise RecordingError(f"box {place} is not four finite numbers [x, y, width, height]")
        if min(box[2:]) < _SMALLEST_BOX:
            raise RecordingError(f"box {place} has no size; its width and height must be above 0")
    if not _is_list(strokes) or not all(_is_list(stroke) for stroke in strokes):
        raise RecordingError('"strokes" must be a list of lists of points')
    total = sum(len(stroke) for stroke in strokes)
    if total > MOST_POINTS:
        raise RecordingError(f"it has {total:,} points; five digits have at most {MOST_POINTS:,}")
    checked = []
    for place, stroke in enumerate(strokes, 1):
        points = _points(stroke)
        if points is None:
            raise RecordingError(
                f"stroke {place} has a point that is not two or three finite numbers "
                "[x, y, milliseconds]"
            )
        if len(points):
            checked.append(points)
    return Recording(np.array(boxes, np.float32), tuple(checked))


def assign(recording: Recording) -> list[list[Stroke]]:
    """Return the strokes of each box, by where most of a stroke's points are."""
    centres = recording.boxes[:, :2] + recording.boxes[:, 2:] / 2
    halves = recording.boxes[:, 2:] / 2
    found: list[list[Stroke]] = [[] for _ in range(COUNT)]
    if not recording.strokes:
        return found
    # All strokes at once, one after the other.
    counts = np.array([len(stroke) for stroke in recording.strokes])
    starts = np.cumsum(counts) - counts
    # Distance of each point from each box's outline, in px; 0 inside.
    beyond = np.abs(np.concatenate(recording.strokes)[:, None] - centres) - halves
    away = np.hypot(*np.maximum(beyond, 0).transpose(2, 0, 1))
    inside = np.add.reduceat(away == 0, starts, axis=0, dtype=np.intp)
    means = np.add.reduceat(away, starts, axis=0) / counts[:, None]
    boxes = np.where(inside.any(axis=1), inside.argmax(axis=1), means.argmin(axis=1))
    nearest = np.minimum.reduceat(away, starts, axis=0)[np.arange(len(counts)), boxes]
    belongs = nearest <= _FARTHEST_STROKE * recording.boxes[boxes, 2]
    for stroke, box, its in zip(recording.strokes, boxes.tolist(), belongs.tolist(), strict=True):
        if its:
            found[box].append(stroke)
    return found


def draw(strokes: Sequence[Stroke], box_height: float) -> NDArray[np.uint8] | None:
    """Draw one box's strokes with a round pen, a little thinner than MNIST's pens were.

    Args:
        strokes: `float32 (n, 2)` each, screen px, y down.
        box_height: screen px; tells a digit from a stray touch.

    Returns:
        `uint8 (h, w)`, white ink on black; None where there is no digit.
    """
    if not strokes:
        return None
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = float((high - low).max())
    if extent < _LEAST_EXTENT * box_height:
        return None
    pen = max(1, round(_PEN * _DRAWN))
    scale = (_DRAWN - pen) / extent
    width, height = (np.ceil((high - low) * scale).astype(int) + 2 * pen).tolist()
    image = np.zeros((height, width), np.uint8)
    lines = []
    for stroke in strokes:
        # Of a single point OpenCV draws no line, of two equal ones a dot.
        stroke = np.repeat(stroke, 2, axis=0) if len(stroke) == 1 else stroke
        lines.append(np.rint(((stroke - low) * scale + pen) * 2**_SHIFT).astype(np.int32))
    cv2.polylines(image, lines, False, 255, pen, cv2.LINE_8, _SHIFT)
    return image


def digits_of(
    recording: Recording, parts: Sequence[Sequence[Stroke]] | None = None
) -> list[NDArray[np.uint8] | None]:
    """Return the digit image of each box as a model is given it, `uint8 (28, 28)`.

    Args:
        recording: that was checked.
        parts: what `assign` returns of it; None asks it.

    Returns:
        Five of them, white ink on black; None for a box that is blank.
    """
    drawn = map(draw, parts or assign(recording), recording.boxes[:, 3].tolist())
    return [None if ink is None else normalise(ink, is_drawn=True) for ink in drawn]


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _points(stroke: Sequence[Any]) -> Stroke | None:
    """Return a stroke's points, `float32 (n, 2)`, or None where one is no point."""
    # A hundred thousand points a second come here: types are looked at as sets, numbers as arrays.
    if not all(issubclass(kind, list | tuple) for kind in set(map(type, stroke))):
        return None
    numbers = set(map(type, chain.from_iterable(stroke)))
    if not all(issubclass(kind, int | float) and kind is not bool for kind in numbers):
        return None
    if not set(map(len, stroke)) <= {2, 3}:
        return None
    try:
        points = np.array([point[:2] for point in stroke], float).reshape(-1, 2)
        times = np.array([point[2] for point in stroke if len(point) == 3], float)
    except OverflowError:  # an integer that no float can hold
        return None
    # NaN is not within any limit.
    if not ((np.abs(points) <= _FARTHEST).all() and (np.abs(times) <= _LATEST).all()):
        return None
    return points.astype(np.float32)


def _within(value: object, limit: float) -> bool:
    """Tell whether a value is a number in ± limit, which NaN is not."""
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and -limit <= value <= limit
    )
