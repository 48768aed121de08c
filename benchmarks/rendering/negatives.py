"""Photos in which there is no postcode to read: nothing of them may be accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.rendering import marks
from benchmarks.rendering.clutter import Place, around, scattered
from benchmarks.rendering.dice import (
    happens,
    pick_hand,
    pick_log,
    pick_optics,
    pick_paper,
    pick_pose,
    pick_row,
    pick_view,
)
from benchmarks.rendering.grades import LIMITS, Grade
from benchmarks.rendering.hand import Hand, write
from benchmarks.rendering.odd import odd_paper, odd_row
from benchmarks.rendering.paper import Paper
from benchmarks.rendering.pose import aim, visible
from benchmarks.rendering.rows import Row, row_patches
from benchmarks.rendering.scene import Rendered, develop, photograph, resolution, room, surroundings
from benchmarks.rendering.writers import Writers
from samples.patch import Patch, bar_patch, flat, frame_patch, lines_patch
from samples.pen import ink_patch

_CAMERAS: tuple[Grade, ...] = ("scan", "desk", "desk", "hard")
_COUNTS = (1, 2, 3, 4, 6, 7, 8, 9, 10)
# Letters that nobody takes for a digit.
_LETTERS = "AEFHKMNRTVWX"
_PRINT = (58, 52, 50)
_SHARE_CROSSED = 0.5


@dataclass(frozen=True)
class _Sheet:
    """What the kinds below are drawn on."""

    row: Row
    """Where a row stands, and how it is printed."""
    grid: tuple[int, int]
    """Columns and rows of a grid whose upper left box is the row's first."""
    place: Place
    """All that is seen, with nothing to be kept free."""
    hand: Hand
    writers: Writers

    @property
    def px(self) -> float:
        """Pixels per mm."""
        return self.place.px


_Draw = Callable[[_Sheet, np.random.Generator], list[Patch]]


def render_negative(
    rng: np.random.Generator, writers: Writers, kind: str | None = None, odd: float = 0.0
) -> Rendered:
    """Return a photo in which no row of exactly five boxes holds five digits.

    Args:
        rng: all that is left to chance.
        writers: whose digits stand in other boxes.
        kind: one of `KINDS`; None takes any.
        odd: as `Limits.odd`.
    """
    if kind is None:
        kind = tuple(KINDS)[rng.integers(len(KINDS))]
    limits = replace(LIMITS[_CAMERAS[rng.integers(len(_CAMERAS))]], odd=odd)
    height = pick_log((30, 200) if kind in _SURFACES else limits.box_height, rng)
    count = int(rng.choice(_COUNTS)) if kind == "other-count" else 5
    row = pick_row(height, rng, count)
    if happens(odd, rng):
        row = odd_row(row, height, rng)
    grid = _GRIDS.get(kind, (0, 0))
    if kind == "table":
        grid = (int(rng.choice((3, 4, 7, 8, 9))), int(rng.choice((3, 4, 6, 7, 8))))
    if grid[1]:
        # The whole grid is in the photo: a part of it might be five boxes.
        block = replace(
            row, width=grid[0] * row.width, pitch=grid[0] * row.width,
            height=grid[1] * row.height, count=1,
        )  # fmt: skip
        paper, block = pick_paper(block, height * grid[1], rng)
        row = replace(row, left=block.left, top=block.top, pitch=row.width)
        height *= grid[1]
    else:
        paper, row = pick_paper(row, height, rng)
        block = row
    if happens(odd, rng):
        paper = odd_paper(paper, rng)
    if kind in _SURFACES:
        paper, block = _surface(paper, row, kind == "nothing", rng)
        row = block
    pose = replace(pick_pose(height, limits, rng), margin=12.0)
    seen = pick_view(aim(pose, block.corners()), block, limits, rng)
    px = resolution(seen, block, paper, height)
    view = visible(seen.H, paper.width, paper.height, seen.frame)
    hand = pick_hand(row, height, limits, rng)
    sheet = _Sheet(row, grid, Place(view, (), px, seen), hand, writers)
    patches = KINDS[kind](sheet, rng)
    # Nor may a finger make five of six.
    keep = room(block, seen)
    scene = photograph(paper, patches, seen, px, limits, keep, rng)
    points = seen.to_photo(block.corners()).reshape(-1, 2).astype(np.float64)
    optics = pick_optics(height, points, limits, rng)
    return develop(scene, optics, "", np.zeros((0, 4, 2), np.float32), "desk", rng)


def _surface(paper: Paper, row: Row, bare: bool, rng: np.random.Generator) -> tuple[Paper, Row]:
    """Return a paper that fills the photo, of any colour, or one that is not in it."""
    color = np.clip(rng.uniform(30, 220) + rng.uniform(-40, 40, 3), 5, 245).astype(int).tolist()
    side = 90 * row.height
    wide = replace(paper, width=side, height=side, color=(color[0], color[1], color[2]))
    at = -side if bare else side / 2
    return wide, replace(row, left=at, top=at)


def _boxes(sheet: _Sheet, rng: np.random.Generator, marked: list[Patch]) -> list[Patch]:
    """Return the row, what is in it and what stands around."""
    place = replace(sheet.place, keep=(surroundings(sheet.row),))
    pen = replace(sheet.hand.pen, width=0.5)
    patches = around(sheet.row, place, rng, pen)
    patches += scattered(place, int(rng.integers(0, 5)), sheet.writers, sheet.hand, rng, sheet.row)
    return [*patches, *row_patches(sheet.row, sheet.px, rng), *marked]


def _empty(sheet: _Sheet, rng: np.random.Generator) -> list[Patch]:
    return _boxes(sheet, rng, [])


def _other_count(sheet: _Sheet, rng: np.random.Generator) -> list[Patch]:
    boxes = sheet.row.corners() * sheet.px
    glyphs = sheet.writers.write(rng, sheet.row.count)
    return _boxes(sheet, rng, write(glyphs, boxes, sheet.hand, sheet.px, rng))


def _partly(sheet: _Sheet, rng: np.random.Generator) -> list[Patch]:
    """Digits in one to four boxes; the others are blank or crossed."""
    boxes = sheet.row.corners() * sheet.px
    filled = rng.permutation(5)[: rng.integers(1, 5)]
    glyphs = sheet.writers.write(rng, len(filled))
    inks = write(glyphs, boxes[filled], sheet.hand, sheet.px, rng)
    if rng.random() < _SHARE_CROSSED:
        for k in set(range(5)) - set(filled.tolist()):
            inks.append(_sign(boxes[k], sheet, int(rng.integers(3)), rng))
    return _boxes(sheet, rng, inks)


def _crossed(sheet: _Sheet, rng: np.random.Generator) -> list[Patch]:
    kind = int(rng.integers(3))
    boxes = sheet.row.corners() * sheet.px
    return _boxes(sheet, rng, [_sign(box, sheet, kind, rng) for box in boxes])


def _sign(box: NDArray[np.float64], sheet: _Sheet, kind: int, rng: np.random.Generator) -> Patch:
    """Return a cross, a scribble or a dash in a box, px."""
    low, size = box[0], box[2] - box[0]
    if kind == 0:
        ends = np.array([[[0.15, 0.2], [0.85, 0.8]], [[0.85, 0.2], [0.15, 0.8]]])
        lines = list(ends + rng.normal(0, 0.06, ends.shape))
    elif kind == 1:
        turns = int(rng.integers(6, 14))
        t = np.linspace(0, 1, turns)
        y = np.where(np.arange(turns) % 2, 0.85, 0.15) + rng.normal(0, 0.08, turns)
        lines = [np.stack([0.15 + 0.7 * t + rng.normal(0, 0.05, turns), y], axis=1)]
    else:
        y = rng.uniform(0.4, 0.6)
        lines = [np.array([[0.25, y], [0.75, y + rng.normal(0, 0.04)]])]
    width = sheet.hand.pen.width * float(size[1]) / sheet.px
    pen = replace(sheet.hand.pen, width=width)
    return ink_patch([low + line * size for line in lines], pen, sheet.px, rng)


def _letters(sheet: _Sheet, rng: np.random.Generator) -> list[Patch]:
    px, row = sheet.px, sheet.row
    inks = []
    font = marks.FONTS[rng.integers(1, 4)]
    for box in row.corners():
        letter = _LETTERS[rng.integers(len(_LETTERS))]
        cap = row.height * rng.uniform(0.45, 0.65)
        left = box[0, 0] + 0.5 * row.width - 0.4 * cap
        base = box[3, 1] - (row.height - cap) / 2
        inks += marks.text(letter, left, base, cap, px, sheet.hand.pen.color, font)
    return _boxes(sheet, rng, inks)


def _things(sheet: _Sheet, rng: np.random.Generator) -> list[Patch]:
    """An envelope without boxes."""
    near = replace(sheet.row, count=3)
    return scattered(sheet.place, int(rng.integers(4, 14)), sheet.writers, sheet.hand, rng, near)


def _text_page(sheet: _Sheet, rng: np.random.Generator) -> list[Patch]:
    left, top, right, bottom = sheet.place.view
    cap = max(sheet.row.height * rng.uniform(0.15, 0.5), (bottom - top) / 120)
    step, font = cap * rng.uniform(1.9, 2.8), marks.FONTS[rng.integers(3)]
    start = left + (right - left) * rng.uniform(0.02, 0.15)
    count = max(2, int((right - start) / cap / 7))
    patches: list[Patch] = []
    base = top + step
    while base < bottom:
        if rng.random() < 0.9:
            shorter = max(1, count - int(rng.integers(0, 3)))
            line = f"{marks.words(rng, shorter)} {rng.integers(0, 10**5):05d}"
            patches += marks.text(line, start, base, cap, sheet.px, _PRINT, font)
        base += step
    return patches


def _table(sheet: _Sheet, rng: np.random.Generator) -> list[Patch]:
    """A table with words and printed numbers."""
    px, row = sheet.px, sheet.row
    columns, rows = sheet.grid
    widths = np.full(columns, row.width)
    if rng.random() < 0.5:
        widths *= rng.uniform(0.4, 1.6, columns)
        widths *= columns * row.width / widths.sum()
    patches = marks.table(row.left, row.top, widths, rows, row.height, row.line, px, row.color)
    edges = row.left + np.concatenate([[0], np.cumsum(widths)])
    cap = 0.35 * row.height
    for k in range(rows):
        base = row.top + (k + 0.7) * row.height
        for x, width in zip(edges, widths, strict=False):
            if rng.random() < 0.4:
                line = marks.words(rng, 1) if width > 5 * cap else str(rng.integers(0, 100))
                patches += marks.text(line, x + 0.4 * cap, base, cap, px, _PRINT, marks.FONTS[1])
    return patches


def _calendar(sheet: _Sheet, rng: np.random.Generator) -> list[Patch]:
    px, row = sheet.px, sheet.row
    columns, rows = sheet.grid
    patches: list[Patch] = []
    if rng.random() < 0.8:
        widths = np.full(columns, row.width)
        patches += marks.table(row.left, row.top, widths, rows, row.height, row.line, px, row.color)
    first = int(rng.integers(columns))
    cap = 0.4 * min(row.width, row.height)
    for day in range(1, 32):
        k = first + day - 1
        x = row.left + (k % columns + 0.15) * row.width
        base = row.top + (k // columns + 0.75) * row.height
        patches += marks.text(str(day), x, base, cap, px, _PRINT, marks.FONTS[1])
    return patches


def _puzzle(sheet: _Sheet, rng: np.random.Generator) -> list[Patch]:
    """Nine by nine boxes, a third of them with digits."""
    px, row = sheet.px, sheet.row
    count = sheet.grid[0]
    wide, high = row.width, row.height
    widths = np.full(count, wide)
    patches = marks.table(row.left, row.top, widths, count, high, row.line, px, _PRINT)
    for at in range(0, count + 1, 3):
        half = 1.5 * row.line * px
        x, y = (row.left + at * wide) * px, (row.top + at * high) * px
        right, bottom = (row.left + count * wide) * px, (row.top + count * high) * px
        patches.append(bar_patch(x - half, row.top * px, x + half, bottom, _PRINT))
        patches.append(bar_patch(row.left * px, y - half, right, y + half, _PRINT))
    cells = rng.permutation(count * count)[:27]
    for y, x in zip(*np.divmod(cells, count), strict=True):
        left, base = row.left + (x + 0.25) * wide, row.top + (y + 0.75) * high
        digit = str(rng.integers(1, 10))
        patches += marks.text(digit, left, base, 0.5 * high, px, _PRINT, marks.FONTS[1])
    return patches


def _checklist(sheet: _Sheet, rng: np.random.Generator) -> list[Patch]:
    unit, px, row = sheet.row.height, sheet.px, sheet.row
    patches: list[Patch] = []
    for k in range(int(rng.integers(4, 12))):
        box = replace(
            row, left=row.left, top=row.top + (k - 3) * 1.9 * unit, width=unit, count=1, rounded=0.0
        )  # fmt: skip
        patches += row_patches(box, px, rng)
        words, base = marks.words(rng, int(rng.integers(1, 4))), box.bottom - 0.2 * unit
        patches += marks.text(
            words, box.right + 0.5 * unit, base, 0.5 * unit, px, _PRINT, marks.FONTS[1]
        )
        if rng.random() < 0.4:
            patches.append(_sign(box.corners()[0] * px, sheet, 0, rng))
    return patches


def _keyboard(sheet: _Sheet, rng: np.random.Generator) -> list[Patch]:
    unit, px, row = sheet.row.height, sheet.px, sheet.row
    key = rng.uniform(30, 230)
    color = (int(key), int(key), int(key))
    label = (235, 235, 235) if key < 120 else (40, 40, 40)
    letters = "QWERTYUIOPASDFGHJKLZXCVBNM"
    patches: list[Patch] = []
    for y in range(4):
        for x in range(11):
            left = row.left + (x - 4 + 0.3 * y) * 1.25 * unit
            top = row.top + (y - 2) * 1.25 * unit
            corners = left * px, top * px, (left + unit) * px, (top + unit) * px
            patches.append(bar_patch(*corners, color))
            letter = letters[rng.integers(len(letters))]
            patches += marks.text(
                letter, left + 0.3 * unit, top + 0.65 * unit, 0.4 * unit, px, label, marks.FONTS[1]
            )
    return patches


def _bricks(sheet: _Sheet, rng: np.random.Generator) -> list[Patch]:
    """Bricks, tiles or the windows of a front; one colour of joint, many of stone."""
    unit, px = sheet.row.height, sheet.px
    wide = unit * rng.uniform(0.7, 2.4)
    shift = 0.5 if rng.random() < 0.5 else 0.0
    joint = rng.uniform(0.05, 0.5)
    base = rng.uniform(30, 220) + rng.uniform(-40, 40, 3)
    left, top, right, bottom = sheet.place.view
    patches = []
    for j, y in enumerate(np.arange(top - top % unit, bottom, unit)):
        for x in np.arange(left - left % wide - shift * wide * (j % 2), right, wide):
            color = np.clip(base + rng.normal(0, 8), 0, 255).astype(int).tolist()
            gap = joint * min(unit, wide) / 2
            patches.append(
                bar_patch(
                    (x + gap) * px, (y + gap) * px, (x + wide - gap) * px, (y + unit - gap) * px,
                    (color[0], color[1], color[2]),
                )
            )  # fmt: skip
    return patches


def _blots(sheet: _Sheet, rng: np.random.Generator) -> list[Patch]:
    """Shapes of no order: rectangles, circles and lines of many sizes."""
    unit, px = sheet.row.height, sheet.px
    left, top, right, bottom = sheet.place.view
    patches = []
    for _ in range(int(rng.integers(10, 60))):
        x, y = rng.uniform((left, top), (right, bottom))
        w, h = unit * rng.uniform(0.3, 4, 2)
        b, g, r = rng.integers(0, 255, 3).tolist()
        kind = rng.integers(4)
        if kind == 0:
            patches.append(bar_patch(x * px, y * px, (x + w) * px, (y + h) * px, (b, g, r)))
        elif kind == 1:
            corners = x * px, y * px, (x + w) * px, (y + h) * px
            patches.append(frame_patch(*corners, max(0.05 * unit * px, 1), (b, g, r)))
        elif kind == 2:
            way = np.array([[x, y], [x + w - 2 * unit, y + h - 2 * unit]]) * px
            patches.append(lines_patch([(way, max(0.08 * unit * px, 1))], (b, g, r)))
        else:
            radius = max(round(0.5 * w * px), 2)
            disc = np.zeros((2 * radius + 1, 2 * radius + 1), np.uint8)
            cv2.circle(disc, (radius, radius), radius, 255, cv2.FILLED, cv2.LINE_AA)
            cover = disc.astype(np.float32) / 255
            patches.append(Patch(round(x * px), round(y * px), cover, flat((b, g, r))))
    return patches


def _nothing(sheet: _Sheet, rng: np.random.Generator) -> list[Patch]:
    return []


KINDS: MappingProxyType[str, _Draw] = MappingProxyType(
    {
        "empty": _empty,
        "other-count": _other_count,
        "partly": _partly,
        "crossed": _crossed,
        "letters": _letters,
        "things": _things,
        "text": _text_page,
        "table": _table,
        "calendar": _calendar,
        "puzzle": _puzzle,
        "checklist": _checklist,
        "keyboard": _keyboard,
        "bricks": _bricks,
        "blots": _blots,
        "nothing": _nothing,
    }
)
"""What there is instead of a postcode."""

# Boxes of these, columns and rows; a table has a random number of them.
_GRIDS = MappingProxyType({"calendar": (7, 6), "puzzle": (9, 9)})
# Those that are no paper but a wall, a floor or a table.
_SURFACES = ("keyboard", "bricks", "blots", "nothing")
