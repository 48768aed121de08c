"""Small things that are printed, stamped or written on paper; all in mm, pressed as patches."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from samples import stationery
from samples.patch import Color, Patch, bar_patch, flat, frame_patch, lines_patch
from samples.pen import Pen, ink_patch

Rect = tuple[float, float, float, float]
"""Left, top, right, bottom, mm."""

FONTS = (stationery.SERIF, stationery.SANS, stationery.PLAIN, stationery.SCRIPT)

# Invented, and no person's name among them.
_WORDS = (
    "Harbour", "Mill", "Orchard", "North", "Lantern", "Cedar", "Station", "River", "Old", "Market",
    "Abbey", "Castle", "Bridge", "Garden", "Upper", "Green", "Saffron", "Quarry", "Linden", "Ferry",
)  # fmt: skip
_KINDS = ("Street", "Road", "Lane", "rue", "ro", "gil", "Strasse", "Avenue", "Sq.", "Terrace")
_FIRMS = ("Seed Library", "Paper Co.", "Tax Office", "Kettle & Co", "Credit Union", "Books Ltd")
_TOWNS = ("VALCOMBE", "NEULBOM", "HARBOURFIELD", "SAINT-ODIN", "LINDHAUSEN", "PORT MERLE")


def words(rng: np.random.Generator, count: int) -> str:
    """Return words of no meaning."""
    return " ".join(_WORDS[i] for i in rng.integers(0, len(_WORDS), count))


def address_lines(rng: np.random.Generator, count: int) -> list[str]:
    """Return lines of an invented address; the last one is a town."""
    street = f"{rng.integers(1, 180)} {words(rng, 1)} {_KINDS[rng.integers(len(_KINDS))]}"
    lines = [
        f"The {words(rng, 1)} {_FIRMS[rng.integers(len(_FIRMS))]}",
        f"P.O. Box {rng.integers(10, 9000)}",
        street,
        f"{words(rng, 2)}, No. {rng.integers(1, 60)}",
    ]
    return [*lines[: max(count - 1, 0)], town(rng)][:count]


def town(rng: np.random.Generator) -> str:
    """Return an invented town."""
    return str(_TOWNS[rng.integers(len(_TOWNS))])


def text(
    line: str, left: float, base: float, cap: float, px: float, color: Color, font: int
) -> list[Patch]:
    """Return a line of print; what is too small to be letters becomes a grey bar."""
    if cap * px < 3:
        width = 0.85 * cap * len(line)
        bar = bar_patch(left * px, (base - cap) * px, (left + width) * px, base * px, color)
        return [Patch(bar.left, bar.top, bar.coverage * np.float32(0.35), bar.color)]
    return [stationery.text_patch(line, left, base, cap, px, color, font)]


def hangul(
    left: float, base: float, size: float, px: float, color: Color, count: int,
    rng: np.random.Generator,
) -> list[Patch]:  # fmt: skip
    """Return print that looks like Korean or Chinese from afar: blocks of straight strokes."""
    lines: list[tuple[NDArray[np.float64], float]] = []
    for k in range(count):
        x0, y0 = left + 1.12 * size * k, base - size
        for _ in range(int(rng.integers(4, 8))):
            a = rng.uniform(0.05, 0.95, 2)
            turn = rng.integers(4)
            reach = rng.uniform(0.25, 0.8)
            step = np.array([(1, 0), (0, 1), (1, 0), (0.4, 0.7)][turn]) * reach
            b = np.clip(a + step, 0.05, 0.95)
            lines.append(((np.stack([a, b]) * size + (x0, y0)) * px, max(0.1 * size * px, 0.8)))
    return [lines_patch(lines, color, 0.85)]


def cursive(
    left: float, base: float, size: float, width: float, rng: np.random.Generator
) -> list[NDArray[np.float64]]:
    """Return joined-up handwriting that means nothing, as strokes in mm.

    Args:
        left: where it starts.
        base: its base line.
        size: of a small letter.
        width: how far it goes.
        rng: whose hand it is.
    """
    strokes = []
    x, pitch = left, size * rng.uniform(0.7, 1.1)
    slant = rng.uniform(-0.1, 0.5)
    while x < left + width:
        letters = int(rng.integers(3, 9))
        t = np.linspace(0, letters, 14 * letters)
        tall = np.interp(t, np.arange(letters + 1), rng.choice([1, 1, 1, 1.9, 2.3], letters + 1))
        wide = np.interp(t, np.arange(letters + 1), rng.uniform(0.2, 0.7, letters + 1))
        y = -size * tall * (0.5 - 0.5 * np.cos(2 * np.pi * t))
        along = pitch * t + wide * size * np.sin(2 * np.pi * t + rng.uniform(0, 6)) - slant * y
        drift = 0.15 * size * np.sin(t / 2 + rng.uniform(0, 6))
        strokes.append(np.stack([x + along, base + y + drift], axis=1))
        x += pitch * letters + size * rng.uniform(0.8, 1.6)
    return strokes


def written(
    strokes: Sequence[NDArray[np.float64]], pen: Pen, px: float, rng: np.random.Generator
) -> list[Patch]:
    """Return strokes in mm as ink."""
    return [ink_patch([stroke * px for stroke in strokes], pen, px, rng)]


def frame_with_text(
    left: float, top: float, px: float, color: Color, rng: np.random.Generator
) -> list[Patch]:
    """Return a rubber stamp: words in a rectangle."""
    count = int(rng.integers(1, 4))
    cap = rng.uniform(1.6, 2.8)
    lines = [words(rng, int(rng.integers(1, 3))).upper() for _ in range(count)]
    width = max(map(len, lines)) * cap * 0.95 + 4
    height = count * 2.0 * cap + 3
    patches = [
        frame_patch(left * px, top * px, (left + width) * px, (top + height) * px, 0.4 * px, color)
    ]
    for k, line in enumerate(lines):
        patches += text(line, left + 2, top + 2.0 * cap * (k + 0.9) + 1, cap, px, color, FONTS[1])
    return patches


def barcode(
    left: float, top: float, width: float, height: float, px: float, rng: np.random.Generator
) -> list[Patch]:
    """Return bars of many widths in one patch."""
    columns, rows = max(round(width * px), 4), max(round(height * px), 4)
    modules = (rng.random(max(int(width / 0.4), 8)) < 0.5).astype(np.float32)[None]
    row = cv2.resize(modules, (columns, 1), interpolation=cv2.INTER_AREA if columns < modules.size
                     else cv2.INTER_NEAREST)  # fmt: skip
    return [Patch(round(left * px), round(top * px), np.repeat(row, rows, axis=0) * np.float32(0.9),
                  flat((30, 28, 28)))]  # fmt: skip


def matrix_code(
    left: float, top: float, size: float, px: float, rng: np.random.Generator
) -> list[Patch]:
    """Return a square of random modules, as a data matrix has."""
    count = int(rng.integers(12, 26))
    modules = (rng.random((count, count)) < 0.5).astype(np.float32)
    modules[0, ::2] = modules[:, 0] = modules[-1] = 1
    side = max(round(size * px), 4)
    grown = cv2.resize(modules, (side, side), interpolation=cv2.INTER_AREA if side < count
                       else cv2.INTER_NEAREST)  # fmt: skip
    return [Patch(round(left * px), round(top * px), grown * np.float32(0.9), flat((30, 28, 28)))]


def logo(left: float, top: float, size: float, px: float, rng: np.random.Generator) -> list[Patch]:
    """Return a coloured shape as a firm prints it."""
    side = max(round(size * px), 4)
    canvas = np.zeros((2 * side, 2 * side), np.uint8)
    middle = (side, side)
    kind = rng.integers(4)
    if kind == 0:
        cv2.circle(canvas, middle, side - 2, 255, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(canvas, middle, side // 2, 0, max(side // 5, 1), cv2.LINE_AA)
    elif kind == 1:
        cv2.rectangle(canvas, (2, side // 2), (2 * side - 3, 3 * side // 2), 255, cv2.FILLED)
    elif kind == 2:
        turn = np.linspace(0, 2 * np.pi, int(rng.integers(3, 9)), endpoint=False)
        ends = side + (side - 2) * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        cv2.fillPoly(canvas, [np.rint(ends).astype(np.int32)], 255, cv2.LINE_AA)
    else:
        cv2.ellipse(canvas, middle, (side - 2, side // 2), 0, 0, 360, 255, max(side // 6, 1))
    small = cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    color = rng.uniform(20, 220, 3).astype(np.float32)
    return [Patch(round(left * px), round(top * px), small * np.float32(0.95 / 255), color)]


def window(
    left: float, top: float, width: float, height: float, px: float, rng: np.random.Generator
) -> list[Patch]:
    """Return an envelope's window, a grey pane behind which a printed address shows."""
    pane = bar_patch(left * px, top * px, (left + width) * px, (top + height) * px, (205, 208, 208))
    edge = frame_patch(
        left * px, top * px, (left + width) * px, (top + height) * px, 0.4 * px, (160, 160, 160)
    )
    patches = [pane, edge]
    for k, line in enumerate(address_lines(rng, 4)):
        patches += text(line, left + 4, top + 6 + 5 * k, 2.2, px, (60, 58, 58), FONTS[1])
    return patches


def table(
    left: float, top: float, columns: NDArray[np.float64], rows: int, step: float, line: float,
    px: float, color: Color,
) -> list[Patch]:  # fmt: skip
    """Return a ruled table.

    Args:
        left, top: its corner, mm.
        columns: widths, `float64 (n,)` mm.
        rows: how many.
        step: their height, mm.
        line: its width, mm.
        px: pixels per mm.
        color: BGR.
    """
    edges = left + np.concatenate([[0], np.cumsum(columns)])
    bottom, half = top + rows * step, max(line * px, 0.8) / 2
    patches = [bar_patch(x * px - half, top * px, x * px + half, bottom * px, color) for x in edges]
    for k in range(rows + 1):
        y = (top + k * step) * px
        patches.append(bar_patch(edges[0] * px, y - half, edges[-1] * px, y + half, color))
    return patches
