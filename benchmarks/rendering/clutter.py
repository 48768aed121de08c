"""What else is on the paper, around the boxes: never over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.rendering import marks
from benchmarks.rendering.hand import Hand, write
from benchmarks.rendering.marks import Rect
from benchmarks.rendering.rows import Row, row_patches
from benchmarks.rendering.view import View
from benchmarks.rendering.writers import Writers
from samples import stationery
from samples.patch import Color, Patch, bar_patch, frame_patch
from samples.pen import Pen

_PRINT: Color = (58, 52, 50)
# Counts of boxes that are no postcode.
_OTHER_COUNTS = (1, 2, 3, 4, 6, 7, 8, 10, 12)
# Places that are tried for one thing.
_TRIES = 6


@dataclass(frozen=True)
class Place:
    """Where something may be put."""

    view: Rect
    """The part of the paper that the photo shows."""
    keep: tuple[Rect, ...]
    """What must stay free."""
    px: float
    """Pixels per mm."""
    seen: View
    """How the photo shows the paper."""

    def free(
        self, width: float, height: float, rng: np.random.Generator, over: float = 0.3
    ) -> tuple[float, float] | None:
        """Return the upper left corner of a free rectangle, or None where none was found.

        Args:
            width: mm.
            height: mm.
            rng: where it lies.
            over: how much of it may hang over the edge of the view.
        """
        left, top, right, bottom = self.view
        for _ in range(_TRIES):
            x = rng.uniform(left - over * width, max(right - (1 - over) * width, left))
            y = rng.uniform(top - over * height, max(bottom - (1 - over) * height, top))
            if not any(_meet((x, y, x + width, y + height), rect) for rect in self.keep):
                return x, y
        return None

    def visible(self, row: Row) -> int:
        """Return how many of a row's boxes are in the photo as a whole."""
        corners = self.seen.to_photo(row.corners())
        inside = ((corners >= 0) & (corners < self.seen.frame)).all(axis=(1, 2))
        return int(inside.sum())


def around(row: Row, place: Place, rng: np.random.Generator, pen: Pen) -> list[Patch]:
    """Return what belongs to a row: guides, caption, the town written beside it.

    Args:
        row: the five boxes.
        place: where there is room.
        rng: source of what there is.
        pen: whose ink the address is written in; its width is in mm.
    """
    px, patches = place.px, []
    unit = row.height
    start = row.right + unit * rng.uniform(0.35, 0.9)
    if rng.random() < 0.4:
        y, end = (row.bottom - row.line / 2) * px, (start + unit * rng.uniform(3, 8)) * px
        half = max(row.line * px, 0.8) / 2
        patches.append(bar_patch(start * px, y - half, end, y + half, row.color))
    if rng.random() < 0.3:
        top, end = row.top - unit * rng.uniform(2.5, 4), start + unit * rng.uniform(3, 7)
        patches += stationery.corner_marks(row.left, top, end, px, row.color, max(row.line, 0.3))
    if rng.random() < 0.25:
        cap = unit * rng.uniform(0.14, 0.22)
        base = row.top - unit * rng.uniform(0.15, 0.3)
        label = ("POSTCODE", "Code postal", "PLZ", "ZIP", "Post Code")[rng.integers(5)]
        patches += marks.text(label, row.left, base, cap, px, row.color, marks.FONTS[1])
    elif rng.random() < 0.2:
        size = unit * rng.uniform(0.2, 0.35)
        base = row.top - unit * rng.uniform(0.15, 0.4)
        patches += marks.hangul(row.left, base, size, px, row.color, 4, rng)
    if rng.random() < 0.35:
        size = unit * rng.uniform(0.25, 0.45)
        base = row.bottom - unit * rng.uniform(0.1, 0.25)
        if rng.random() < 0.5:
            patches += marks.written(
                marks.cursive(start + 0.3 * unit, base, size, unit * rng.uniform(2, 5), rng),
                pen, px, rng,
            )  # fmt: skip
        else:
            patches += marks.text(marks.town(rng), start, base, 1.3 * size, px, _PRINT, _font(rng))
    return patches + _lines_above(row, px, rng, pen)


def _lines_above(row: Row, px: float, rng: np.random.Generator, pen: Pen) -> list[Patch]:
    """The address above the row, printed or by hand."""
    patches: list[Patch] = []
    if rng.random() > 0.6:
        return patches
    unit, count = row.height, int(rng.integers(1, 5))
    size = unit * rng.uniform(0.22, 0.5)
    step = size * rng.uniform(2.2, 3.4)
    left = row.left + unit * rng.uniform(-1.5, 1)
    base = row.top - unit * rng.uniform(0.6, 1.2) - step * (count - 1)
    by_hand, font = rng.random() < 0.5, _font(rng)
    for k, line in enumerate(marks.address_lines(rng, count)):
        y = base + k * step
        if by_hand:
            strokes = marks.cursive(left, y, 0.7 * size, unit * rng.uniform(4, 8), rng)
            patches += marks.written(strokes, pen, px, rng)
        else:
            patches += marks.text(line, left, y, size, px, _PRINT, font)
    return patches


def label_patches(row: Row, px: float, rng: np.random.Generator) -> list[Patch]:
    """Return now and then a white label, on which the row is printed."""
    if rng.random() > 0.07:
        return []
    room = row.height * rng.uniform(0.2, 1.2, 4)
    edges = (
        row.left - room[0], row.top - room[1], row.right + room[2], row.bottom + room[3]
    )  # fmt: skip
    left, top, right, bottom = (edge * px for edge in edges)
    return [
        bar_patch(left, top, right, bottom, (242, 244, 245)),
        frame_patch(left, top, right, bottom, 0.2 * px, (185, 186, 186)),
    ]


def table_around(row: Row, px: float) -> list[Patch]:
    """Return the lines of a table of which the row is a part, as far as a strip shows it."""
    half, reach = max(row.line * px, 0.8) / 2, 0.8 * row.height
    corners = row.corners()
    xs = sorted({*corners[:, 0, 0], *corners[:, 1, 0]})
    xs = [xs[0] - row.pitch, *xs, xs[-1] + row.pitch] if row.joined else xs
    patches = []
    for x in xs if row.joined else ():
        top, bottom = (row.top - reach) * px, (row.bottom + reach) * px
        patches.append(bar_patch(x * px - half, top, x * px + half, bottom, row.color))
    for y in (row.top, row.bottom):
        left, right = (row.left - row.pitch) * px, (row.right + row.pitch) * px
        patches.append(bar_patch(left, y * px - half, right, y * px + half, row.color))
    return patches


def scattered(
    place: Place,
    count: int,
    writers: Writers,
    hand: Hand,
    rng: np.random.Generator,
    near: Row,
) -> list[Patch]:
    """Return things at random places.

    Args:
        place: where there is room.
        count: how many are tried.
        writers: whose digits stand in other boxes.
        hand: how they are written.
        rng: source of what they are.
        near: the row of five: other rows are printed in its manner or in another.
    """
    patches: list[Patch] = []
    kinds: Sequence[Callable[[], list[Patch]]] = (
        lambda: _sender(place, rng),
        lambda: _stamp(place, rng),
        lambda: _postmark(place, rng),
        lambda: _rubber(place, rng),
        lambda: _bars(place, rng),
        lambda: _code(place, rng),
        lambda: _logo(place, rng),
        lambda: _table(place, rng),
        lambda: _paragraph(place, rng),
        lambda: _scribble(place, hand.pen, rng),
        lambda: _checkboxes(place, rng),
        lambda: _window(place, rng),
    )
    for kind in rng.integers(0, len(kinds) + 1, count):
        if kind < len(kinds):
            patches += kinds[kind]()
            continue
        row_there, rect = other_row(place, near, writers, hand, rng)
        patches += row_there
        # What is laid over six boxes might leave five.
        place = replace(place, keep=(*place.keep, *rect))
    return patches


def other_row(
    place: Place, near: Row, writers: Writers, hand: Hand, rng: np.random.Generator
) -> tuple[list[Patch], tuple[Rect, ...]]:
    """Return a row of boxes that are not five, empty or written in, and where it is, if at all."""
    count = int(rng.choice(_OTHER_COUNTS))
    unit = near.height * rng.uniform(0.6, 1.1)
    width = unit * rng.uniform(0.55, 1.0)
    pitch = width * (1.0 if rng.random() < 0.6 else rng.uniform(1.1, 1.5))
    # Far enough from the five that nobody takes both for one row.
    at = place.free(pitch * count + unit, 1.8 * unit, rng, over=0)
    if at is None:
        return [], ()
    row = replace(
        near, left=at[0] + unit / 2, top=at[1] + 0.4 * unit, width=width, height=unit,
        pitch=pitch, count=count, ruled=False,
    )  # fmt: skip
    # Seven of which the photo shows five would be five.
    if place.visible(row) != count:
        return [], ()
    patches = row_patches(row, place.px, rng)
    if rng.random() < 0.6:
        glyphs = writers.write(rng, count)
        boxes = row.corners() * place.px
        patches += write(glyphs, boxes, hand, place.px, rng)
    return patches, ((row.left, row.top, row.right, row.bottom),)


def _font(rng: np.random.Generator) -> int:
    return int(marks.FONTS[rng.integers(len(marks.FONTS))])


def _meet(a: Rect, b: Rect) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _sender(place: Place, rng: np.random.Generator) -> list[Patch]:
    cap = rng.uniform(1.3, 2.6)
    at = place.free(22 * cap, 9 * cap, rng)
    if at is None:
        return []
    font = _font(rng)
    patches: list[Patch] = []
    for k, line in enumerate(marks.address_lines(rng, int(rng.integers(2, 5)))):
        base = at[1] + cap * (1 + 2.1 * k)
        patches += marks.text(line, at[0], base, cap, place.px, _PRINT, font)
    return patches


def _stamp(place: Place, rng: np.random.Generator) -> list[Patch]:
    at = place.free(22, 26, rng)
    if at is None:
        return []
    b, g, r = rng.integers(40, 200, 3).tolist()
    value = f"{rng.integers(1, 5)}.{rng.integers(0, 10)}0"
    return stationery.stamp(*at, place.px, value, int(rng.integers(3)), (b, g, r))


def _postmark(place: Place, rng: np.random.Generator) -> list[Patch]:
    at = place.free(66, 24, rng)
    if at is None:
        return []
    ink = ((70, 62, 60), (110, 60, 40), (60, 60, 130))[rng.integers(3)]
    x, y = at[0] + 12, at[1] + 12
    return stationery.postmark(x, y, place.px, marks.town(rng), "14 IX 25", ink, rng)


def _rubber(place: Place, rng: np.random.Generator) -> list[Patch]:
    at = place.free(44, 18, rng)
    ink = ((70, 62, 60), (140, 50, 40), (60, 50, 170))[rng.integers(3)]
    return [] if at is None else marks.frame_with_text(*at, place.px, ink, rng)


def _bars(place: Place, rng: np.random.Generator) -> list[Patch]:
    count = int(rng.integers(18, 50))
    at = place.free(1.7 * count, 6, rng)
    if at is None:
        return []
    ink = ((150, 165, 245), (90, 120, 240), (60, 60, 60))[rng.integers(3)]
    return stationery.sorting_bars(at[0], at[1] + 5, place.px, count, ink, rng)


def _code(place: Place, rng: np.random.Generator) -> list[Patch]:
    if rng.random() < 0.5:
        size = rng.uniform(8, 20)
        at = place.free(size, size, rng)
        return [] if at is None else marks.matrix_code(*at, size, place.px, rng)
    width, height = rng.uniform(25, 60), rng.uniform(6, 14)
    at = place.free(width, height, rng)
    return [] if at is None else marks.barcode(*at, width, height, place.px, rng)


def _logo(place: Place, rng: np.random.Generator) -> list[Patch]:
    size = rng.uniform(8, 24)
    at = place.free(size, size, rng)
    return [] if at is None else marks.logo(*at, size, place.px, rng)


def _table(place: Place, rng: np.random.Generator) -> list[Patch]:
    columns = rng.uniform(8, 30, int(rng.integers(2, 5)))
    rows, step = int(rng.integers(2, 6)), rng.uniform(4, 9)
    at = place.free(float(columns.sum()), rows * step, rng)
    if at is None:
        return []
    gray = int(rng.integers(40, 150))
    return marks.table(
        *at, columns, rows, step, rng.uniform(0.15, 0.5), place.px, (gray, gray, gray)
    )


def _window(place: Place, rng: np.random.Generator) -> list[Patch]:
    width, height = rng.uniform(60, 95), rng.uniform(24, 40)
    at = place.free(width, height, rng)
    return [] if at is None else marks.window(*at, width, height, place.px, rng)


def _paragraph(place: Place, rng: np.random.Generator) -> list[Patch]:
    cap, rows = rng.uniform(1.2, 2.2), int(rng.integers(3, 8))
    at = place.free(40 * cap, 2 * cap * rows, rng)
    if at is None:
        return []
    patches: list[Patch] = []
    for k in range(rows):
        line = marks.words(rng, int(rng.integers(4, 7)))
        patches += marks.text(
            line, at[0], at[1] + cap * (1 + 1.9 * k), cap, place.px, _PRINT, marks.FONTS[0]
        )
    return patches


def _scribble(place: Place, pen: Pen, rng: np.random.Generator) -> list[Patch]:
    size = rng.uniform(2, 5)
    width = rng.uniform(20, 50)
    at = place.free(width, 3 * size, rng)
    if at is None:
        return []
    strokes = marks.cursive(at[0], at[1] + 2.5 * size, size, 0.8 * width, rng)
    return marks.written(strokes, replace(pen, width=rng.uniform(0.35, 0.8)), place.px, rng)


def _checkboxes(place: Place, rng: np.random.Generator) -> list[Patch]:
    size, rows = rng.uniform(2.5, 4.5), int(rng.integers(2, 5))
    at = place.free(30, 2 * size * rows, rng)
    if at is None:
        return []
    patches: list[Patch] = []
    for k in range(rows):
        box = Row(at[0], at[1] + 1.7 * size * k, size, size, size, 1, 0.3, _PRINT)
        patches += row_patches(box, place.px, rng)
        base = box.bottom - 0.1 * size
        patches += marks.text(
            marks.words(rng, 2), box.right + 2, base, 0.7 * size, place.px, _PRINT, marks.FONTS[1]
        )
    return patches
