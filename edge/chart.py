"""Draws the error-reject curve as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from edge.errorreject import Curve, Point

# RGB.
PAPER, INK, FAINT = (255, 255, 255), (40, 40, 46), (225, 227, 232)
_SOFT, _LINE, _NOW, _BEST = (105, 108, 118), (31, 95, 175), (200, 45, 40), (20, 130, 75)

_WIDTH, _HEIGHT = 960, 640
_FRAME = (84, 142, 926, 556)
# Everything is drawn so many times as large and averaged: Pillow's lines have no soft edges.
_FINE = 2

# Steps between the marks of an axis, shares of accepted inputs.
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
_MOST_MARKS = 6
# The first few answers make shares that jump; they don't choose the axis.
_SETTLED = 0.2

Color = tuple[int, int, int]


@dataclass(frozen=True)
class _Axes:
    """Shares → px of the picture."""

    top_error: float
    """The share at the upper edge."""
    step: float
    """Between marks of the upright axis."""

    def place(self, read: float, error: float) -> tuple[float, float]:
        left, top, right, bottom = _FRAME
        height = min(error / self.top_error, 1.0)
        return left + read * (right - left), bottom - height * (bottom - top)


def draw_curve(curve: Curve, total: int, now: Point, most_error: float) -> NDArray[np.uint8]:
    """Draw how many answers are wrong against how many are given.

    Args:
        curve: of the readings that a threshold decides about.
        total: all inputs, also those that no threshold accepts; above 0.
        now: what the present threshold does, which is marked.
        most_error: share of wrong among accepted up to which the read rate is told.

    Returns:
        `uint8 (640, 960, 3)` BGR.
    """
    axes = _axes(curve, total, now, most_error)
    pen = Pen(_WIDTH, _HEIGHT)
    pen.text((_FRAME[0], 18), f"What accepting more of {total} inputs costs", 22, INK)
    _draw_frame(pen, axes)
    _draw_limit(pen, axes, most_error)
    shares = zip(curve.accepted[1:] / total, curve.errors[1:], strict=True)
    places = [axes.place(read, error) for read, error in shares]
    pen.line(places, _LINE, 3)
    best = curve.within(most_error)
    note = f"at most {most_error:.0%} wrong: {_told(best, total)}"
    _draw_point(pen, axes, best, total, note, _BEST, 0)
    _draw_point(pen, axes, now, total, f"present threshold: {_told(now, total)}", _NOW, 1)
    return pen.picture()


class Pen:
    """Draws lines and words that have soft edges.

    Args:
        width: px of the picture.
        height: px.
    """

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._image = Image.new("RGB", (width * _FINE, height * _FINE), PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def line(self, points: Sequence[tuple[float, float]], color: Color, width: float) -> None:
        """Draw a line from point to point, px; of fewer than two there is none."""
        if len(points) < 2:
            return
        fine = [(x * _FINE, y * _FINE) for x, y in points]
        self._draw.line(fine, color, round(width * _FINE), joint="curve")

    def dot(self, at: tuple[float, float], radius: float, color: Color) -> None:
        """Draw a disc with a rim of paper."""
        x, y = at[0] * _FINE, at[1] * _FINE
        for size, fill in (((radius + 2) * _FINE, PAPER), (radius * _FINE, color)):
            self._draw.ellipse((x - size, y - size, x + size, y + size), fill)

    def text(
        self, at: tuple[float, float], words: str, size: int, color: Color, anchor: str = "la"
    ) -> None:
        """Write words; `anchor` says which point of them is `at`, in Pillow's letters."""
        font = ImageFont.load_default(size * _FINE)
        self._draw.text((at[0] * _FINE, at[1] * _FINE), words, color, font, anchor=anchor)

    def picture(self) -> NDArray[np.uint8]:
        """Return what was drawn, `uint8 (height, width, 3)` BGR."""
        image = self._image.resize(self._size, Image.Resampling.BOX)
        return np.ascontiguousarray(np.asarray(image, np.uint8)[:, :, ::-1])


def _axes(curve: Curve, total: int, now: Point, most_error: float) -> _Axes:
    settled = curve.errors[curve.accepted >= _SETTLED * total]
    top = 1.15 * max(2 * most_error, now.error, float(settled.max(initial=0.0)))
    step = next((step for step in _STEPS if top / step <= _MOST_MARKS), _STEPS[-1])
    return _Axes(min(top, 1.0), step)


def _draw_frame(pen: Pen, axes: _Axes) -> None:
    left, top, right, bottom = _FRAME
    for read in np.linspace(0, 1, 6):
        x, _ = axes.place(read, 0)
        pen.line([(x, top), (x, bottom)], FAINT, 1)
        pen.text((x, bottom + 10), f"{read:.0%}", 14, _SOFT, "ma")
    for error in _marks(axes):
        _, y = axes.place(0, error)
        pen.line([(left, y), (right, y)], FAINT, 1)
        digits = 1 if axes.step < 0.01 else 0
        pen.text((left - 10, y), f"{error:.{digits}%}", 14, _SOFT, "rm")
    pen.line([(left, top), (left, bottom), (right, bottom)], _SOFT, 1.5)
    pen.text(((left + right) / 2, bottom + 40), "accepted, of all inputs", 15, INK, "ma")
    pen.text((left, top - 12), "wrong, of those accepted", 15, INK, "ls")


def _marks(axes: _Axes) -> Iterator[float]:
    count = int(axes.top_error / axes.step + 1e-9)
    yield from (axes.step * k for k in range(count + 1))


def _draw_limit(pen: Pen, axes: _Axes, most_error: float) -> None:
    (left, y), (right, _) = axes.place(0, most_error), axes.place(1, most_error)
    for x in np.arange(left, right, 12):
        pen.line([(x, y), (min(x + 6, right), y)], _BEST, 1.5)


def _draw_point(
    pen: Pen, axes: _Axes, point: Point, total: int, note: str, color: Color, row: int
) -> None:
    """Mark a point on the curve, and say what it is in a row of the legend."""
    if point.accepted:
        pen.dot(axes.place(point.accepted / total, point.error), 6, color)
    left, top, _, _ = _FRAME
    y = top - 78 + 22 * row
    pen.dot((left + 5, y), 5, color)
    pen.text((left + 18, y), note, 14, color, "lm")


def _told(point: Point, total: int) -> str:
    if not point.accepted:
        return "nothing accepted"
    return (
        f"{point.accepted} of {total} accepted, {point.wrong} of them wrong, "
        f"from confidence {point.threshold:.3f} on"
    )
