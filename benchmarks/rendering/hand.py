"""Digits written into boxes: how large, where, how slanted, and with what ink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.rendering.writers import Glyph
from samples.patch import Patch, flat
from samples.pen import Pen, ink_patch

# Digits that leave their box do so upwards and downwards rather than into the next one.
_SIDEWAYS = np.array([0.6, 1.0])
# Hands write narrower in narrow boxes, but not narrower than this.
_NARROWEST = 0.7


@dataclass(frozen=True)
class Hand:
    """How somebody fills boxes in."""

    pen: Pen
    """Colour, opacity and grain; its width is a part of the box's height, not mm."""
    size: float = 0.7
    """A digit's height as a part of its box's."""
    spread: float = 0.06
    """Standard deviation of that, relative."""
    wander: float = 0.06
    """Standard deviation of a digit's place, parts of the box."""
    lean: tuple[float, float] = (0.0, 0.0)
    """Where all digits lie off the middle, parts of the box."""
    over: float = 0.0
    """How far a digit may reach over the line, parts of the box; below 0, stay inside."""
    slant: float = 0.0
    """Shift of a digit's top to the right, parts of its height."""


def write(
    glyphs: Sequence[Glyph],
    boxes: NDArray[np.float64],
    hand: Hand,
    px: float,
    rng: np.random.Generator,
) -> list[Patch]:
    """Return the ink of one digit in each box.

    Args:
        glyphs: as many as boxes.
        boxes: `float64 (n, 4, 2)`, upright, px.
        hand: who writes.
        px: pixels per mm, for the paper's grain.
        rng: source of what differs from digit to digit.
    """
    narrow = _narrowed(glyphs, boxes, hand)
    shear = np.array([[narrow, -hand.slant], [0, 1]])
    patches = []
    for glyph, box in zip(glyphs, boxes, strict=True):
        low, high = box[0], box[2]
        shape = _bounds(glyph, shear)
        extent = np.maximum(shape[1] - shape[0], 1e-3)
        slack = (high - low) * hand.over * (_SIDEWAYS if hand.over > 0 else 1.0)
        room = (high - low) + 2 * slack
        height = hand.size * (high - low)[1] * (1 + hand.spread * rng.standard_normal())
        scale = min(height / extent[1], room[1] / extent[1], room[0] / extent[0])
        half = extent * scale / 2
        wanted = (low + high) / 2 + (high - low) * (
            hand.lean + hand.wander * rng.standard_normal(2)
        )
        middle = np.clip(wanted, low - slack + half, high + slack - half)
        width = hand.pen.width * (high - low)[1]
        # p → linear @ p + shift takes the glyph's own units to the paper's pixels.
        linear = scale * shear
        shift = middle - scale * (shape[0] + shape[1]) / 2
        if glyph.image is None:
            strokes = [stroke @ linear.T + shift for stroke in glyph.strokes]
            patches.append(_stroked(strokes, hand.pen, width, px, rng))
        else:
            patches.append(_printed(glyph.image, linear, shift, hand.pen, px, rng))
    return patches


def _narrowed(glyphs: Sequence[Glyph], boxes: NDArray[np.float64], hand: Hand) -> float:
    """Return how much narrower than usual a hand must write to fit the boxes, up to 1."""
    least = 1.0
    for glyph, box in zip(glyphs, boxes, strict=True):
        low, high = _bounds(glyph, np.array([[1, -hand.slant], [0, 1]]))
        width, height = np.maximum(high - low, 1e-3)
        room, tall = box[2] - box[0]
        least = min(least, float(room / tall * height / (hand.size * width)))
    return max(least, _NARROWEST)


def _bounds(
    glyph: Glyph, shear: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of the ink's bounding box after shearing."""
    if glyph.image is None:
        points = np.concatenate(glyph.strokes)
    else:
        rows, columns = np.nonzero(glyph.image > 127)
        points = np.stack([columns, rows], axis=1).astype(float)
        points = np.concatenate([points - 0.5, points + 0.5])
    points = points @ shear.T
    return points.min(axis=0), points.max(axis=0)


def _stroked(
    strokes: list[NDArray[np.float64]], pen: Pen, width: float, px: float, rng: np.random.Generator
) -> Patch:
    # Below a pixel a stroke is paler instead of thinner.
    pale = min(1.0, width / 0.9)
    real = replace(pen, width=width / px, opacity=pen.opacity * pale)
    return ink_patch(strokes, real, px, rng)


def _printed(
    image: NDArray[np.uint8],
    linear: NDArray[np.float64],
    shift: NDArray[np.float64],
    pen: Pen,
    px: float,
    rng: np.random.Generator,
) -> Patch:
    """Enlarge an image of a digit so that its outline is as crisp as ink's."""
    ends = np.array([[0, 0], [27, 0], [0, 27], [27, 27]]) @ linear.T + shift
    left, top = np.floor(ends.min(axis=0)).astype(int).tolist()
    width, height = (np.ceil(ends.max(axis=0)).astype(int) - (left, top) + 1).tolist()
    M = np.column_stack([linear, shift - (left, top)])
    scale = float(linear[1, 1])
    source = image.astype(np.float32) / 255
    if scale < 1:
        source = cv2.GaussianBlur(source, (0, 0), 0.45 / scale)
    grown = cv2.warpAffine(source, M, (width, height), flags=cv2.INTER_CUBIC)
    # A thin pen follows a higher level of the soft outline than a thick one.
    level = float(np.interp(pen.width, [0.04, 0.14], [0.62, 0.36]))
    steep = max(1.0, scale / 2.5)
    coverage = np.clip((grown - level) * steep + level, 0, 1) if scale > 1 else grown
    coverage = np.clip(coverage, 0, 1)
    if pen.grain:
        noise = cv2.GaussianBlur(rng.random(coverage.shape, np.float32), (0, 0), max(px / 12, 0.4))
        noise = (noise - noise.mean()) / max(3 * float(noise.std()), 1e-6) + 0.4
        coverage = coverage * (1 - pen.grain * np.clip(noise, 0, 1))
    return Patch(left, top, (coverage * pen.opacity).astype(np.float32), flat(pen.color))
