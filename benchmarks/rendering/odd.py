"""What is seldom seen: lines that are dashed, heavy or doubled, paper whose pattern is strong,
and light through window blinds or leaves.

A grade whose `Limits.odd` is not 0 has these beside what the others have.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.rendering.optics import Shadow
from benchmarks.rendering.paper import Paper, Pattern
from benchmarks.rendering.pose import FRAME, Frame
from benchmarks.rendering.rows import Row

_PATTERNS: tuple[Pattern, ...] = (
    "ruled",
    "squared",
    "dotted",
    "dotted",
    "striped",
    "dots",
    "security",
)
# A dash or gap shorter than this in the photo can't be told from a grey line, px.
_SHORTEST = 1.6
# A line that is drawn twice is no thicker than this, parts of the box's height.
_THIN = 0.03


def odd_row(row: Row, box_height: float, rng: np.random.Generator) -> Row:
    """Return the row printed as few are.

    Args:
        row: as usual; ruled ones stay as they are.
        box_height: in the photo, px: what is finer can't be seen.
        rng: the dice.
    """
    kind = rng.random()
    mm = row.height / box_height
    if row.ruled:
        return row
    if kind < 0.3:  # dashed
        line = max(row.line, 1.2 * mm)
        dash = max(row.height * rng.uniform(0.05, 0.2), _SHORTEST * mm, line)
        gap = max(dash * rng.uniform(0.4, 1.0), _SHORTEST * mm)
        return replace(row, line=line, dash=dash, gap=gap, rounded=0.0)
    if kind < 0.45:  # dotted
        line = max(row.line, 1.4 * mm)
        gap = max(line * rng.uniform(0.8, 1.8), _SHORTEST * mm)
        return replace(row, line=line, dash=line, gap=gap, opacity=1.0, rounded=0.0)
    if kind < 0.6 and row.joined:  # a frame in which only the walls are dashed
        line = max(row.line, 1.2 * mm)
        dash = max(row.height * rng.uniform(0.04, 0.15), _SHORTEST * mm, line)
        gap = max(dash * rng.uniform(0.5, 1.2), _SHORTEST * mm)
        return replace(row, line=line, dash=dash, gap=gap, whole_frame=True)
    if kind < 0.85:  # heavy
        return replace(row, line=row.height * rng.uniform(0.085, 0.16), rounded=0.0)
    line = min(row.line, _THIN * row.height)
    apart = max(line * rng.uniform(1.8, 3.5), line + 1.5 * mm)
    if not row.joined and 2 * apart > 0.8 * (row.pitch - row.width):
        return row
    return replace(row, line=line, second=apart, rounded=0.0)


def odd_paper(paper: Paper, rng: np.random.Generator) -> Paper:
    """Return the paper with a pattern that is seen at once."""
    pattern = _PATTERNS[rng.integers(len(_PATTERNS))]
    b, g, r = (round(value * factor) for value, factor in
               zip(paper.color, rng.uniform(0.45, 0.9, 3), strict=True))  # fmt: skip
    return replace(
        paper, pattern=pattern, ink=(b, g, r),
        depth=float(rng.uniform(0.3, 0.9)), step=float(rng.uniform(1.5, 5)),
    )  # fmt: skip


def odd_shadows(rng: np.random.Generator, frame: Frame = FRAME) -> tuple[Shadow, ...]:
    """Return the light of a window: through its blinds, its lattice, or leaves before it."""
    kind = rng.random()
    depth, sigma = float(rng.uniform(0.12, 0.5)), float(np.exp(rng.uniform(*np.log((0.8, 9)))))
    if kind < 0.6:
        return _bars(float(np.exp(rng.uniform(*np.log((24, 180))))), depth, sigma, rng, frame)
    if kind < 0.75:
        return _bars(float(rng.uniform(150, 500)), depth, sigma, rng, frame, crossed=True)
    return _leaves(depth, sigma + 2, rng, frame)


def _bars(
    period: float,
    depth: float,
    sigma: float,
    rng: np.random.Generator,
    frame: Frame,
    crossed: bool = False,
) -> tuple[Shadow, ...]:
    """Return the shadows of slats, `period` px apart; `crossed`, of a lattice's thin bars."""
    angle = rng.uniform(0, np.pi)
    wide = period * rng.uniform(0.06, 0.2) if crossed else period * rng.uniform(0.3, 0.7)
    reach = float(np.hypot(*frame)) / 2
    shadows = []
    for turn in (angle, angle + np.pi / 2)[: 1 + crossed]:
        along = np.array([np.cos(turn), np.sin(turn)])
        aside = np.array([-along[1], along[0]])
        # The sun is far away, the slats are near: they run together a little.
        fan = rng.uniform(-0.1, 0.1)
        for at in np.arange(-reach + rng.uniform(0, period), reach, period):
            ends = []
            for far, side in ((-reach, -1), (-reach, 1), (reach, 1), (reach, -1)):
                off = (at + side * wide / 2) * (1 + fan * far / reach)
                ends.append(np.array(frame) / 2 + along * far + aside * off)
            shadows.append(Shadow(_outline(np.array(ends)), depth, min(sigma, wide / 3)))
    return tuple(shadows)


def _leaves(
    depth: float, sigma: float, rng: np.random.Generator, frame: Frame
) -> tuple[Shadow, ...]:
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    shadows = []
    for _ in range(int(rng.integers(12, 40))):
        long, angle = rng.uniform(25, 140), rng.uniform(0, np.pi)
        oval = np.stack([np.cos(turn), rng.uniform(0.25, 0.8) * np.sin(turn)], axis=1) * long
        spin = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        at = rng.uniform((0, 0), frame)
        shadows.append(
            Shadow(_outline(at + oval @ spin), depth * float(rng.uniform(0.4, 1)), sigma)
        )
    return tuple(shadows)


def _outline(points: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in points)
