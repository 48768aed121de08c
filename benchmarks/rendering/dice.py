"""The dice that are thrown for one photo: row, paper, hand, camera and light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.rendering.grades import Limits, Range
from benchmarks.rendering.hand import Hand
from benchmarks.rendering.odd import odd_shadows
from benchmarks.rendering.optics import Glare, Optics, Shadow, metered
from benchmarks.rendering.paper import Paper, Pattern
from benchmarks.rendering.pose import FRAME, Frame, Pose
from benchmarks.rendering.rows import Row
from benchmarks.rendering.view import View
from samples.patch import Color
from samples.pen import Pen

_LINE_COLORS: tuple[Color, ...] = (
    (62, 52, 205), (70, 70, 225), (66, 140, 240), (50, 120, 235), (90, 150, 245),
    (42, 40, 40), (190, 110, 50), (200, 140, 90), (150, 148, 146), (110, 150, 60),
)  # fmt: skip
_PENCIL_LINE: Color = (95, 93, 92)
# A line thinner than this in the photo is no line, px.
_THINNEST = 0.55
# In boxes smaller than this, px, nobody could read what a stronger JPEG leaves of digits.
_SMALL = 40.0
# Mean grey level of ink that can still be seen there.
_DARK_ENOUGH = 85
# Nor what more noise does, grey levels, by the box's height, px.
_MOST_NOISE = ((20.0, 40.0, 80.0), (3.5, 5.0, 12.0))
# Least distance of the boxes from the paper's edge, mm.
_PAPER_MARGIN = 2.5


def happens(share: float, rng: np.random.Generator) -> bool:
    """Return whether something so frequent happens; no die is thrown for what never does."""
    return share > 0 and rng.random() < share


def pick_range(span: Range, rng: np.random.Generator) -> float:
    """Return a number from a range."""
    return float(rng.uniform(*span))


def pick_log(span: Range, rng: np.random.Generator) -> float:
    """Return a number from a range, log-uniform."""
    return float(np.exp(rng.uniform(*np.log(span))))


def pick_row(box_height: float, rng: np.random.Generator, count: int = 5) -> Row:
    """Return a row of boxes at the paper's origin.

    Args:
        box_height: in the photo, px: what is thinner than half a pixel can't be seen.
        rng: the dice.
        count: how many boxes.
    """
    height = pick_range((6, 13), rng)
    width = height * pick_range((0.55, 1.0), rng)
    kind = rng.random()
    if kind < 0.45:
        pitch = width
    elif kind < 0.75:
        pitch = width * pick_range((1.06, 1.3), rng)
    else:
        pitch = width * pick_range((1.3, 1.9), rng)
    line = max(pick_log((0.012, 0.085), rng), _THINNEST / box_height) * height
    ruled = rng.random() < 0.08
    color = _jitter(_LINE_COLORS[rng.integers(len(_LINE_COLORS))], 14, rng)
    opacity = pick_range((0.55, 1.0), rng)
    if ruled:
        color, opacity, line = _PENCIL_LINE, pick_range((0.55, 0.9), rng), max(line, 0.35)
        line = min(line, 0.06 * height)
    tint = pick_range((0.04, 0.15), rng) if rng.random() < 0.08 else 0.0
    inner = pick_range((0.35, 1.0), rng) if rng.random() < 0.3 else 1.0
    rounded = pick_range((0.05, 0.2), rng) if rng.random() < 0.08 else 0.0
    return Row(
        0, 0, width, height, pitch, count, line, color, opacity, ruled, tint,
        max(inner, min(1.0, _THINNEST * height / box_height / line)), rounded,
    )  # fmt: skip


def pick_paper(
    row: Row, box_height: float, rng: np.random.Generator, frame: Frame = FRAME
) -> tuple[Paper, Row]:
    """Return a paper and the row where it stands on it.

    Args:
        row: of which only the place is changed.
        box_height: in the photo, px; says how much of the paper is seen.
        rng: the dice.
        frame: of the photo.
    """
    span = row.right - row.left
    shapes = ((220, 110), (162, 114), (235, 120), (210, 297), (297, 210), (148, 105), (176, 125))
    width, height = (float(side) for side in shapes[rng.integers(len(shapes))])
    if rng.random() < 0.6:
        # Few people photograph a stamp-sized paper: the sheet fills much of the photo.
        filling = rng.uniform(0.5, 1.3) * frame.width / (box_height / row.height)
        grown = max(1.0, filling / max(width, height))
        width, height = width * grown, height * grown
    width = max(width, span + 2 * _PAPER_MARGIN)
    slack = width - span - 2 * _PAPER_MARGIN
    room = height - row.height - 2 * _PAPER_MARGIN
    # Rows stand in the lower half of most envelopes.
    down = pick_range((0.4, 0.95), rng) if rng.random() < 0.7 else rng.random()
    placed = replace(
        row, left=_PAPER_MARGIN + slack * rng.random(), top=_PAPER_MARGIN + room * down
    )
    color = _paper_color(rng)
    pattern: Pattern = "plain"
    if rng.random() < 0.45:
        kinds: tuple[Pattern, ...] = (
            "laid", "laid", "recycled", "ruled", "squared", "security", "dots", "tinted",
        )  # fmt: skip
        pattern = kinds[rng.integers(len(kinds))]
    ink = np.array(color) * rng.uniform(0.6, 0.9, 3)
    return Paper(
        width, height, color, pattern, _color(ink),
        depth=pick_range((0.15, 0.6), rng), step=pick_range((1.5, 5), rng),
    ), placed  # fmt: skip


def pick_hand(row: Row, box_height: float, limits: Limits, rng: np.random.Generator) -> Hand:
    """Return how the boxes are filled in.

    Args:
        row: the boxes.
        box_height: in the photo, px; of faint ink in small boxes nothing would be seen.
        limits: of the grade.
        rng: the dice.
    """
    over = pick_range(limits.over, rng)
    size = pick_range(limits.size, rng)
    lean = rng.normal(0, 0.05 if over <= 0 else 0.1, 2)
    # On top of what each hand has by itself.
    slant = float(np.clip(rng.normal(0.02, 0.07), -0.15, 0.2))
    pen = pick_pen(row, rng)
    if box_height < _SMALL:
        darker = min(1.0, _DARK_ENOUGH / (sum(pen.color) / 3))
        b, g, r = (round(darker * value) for value in pen.color)
        pen = replace(pen, color=(b, g, r), opacity=max(pen.opacity, 0.85))
    return Hand(
        pen=pen,
        size=size,
        spread=pick_range((0.02, 0.1), rng),
        wander=pick_range((0.01, 0.08), rng),
        lean=(float(lean[0]), float(lean[1])),
        over=over,
        slant=slant,
    )


def pick_pen(row: Row, rng: np.random.Generator) -> Pen:
    """Return a pen whose width is a part of the box's height."""
    kind = rng.random()
    if kind < 0.3:  # blue ballpoint or fountain pen
        pen = Pen(_jitter((125, 50, 30), 18, rng), pick_range((0.04, 0.075), rng), 0.92, 0.2, 0.06)
    elif kind < 0.55:  # black
        gray = int(rng.integers(22, 60))
        pen = Pen((gray, gray, gray), pick_range((0.04, 0.085), rng), 0.94, 0.15, 0.03)
    elif kind < 0.67:  # light grey
        gray = int(rng.integers(105, 150))
        pen = Pen((gray, gray, gray), pick_range((0.05, 0.1), rng), 0.9, 0.1, 0.0)
    elif kind < 0.82:  # pencil
        gray = int(rng.integers(70, 105))
        strength = pick_range((0.6, 0.88), rng)
        pen = Pen((gray, gray, gray), pick_range((0.045, 0.09), rng), strength, 0.35, 0.35)
    elif kind < 0.94:  # felt tip
        dark = _jitter(((40, 34, 34), (130, 60, 30))[rng.integers(2)], 12, rng)
        pen = Pen(dark, pick_range((0.09, 0.16), rng), 0.96, 0.08, 0.0)
    else:  # red or green
        color = _jitter(((45, 40, 175), (60, 100, 30))[rng.integers(2)], 12, rng)
        pen = Pen(color, pick_range((0.045, 0.08), rng), 0.92, 0.2, 0.05)
    # Nobody fills a narrow box with a broad pen: digits would close up.
    return replace(pen, width=min(pen.width, 0.15 * row.width / row.height))


def pick_pose(box_height: float, limits: Limits, rng: np.random.Generator) -> Pose:
    """Return where the camera stands."""
    shares = [share for share, _ in limits.rotations]
    widest = limits.rotations[rng.choice(len(shares), p=np.array(shares) / sum(shares))][1]
    at, margin = rng.uniform(0, 1, 2), 12.0
    if rng.random() < limits.edge:
        margin = pick_range((0, 5), rng)
        at[rng.integers(2)] = rng.integers(2)
    return Pose(
        box_height=box_height,
        rotation=pick_range((-widest, widest), rng),
        tilt=pick_range(limits.tilt, rng),
        towards=pick_range((0, 360), rng),
        focal=pick_range((0.75, 1.5), rng),
        margin=margin,
        at=(float(at[0]), float(at[1])),
        frame=limits.frame,
    )


def pick_view(H: NDArray[np.float64], row: Row, limits: Limits, rng: np.random.Generator) -> View:
    """Return how the camera really sees the paper; the boxes stay in the photo."""
    bend = limits.bend * row.height * rng.random() if rng.random() < 0.5 else 0.0
    view = View(
        H,
        lens=pick_range((-limits.lens, limits.lens), rng) if rng.random() < 0.5 else 0.0,
        bend=bend,
        wave=row.height * pick_range((12, 30), rng),
        towards=pick_range((0, 2 * np.pi), rng),
        phase=pick_range((0, 2 * np.pi), rng),
        frame=limits.frame,
    )
    corners = view.to_photo(row.corners()).reshape(-1, 2)
    if (corners < 0).any() or (corners > np.array(limits.frame) - 1).any():
        return View(H, frame=limits.frame)
    return view


def pick_optics(
    box_height: float, points: NDArray[np.float64], limits: Limits, rng: np.random.Generator
) -> Optics:
    """Return light, lens and sensor.

    Args:
        box_height: in the photo, px; more blur than a part of it leaves no digit.
        points: `float64 (n, 2)`, of what must be seen well, px.
        limits: of the grade.
        rng: the dice.
    """
    uneven = 0.02 if limits.tilt[1] == 0 else 0.35
    warmth = rng.uniform(-0.5, 1.0) * (0.2 if limits.tilt[1] == 0 else 1)
    balance = 1 + warmth * np.array([-0.16, -0.02, 0.06]) + rng.normal(0, 0.015, 3)
    gain = pick_range(limits.exposure, rng) * balance
    sharpest = limits.blur[0]
    bluntest = max(sharpest + 0.2, min(limits.blur[1] * box_height, limits.most_blur))
    shake = 0.0
    if rng.random() < limits.shaken:
        shake = pick_range((1.5, max(2.0, min(0.08 * box_height, 12))), rng)
    noise = min(pick_range(limits.noise, rng), float(np.interp(box_height, *_MOST_NOISE)))
    quality = int(rng.integers(limits.quality[0], limits.quality[1] + 1))
    if box_height < _SMALL:
        quality = max(quality, 60)
    slope = rng.uniform(-uneven, uneven, 2)
    middle = points.mean(axis=0)
    optics = Optics(
        gain=(float(gain[0]), float(gain[1]), float(gain[2])),
        slope=(float(slope[0]), float(slope[1])),
        vignette=pick_range((0, uneven), rng),
        shadows=_shadows(middle, limits, rng)
        + (odd_shadows(rng, limits.frame) if happens(limits.odd, rng) else ()),
        glares=_glares(box_height, middle, limits, rng) if rng.random() < limits.glare else (),
        blur=pick_range((sharpest, bluntest), rng),
        shake=shake,
        noise=noise,
        sharpen=pick_range((0.2, 0.9), rng) if rng.random() < 0.4 else 0.0,
        contrast=pick_range((0.2, 0.9), rng) if rng.random() < 0.4 else 0.0,
        quality=quality,
        subsampled=bool(rng.random() < 0.8),
        frame=limits.frame,
    )
    return metered(optics, points, limits.metered)


def _shadows(
    middle: NDArray[np.float64], limits: Limits, rng: np.random.Generator
) -> tuple[Shadow, ...]:
    found = []
    for share, sigma in zip(limits.shadows, ((12, 70), (0.6, 3.5)), strict=True):
        if rng.random() >= share:
            continue
        # Half of them fall on the row.
        at = (
            middle + rng.normal(0, 120, 2)
            if rng.random() < 0.5
            else rng.uniform((0, 0), limits.frame)
        )
        found.append(
            Shadow(_silhouette(at, rng), pick_range((0.15, 0.55), rng), pick_range(sigma, rng))
        )
    return tuple(found)


def _silhouette(
    at: NDArray[np.float64], rng: np.random.Generator
) -> tuple[tuple[float, float], ...]:
    """Return the outline of a straight edge, a bar, a phone or a head whose rim is at `at`."""
    angle = rng.uniform(0, 2 * np.pi)
    along = np.array([np.cos(angle), np.sin(angle)])
    aside = np.array([-along[1], along[0]])
    kind = rng.integers(4)
    if kind == 3:
        turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        radius = rng.uniform(150, 420)
        wobble = 1 + 0.15 * np.sin(2 * turn + rng.uniform(0, 6)) + 0.05 * np.sin(5 * turn)
        ring = np.stack([np.cos(turn), np.sin(turn)], axis=1) * (radius * wobble)[:, None]
        points = at + along * radius + ring
    else:
        reach = (2500.0, 2500.0, rng.uniform(150, 600))[kind]
        half = (2500.0, rng.uniform(30, 250), rng.uniform(80, 350))[kind]
        points = np.stack([
            at - aside * half, at + aside * half,
            at + aside * half + along * reach, at - aside * half + along * reach,
        ])  # fmt: skip
    return tuple((float(x), float(y)) for x, y in points)


def _glares(
    box_height: float, middle: NDArray[np.float64], limits: Limits, rng: np.random.Generator
) -> tuple[Glare, ...]:
    at, radius = rng.uniform((0, 0), limits.frame), pick_range((40, 260), rng)
    far = float(np.linalg.norm(at - middle)) / (radius + 2.5 * box_height)
    # On the digits themselves it may only pale them.
    strength = pick_range((60, 260), rng) if far > 2 else pick_range((15, 50), rng)
    return (Glare((float(at[0]), float(at[1])), radius, strength),)


def _paper_color(rng: np.random.Generator) -> Color:
    kind = rng.random()
    if kind < 0.14:  # kraft
        base = np.array([140, 178, 203]) * rng.uniform(0.9, 1.08)
    elif kind < 0.32:  # cream
        base = np.array([215, 232, 242])
    elif kind < 0.42:  # tinted
        base = np.array([235, 235, 235]) - rng.uniform(0, 45, 3)
    else:
        base = np.array([240, 242, 243]) - rng.integers(0, 16)
    return _color(base + rng.uniform(-6, 6, 3))


def _jitter(color: Color, reach: float, rng: np.random.Generator) -> Color:
    return _color(np.array(color) + rng.uniform(-reach, reach, 3))


def _color(values: NDArray[np.float64]) -> Color:
    b, g, r = np.clip(np.rint(values), 0, 252).astype(int).tolist()
    return b, g, r
