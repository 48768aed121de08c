"""Blank paper: colour, fibres and the flaps that show through."""

from typing import Literal

import cv2
import numpy as np

from samples.patch import Color

Texture = Literal["smooth", "laid", "recycled"]


def smooth_noise(shape: tuple[int, int], cell: float, rng: np.random.Generator) -> np.ndarray:
    """Return soft noise, float32 (h, w), about zero mean and unit spread.

    Args:
        shape: rows and columns.
        cell: size of a blob, px.
        rng: source of the noise.
    """
    coarse = rng.standard_normal((int(shape[0] / cell) + 3, int(shape[1] / cell) + 3), np.float32)
    grown = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return grown * np.float32(1.3)


def blank_paper(
    shape: tuple[int, int], color: Color, texture: Texture, px: float, rng: np.random.Generator
) -> np.ndarray:
    """Return a sheet, float32 (H, W, 3), BGR, 0 … 255.

    Args:
        shape: rows and columns.
        color: BGR of the paper.
        texture: smooth (office paper), laid (ribbed), recycled (speckled).
        px: pixels per mm.
        rng: source of the fibres.
    """
    relief = 0.004 * smooth_noise(shape, 9 * px, rng) + 0.004 * smooth_noise(shape, 1.2 * px, rng)
    if texture == "laid":
        y = np.arange(shape[0], dtype=np.float32)[:, None]
        relief = relief + 0.008 * np.sin(2 * np.pi * y / (1.2 * px))
    sheet = np.array(color, np.float32) * (1 + relief)[..., None]
    if texture == "recycled":
        specks = smooth_noise(shape, max(0.35 * px, 1.5), rng)
        sheet -= (14 * np.clip(specks - 2.1, 0, 1.5))[..., None]
    return np.clip(sheet, 0, 255)


def with_flaps(sheet: np.ndarray, px: float) -> np.ndarray:
    """Return the sheet as an envelope: the flaps of its back show through as faint edges."""
    h, w = sheet.shape[:2]
    shade = np.ones((h, w), np.uint8)
    lower = [(0, h), (0.44 * w, 0.42 * h), (0.56 * w, 0.42 * h), (w, h)]
    upper = [(0, 0), (0.42 * w, 0.55 * h), (0.58 * w, 0.55 * h), (w, 0)]
    for flap in (lower, upper):
        layer = np.zeros((h, w), np.uint8)
        cv2.fillPoly(layer, [np.rint(flap).astype(np.int32)], 1)
        shade += layer
    dimmed = 1 - 0.014 * (shade.astype(np.float32) - 1)
    return sheet * cv2.GaussianBlur(dimmed, (0, 0), max(0.5 * px, 0.5))[..., None]
