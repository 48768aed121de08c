"""Detects rows of five boxes with a small convolutional network, where lines don't show them.

It looks at the picture at several scales, at each for rows whose boxes are about ten pixels
high. Of every fourth pixel each way it says whether a box's middle is there, and whether a
row's is, and how the box and the row lie: as a step to the middle and two directions, each as a
vector of twice its angle, for a row upside down is the same row. A row's five boxes are then
looked up among the boxes, and the row is looked at once more, flattened by what is known of it
(`train.detector` makes the network).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.card import load_model
from edge.errors import ModelError
from edge.interpreter import make_interpreter
from edge.picture import Picture
from edge.quiet import native_stderr_silenced
from edge.row import COUNT, Row, project, row_through
from edge.strip import warped

BUNDLED_DETECTOR = Path(__file__).parent / "models" / "boxes.tflite"

STRIDE = 4
"""Pixels from one place that the network speaks of to the next."""
BOX_UNIT, ROW_UNIT = 8.0, 40.0
"""Pixels that are 1 in what it says of sides of boxes and of a row's length."""
OUTPUTS = 15
"""Of each place: a box's log-odds, step to its middle in strides, width and height; then a
row's log-odds, step to its middle, length of five pitches, height, and the boxes' width by the
pitch. Width, length and height are vectors of twice their angle."""

# Height and width of what the network is run on, px: rows that are looked at closer, and parts of
# pictures, that overlap so much that a row's middle and what it is known by are in one of them.
# Larger ones are quicker, by a third at most, and take three times the memory.
_TILES = ((64, 208), (232, 280))
_OVERLAP = 64
# The longer side of the largest picture that is looked at, px, and the smallest's.
_LARGEST, _SMALLEST = 1230, 48
# Probabilities from which on there may be a row, or a box of one.
_LEAST_ROW, _LEAST_BOX = 0.2, 0.1
# Places of rows that are gone into; and rows that are looked at closer, and again from where they
# were detected at other scales.
_MOST_FITTED, _MOST, _MOST_AGAIN = 12, 4, 4
# A row's box is where it should be, by pitch and height, if its middle is so near.
_NEAR = 0.4
_LEAST_BOXES = 3
# Rows whose middles lie nearer than this, in box heights, are the same.
_SAME = 0.6
_MIDDLE = np.array([[COUNT / 2, 0.5]], np.float32)
# Looked at once more a row's boxes are so high, with so much room around, px.
_HEIGHT, _ROOM = 12.0, 18.0


class Detection(NamedTuple):
    """A row that was detected."""

    row: Row
    """Its place, px of the picture."""
    probability: float
    """That there is one."""


class Detector:
    """The network in its `.tflite` file. Safe to share between threads.

    Args:
        model: the file; None is the bundled one.
        xnnpack: whether the runtime may compute with XNNPACK, which some boards can't.

    Raises:
        ModelError: the file is missing, damaged or another network.
        RuntimeMissingError: no TFLite interpreter is installed.
    """

    def __init__(self, model: str | Path | None = None, xnnpack: bool = True) -> None:
        path = BUNDLED_DETECTOR if model is None else Path(model)
        content, self.card = load_model(path)
        self._lock = threading.Lock()
        # Another size takes as long to be prepared as to be looked at.
        self._interpreters: dict[tuple[int, int], Any] = {}
        for size in _TILES:
            interpreter = make_interpreter(content, str(path), xnnpack=xnnpack)
            (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
            if len(taken["shape"]) != 4 or given["shape"][-1] != OUTPUTS:
                raise ModelError(f"{path}: not a network that detects boxes; copy it again")
            self._input, self._output = taken["index"], given["index"]
            interpreter.resize_tensor_input(self._input, (1, *size, 3))
            # The first allocation is when the runtime announces its delegate.
            with native_stderr_silenced():
                interpreter.allocate_tensors()
            self._interpreters[size] = interpreter

    def detect(
        self, picture: Picture, halvings: Iterable[int] | None = None
    ) -> Iterator[Detection]:
        """Yield the rows in a picture, the likeliest first; at most four.

        Then the same ones as they are detected at other scales: which way of seeing a row is the
        best only its digits tell.

        Args:
            picture: of any size.
            halvings: how often it is halved for what is looked at; None is all of `looked_at`.
        """
        places: list[tuple[float, _Place]] = []
        for times in looked_at(picture) if halvings is None else halvings:
            said = self._run(picture.halved(times))
            places += [(2.0**times, place) for place in _places(said)]
        places.sort(key=lambda each: -each[1].log_odds)
        rows: list[Row] = []
        again: list[Row] = []
        for scale, place in places[:_MOST_FITTED]:
            row = _row(place)
            if row is not None:
                row = row.scaled(scale)
                is_known = any(are_same(row, other) for other in rows)
                (again if is_known else rows).append(row)
        for some in (rows[:_MOST], again[:_MOST_AGAIN]):
            closer = (self._looked_at_closer(picture, row) for row in some)
            yield from sorted(filter(None, closer), key=lambda one: -one.probability)

    def _looked_at_closer(self, picture: Picture, row: Row) -> Detection | None:
        """Return the row as it is seen when flattened; None where none is seen then."""
        flat, to_flat = _flattened(picture, row)
        expected = project(to_flat, _MIDDLE)
        for place in _places(self._run(flat)):
            closer = _row(place)
            if closer is not None:
                off = project(closer.homography, _MIDDLE) - expected
                if np.abs(off).max() < _HEIGHT / 2:
                    back = row.homography @ np.linalg.inv(to_flat)
                    return Detection(
                        Row(back @ closer.homography, closer.fill), _probability(place.log_odds)
                    )
        return None

    def _run(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return what the network says, `float32 (h / 4, w / 4, OUTPUTS)`, rounded up."""
        if image.ndim == 2:
            image = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
        height, width = image.shape[:2]
        size = next((size for size in _TILES if height <= size[0] and width <= size[1]), _TILES[-1])
        said = np.empty((-(-height // STRIDE), -(-width // STRIDE), OUTPUTS), np.float32)
        for top, upper in _steps(height, size[0]):
            for left, outer in _steps(width, size[1]):
                part = image[top : top + size[0], left : left + size[1]]
                here = self._run_tile(part, size)
                y, x = top // STRIDE, left // STRIDE
                into = said[y + upper :, x + outer :][: len(here) - upper, : here.shape[1] - outer]
                into[:] = here[upper:, outer:][: len(into), : into.shape[1]]
        return said

    def _run_tile(self, part: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float32]:
        """Run the network on a part of a picture, filled up to the size of a tile."""
        down, right = size[0] - part.shape[0], size[1] - part.shape[1]
        if down or right:
            filled = cv2.copyMakeBorder(part, 0, down, 0, right, cv2.BORDER_REPLICATE)
            part = np.asarray(filled, np.uint8)
        interpreter = self._interpreters[size]
        with self._lock:
            interpreter.set_tensor(self._input, part[None].astype(np.float32))
            interpreter.invoke()
            said: NDArray[Any] = interpreter.get_tensor(self._output)
        return np.asarray(said[0], np.float32)


class _Boxes(NamedTuple):
    """What may be boxes, n of them, px."""

    middles: NDArray[np.floating[Any]]
    """(n, 2)"""
    widths: NDArray[np.floating[Any]]
    """(n, 2), from left to right or back."""
    heights: NDArray[np.floating[Any]]
    """(n, 2), from top to bottom or back."""


class _Place(NamedTuple):
    """Where there may be a row's middle."""

    log_odds: float
    """That it is there."""
    there: NDArray[np.floating[Any]]
    """(2,) px"""
    what: NDArray[np.float32]
    """(7,): what the network says of the row there."""
    boxes: _Boxes
    """All there are at the same scale."""


def _places(said: NDArray[np.float32]) -> list[_Place]:
    """Return where there may be rows, the likeliest first."""
    ys, xs = _peaks(said[..., 0], _LEAST_BOX)
    what = said[ys, xs]
    boxes = _Boxes(
        _middles(ys, xs) + what[:, 1:3] * STRIDE,
        _directions(what[:, 3:5], BOX_UNIT),
        _directions(what[:, 5:7], BOX_UNIT),
    )
    ys, xs = _peaks(said[..., 7], _LEAST_ROW)
    order = np.argsort(-said[ys, xs, 7], kind="stable")
    ys, xs = ys[order], xs[order]
    return [
        _Place(float(what[0]), there, what[1:], boxes)
        for there, what in zip(_middles(ys, xs), said[ys, xs, 7:], strict=True)
    ]


def _row(place: _Place) -> Row | None:
    """Return the row at a place, through its boxes where they are seen; None if it is none."""
    what, boxes = place.what, place.boxes
    pitch = _directions(what[None, 2:4], ROW_UNIT)[0] / COUNT
    height = _directions(what[None, 4:6], BOX_UNIT)[0]
    if pitch[0] * height[1] < pitch[1] * height[0]:
        height = -height
    middle = place.there + what[:2] * STRIDE
    middles = middle + (np.arange(COUNT)[:, None] - (COUNT - 1) / 2) * pitch
    if len(boxes.middles):
        off = boxes.middles[None] - middles[:, None]
        # By pitch and height.
        apart = np.abs(off @ np.linalg.pinv(np.stack([pitch, height], axis=1)).T).max(axis=2)
        nearest = apart.argmin(axis=1)
        seen = np.flatnonzero(apart[np.arange(COUNT), nearest] < _NEAR)
        if len(seen) >= _LEAST_BOXES:
            chosen = nearest[seen]
            widths, heights = boxes.widths[chosen], boxes.heights[chosen]
            quads = _quads(
                boxes.middles[chosen],
                widths * np.sign(widths @ pitch)[:, None],
                heights * np.sign(heights @ height)[:, None],
            )
            return row_through(quads, seen, robust=False)
    width = pitch * min(max(float(what[6]), 0.3), 1.0)
    quads = _quads(middles, np.tile(width, (COUNT, 1)), np.tile(height, (COUNT, 1)))
    return row_through(quads, np.arange(COUNT), robust=False)


def _quads(
    middles: NDArray[Any], widths: NDArray[Any], heights: NDArray[Any]
) -> NDArray[np.float32]:
    """Return the corners of parallelograms, `(n, 4, 2)`."""
    left, right, up, down = -widths / 2, widths / 2, -heights / 2, heights / 2
    corners = [left + up, right + up, right + down, left + down]
    return np.asarray(np.stack([middles + corner for corner in corners], axis=1), np.float32)


def _directions(doubled: NDArray[np.float32], unit: float) -> NDArray[np.floating[Any]]:
    """Return vectors `(n, 2)` px of which those of twice the angle are known, one way or other."""
    lengths = unit * np.hypot(doubled[:, 0], doubled[:, 1])
    angles = np.arctan2(doubled[:, 1], doubled[:, 0]) / 2
    return np.asarray(np.stack([np.cos(angles), np.sin(angles)], axis=1) * lengths[:, None])


def _peaks(odds: NDArray[np.float32], least: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where log-odds are highest around and above those of a probability: y and x."""
    odds = np.ascontiguousarray(odds)
    highest = cv2.dilate(odds, np.ones((3, 3), np.uint8))
    ys, xs = np.nonzero((odds >= highest) & (odds > math.log(least / (1 - least))))
    return ys, xs


def _middles(ys: NDArray[np.intp], xs: NDArray[np.intp]) -> NDArray[np.floating[Any]]:
    """Return the pixels, `(n, 2)`, in whose middle the network's places are."""
    return (np.stack([xs, ys], axis=1) + 0.5) * STRIDE - 0.5


def _steps(length: int, tile: int) -> list[tuple[int, int]]:
    """Return where tiles begin, px, and from which of their places on they are taken.

    All that they see of a picture's edge, and half of what overlaps.
    """
    steps, start = [(0, 0)], 0
    while start + tile < length:
        start = min(start + tile - _OVERLAP, -(-(length - tile) // STRIDE) * STRIDE)
        steps.append((start, (steps[-1][0] + tile - start) // 2 // STRIDE))
    return steps


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def are_same(a: Row, b: Row) -> bool:
    """Tell whether two rows that were detected are one, seen at different scales."""
    apart = a.corners().mean(axis=(0, 1)) - b.corners().mean(axis=(0, 1))
    return float(np.hypot(*apart)) < _SAME * min(a.height, b.height)


def _flattened(picture: Picture, row: Row) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return the row's surroundings, flattened, and how its coordinates lie there."""
    tall, wide = row.extent
    pitch = _HEIGHT * wide / tall / row.fill
    to_flat = np.array([[pitch, 0, _ROOM], [0, _HEIGHT, _ROOM], [0, 0, 1]], np.float64)
    size = round(COUNT * pitch + 2 * _ROOM), round(_HEIGHT + 2 * _ROOM)
    return warped(picture, row, to_flat, size, _HEIGHT), to_flat


@cache
def bundled(xnnpack: bool = True) -> Detector:
    """Return the bundled network, loaded when it is first asked for: most pictures show their boxes
    without.

    Raises:
        ModelError: its file is missing or damaged.
        RuntimeMissingError: no TFLite interpreter is installed.
    """
    return Detector(xnnpack=xnnpack)


def looked_at(picture: Picture) -> list[int]:
    """Return how often a picture is halved for each scale that rows are detected at, rising."""
    longest = max(picture.width, picture.height)
    first = max(0, math.ceil(math.log2(longest / _LARGEST)))
    last = math.floor(math.log2(longest / _SMALLEST))
    return list(range(first, last + 1))


def detected(
    picture: Picture, halvings: Iterable[int] | None = None, xnnpack: bool = True
) -> Iterator[Detection]:
    """Yield the rows that the bundled network detects, the likeliest first.

    As `Detector.detect`; see `bundled`.
    """
    return bundled(xnnpack).detect(picture, halvings)
