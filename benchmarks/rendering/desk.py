"""What the paper lies on, and what lies on the paper: all in the photo's own pixels."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.rendering.pose import Frame
from samples.camera import desk_texture
from samples.paper import smooth_noise

Desk = Literal["wood", "stone", "cloth", "white", "dark", "grid", "stripes", "glass"]
DESKS: tuple[Desk, ...] = ("wood", "stone", "cloth", "white", "dark", "grid", "stripes", "glass")

# Textures are drawn in this size and mirrored on.
_TILE = (480, 640)
_SHIFT = 4


def surface(
    desk: Desk, H: NDArray[np.float64], rng: np.random.Generator, frame: Frame
) -> NDArray[np.uint8]:
    """Return the desk in the paper's perspective, `uint8 (h, w, 3)`.

    Args:
        desk: its material.
        H: from desk pixels to photo pixels.
        rng: source of its grain.
        frame: of the photo.
    """
    tile = _tile(desk, rng)
    return cv2.warpPerspective(tile, H, frame, borderMode=cv2.BORDER_REFLECT_101)


def _tile(desk: Desk, rng: np.random.Generator) -> NDArray[np.uint8]:
    if desk == "grid":  # a cutting mat or a tiled floor
        return _squares(rng)
    if desk == "stripes":  # a table cloth
        x = np.arange(_TILE[1], dtype=np.float32)
        bands = (np.sin(x / rng.uniform(3, 12)) > rng.uniform(-0.5, 0.7)).astype(np.float32)
        one, other = _dull(rng), _dull(rng)
        tile = one + bands[None, :, None] * (other - one) * np.float32(rng.uniform(0.2, 1))
        tile = tile + 4 * rng.standard_normal((*_TILE, 1), np.float32)
        return np.clip(tile, 0, 255).astype(np.uint8)
    if desk == "glass":  # a smooth top in one colour that mirrors the sky
        tone = smooth_noise(_TILE, 200, rng)
        tile = _dull(rng) + 14 * tone[..., None]
        return np.clip(tile, 0, 255).astype(np.uint8)
    tile = desk_texture(_TILE, desk, rng).astype(np.float32)
    # No two desks are of one colour; a scanner's lid has none.
    hue = 0.02 if desk in ("white", "dark") else 0.12
    tile *= rng.uniform(0.6, 1.15) * rng.uniform(1 - hue, 1 + hue, 3).astype(np.float32)
    return np.clip(tile, 0, 255).astype(np.uint8)


def _dull(rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a colour as tables and cloths have it, seldom a bright one."""
    vivid = 70 if rng.random() < 0.15 else 25
    color = rng.uniform(25, 225) + rng.uniform(-vivid, vivid, 3)
    return np.clip(color, 8, 245).astype(np.float32)


def _squares(rng: np.random.Generator) -> NDArray[np.uint8]:
    base = _dull(rng)
    tile = np.empty((*_TILE, 3), np.float32)
    tile[:] = base
    step = int(rng.integers(16, 60))
    line = base + rng.uniform(-60, 80)
    wide = 1 if step < 30 else int(rng.integers(1, 4))
    for k in range(wide):
        tile[k::step] = line
        tile[:, k::step] = line
    tile += 3 * smooth_noise(_TILE, 40, rng)[..., None]
    return np.clip(tile, 0, 255).astype(np.uint8)


def lay(
    desk: NDArray[np.uint8],
    sheet: NDArray[np.uint8],
    mask: NDArray[np.float32],
    shadow: float,
) -> NDArray[np.float32]:
    """Return the sheet on the desk, with the shadow of its edge.

    Args:
        desk: `uint8 (h, w, 3)`.
        sheet: `uint8 (h, w, 3)`.
        mask: `float32 (h, w)`, 1 where the sheet is, 0 where it is not.
        shadow: how dark, 0 to 1.
    """
    dark = 1 - np.float32(shadow) * _soft(mask, 5, 7)
    # Where there is no sheet, the desk in its shadow; else the sheet.
    base = cv2.multiply(desk.astype(np.float32), cv2.merge([dark * (1 - mask)] * 3))
    base += cv2.multiply(sheet.astype(np.float32), cv2.merge([mask] * 3))
    return base


def _soft(mask: NDArray[np.float32], shift: float, sigma: float) -> NDArray[np.float32]:
    """Blur at a quarter of the size, moved to the lower right."""
    h, w = mask.shape
    small = cv2.resize(mask, (w // 4, h // 4), interpolation=cv2.INTER_AREA)
    move = np.array([[1, 0, shift / 4], [0, 1, shift / 4]], np.float64)
    small = cv2.warpAffine(small, move, small.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(small, (0, 0), sigma / 4)
    return np.asarray(cv2.resize(soft, (w, h)), np.float32)


def polygon_mask(points: NDArray[np.float64], frame: Frame) -> NDArray[np.uint8]:
    """Return a filled polygon, antialiased, `uint8 (h, w)`."""
    mask = _nothing(frame)
    ends = np.clip(np.rint(points * 2**_SHIFT), -(2**24), 2**24).astype(np.int32)
    cv2.fillPoly(mask, [ends], 255, cv2.LINE_AA, _SHIFT)
    return mask


def _nothing(frame: Frame) -> NDArray[np.uint8]:
    return np.zeros((frame.height, frame.width), np.uint8)


def cover(
    photo: NDArray[np.float32], keep: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the photo with a finger, a pen or another paper lying in it.

    Args:
        photo: `float32 (h, w, 3)`; written to and returned.
        keep: `uint8 (h, w)`, not 0 where nothing may lie.
        rng: source of what it is and where; nothing is added where there is no room.
    """
    draw = (_fingers, _fingers, _pen, _paper)[rng.integers(4)]
    for _ in range(4):
        mask, color, sheen = draw(Frame(*keep.shape[::-1]), rng)
        if cv2.countNonZero(cv2.bitwise_and(mask, keep)) == 0:
            break
    else:
        return photo
    x, y, w, h = cv2.boundingRect(mask)
    if w == 0:
        return photo
    part = np.s_[max(0, y - 20) : y + h + 20, max(0, x - 20) : x + w + 20]
    under = photo[part]
    amount = mask.astype(np.float32) / 255
    under *= 1 - 0.35 * _soft(amount, 6, 6)[part][..., None]
    amount = amount[part][..., None]
    under += amount * (color * sheen[part][..., None] - under)
    return photo


_Thing = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]


def _border(frame: Frame, rng: np.random.Generator) -> tuple[NDArray[np.float64], float]:
    """Return a point on the photo's edge and the direction inwards, radians."""
    along = rng.uniform(0.05, 0.95)
    side = int(rng.integers(4))
    width, height = frame
    points = (
        (0, along * height),
        (width, along * height),
        (along * width, 0),
        (along * width, height),
    )
    inwards = (0.0, np.pi, np.pi / 2, -np.pi / 2)[side]
    return np.array(points[side]), inwards + rng.uniform(-0.6, 0.6)


def _round_shade(mask: NDArray[np.uint8], width: float) -> NDArray[np.float32]:
    """Return what makes a thing look round: darker towards its edges."""
    h, w = mask.shape
    small = cv2.resize(mask, (w // 4, h // 4), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), max(width / 14, 0.8)).astype(np.float32) / 255
    return cv2.resize(0.55 + 0.45 * soft**2, (w, h))


def _fingers(frame: Frame, rng: np.random.Generator) -> _Thing:
    start, angle = _border(frame, rng)
    mask = _nothing(frame)
    width = rng.uniform(50, 130)
    aside = np.array([-np.sin(angle), np.cos(angle)])
    for k in range(int(rng.integers(1, 4))):
        base = start + aside * width * 1.05 * k
        reach = rng.uniform(60, 300)
        bend = angle + rng.uniform(-0.15, 0.15)
        tip = base + reach * np.array([np.cos(bend), np.sin(bend)])
        ends = [tuple(np.rint(p).astype(int).tolist()) for p in (base, tip)]
        cv2.line(mask, ends[0], ends[1], 255, round(width), cv2.LINE_AA)
    skin = np.array([(150, 175, 224), (110, 140, 198), (70, 98, 150), (44, 62, 98)])
    color = skin[rng.integers(len(skin))] * rng.uniform(0.9, 1.1)
    return mask, color.astype(np.float32), _round_shade(mask, width)


def _pen(frame: Frame, rng: np.random.Generator) -> _Thing:
    start, angle = _border(frame, rng)
    width = rng.uniform(12, 45)
    stop = start + rng.uniform(200, 900) * np.array([np.cos(angle), np.sin(angle)])
    mask = _nothing(frame)
    ends = [tuple(np.rint(p).astype(int).tolist()) for p in (start, stop)]
    cv2.line(mask, ends[0], ends[1], 255, round(width), cv2.LINE_AA)
    return mask, rng.uniform(20, 220, 3).astype(np.float32), _round_shade(mask, width)


def _paper(frame: Frame, rng: np.random.Generator) -> _Thing:
    start, angle = _border(frame, rng)
    along = np.array([np.cos(angle), np.sin(angle)])
    aside = np.array([-along[1], along[0]])
    reach, half = rng.uniform(60, 350), rng.uniform(80, 500)
    points = [start + aside * half, start + along * reach + aside * half,
              start + along * reach - aside * half, start - along * 400 - aside * half,
              start - along * 400 + aside * half]  # fmt: skip
    mask = polygon_mask(np.array(points), frame)
    color = rng.uniform(150, 245) * rng.uniform(0.85, 1.0, 3)
    return mask, color.astype(np.float32), np.ones(mask.shape, np.float32)
