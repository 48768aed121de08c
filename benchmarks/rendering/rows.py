"""A printed or ruled row of boxes on the flat paper."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samples.patch import (
    Color,
    Patch,
    bar_patch,
    flat,
    frame_patch,
    lines_patch,
    rectangle_coverage,
)
from samples.pen import GREY_PENCIL, ink_patch

# A gap narrower than this part of the line's width can't be printed: such boxes are joined.
_LEAST_GAP = 1.5
# From half of a line's width on, parts of the box's height, people keep off it.
_HEAVY = 0.0425


@dataclass(frozen=True)
class Row:
    """Equal upright boxes side by side; edges are the middle of the printed line."""

    left: float
    """mm from the paper's left edge to the first box."""
    top: float
    """mm from the paper's upper edge."""
    width: float = 7.0
    """Of a box, mm."""
    height: float = 9.0
    """Of a box, mm."""
    pitch: float = 7.0
    """mm from box to box; the width where they share their walls."""
    count: int = 5
    """How many boxes."""
    line: float = 0.3
    """Line width, mm."""
    color: Color = (62, 52, 205)
    """BGR of the full line."""
    opacity: float = 1.0
    """0 to 1."""
    ruled: bool = False
    """Drawn by hand along a ruler, in pencil, instead of printed."""
    tint: float = 0.0
    """How much of the line's colour the boxes are filled with, 0 to 1."""
    inner: float = 1.0
    """Width of the walls between joined boxes, parts of the line's."""
    rounded: float = 0.0
    """Radius of the corners of boxes that stand apart, parts of their width."""
    dash: float = 0.0
    """Length of the dashes that the lines are made of, mm; 0 for whole lines."""
    gap: float = 0.0
    """From dash to dash, mm."""
    whole_frame: bool = False
    """Whether only the walls between joined boxes are dashed."""
    second: float = 0.0
    """How far outside of each frame there is another, mm; 0 for nowhere."""

    @property
    def joined(self) -> bool:
        """Whether neighbours share their wall."""
        return self.pitch - self.width < _LEAST_GAP * self.line

    @property
    def right(self) -> float:
        """Right edge of the last box, mm."""
        return self.left + (self.count - 1) * self.pitch + self.width

    @property
    def bottom(self) -> float:
        """Lower edge of the boxes, mm."""
        return self.top + self.height

    def writable(self) -> NDArray[np.float64]:
        """Return the corners of where people write, as `corners`: of heavy lines not all."""
        inset = max(0.0, self.line / 2 - _HEAVY * self.height)
        return self.corners() + inset * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])

    def corners(self) -> NDArray[np.float64]:
        """Return `float64 (count, 4, 2)`, mm: top left, top right, bottom right, bottom left."""
        width = self.pitch if self.joined else self.width
        left = self.left + self.pitch * np.arange(self.count)[:, None]
        x = left + width * np.array([0, 1, 1, 0])
        y = np.broadcast_to(self.top + self.height * np.array([0, 0, 1, 1]), x.shape)
        return np.stack([x, y], axis=2)


def row_patches(row: Row, px: float, rng: np.random.Generator) -> list[Patch]:
    """Return the empty boxes as print.

    Args:
        row: where and how.
        px: pixels per mm.
        rng: source of an unsteady hand, where the boxes are ruled.
    """
    corners = row.corners() * px
    # A line thinner than a pixel is paler instead.
    line = max(row.line * px, 1.0)
    opacity = row.opacity * min(1.0, row.line * px / line)
    patches = []
    if row.tint:
        patches += [_filled(box, row.color, row.tint) for box in corners]
    if row.ruled:
        return patches + _ruled(row, corners, px, rng)
    if row.dash:
        return [*patches, _dashed(row, corners, line, px, opacity)]
    if row.joined:
        low, high = corners[0, 0], corners[-1, 2]
        frames = [frame_patch(*low, *high, line, row.color)]
        for x in corners[1:, 0, 0]:
            half = line / 2 * row.inner
            edges = x - half, low[1] + line / 2, x + half, high[1] - line / 2
            frames.append(bar_patch(*edges, row.color))
    elif row.rounded:
        frames = [_rounded(box, row.rounded * row.width * px, line, row.color) for box in corners]
    else:
        frames = [frame_patch(*box[0], *box[2], line, row.color) for box in corners]
    if row.second:
        apart = row.second * px
        framed = [(corners[0, 0], corners[-1, 2])] if row.joined else corners[:, [0, 2]]
        frames += [
            frame_patch(*(low - apart), *(high + apart), line, row.color) for low, high in framed
        ]
    return patches + [
        Patch(p.left, p.top, p.coverage * np.float32(opacity), p.color) for p in frames
    ]


def _filled(box: NDArray[np.float64], color: Color, opacity: float) -> Patch:
    left, top = np.floor(box[0]).astype(int).tolist()
    right, bottom = np.ceil(box[2]).astype(int).tolist()
    inside = (box[0, 0] - left, box[0, 1] - top, box[2, 0] - left, box[2, 1] - top)
    coverage = rectangle_coverage((bottom - top + 1, right - left + 1), *inside)
    return Patch(left, top, coverage * np.float32(opacity), flat(color))


def _rounded(box: NDArray[np.float64], radius: float, line: float, color: Color) -> Patch:
    turn = np.linspace(0, np.pi / 2, 9)
    arc = radius * np.stack([-np.cos(turn), -np.sin(turn)], axis=1)
    inset = radius * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    spin = np.array([[0, -1], [1, 0]])
    # The upper left corner's arc, and the same after each quarter turn.
    arcs = [corner + to + arc @ np.linalg.matrix_power(spin.T, k)
            for k, (corner, to) in enumerate(zip(box, inset, strict=True))]  # fmt: skip
    way = np.concatenate([*arcs, arcs[0][:1]])
    return lines_patch([(way, line)], color)


def _dashed(
    row: Row, corners: NDArray[np.float64], line: float, px: float, opacity: float
) -> Patch:
    """Return all lines in dashes, each box's side by itself unless it is shared."""
    low, high = corners[0, 0], corners[-1, 2]
    frame = [low, (high[0], low[1]), high, (low[0], high[1]), low]
    if row.joined:
        walls = [np.array([(x, low[1]), (x, high[1])]) for x in corners[1:, 0, 0]]
        ways = [np.array(pair) for pair in itertools.pairwise(frame)]
    else:
        walls = []
        ways = [np.array(p) for box in corners for p in itertools.pairwise([*box, box[0]])]
    dashes = (
        [] if row.whole_frame else [part for way in ways for part in _parts(way, row, line, px)]
    )
    dashes += [part for wall in walls for part in _parts(wall, row, line, px)]
    whole = [np.array(frame)] if row.whole_frame else []
    return lines_patch([(way, line) for way in [*whole, *dashes]], row.color, opacity)


def _parts(way: NDArray[np.float64], row: Row, line: float, px: float) -> list[NDArray[np.float64]]:
    """Return the dashes of a straight line; their ends are round, half a line beyond."""
    start, stop = way
    length = float(np.linalg.norm(stop - start))
    dash = max(row.dash * px - line, 0.01)
    # A whole number of them, so that corners are closed.
    count = max(1, round((length - dash) / (row.dash + row.gap) / px))
    at = np.linspace(0, 1 - dash / length, count + 1)
    along = stop - start
    return [np.array([start + t * along, start + (t + dash / length) * along]) for t in at]


def _ruled(
    row: Row, corners: NDArray[np.float64], px: float, rng: np.random.Generator
) -> list[Patch]:
    """Lines along a ruler: they overshoot, and lie a hair's breadth off."""
    slack = 0.012 * row.height * px
    lines = []
    spans = [corners] if row.joined else [box[None] for box in corners]
    for boxes in spans:
        (x0, y0), (x1, y1) = boxes[0, 0], boxes[-1, 2]
        ends = [((x0, y), (x1, y)) for y in (y0, y1)]
        ends += [((x, y0), (x, y1)) for x in [*boxes[:, 0, 0], x1]]
        for a, b in ends:
            start, stop = np.array(a), np.array(b)
            along = (stop - start) / np.linalg.norm(stop - start)
            over = rng.uniform(-0.2, 4.0, 2) * slack
            t = np.linspace(0, 1, 12)[:, None]
            way = (start - along * over[0]) * (1 - t) + (stop + along * over[1]) * t
            lines.append(way + rng.normal(0, 0.4 * slack, 2) + rng.normal(0, 0.1, way.shape))
    pen = type(GREY_PENCIL)(row.color, row.line, row.opacity, 0.2, 0.3)
    return [ink_patch([line], pen, px, rng) for line in lines]
