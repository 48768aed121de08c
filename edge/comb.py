"""From five digits in a row to the printed lines around them: two long ones and a comb.

The surroundings of the digits are flattened, and the faint lines in them are added up along
themselves: a line of which no single pixel is told from the paper's grain stands out of
the sum of all its pixels. Upper and lower line first, then between these the upright walls,
which stand at one pitch like a comb's teeth: single ones or pairs.
"""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.row import COUNT, Row, fit_row, unit_corners
from edge.writing import Run

# A pitch in the flattened picture, px.
_PITCH = 28
# What is flattened: so many pitches to each side of the middle, along and across.
_ALONG, _ACROSS = 3.4, 1.15
_WIDE, _HIGH = 2 * round(_ALONG * _PITCH) + 1, 2 * round(_ACROSS * _PITCH) + 1
# A line is at most about so wide, px: what it stands out of lies this far to both sides.
_BESIDE = 3
# Of 255: ink, which is darker than faint lines, counts no more at any pixel.
_MOST_STRENGTH = 24.0
# A line that is so much darker than the paper is as likely as not.
_HALF_SURE = 4.0
# The digits' middles are off the boxes' middles: slopes of the lines in the flattened picture.
_SLOPES = np.linspace(-0.16, 0.16, 17)
# Height of the boxes in pitches, and at least this part of the digits'.
_HEIGHTS = (0.42, 1.9)
_BY_DIGIT = 0.75
# How far the boxes' middle may lie off the digits', in box heights.
_MOST_OFF = 0.25
# Their slopes differ by so much at most, as the row is seen obliquely.
_MOST_TAPER = 0.14
_MOST_LINES = 4
_MOST_PAIRS = 3
# Rows of samples between the two lines, in which walls are looked for.
_TALL = 20
# Leaning of the walls, in box heights from foot to head.
_LEANS = np.linspace(-0.4, 0.4, 11)
_MOST_LEANS = 3
# The comb: its pitch by the digits', where it begins, and how much it widens along.
_STRETCHES = np.linspace(0.86, 1.14, 15)
_STARTS = np.linspace(-0.36, 0.36, 19)
_WIDENINGS = np.array([-0.025, 0.0, 0.025])
_FILLS = np.array([1.0, 0.92, 0.86, 0.8, 0.72, 0.64, 0.56])


def rows_around(dark: NDArray[np.uint8], run: Run, most: int) -> list[Row]:
    """Return rows of boxes that may stand around five digits, the likeliest first.

    Args:
        dark: `uint8 (h, w)` from `ink.line_darkness`.
        run: the digits, px of that picture.
        most: how many.
    """
    pitch = float(np.hypot(*run.step))
    along = run.step / pitch
    # Flattened px → picture px.
    scale = pitch / _PITCH
    matrix = scale * np.array([[along[0], -along[1]], [along[1], along[0]]])
    shift = run.middle - matrix @ [(_WIDE - 1) / 2, (_HIGH - 1) / 2]
    flat = _warp(dark, matrix, shift)
    found = []
    for strength, top, bottom in _line_pairs(flat, run.size / scale):
        for seen, corners, fill in _combs(flat, top, bottom):
            found.append((0.5 * strength + seen, corners, fill))
    found.sort(key=lambda one: -one[0])
    rows = []
    for _, corners, fill in found[:most]:
        targets = (corners.reshape(-1, 2) @ matrix.T + shift).astype(np.float32)
        row = fit_row(unit_corners(fill).reshape(-1, 2), targets, fill, tolerance=None)
        if row is not None:
            rows.append(row)
    return rows


def _warp(
    dark: NDArray[np.uint8], matrix: NDArray[np.float64], shift: NDArray[np.float64]
) -> NDArray[np.float32]:
    whole = np.column_stack([matrix, shift])
    scale = float(np.hypot(*matrix[:, 0]))
    if scale > 1.5:
        dark = np.asarray(cv2.blur(dark, (round(scale), round(scale))), np.uint8)
    flat = cv2.warpAffine(
        dark, whole, (_WIDE, _HIGH), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    return np.asarray(flat, np.float32)


def _ridges(flat: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Return how much darker each pixel is than what lies beside it on both sides."""
    reach = [(_BESIDE, _BESIDE) if number == axis else (0, 0) for number in range(2)]
    padded = np.pad(flat, reach, mode="edge")
    length = flat.shape[axis]
    before = np.take(padded, np.arange(length), axis=axis)
    after = np.take(padded, np.arange(2 * _BESIDE, 2 * _BESIDE + length), axis=axis)
    return np.clip(flat - np.maximum(before, after), -_MOST_STRENGTH / 4, _MOST_STRENGTH)


# Of each slope and height: the pixels along the line, in the flattened picture with a margin.
_COLUMNS = np.arange(round((_ALONG - 2.7) * _PITCH), _WIDE - round((_ALONG - 2.7) * _PITCH))
_OFF = np.rint(_SLOPES[:, None] * (_COLUMNS - (_WIDE - 1) / 2)).astype(np.intp)
_MARGIN = int(np.abs(_OFF).max())
_LINES = (np.arange(_HIGH)[None, :, None] + _OFF[:, None] + _MARGIN) * _WIDE + _COLUMNS


def _line_pairs(
    flat: NDArray[np.float32], digit: float
) -> list[tuple[float, tuple[float, float], tuple[float, float]]]:
    """Return pairs of an upper and a lower line, each a height in the middle and a slope."""
    ridges = _ridges(flat, axis=0)
    sums = np.pad(ridges, [(_MARGIN, _MARGIN), (0, 0)]).ravel()[_LINES].mean(axis=2)
    best, slopes = sums.max(axis=0), _SLOPES[sums.argmax(axis=0)]
    shares = _saturated(best)
    middle = (_HIGH - 1) / 2
    tops = _peaks(best[: round(middle - 0.1 * _PITCH)])
    bottoms = _peaks(best[round(middle + 0.1 * _PITCH) :]) + round(middle + 0.1 * _PITCH)
    least = max(_HEIGHTS[0] * _PITCH, _BY_DIGIT * digit)
    pairs = []
    for top, bottom in product(tops.tolist(), bottoms.tolist()):
        tall = bottom - top
        off = abs((top + bottom) / 2 - middle) / tall
        if (
            off < _MOST_OFF
            and least <= tall <= _HEIGHTS[1] * _PITCH
            and abs(slopes[top] - slopes[bottom]) < 0.14
        ):
            strength = float(shares[top] + shares[bottom])
            pairs.append((strength, (top, slopes[top]), (bottom, slopes[bottom])))
    pairs.sort(key=lambda one: -one[0])
    return pairs[:_MOST_PAIRS]


def _saturated(sums: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how surely there is a line, 0 to 1: a black one counts hardly more than a faint."""
    sums = np.maximum(sums, 0)
    return np.asarray(sums / (sums + np.median(sums) + _HALF_SURE), np.float32)


def _peaks(values: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return where the highest local maxima are."""
    padded = np.pad(values, 2, constant_values=-np.inf)
    around = np.stack([padded[k : k + len(values)] for k in range(5)]).max(axis=0)
    places = np.flatnonzero((values >= around) & (values > 0))
    return places[np.argsort(-values[places], kind="stable")[:_MOST_LINES]]


def _combs(
    flat: NDArray[np.float32], top: tuple[float, float], bottom: tuple[float, float]
) -> list[tuple[float, NDArray[np.float64], float]]:
    """Return walls between two lines: how well they are seen, the corners and the fill.

    The best single walls and the best pairs; corners `(5, 4, 2)` px of the flattened picture.
    """
    middle = (_WIDE - 1) / 2
    x = np.arange(_WIDE, dtype=np.float32)
    high, low = (line[0] + line[1] * (x - middle) for line in (top, bottom))
    y = np.linspace(0.06, 0.94, _TALL, dtype=np.float32)[:, None]
    between = cv2.remap(
        flat,
        np.broadcast_to(x, (_TALL, _WIDE)).astype(np.float32),
        (high + y * (low - high)).astype(np.float32),
        cv2.INTER_LINEAR,
    )
    ridges = _ridges(between, axis=1)
    tall = float(bottom[0] - top[0])
    # Standing walls lean by so many px at each height.
    off = np.rint(_LEANS[:, None] * (0.5 - y[:, 0]) * tall).astype(np.intp)
    columns = np.arange(_WIDE)[None, None] + off[..., None]
    inside = (columns >= 0) & (columns < _WIDE)
    rows = np.arange(_TALL)[None, :, None]
    leaning = np.where(inside, ridges[rows, np.clip(columns, 0, _WIDE - 1)], 0).mean(axis=1)
    leaning = _saturated(leaning)
    sharp = np.argsort(-(leaning**2).sum(axis=1), kind="stable")[:_MOST_LEANS]

    found = []
    for lean in sharp:
        profile = np.maximum(leaning[lean], np.pad(leaning[lean], 1)[2:])
        for single in (True, False):
            seen, places, fill = _best_comb(profile, single)
            found.append((seen, _corners(places, top, bottom, float(_LEANS[lean])), fill))
    return found


def _comb_places(fills: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where the sides of five boxes may be: `(fills, combs, 5, 2)` px."""
    k = np.arange(COUNT) - COUNT // 2
    sides = k[:, None] + np.array([-0.5, 0.5]) * fills[:, None, None]
    every = np.meshgrid(_STRETCHES, _STARTS, _WIDENINGS, indexing="ij")
    stretch, start, widening = (each.reshape(-1, 1, 1) for each in every)
    places = sides[:, None] * stretch + start + widening * sides[:, None] ** 2
    return np.asarray((_WIDE - 1) / 2 + _PITCH * places)


_SINGLE, _DOUBLE = _comb_places(_FILLS[:1]), _comb_places(_FILLS[1:])
_AT = {
    single: np.clip(np.rint(places), 0, _WIDE - 1).astype(np.intp)
    for single, places in ((True, _SINGLE), (False, _DOUBLE))
}


def _best_comb(
    profile: NDArray[np.float32], single: bool
) -> tuple[float, NDArray[np.float64], float]:
    """Return how well the best comb is seen, where its boxes' sides are, `(5, 2)`, and its fill."""
    scores = profile[_AT[single]].mean(axis=(2, 3))
    fill, comb = np.unravel_index(int(scores.argmax()), scores.shape)
    places = (_SINGLE if single else _DOUBLE)[fill, comb]
    return float(scores[fill, comb]), places, float(_FILLS[0 if single else 1 + fill])


def _corners(
    places: NDArray[np.float64],
    top: tuple[float, float],
    bottom: tuple[float, float],
    lean: float,
) -> NDArray[np.float64]:
    """Return the boxes' corners `(5, 4, 2)`, from the top left, clockwise."""
    middle = (_WIDE - 1) / 2
    shift = 0.5 * lean * (bottom[0] - top[0])
    corners = np.empty((COUNT, 4, 2))
    for corner, (side, line, sign) in enumerate(
        [(0, top, 1), (1, top, 1), (1, bottom, -1), (0, bottom, -1)]
    ):
        x = places[:, side] + sign * shift
        corners[:, corner] = np.stack([x, line[0] + line[1] * (x - middle)], axis=1)
    return corners
