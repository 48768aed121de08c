"""Draws what people write into boxes that is no digit: crosses, letters, scribbles, ticks.

A network that has only seen digits takes everything for one, and is sure of it. Shown
these with the answer that nothing is likelier than anything else, it learns where its
knowledge ends (Hendrycks, Mazeika & Dietterich 2019, "Deep Anomaly Detection with Outlier
Exposure").
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.digits import SIDE, normalise

# Everything is drawn in a square of this side, px, before it is brought to 28.
_DRAWN = 112
_PEN = (4, 15)
# Those that are no digit in anybody's hand: no O, l, S, Z, B, q, and the like.
_LETTERS = "AEFHKMNPRVWXfkmnrvwx"
_SIGNS = "#*+=?%&@"
_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
    cv2.FONT_HERSHEY_SIMPLEX | cv2.FONT_ITALIC,
)

Canvas = NDArray[np.uint8]


def draw_impostors(
    count: int, digits: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw images of no digit.

    Args:
        count: how many.
        digits: `uint8 (n, 28, 28)`, n ≥ 1: some are crossed out.
        rng: where the randomness comes from; the same state gives the same images.

    Returns:
        `uint8 (count, 28, 28)`, white ink on black, normalised as digits are.
    """
    kinds: tuple[Callable[[Canvas, int, np.random.Generator], None], ...] = (
        _cross, _cross, _letter, _letter, _scribble, _tick, _bars,
    )  # fmt: skip
    images = np.empty((count, SIDE, SIDE), np.uint8)
    for place in range(count):
        pen = int(rng.integers(*_PEN, endpoint=True))
        kind = int(rng.integers(len(kinds) + 1))
        if kind == len(kinds):
            ink = _crossed_out(digits[rng.integers(len(digits))], pen, rng)
        else:
            ink = np.zeros((_DRAWN, _DRAWN), np.uint8)
            kinds[kind](ink, pen, rng)
        images[place] = normalise(ink)
    return images


def _cross(ink: Canvas, pen: int, rng: np.random.Generator) -> None:
    """Draw ×, bent and lopsided."""
    low, high = 0.15 * _DRAWN, 0.85 * _DRAWN
    narrow = rng.uniform(0.4, 1)
    for ends in ([[low, low], [high, high]], [[high, low], [low, high]]):
        start, stop = np.array(ends) + rng.normal(0, 0.07 * _DRAWN, (2, 2))
        middle = (start + stop) / 2 + rng.normal(0, 0.04 * _DRAWN, 2)
        points = np.stack([start, middle, stop])
        points[:, 0] = _DRAWN / 2 + narrow * (points[:, 0] - _DRAWN / 2)
        _line(ink, smoothed(points), pen)


def _letter(ink: Canvas, pen: int, rng: np.random.Generator) -> None:
    text = (_LETTERS * 3 + _SIGNS)[rng.integers(3 * len(_LETTERS) + len(_SIGNS))]
    font = _FONTS[rng.integers(len(_FONTS))]
    thick = max(1, pen // 2)
    (width, height), below = cv2.getTextSize(text, font, 3, thick)
    place = (max(0, (_DRAWN - width) // 2), min(_DRAWN - 1, (_DRAWN + height - below) // 2))
    cv2.putText(ink, text, place, font, 3, 255, thick, cv2.LINE_AA)


def _scribble(ink: Canvas, pen: int, rng: np.random.Generator) -> None:
    """Draw a line to and fro."""
    turns = int(rng.integers(6, 13))
    along = np.linspace(0.1, 0.9, turns) * _DRAWN
    across = np.where(np.arange(turns) % 2, 0.2, 0.8) * _DRAWN
    points = np.stack([along, across], axis=1) + rng.normal(0, 0.08 * _DRAWN, (turns, 2))
    if rng.random() < 0.5:
        points = points[:, ::-1]
    _line(ink, smoothed(points) if rng.random() < 0.7 else points, max(4, pen // 2))


def _tick(ink: Canvas, pen: int, rng: np.random.Generator) -> None:
    points = np.array([[0.1, 0.55], [0.35, 0.85], [0.9, 0.1]]) * _DRAWN
    _line(ink, points + rng.normal(0, 0.05 * _DRAWN, (3, 2)), pen)


def _bars(ink: Canvas, pen: int, rng: np.random.Generator) -> None:
    """Draw lines across, one to three: what is left of boxes, or a dash."""
    for down in rng.uniform(0.2, 0.8, rng.integers(1, 4)):
        heights = (down + rng.normal(0, 0.04, 2)) * _DRAWN
        ends = np.array([[0.05 * _DRAWN, heights[0]], [0.95 * _DRAWN, heights[1]]])
        _line(ink, ends, pen)


def _crossed_out(digit: NDArray[np.uint8], pen: int, rng: np.random.Generator) -> Canvas:
    """Return a digit with lines through it."""
    ink = np.asarray(cv2.resize(digit, (_DRAWN, _DRAWN), interpolation=cv2.INTER_CUBIC), np.uint8)
    (_scribble if rng.random() < 0.5 else _cross)(ink, pen, rng)
    return ink


def _line(ink: Canvas, points: NDArray[np.float64], pen: int) -> None:
    cv2.polylines(ink, [np.rint(points * 16).astype(np.int32)], False, 255, pen, cv2.LINE_AA, 4)


def smoothed(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a rounder way through points, by cutting their corners twice (Chaikin 1974)."""
    for _ in range(2):
        near, far = points[:-1], points[1:]
        cut = np.stack([0.75 * near + 0.25 * far, 0.25 * near + 0.75 * far], axis=1)
        points = np.concatenate([points[:1], cut.reshape(-1, 2), points[-1:]])
    return points
