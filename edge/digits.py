"""One box crop in, one digit image out, made exactly as MNIST was made.

MNIST's recipe (LeCun et al. 1998): the ink is scaled into 20×20 with its aspect
kept, antialiased, and moved so that its centre of mass is the centre of 28×28.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.ink import darkness

SIDE = 28
_INNER = 20
# Over the training digits the centre of mass lies at pixel 14.00 ± 0.5, both ways.
_CENTRE = 14

# Crops are worked on at about this height, so that no step below depends on how
# large the photo was, and five crops cost the same whatever camera took them.
_WORK_HEIGHT = 96

# Ink fainter than this, as a fraction of the light that the paper gives back, is
# not told from paper grain.
_FAINTEST_INK = 0.055
# Ink must stand out from the crop's own noise by this many standard deviations.
_NOISE_FACTOR = 5.0
# Fewer pixels than this, of a crop 96 px high, are no stroke.
_LEAST_INK_PIXELS = 25
# A digit is at least this part of its box high or wide; less is a speck.
_LEAST_EXTENT = 0.16
# Parts smaller than this share of the largest are dust, unless they lie close.
_LEAST_SHARE = 0.02
# And than so many pixels, whatever the largest.
_LEAST_PART = 4

# A printed line runs within this part of the crop, counted from an edge, and
# covers at least this part of it in one straight piece.
_WALL_ZONE = 0.25
_WALL_SPAN = 0.6

# MNIST's strokes are 2.0 to 2.8 px wide (quartiles of 2 * ink / outline length).
# Those of a fine pen in a large box come out thinner, and fade when scaled down.
_LEAST_STROKE = 1.9


def extract(crop: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Find the ink in one box crop and make the digit image of it.

    Args:
        crop: `uint8 (h, w)` or `(h, w, 3)` BGR, dark ink on light paper, one digit.
            What is left of a printed box may lie along the edges.

    Returns:
        `uint8 (28, 28)`, white ink on black; None where the box is blank.
    """
    ink = find_ink(crop)
    return None if ink is None else normalise(ink)


def find_ink(crop: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Tell ink from paper.

    Args:
        crop: as `extract` takes it.

    Returns:
        `uint8 (96, w)`: 0 is paper and 255 is full ink; None where there is none.
    """
    height, width = crop.shape[:2]
    scale = _WORK_HEIGHT / height
    size = (max(8, min(4 * _WORK_HEIGHT, round(width * scale))), _WORK_HEIGHT)
    resized = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    dark = darkness(resized, reach=_WORK_HEIGHT // 3)
    dark = cv2.GaussianBlur(dark, (0, 0), 0.8)

    threshold = _ink_threshold(dark)
    if threshold is None:
        return None
    parts = _digit_parts(dark > threshold)
    if parts is None:
        return None
    # Between paper and full ink the grey levels are kept: they are the antialiasing.
    full = float(np.percentile(dark[parts], 75))
    low = min(threshold * 0.5, full * 0.4)
    soft = np.clip((dark - low) / (full - low), 0, 1)
    near = cv2.dilate(parts.astype(np.uint8), np.ones((5, 5), np.uint8))
    return np.asarray(soft * near * 255, np.uint8)


def normalise(ink: NDArray[np.uint8], is_drawn: bool = False) -> NDArray[np.uint8]:
    """Scale and centre a digit as MNIST's were.

    Args:
        ink: `uint8 (h, w)`, white ink on black, some of it above 0.
        is_drawn: whether its pen was as wide as it should be (`edge.strokes.draw`): then it is
            not looked whether strokes are too thin, which takes a third of the time.

    Returns:
        `uint8 (28, 28)`, white ink on black.
    """
    _, full = cv2.threshold(ink, 127, 255, cv2.THRESH_BINARY)
    left, top, width, height = cv2.boundingRect(full)
    if width == 0:
        left, top, width, height = cv2.boundingRect(ink)
    window = slice(top, top + height), slice(left, left + width)
    scale = _INNER / max(height, width)
    tight = ink[window] if is_drawn else _thicken(ink[window], full[window], scale)
    # Area averaging antialiases when shrinking; it would make blocks when growing.
    small = cv2.resize(
        tight,
        (max(1, round(width * scale)), max(1, round(height * scale))),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
    )
    return _centre(small)


def _ink_threshold(dark: NDArray[np.float32]) -> float | None:
    """Return the darkness that parts ink from paper, or None where all is paper."""
    # Most of a box is paper: the median is its level, and how much neighbours
    # differ is its noise (a tint or a watermark has a level but no noise).
    paper = float(np.median(dark))
    noise = float(np.median(np.abs(dark - cv2.blur(dark, (5, 5))))) / 0.6745 + 1e-3
    floor = paper + max(_FAINTEST_INK, _NOISE_FACTOR * noise)
    if np.count_nonzero(dark > floor) < _LEAST_INK_PIXELS:
        return None
    levels = np.clip(dark * 255, 0, 255).astype(np.uint8)
    otsu, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return max(otsu / 255 * 0.9, floor * 0.6)


def _digit_parts(mask: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Keep the parts of the ink that belong to a digit; None where there are none."""
    height, width = mask.shape
    count, labels, stats, centres = cv2.connectedComponentsWithStats(
        clear_walls(mask).astype(np.uint8), None, 8
    )
    if count == 1:
        return None

    # The main part is the largest, those near the middle of the box first.
    def weight(i: int) -> float:
        off = abs(centres[i][0] / width - 0.5) + abs(centres[i][1] / height - 0.5)
        area = float(stats[i][cv2.CC_STAT_AREA])
        return area * max(0.05, 1 - float(off))

    main = max(range(1, count), key=weight)
    extent = max(stats[main][cv2.CC_STAT_WIDTH], stats[main][cv2.CC_STAT_HEIGHT])
    if extent < _LEAST_EXTENT * min(height, width) or stats[main][cv2.CC_STAT_AREA] < _LEAST_PART:
        return None
    share = stats[main][cv2.CC_STAT_AREA] * _LEAST_SHARE
    least = max(share, _LEAST_PART)
    chosen = [i for i in range(1, count) if stats[i][cv2.CC_STAT_AREA] >= least]
    return np.isin(labels, [i for i in chosen if i == main or _is_near(stats[i], stats[main])])


def clear_walls(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Clear printed lines along the edges, and what lies outside of them.

    A line of the box spans nearly the whole crop, straight, close to an edge; no
    stroke of a digit does all three.
    """
    cleared = mask.copy()
    for turn in range(4):  # each edge in its turn is the top one
        view = np.rot90(cleared, turn)
        height, width = view.shape
        band = view[: round(_WALL_ZONE * height)]
        # Small gaps in a faint line are closed before its length is taken.
        closed = cv2.morphologyEx(
            band.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, max(3, width // 12)), np.uint8)
        )
        lines = cv2.morphologyEx(
            closed, cv2.MORPH_OPEN, np.ones((1, round(_WALL_SPAN * width)), np.uint8)
        )
        rows = np.flatnonzero(lines.any(axis=1))
        if len(rows):
            view[: rows[-1] + 2] = False
    return cleared


def _is_near(stat: NDArray[Any], main: NDArray[Any]) -> bool:
    """Tell whether a part is close enough to the main one to belong to its digit."""
    reach = 0.35 * max(main[cv2.CC_STAT_WIDTH], main[cv2.CC_STAT_HEIGHT])
    gap_x = max(stat[0] - (main[0] + main[2]), main[0] - (stat[0] + stat[2]), 0)
    gap_y = max(stat[1] - (main[1] + main[3]), main[1] - (stat[1] + stat[3]), 0)
    return bool(max(gap_x, gap_y) <= reach)


def _thicken(tight: NDArray[np.uint8], full: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Widen strokes that would come out thinner than MNIST's thinnest; `full` is above 0 in ink."""
    outline, _ = cv2.findContours(full, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    length = sum(cv2.arcLength(part, True) for part in outline)
    if length == 0:
        return tight
    stroke = 2 * cv2.sumElems(tight)[0] / 255 / length * scale
    missing = round((_LEAST_STROKE - stroke) / scale)
    if missing < 1:
        return tight
    pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (missing + 1, missing + 1))
    return np.asarray(cv2.dilate(tight, pen), np.uint8)


def _centre(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put a digit of at most 20×20 into 28×28, its centre of mass in the middle."""
    height, width = small.shape
    moments = cv2.moments(small)
    mass = moments["m00"] or 1.0
    top = round(_CENTRE - moments["m01"] / mass)
    left = round(_CENTRE - moments["m10"] / mass)
    # An ink blot far to one side would push the rest out of the picture.
    top = min(max(top, 0), SIDE - height)
    left = min(max(left, 0), SIDE - width)
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[top : top + height, left : left + width] = small
    return image
