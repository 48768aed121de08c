"""Draws stroke digits as images, with pens of many widths and the traces a photo leaves.

The kiosk draws a touched digit in one way (`edge.strokes.draw`); a network that learns
from it shall know other pens too. All ends in `edge.digits.normalise`, as there.
"""

from __future__ import annotations

import contextlib
import functools
import math
import multiprocessing
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.digits import SIDE, normalise
from edge.strokes import draw
from train.strokes import StrokeDigit

# A digit's larger side, px, when it is drawn: enough for smooth edges at 20. OpenCV's
# pens are whole pixels wide, so it is a little less or more, for the pen to be its part
# of it. All pixels below are of this size.
_DRAWN = 100
# Points of drawn lines carry this many bits below the pixel.
_SHIFT = 4
# Strokes that reach no farther are one dot, in units of any tablet.
_LEAST_EXTENT = 1e-6
# For the dots that the kiosk takes for no digit: about its own pen.
_DOT_PEN = 0.12

# Fewer drawings than these are drawn before other processes have started.
_WORTH_PROCESSES = 20_000

# What is left of a box's printed line, px: from this far outside the ink to this far
# inside, this long, this wide. Longer ones `edge.digits.clear_walls` clears.
_RESIDUE_OUTSIDE, _RESIDUE_INSIDE = 16, 5
_RESIDUE_LENGTH = (10, 60)
_RESIDUE_WIDTH = (1, 4)
_RESIDUE_GREY = (90, 255)

# Blurring pales a stroke, and the kiosk makes it dark again: `edge.digits.find_ink` takes
# the darkest quarter of the ink for full. The average of the ink comes out at this part
# of full, or saturated.
_GAIN = (0.9, 1.5)


@dataclass(frozen=True)
class Drawing:
    """How differently one digit is drawn; amounts are drawn uniformly from their ranges.

    Raises:
        ValueError: a number is outside its range.
    """

    pen: tuple[float, float] = (0.04, 0.16)
    """Thinnest and thickest pen, as parts of the digit's larger side: MNIST's pens are
    0.10 to 0.14 (quartiles), a ballpoint in a large box is thinner."""
    residues: float = 0.10
    """Share of the drawings beside which a piece of the box's printed line is left."""
    blurred: float = 0.3
    """Share of the drawings that are blurred, as by a camera out of focus."""
    blur: tuple[float, float] = (1.0, 5.0)
    """Least and greatest sigma of the Gaussian, px where the digit is 100 px large."""

    def __post_init__(self) -> None:
        if not 0.02 <= self.pen[0] <= self.pen[1] <= 0.5:
            raise ValueError("pen must be two rising numbers from 0.02 to 0.5")
        if not 0 <= self.residues <= 1:
            raise ValueError("residues must be from 0 to 1")
        if not 0 <= self.blurred <= 1:
            raise ValueError("blurred must be from 0 to 1")
        if not 0.3 <= self.blur[0] <= self.blur[1] <= 20:
            raise ValueError("blur must be two rising numbers from 0.3 to 20 pixels")


def as_written(digits: Sequence[StrokeDigit]) -> NDArray[np.uint8]:
    """Draw each digit exactly as the kiosk does when it is written on the touchscreen.

    Args:
        digits: any.

    Returns:
        `uint8 (n, 28, 28)`, white ink on black.
    """
    images = np.empty((len(digits), SIDE, SIDE), np.uint8)
    for place, digit in enumerate(digits):
        trace = _trace(digit)
        # In a box of the digit's own size nothing is a stray touch.
        # A digit without extent is none to the kiosk.
        ink = draw(digit.strokes, trace.extent) if trace.extent else None
        images[place] = (
            normalise(_ink(trace, _DOT_PEN)) if ink is None else normalise(ink, is_drawn=True)
        )
    return images


def varied(
    digits: Sequence[StrokeDigit], drawing: Drawing, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw each digit in a way of its own.

    Args:
        digits: any.
        drawing: how differently.
        rng: where the randomness comes from; the same state gives the same images.

    Returns:
        `uint8 (n, 28, 28)`, white ink on black.
    """
    return _varied([_trace(digit) for digit in digits], drawing, rng)


def bank(
    digits: Sequence[StrokeDigit],
    drawing: Drawing,
    copies: int,
    seed: int,
    workers: int | None = None,
) -> NDArray[np.uint8]:
    """Draw every digit many times.

    Each copy has a random generator of its own, so that neither their number nor the
    process that draws it changes what comes out.

    Args:
        digits: any.
        drawing: how differently.
        copies: drawings of each digit.
        seed: the same seed gives the same images.
        workers: processes that draw; None is one for each core.

    Returns:
        `uint8 (copies, n, 28, 28)`, white ink on black; copy `i` is
        `varied(digits, drawing, np.random.default_rng([seed, i]))`.
    """
    drawn = functools.partial(_copy, [_trace(digit) for digit in digits], drawing, seed)
    images = np.empty((copies, len(digits), SIDE, SIDE), np.uint8)
    workers = min(workers or os.cpu_count() or 1, copies)
    with contextlib.ExitStack() as stack:
        each_of: Callable[..., Iterable[NDArray[np.uint8]]] = map
        if workers > 1 and copies * len(digits) >= _WORTH_PROCESSES:
            # Not forked: Keras may run threads already.
            context = multiprocessing.get_context("spawn")
            each_of = stack.enter_context(ProcessPoolExecutor(workers, context)).map
        for copy, image in enumerate(each_of(drawn, range(copies))):
            images[copy] = image
    return images


class _Trace(NamedTuple):
    """A digit's strokes, brought to its top left and to 1 as its larger side."""

    points: NDArray[np.float32]
    """(n, 2), of all strokes."""
    ends: list[int]
    """Where in `points` each stroke begins and, last, where all end."""
    size: tuple[float, float]
    """Width and height; the larger is 1, both are 0 for a dot."""
    extent: float
    """The larger side as it was written; 0 for a dot."""


class _Residue(NamedTuple):
    """A piece of a box's printed line, px."""

    side: int
    """0 left, 1 top, 2 right, 3 bottom."""
    outside: int
    """From the ink's outermost pixel to the line's middle; below 0 it lies inside."""
    start: float
    """Where along the side it begins, as a share of the side."""
    length: int
    width: int
    grey: int


def _trace(digit: StrokeDigit) -> _Trace:
    # A pen that only touched leaves a dot; OpenCV draws a line of two equal points so.
    strokes = [np.repeat(line, 2, axis=0) if len(line) == 1 else line for line in digit.strokes]
    points = np.concatenate(strokes)
    points = points - points.min(axis=0)
    width, height = points.max(axis=0).tolist()
    extent = max(width, height)
    if extent < _LEAST_EXTENT:
        points[:], width, height, extent, scale = 0, 0.0, 0.0, 0.0, 1.0
    else:
        scale = 1 / extent
    ends = np.cumsum([0, *map(len, strokes)]).tolist()
    return _Trace(points * np.float32(scale), ends, (width * scale, height * scale), extent)


def _varied(
    traces: Sequence[_Trace], drawing: Drawing, rng: np.random.Generator
) -> NDArray[np.uint8]:
    n = len(traces)
    # Thrown for all, needed or not: with another share of residues all else stays the same.
    pens = rng.uniform(*drawing.pen, n)
    sigmas = np.where(rng.random(n) < drawing.blurred, rng.uniform(*drawing.blur, n), 0)
    gains = rng.uniform(*_GAIN, n)
    residues = _residues(n, drawing.residues, rng)

    images = np.empty((n, SIDE, SIDE), np.uint8)
    numbers = zip(pens.tolist(), sigmas.tolist(), gains.tolist(), strict=True)
    ways = zip(traces, numbers, residues, strict=True)
    for place, (trace, (pen, sigma, gain), residue) in enumerate(ways):
        # Blurred ink that still counts reaches 1.2 sigma farther.
        room = 1.5 * sigma + (0 if residue is None else _RESIDUE_OUTSIDE)
        ink = _ink(trace, pen, room, residue)
        images[place] = normalise(_blurred(ink, sigma, gain) if sigma else ink)
    return images


def _copy(traces: Sequence[_Trace], drawing: Drawing, seed: int, copy: int) -> NDArray[np.uint8]:
    return _varied(traces, drawing, np.random.default_rng([seed, copy]))


def _residues(n: int, share: float, rng: np.random.Generator) -> list[_Residue | None]:
    chosen = (rng.random(n) < share).tolist()
    columns = (
        rng.integers(4, size=n),
        rng.integers(-_RESIDUE_INSIDE, _RESIDUE_OUTSIDE, n, endpoint=True),
        rng.uniform(-0.1, 0.9, n),
        rng.integers(*_RESIDUE_LENGTH, n, endpoint=True),
        rng.integers(*_RESIDUE_WIDTH, n, endpoint=True),
        rng.integers(*_RESIDUE_GREY, n, endpoint=True),
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [_Residue(*row) if is_left else None for is_left, row in zip(chosen, rows, strict=True)]


def _ink(
    trace: _Trace, pen: float, room: float = 0, residue: _Residue | None = None
) -> NDArray[np.uint8]:
    """Draw a digit with a pen of this part of its larger side, and leave room around, px."""
    width = round(pen * _DRAWN)
    scale = width / pen - width
    # Half a pen around the way of its middle, and what antialiasing may add.
    margin = width // 2 + 2 + math.ceil(room)
    columns, rows = (math.ceil(side * scale) + 2 * margin for side in trace.size)
    image = np.zeros((rows, columns), np.uint8)
    if residue is not None:
        # Below the ink, which it can't make paler.
        _draw_residue(image, residue, margin - width // 2)
    points = np.rint((trace.points * scale + margin) * 2**_SHIFT).astype(np.int32)
    lines = [points[start:end] for start, end in pairwise(trace.ends)]
    return np.asarray(cv2.polylines(image, lines, False, 255, width, cv2.LINE_AA, _SHIFT), np.uint8)


def _draw_residue(image: NDArray[np.uint8], residue: _Residue, border: int) -> None:
    """Draw the piece of line into an image whose ink lies `border` px from its edges."""
    # As views into the same image: each side in its turn is the left one.
    view = image if residue.side % 2 == 0 else image.T
    view = view if residue.side < 2 else view[:, ::-1]
    left = max(0, border - residue.outside - residue.width // 2)
    top = border + round(residue.start * (len(view) - 2 * border))
    view[max(0, top) : top + residue.length, left : left + residue.width] = residue.grey


def _blurred(ink: NDArray[np.uint8], sigma: float, gain: float) -> NDArray[np.uint8]:
    # Cut off at two sigma, for half the time.
    side = 2 * math.ceil(2 * sigma) + 1
    soft = cv2.GaussianBlur(ink, (side, side), sigma, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(
        cv2.convertScaleAbs(soft, alpha=gain * 255 / cv2.mean(soft, mask=ink)[0]), np.uint8
    )
