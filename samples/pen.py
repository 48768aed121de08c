"""Pens: what a stroke leaves on the paper."""

from dataclasses import dataclass

import cv2
import numpy as np

from samples.patch import Color, Patch, lines_patch


@dataclass(frozen=True)
class Pen:
    """One writing tool."""

    color: Color = (120, 45, 30)
    # BGR, the ink at full strength.
    width: float = 0.6
    # mm.
    opacity: float = 0.92
    # 0 … 1, of the ink at full strength.
    pressure: float = 0.2
    # How much width and strength follow the hand, 0 (a felt tip) … 1.
    grain: float = 0.05
    # How much the tooth of the paper shows through, 0 (wet ink) … 1 (hard pencil).


BLUE_BALLPOINT = Pen()
BLACK_BALLPOINT = Pen(color=(52, 44, 42), width=0.55)
BLACK_GEL = Pen(color=(30, 26, 26), width=0.7, opacity=0.97, pressure=0.1, grain=0.0)
BLUE_FOUNTAIN = Pen(color=(140, 52, 20), width=0.75, opacity=0.9, pressure=0.35, grain=0.0)
GREY_PENCIL = Pen(color=(82, 80, 80), width=0.7, opacity=0.85, pressure=0.35, grain=0.38)
BLACK_MARKER = Pen(color=(34, 28, 28), width=1.3, opacity=0.96, pressure=0.08, grain=0.0)
RED_BALLPOINT = Pen(color=(45, 35, 175), width=0.6)

PENS = (
    BLUE_BALLPOINT,
    BLACK_BALLPOINT,
    BLACK_GEL,
    BLUE_FOUNTAIN,
    GREY_PENCIL,
    BLACK_MARKER,
    RED_BALLPOINT,
)


def ink_patch(
    strokes: list[np.ndarray], pen: Pen, px_per_mm: float, rng: np.random.Generator
) -> Patch:
    """Return strokes as ink.

    Args:
        strokes: each float (n, 2), px of the sheet.
        pen: the tool.
        px_per_mm: of the sheet.
        rng: source of the pressure and of the grain.

    Returns:
        The ink, antialiased.
    """
    # Below one pixel a line would not get thinner but break up: the opacity carries it instead.
    width = max(pen.width * px_per_mm, 0.9)
    lines = [(stroke, width * _pressure(len(stroke), pen, rng)) for stroke in strokes]
    patch = lines_patch(lines, pen.color, pen.opacity)
    grain = _grain(patch.coverage.shape, px_per_mm, rng)
    strength = 1 - pen.grain * grain
    return Patch(patch.left, patch.top, patch.coverage * strength, patch.color)


def _pressure(count: int, pen: Pen, rng: np.random.Generator) -> np.ndarray:
    """Relative width along a stroke: a slow wave, lighter where the pen lifts off."""
    t = np.linspace(0, 1, count)
    wave = np.sin(2 * np.pi * (rng.uniform(0.4, 1.2) * t + rng.random()))
    lift = np.clip((1 - t) / 0.12, 0.0, 1.0) - 1
    return 1 + pen.pressure * (0.45 * wave + 0.6 * lift)


def _grain(shape: tuple[int, int], px_per_mm: float, rng: np.random.Generator) -> np.ndarray:
    """The tooth of the paper, float32 (h, w), 0 … 1: specks of a sixth of a millimetre."""
    noise = rng.random(shape, np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), max(px_per_mm / 12, 0.3))
    spread = max(float(soft.std()), 1e-6)
    return np.clip((soft - soft.mean()) / (3 * spread) + 0.4, 0, 1)
