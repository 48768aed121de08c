"""The bare paper in pixels: its colour, fibres and what is printed all over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.paper import smooth_noise
from samples.patch import Color

Pattern = Literal[
    "plain",
    "laid",
    "recycled",
    "ruled",
    "squared",
    "security",
    "dots",
    "tinted",
    "dotted",
    "striped",
]


@dataclass(frozen=True)
class Paper:
    """A sheet or an envelope."""

    width: float = 220.0
    """mm."""
    height: float = 110.0
    """mm."""
    color: Color = (240, 242, 243)
    """BGR."""
    pattern: Pattern = "plain"
    """All over it."""
    ink: Color = (215, 190, 170)
    """BGR of the pattern."""
    depth: float = 0.25
    """How strong the pattern is, 0 to 1."""
    step: float = 3.0
    """Of the pattern, mm."""


def blank(
    paper: Paper,
    px: float,
    size: tuple[int, int],
    offset: tuple[int, int],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Return a piece of the paper.

    Args:
        paper: which.
        px: pixels per mm.
        size: columns and rows of the piece.
        offset: column and row of the paper at the piece's upper left, px.
        rng: source of the fibres.

    Returns:
        `float32 (rows, columns, 3)`, BGR, 0 to 255.
    """
    columns, rows = size
    shape = (rows, columns)
    relief = 0.004 * smooth_noise(shape, max(14 * px, 8), rng)
    relief += 0.004 * smooth_noise(shape, max(1.5 * px, 3), rng)
    if paper.pattern == "recycled":
        relief -= 0.05 * np.clip(smooth_noise(shape, max(0.4 * px, 2), rng) - 2.0, 0, 1.5)
    if paper.pattern == "laid":
        y = (np.arange(rows, dtype=np.float32) + offset[1])[:, None]
        relief += 0.012 * np.sin(2 * np.pi * y / max(1.3 * px, 4))
    amount = _pattern(paper, px, shape, offset)
    relief = np.asarray(1 + relief, np.float32)
    channels = []
    for color, ink in zip(paper.color, paper.ink, strict=True):
        channel = relief * np.float32(color)
        if amount is not None:
            channel += np.float32(paper.depth) * amount * (np.float32(ink) - channel)
        channels.append(channel)
    return cv2.merge(channels)


def _pattern(
    paper: Paper, px: float, shape: tuple[int, int], offset: tuple[int, int]
) -> NDArray[np.float32] | None:
    """Return how much of the pattern's ink each pixel has, 0 to 1, or None."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    u, v = (x + offset[0]) / px, (y + offset[1]) / px
    step = paper.step
    thin = max(0.2, 1 / px)
    if paper.pattern in ("ruled", "squared"):
        rows = _lines(v, step * 2.4 if paper.pattern == "ruled" else step * 1.6, thin)
        if paper.pattern == "ruled":
            return np.broadcast_to(rows, shape).astype(np.float32)
        return np.maximum(rows, _lines(u, step * 1.6, thin)).astype(np.float32)
    if paper.pattern == "security":
        wave = np.sin(2 * np.pi * (u + 0.5 * np.sin(2 * np.pi * v / (3 * step))) / step)
        weave = np.sin(2 * np.pi * (v + 0.5 * np.sin(2 * np.pi * u / (3 * step))) / step)
        return np.clip(0.5 + wave * weave, 0, 1).astype(np.float32)
    if paper.pattern == "dots":
        field = np.cos(2 * np.pi * u / step) * np.cos(2 * np.pi * v / step)
        return np.clip(3 * (field - 0.6), 0, 1).astype(np.float32)
    if paper.pattern == "dotted":  # where the lines of squared paper would cross
        wide = max(0.5, 1.6 / px)
        return (_lines(u, step * 1.6, wide) * _lines(v, step * 1.6, wide)).astype(np.float32)
    if paper.pattern == "striped":
        wave = np.sin(2 * np.pi * (v if step > 3 else u) / (2 * step))
        return np.broadcast_to(np.clip(4 * wave + 0.5, 0, 1), shape).astype(np.float32)
    if paper.pattern == "tinted":
        return np.broadcast_to(np.clip((v - u / 4) / 60, 0, 1), shape).astype(np.float32)
    return None


def _lines(at: NDArray[np.float64], step: float, width: float) -> NDArray[np.float64]:
    apart = np.abs((at + step / 2) % step - step / 2)
    return np.clip((width - apart) / width, 0, 1)


def wrinkled(
    sheet: NDArray[np.float32], depth: float, cell: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the sheet as light falls on it when it is not quite flat.

    Args:
        sheet: `float32 (h, w, 3)`.
        depth: how much darker or lighter, 0 to 1.
        cell: size of a wave, px.
        rng: source of the waves.
    """
    h, w = sheet.shape[:2]
    small = (max(h // 8, 2), max(w // 8, 2))
    shade = smooth_noise(small, max(cell / 8, 2), rng)
    fold = np.zeros(small, np.float32)
    at = round(rng.uniform(0.1, 0.9) * small[0])
    fold[at : at + 2] = rng.uniform(-2, 2)
    field = 1 + depth * (shade + cv2.GaussianBlur(fold, (0, 0), 1.5))
    whole = cv2.resize(field.astype(np.float32), (w, h), interpolation=cv2.INTER_LINEAR)
    return cv2.multiply(sheet, cv2.merge([whole] * 3))
