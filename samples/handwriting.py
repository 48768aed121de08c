"""Handwritten digits: stroke templates of our own, and the hand that bends them.

A template is written in a unit square, y down. It is a list of strokes; a stroke is a list of
runs; a run is a smooth curve through its control points (centripetal Catmull-Rom, Yuksel et
al. 2011). Two runs of one stroke meet in a corner: the pen turns without lifting.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from samples.pen import BLUE_BALLPOINT, PENS, Pen
from samples.templates import TEMPLATES, Stroke

_SHORTEST, _LONGEST = 25, 60
_POINTS_PER_UNIT = 26
_MARGIN = 0.02


@dataclass(frozen=True)
class Hand:
    """One person's way of writing digits."""

    pen: Pen = BLUE_BALLPOINT
    # What the hand holds.
    styles: tuple[int, ...] = (0,) * 10
    # Which template of each digit, counted from 0; wraps around.
    slant: float = 0.0
    # Shift to the right of the top over the bottom, fraction of the height.
    aspect: float = 1.0
    # Width factor: below 1 narrow, above 1 wide.
    rotation: float = 0.0
    # Degrees, clockwise on the page.
    sloppiness: float = 0.5
    # 0 a copy-book … 1 a hurried hand: how far shape and end points stray.
    tremor: float = 0.002
    # Small shaking, fraction of the unit square.
    roundness: float = 0.3
    # 0 crisp corners … 1 the pen cuts every corner.
    size: float = 0.7
    # Height of a digit, fraction of the height of its box.
    wander: float = 0.05
    # How far a digit sits from the middle of its box, fraction of the box.


def random_hand(rng: np.random.Generator, pen: Pen | None = None) -> Hand:
    """Return a hand nobody has; with `pen` None it picks one of the pens, too."""
    return Hand(
        pen=PENS[rng.integers(len(PENS))] if pen is None else pen,
        styles=tuple(int(rng.integers(len(TEMPLATES[digit]))) for digit in range(10)),
        slant=float(np.clip(rng.normal(0.08, 0.12), -0.2, 0.35)),
        aspect=float(rng.uniform(0.85, 1.2)),
        rotation=float(np.clip(rng.normal(0, 3), -8, 8)),
        sloppiness=float(rng.uniform(0.25, 0.9)),
        tremor=float(rng.uniform(0.0005, 0.004)),
        roundness=float(rng.uniform(0.1, 0.6)),
        size=float(rng.uniform(0.55, 0.82)),
        wander=float(rng.uniform(0.01, 0.08)),
    )


def write_digit(digit: int, hand: Hand, rng: np.random.Generator) -> list[np.ndarray]:
    """Return one digit as a hand would write it this time.

    Args:
        digit: 0 … 9.
        hand: whose writing.
        rng: what differs from one digit of this hand to the next.

    Returns:
        Strokes in writing order, each float32 (n, 2) with 25 to 60 points, x and y within
        0 … 1, y down.
    """
    styles = TEMPLATES[digit]
    template = styles[hand.styles[digit] % len(styles)]
    strokes = [_trace(stroke, hand, rng) for stroke in template]
    bend = _bend(hand, rng)
    tilt = _affine(hand, rng)
    strokes = [(bend(stroke) - 0.5) @ tilt.T + 0.5 for stroke in strokes]
    strokes = [stroke + _shake(len(stroke), hand.tremor, rng) for stroke in strokes]
    return _inside_unit_square(strokes)


def writer(hand: Hand) -> Callable[[int, np.random.Generator], list[np.ndarray]]:
    """Return `write_digit` for one hand: a function of the digit and the generator."""
    return lambda digit, rng: write_digit(digit, hand, rng)


def _trace(stroke: Stroke, hand: Hand, rng: np.random.Generator) -> np.ndarray:
    """One template stroke with its control points moved, float64 (n, 2), evenly spaced."""
    corners: dict[tuple[float, float], np.ndarray] = {}
    curves = []
    for run in stroke:
        points = np.array(run) + rng.normal(0, 0.016 * hand.sloppiness, (len(run), 2))
        # A corner belongs to two runs and must stay one point.
        points[0] = corners.get(run[0], points[0])
        corners[run[-1]] = points[-1]
        curves.append(smooth_curve(points))
    line = np.concatenate(curves)
    line = _resample(_overshoot(line, hand, rng))
    return _round_off(line, hand.roundness)


def smooth_curve(points: np.ndarray, per_segment: int = 12) -> np.ndarray:
    """Return the centripetal Catmull-Rom curve through points.

    Args:
        points: float (n, 2), n ≥ 2, neighbours differ.
        per_segment: points drawn between two control points.

    Returns:
        float64 ((n - 1) * per_segment + 1, 2), from the first control point to the last.
    """
    points = np.asarray(points, float)
    chords = np.linalg.norm(np.diff(points, axis=0), axis=1)
    knots = np.concatenate([[0], np.cumsum(np.sqrt(chords))])
    tangents = np.gradient(points, knots, axis=0)
    index = np.repeat(np.arange(len(chords)), per_segment)
    u = np.tile(np.arange(per_segment) / per_segment, len(chords))[:, None]
    span = np.diff(knots)[index][:, None]
    p, q = points[index], points[index + 1]
    m, n = tangents[index] * span, tangents[index + 1] * span
    # Cubic Hermite basis.
    curve = (
        (2 * u**3 - 3 * u**2 + 1) * p
        + (u**3 - 2 * u**2 + u) * m
        + (3 * u**2 - 2 * u**3) * q
        + (u**3 - u**2) * n
    )
    return np.concatenate([curve, points[-1:]])


def _overshoot(line: np.ndarray, hand: Hand, rng: np.random.Generator) -> np.ndarray:
    """Let both ends run a little further along their own direction, as a quick pen does."""
    reach = np.abs(rng.normal(0, 0.02 * hand.sloppiness, 2))
    start, end = line[0] - line[3], line[-1] - line[-4]
    first = line[0] + reach[0] * start / max(np.linalg.norm(start), 1e-9)
    last = line[-1] + reach[1] * end / max(np.linalg.norm(end), 1e-9)
    return np.concatenate([[first], line, [last]])


def _resample(line: np.ndarray) -> np.ndarray:
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(steps)])
    count = int(np.clip(along[-1] * _POINTS_PER_UNIT, _SHORTEST, _LONGEST))
    at = np.linspace(0, along[-1], count)
    return np.stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)], axis=1)


def _round_off(line: np.ndarray, roundness: float) -> np.ndarray:
    """Smooth along the stroke; the ends stay where they are."""
    sigma = 0.3 + 1.5 * roundness
    reach = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    # An odd reflection about the end point keeps it fixed.
    before = 2 * line[0] - line[reach:0:-1]
    after = 2 * line[-1] - line[-2 : -reach - 2 : -1]
    padded = np.concatenate([before, line, after])
    return np.stack([np.convolve(padded[:, axis], kernel, "valid") for axis in (0, 1)], axis=1)


def _bend(hand: Hand, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    """A smooth deformation of the whole square, the same for all strokes of a digit."""
    frequency = rng.normal(0, 0.55, (2, 2))
    phase = rng.random(2)
    amplitude = 0.03 * hand.sloppiness

    def bend(points: np.ndarray) -> np.ndarray:
        return points + amplitude * np.sin(2 * np.pi * (points @ frequency.T + phase))

    return bend


def _affine(hand: Hand, rng: np.random.Generator) -> np.ndarray:
    """Aspect, slant and rotation about the middle, float64 (2, 2) for points minus ½."""
    loose = hand.sloppiness
    angle = np.deg2rad(hand.rotation + rng.normal(0, 2.0 * loose))
    slant = hand.slant + rng.normal(0, 0.03 * loose)
    aspect = hand.aspect * (1 + rng.normal(0, 0.05 * loose))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return turn @ np.array([[aspect, -slant], [0, 1]])


def _shake(count: int, tremor: float, rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(0, tremor, (count + 2, 2))
    return (noise[:-2] + noise[1:-1] + noise[2:]) / np.sqrt(3)


def _inside_unit_square(strokes: list[np.ndarray]) -> list[np.ndarray]:
    """Shrink and shift a digit that has strayed outside, as little as needed."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    room = 1 - 2 * _MARGIN
    scale = min(1.0, room / float((high - low).max()))
    middle = (low + high) / 2
    half = scale * (high - low) / 2
    center = np.clip(middle, _MARGIN + half, 1 - _MARGIN - half)
    return [((stroke - middle) * scale + center).astype(np.float32) for stroke in strokes]
