"""What else is printed on an envelope: text, stamp, postmark, sorting bars.

Everything is measured in millimetres of the paper; `px` is pixels per millimetre. The words
are invented, and no person's name is among them.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from samples.patch import Color, Patch, bar_patch, flat, lines_patch

SERIF = cv2.FONT_HERSHEY_COMPLEX
SANS = cv2.FONT_HERSHEY_DUPLEX
PLAIN = cv2.FONT_HERSHEY_SIMPLEX
SCRIPT = cv2.FONT_HERSHEY_SCRIPT_COMPLEX

_CAP_HEIGHT = 21
# Height of a capital of the Hershey fonts at scale 1, px.


def text_patch(
    text: str,
    left: float,
    base: float,
    cap: float,
    px: float,
    color: Color,
    font: int = SERIF,
    weight: float = 0.11,
    opacity: float = 0.9,
) -> Patch:
    """Return one line of text.

    Args:
        text: ASCII; the Hershey fonts have no other letters.
        left, base: start of the base line, mm.
        cap: height of a capital, mm.
        px: pixels per mm.
        color: BGR.
        font: one of OpenCV's Hershey fonts.
        weight: thickness of the letters, fraction of `cap`.
        opacity: 0 … 1.
    """
    # Drawn at three times the size: OpenCV's text has whole-pixel thickness.
    zoom = 3
    scale = cap * px * zoom / _CAP_HEIGHT
    thick = max(round(weight * cap * px * zoom), 1)
    (w, h), below = cv2.getTextSize(text, font, scale, thick)
    pad = 2 * zoom + thick
    size = [-(-n // zoom) for n in (w + 2 * pad, h + below + 2 * pad)]
    canvas = np.zeros((size[1] * zoom, size[0] * zoom), np.uint8)
    cv2.putText(canvas, text, (pad, pad + h), font, scale, 255, thick, cv2.LINE_AA)
    small = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    x, y = round(left * px - pad / zoom), round(base * px - (pad + h) / zoom)
    return Patch(x, y, small * (opacity / 255), flat(color))


def address(
    lines: Sequence[str],
    left: float,
    base: float,
    cap: float,
    px: float,
    color: Color,
    font: int = SERIF,
) -> list[Patch]:
    """Return lines of text one under another, the first on `base`; mm."""
    step = 2.3 * cap
    return [
        text_patch(line, left, base + i * step, cap, px, color, font)
        for i, line in enumerate(lines)
    ]


def stamp(left: float, top: float, px: float, value: str, motif: int, color: Color) -> list[Patch]:
    """Return a perforated stamp, 21 by 25 mm, with one of three small pictures."""
    w, h = 21.0, 25.0
    paper = _perforated(left, top, w, h, px)
    # Without its own shadow the white border would not stand out from white paper.
    rim = np.pad(paper.coverage, round(px) + 1)
    edge = 0.45 * cv2.GaussianBlur(rim, (0, 0), 0.25 * px)
    inset = round(px) + 1 - round(0.12 * px)
    shadow = Patch(paper.left - inset, paper.top - inset, edge, flat((70, 68, 66)))
    picture = _picture(round((w - 4) * px), round((h - 4) * px), motif, color)
    x, y = round((left + 2) * px), round((top + 2) * px)
    cover = np.ones(picture.shape[:2], np.float32)
    caption = text_patch(value, left + 3, top + 7, 3.0, px, (250, 250, 250), SANS, 0.16, 1.0)
    foot = text_patch("POST", left + 3, top + 21.7, 1.7, px, (250, 250, 250), SANS, 0.14, 1.0)
    return [shadow, paper, Patch(x, y, cover, picture), caption, foot]


def _perforated(left: float, top: float, w: float, h: float, px: float) -> Patch:
    """The white of a stamp: a rectangle with half holes bitten out of its edge."""
    zoom = 4
    shape = round(h * px) * zoom, round(w * px) * zoom
    canvas = np.full(shape, 255, np.uint8)
    radius = max(round(0.48 * px * zoom), 1)
    for x in np.linspace(0, shape[1] - 1, 14):
        for y in (0, shape[0] - 1):
            cv2.circle(canvas, (round(x), y), radius, 0, cv2.FILLED)
    for y in np.linspace(0, shape[0] - 1, 17):
        for x in (0, shape[1] - 1):
            cv2.circle(canvas, (x, round(y)), radius, 0, cv2.FILLED)
    size = shape[1] // zoom, shape[0] // zoom
    cover = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return Patch(round(left * px), round(top * px), cover, flat((248, 250, 250)))


def _picture(w: int, h: int, motif: int, color: Color) -> np.ndarray:
    """Hills, a leaf or waves in tones of one colour, float32 (h, w, 3)."""
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    u, v = x / w, y / h
    if motif % 3 == 0:
        sun = ((u - 0.68) ** 2 + (1.23 * (v - 0.42)) ** 2 < 0.014).astype(np.float32)
        far = v > 0.62 + 0.07 * np.sin(7 * u)
        near = v > 0.78 + 0.06 * np.sin(5 * u + 2)
        tone = 1.1 - 0.25 * v + 0.7 * sun - 0.25 * far - 0.2 * near
    elif motif % 3 == 1:
        a, b = (u - 0.5) + 0.5 * (v - 0.55), (v - 0.55) - 0.35 * (u - 0.5)
        inside = np.abs(a) < 0.26 * np.clip(1 - (b / 0.33) ** 2, 0, 1)
        vein = (np.abs(a) < 0.012) | (np.abs(np.sin(24 * (b + np.abs(a)))) < 0.13)
        tone = 0.78 + 0.7 * inside - 0.45 * (inside & vein)
    else:
        tone = 0.9 + 0.25 * np.sin(26 * v + 2.5 * np.sin(6 * u)) * (v > 0.4) - 0.2 * v
    tone = np.clip(tone, 0, 1.6)[..., None]
    ink = flat(color)
    picture = np.where(tone < 1, ink * tone, ink + (255 - ink) * (tone - 1) / 0.75)
    return np.clip(picture, 0, 255).astype(np.float32)


def postmark(
    x: float, y: float, px: float, town: str, date: str, color: Color, rng: np.random.Generator
) -> list[Patch]:
    """Return a round date stamp about (x, y) mm and wavy cancelling lines to its right."""
    turn = np.linspace(0, 2 * np.pi, 90)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    middle = np.array([x, y])
    line = max(0.28 * px, 0.8)
    rings = [((middle + circle * radius) * px, line) for radius in (11.0, 7.6)]
    wave_x = np.linspace(14, 52, 120)
    phase = rng.uniform(0, 2 * np.pi)
    waves = []
    for row in range(5):
        wave_y = -8 + 4 * row + 0.9 * np.sin(2 * np.pi * wave_x / 12 + phase)
        waves.append(((middle + np.stack([wave_x, wave_y], axis=1)) * px, line * 1.3))
    ink = lines_patch(rings + waves, color, 0.62)
    worn = _worn(ink.coverage.shape, px, rng)
    dated = text_patch(date, x - 5.6, y + 0.9, 1.7, px, color, PLAIN, 0.13, 0.65)
    return [Patch(ink.left, ink.top, ink.coverage * worn, ink.color), dated, *_arc(
        town, middle, 9.3, px, color
    )]  # fmt: skip


def _worn(shape: tuple[int, int], px: float, rng: np.random.Generator) -> np.ndarray:
    """A rubber stamp's uneven ink, float32 (h, w), about 0.4 … 1."""
    coarse = rng.random((max(round(shape[0] / (4 * px)), 2), max(round(shape[1] / (4 * px)), 2)))
    smooth = cv2.resize(coarse.astype(np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip(0.35 + smooth, 0.3, 1)


def _arc(text: str, middle: np.ndarray, radius: float, px: float, color: Color) -> list[Patch]:
    """Letters around the upper half of a circle, each turned outwards."""
    angles = np.deg2rad(np.linspace(-70, 70, len(text)))
    patches = []
    for letter, angle in zip(text, angles, strict=True):
        at = middle + radius * np.array([np.sin(angle), -np.cos(angle)])
        patch = text_patch(letter, 0, 0, 1.9, px, color, PLAIN, 0.13, 0.65)
        h, w = patch.coverage.shape
        spin = cv2.getRotationMatrix2D(((w - 1) / 2, (h - 1) / 2), -np.rad2deg(angle), 1)
        turned = cv2.warpAffine(patch.coverage, spin, (w, h))
        left, top = round(at[0] * px - w / 2), round(at[1] * px - h / 2)
        patches.append(Patch(left, top, turned, patch.color))
    return patches


def sorting_bars(
    left: float, bottom: float, px: float, count: int, color: Color, rng: np.random.Generator
) -> list[Patch]:
    """Return the fluorescent bars a sorting machine sprays along the lower edge; mm."""
    kept = np.flatnonzero(rng.random(count) < 0.6)
    return [
        bar_patch(x * px, (bottom - 4.2) * px, (x + 0.45) * px, bottom * px, color)
        for x in left + 1.7 * kept
    ]


def corner_marks(
    left: float, top: float, right: float, px: float, color: Color, line: float
) -> list[Patch]:
    """Return the two angles that mark the address block's upper corners; mm."""
    arm, thick = 5.0 * px, line * px
    x0, x1, y = left * px, right * px, top * px
    return [
        bar_patch(x0, y, x0 + arm, y + thick, color),
        bar_patch(x0, y, x0 + thick, y + arm, color),
        bar_patch(x1 - arm, y, x1, y + thick, color),
        bar_patch(x1 - thick, y, x1, y + arm, color),
    ]
