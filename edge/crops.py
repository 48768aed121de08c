"""A flattened row of boxes → the ink of five digits, the printed lines taken out.

Two ways take the lines out. Where they have another colour than the ink (orange boxes,
black pen), each pixel's density is parted into the two colours, and the digit stays
whole even where it lies on the line. Where the colours are alike, the line's own
width is cleared, except where ink comes in on one side and goes out on the other.

What is left falls into connected parts. Each belongs to the box in which most of it
lies, however far it runs into the neighbour's; one that is at home in two is cut between
them.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.row import COUNT
from edge.strip import Strip

# Where the printed line may lie off its fitted place, in box heights.
_WALL_REACH = 0.09
# Least density of a line above its paper's.
_FAINTEST_LINE = 0.03
# Least angle between the line's and the ink's colour, degrees, for parting them;
# below it the noise of the difference is larger than the difference.
_LEAST_ANGLE = 14.0
# Density (natural logarithm) under which a pixel has no colour to speak of.
_LEAST_DENSITY = 0.12
# Part of the ink's usual density under which it is a rest of the line.
_REST = 0.45

# Ink fainter than this density is not told from paper grain.
_FAINTEST_INK = 0.055
# Ink must stand out from the paper's own noise by this many standard deviations.
_NOISE_FACTOR = 5.0
# Part of the ink's usual density from which on it is a stroke.
_STROKE = 0.38
# A part of which this share lies in one box belongs to it as a whole.
_AT_HOME = 0.72
# A digit is at least this part of its box high or wide; less is a speck.
_LEAST_EXTENT = 0.16
# Parts smaller than this share of the largest are dust, unless they lie close.
_LEAST_SHARE = 0.02
# As far as this, in extents of the main part, others belong to its digit.
_NEAR = 0.35
# A piece of ink is small below this side (of a square of its area), and then must
# lie this far inside of the box, both in box heights.
_PIECE = 0.15
_PIECE_INSET = 0.08
# So thin, by the box's height, so long, by its width, and so near a wall, a part is a rest
# of the printed line.
_THIN = 0.12
_LONG = 0.3
_BESIDE = 0.16


class _Wall(NamedTuple):
    """One printed line of one box: which rows or columns it covers."""

    start: int
    stop: int
    """One beyond its last."""
    strength: float
    """Density of its middle above the paper's; 0 where there is none."""


def cut_digits(strip: Strip) -> list[NDArray[np.uint8] | None]:
    """Find the ink of each box.

    Args:
        strip: from `strip.flatten`.

    Returns:
        Five times `uint8 (h, w)`, 0 for paper and 255 for full ink, as large as the
        digit needs; None where the box is blank.
    """
    totals = strip.densities.mean(axis=2)
    level = _usual_density(totals, strip)
    walls = _find_walls(totals, strip, level)
    line, ink = _line_colour(strip, walls), _ink_colour(strip, totals)
    inks, parted = totals, False
    if line is not None and ink is not None and _angle(line, ink) >= _LEAST_ANGLE:
        inks, parted = _part(strip.densities, line, ink), True
        level = _usual_density(inks, strip)
    cleared = _clear_lines(inks, strip, walls, level, parted)
    return _digits_in(cleared, strip, level)


def _usual_density(inks: NDArray[np.float32], strip: Strip) -> float:
    """Return how dense a stroke's middle usually is, over all five boxes."""
    rows, columns = strip.middle
    inner = inks[rows][:, columns].ravel()
    if not inner.size:
        return _LEAST_DENSITY
    place = int(0.99 * (inner.size - 1))
    strong = inner[inner > max(_LEAST_DENSITY, 0.5 * float(np.partition(inner, place)[place]))]
    return float(np.median(strong)) if strong.size else _LEAST_DENSITY


def _find_walls(totals: NDArray[np.float32], strip: Strip, level: float) -> list[list[_Wall]]:
    """Return the lines of each side: tops, bottoms, lefts, rights, five each.

    What most of the wall's length has is the line, not the digit; it reaches on both sides
    of its darkest row to where it has lost half of its density, or, if it is much
    denser than the ink, to where it could no longer be taken for ink.
    """
    reach = max(2, round(_WALL_REACH * strip.height))
    trim = max(2, round(0.06 * strip.height))
    across = strip.lefts[:, None] + np.arange(trim, max(trim + 4, strip.width - trim))
    down = np.repeat(np.arange(strip.top + trim, strip.bottom - trim)[None], COUNT, axis=0)
    tops, bottoms = np.full(COUNT, strip.top), np.full(COUNT, strip.bottom)
    sides = (
        (totals, tops, across),
        (totals, bottoms, across),
        (totals.T, strip.lefts, down),
        (totals.T, strip.rights, down),
    )
    return [_lines_along(view, at, along, reach, level) for view, at, along in sides]


def _lines_along(
    view: NDArray[np.float32],
    at: NDArray[np.intp],
    along: NDArray[np.intp],
    reach: int,
    level: float,
) -> list[_Wall]:
    """Return five boxes' lines near the rows `at`, looked at in the columns `along`."""
    firsts = at - reach
    rows = np.clip(firsts[:, None] + np.arange(2 * reach + 1), 0, len(view) - 1)
    columns = np.clip(along, 0, view.shape[1] - 1)
    bands = view[rows[:, :, None], columns[:, None, :]]
    place = int(0.3 * (bands.shape[2] - 1))
    profiles = np.partition(bands, place, axis=2)[:, :, place]
    found = []
    for first, profile in zip(firsts.tolist(), profiles.tolist(), strict=True):
        paper, highest = min(profile), max(profile)
        peak = profile.index(highest)
        if highest - paper < _FAINTEST_LINE:
            found.append(_Wall(first + peak, first + peak, 0.0))
            continue
        edge = paper + min(0.5 * (highest - paper), 0.6 * _REST * level)
        start = stop = peak
        while start > 0 and profile[start - 1] > edge:
            start -= 1
        while stop < len(profile) - 1 and profile[stop + 1] > edge:
            stop += 1
        found.append(_Wall(max(0, first + start - 1), first + stop + 2, highest - paper))
    return found


def _line_colour(strip: Strip, walls: list[list[_Wall]]) -> NDArray[np.float32] | None:
    """Return the printed line's density in the three channels, or None."""
    samples = []
    inset_x, inset_y = strip.width // 5, strip.height // 5
    for side, lines in enumerate(walls):
        for box, wall in enumerate(lines):
            if wall.strength:
                middle = (wall.start + wall.stop) // 2
                left = int(strip.lefts[box])
                if side < 2:
                    samples.append(
                        strip.densities[middle, left + inset_x : left + strip.width - inset_x]
                    )
                else:
                    samples.append(
                        strip.densities[strip.top + inset_y : strip.bottom - inset_y, middle]
                    )
    if not samples:
        return None
    colour = np.median(np.concatenate(samples), axis=0)
    return colour if colour.max() >= _LEAST_DENSITY else None


def _ink_colour(strip: Strip, totals: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Return the ink's density in the three channels, or None where all is blank."""
    rows, columns = strip.middle
    total = totals[rows][:, columns].ravel()
    if not total.size:
        return None
    place = int(0.98 * (total.size - 1))
    strong = total >= max(_LEAST_DENSITY, 0.6 * float(np.partition(total, place)[place]))
    if not strong.any():
        return None
    return np.asarray(np.median(strip.densities[rows][:, columns].reshape(-1, 3)[strong], axis=0))


def _angle(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-9)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _part(
    densities: NDArray[np.float32], line: NDArray[np.float32], ink: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return each pixel's density of ink when line and ink add up to what is seen.

    Densities of inks printed over each other add (Beer and Lambert); two colours
    and three channels make it a least squares problem.
    """
    basis = np.stack([line / np.linalg.norm(line), ink / np.linalg.norm(ink)], axis=1)
    # Shares of both, and what the ink's would be if it were alone.
    matrix = np.concatenate([np.linalg.pinv(basis), basis[:, 1:].T]).astype(np.float32)
    shares = cv2.transform(densities, matrix)
    mean = float((ink / np.linalg.norm(ink)).mean())
    # Where only one of the two can explain the pixel, it must be the ink alone.
    amount = np.where(shares[..., 0] < 0, shares[..., 2], shares[..., 1])
    return np.asarray(np.maximum(amount, 0) * mean, np.float32)


def _clear_lines(
    inks: NDArray[np.float32],
    strip: Strip,
    walls: list[list[_Wall]],
    level: float,
    parted: bool,
) -> NDArray[np.float32]:
    """Clear the printed lines, but not strokes that cross them.

    Where the colours were parted, only what is too faint for ink is cleared.
    """
    cleared = inks.copy()
    strong = inks > _REST * level
    faint = inks < 0.5 * _REST * level if parted else np.ones(inks.shape, bool)
    tops, bottoms, lefts, rights = walls
    for box in range(COUNT):
        columns = slice(lefts[box].start, max(rights[box].stop, lefts[box].start + 1))
        rows = slice(tops[box].start, max(bottoms[box].stop, tops[box].start + 1))
        # At its ends a line meets two others; they are no strokes.
        inner_columns = slice(lefts[box].stop, rights[box].start)
        inner_rows = slice(tops[box].stop, bottoms[box].start)
        for wall in (tops[box], bottoms[box]):
            _clear(cleared, strong, faint, wall, columns, inner_columns)
        for wall in (lefts[box], rights[box]):
            _clear(cleared.T, strong.T, faint.T, wall, rows, inner_rows)
    return cleared


def _clear(
    cleared: NDArray[np.float32],
    strong: NDArray[np.bool_],
    faint: NDArray[np.bool_],
    wall: _Wall,
    columns: slice,
    inner: slice,
) -> None:
    """Clear one line in place, turned so that it runs along a row."""
    start, stop = wall.start, wall.stop
    if stop <= start:
        return
    crossing = np.zeros(cleared.shape[1], bool)
    # A stroke that crosses comes in on one side and goes out on the other.
    slack = np.ones((1, 2 * (stop - start) + 3), np.uint8)
    before, after = (
        cv2.dilate(np.asarray(side.any(axis=0), np.uint8)[None], slack)[0] > 0
        for side in (strong[max(0, start - 2) : start, inner], strong[stop : stop + 2, inner])
    )
    crossing[inner] = before & after
    gone = faint[start:stop, columns] & ~crossing[columns]
    cleared[start:stop, columns][gone] = 0


def _digits_in(
    inks: NDArray[np.float32], strip: Strip, level: float
) -> list[NDArray[np.uint8] | None]:
    """Tell strokes from paper, and which belong to which box."""
    # From here on in parts of the light that is missing: a stroke's middle is so dense that
    # beside it the edges, a part of its width, would seem to be none.
    dark, level = 1 - np.exp(-inks), 1 - math.exp(-level)
    soft = np.asarray(cv2.GaussianBlur(dark, (0, 0), 0.8), np.float32)
    grain = soft[:: max(1, len(soft) // 24)]
    noise = float(np.median(np.abs(grain - np.median(grain)))) / 0.6745
    nobody = COUNT
    owners = strip.owners()
    # One box may have finer strokes than the others, which come out paler.
    levels = np.minimum([_STROKE * each for each in _levels(soft, strip, level)], _STROKE * level)
    levels = np.maximum(levels, max(_FAINTEST_INK, _NOISE_FACTOR * noise))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (soft > levels[owners]).astype(np.uint8), None, 8
    )
    if count == 1:
        return [None] * COUNT
    # How much of each part lies in which box.
    places = labels * COUNT + owners[None]
    shares = np.bincount(places.ravel(), minlength=count * COUNT).reshape(count, COUNT)
    areas = stats[:, cv2.CC_STAT_AREA]
    owner_of = shares.argmax(axis=1)
    is_shared = shares.max(axis=1) < _AT_HOME * areas
    owner_of[_is_foreign(labels, stats, strip)] = nobody
    owner_of[0] = nobody
    is_shared &= owner_of != nobody
    owned = owner_of[labels]
    if is_shared.any():
        owned = np.where(is_shared[labels], np.broadcast_to(owners, owned.shape), owned)
    return [
        _one_digit(soft, (owned == box), strip, int(strip.lefts[box]), float(levels[box]))
        for box in range(COUNT)
    ]


def _levels(soft: NDArray[np.float32], strip: Strip, level: float) -> list[float]:
    """Return how dense each box's strokes are: the 97th percentile, at least half as usual."""
    rows, columns = strip.middle
    inner = soft[rows][:, columns].reshape(len(range(*rows.indices(len(soft)))), COUNT, -1)
    flat = inner.transpose(1, 0, 2).reshape(COUNT, -1)
    place = int(0.97 * (flat.shape[1] - 1))
    highest = np.partition(flat, place, axis=1)[:, place]
    return [max(float(each), 0.5 * level) for each in highest]


def _is_foreign(labels: NDArray[np.int32], stats: NDArray[Any], strip: Strip) -> NDArray[np.bool_]:
    """Tell which parts lie mostly outside of the boxes, or are rests of the line.

    Small pieces along the walls, most of all where two lines meet, are the line's:
    for a small piece the box begins a little further in. So are thin ones that run along
    a wall, where the paper was not flat.
    """
    areas = stats[:, cv2.CC_STAT_AREA]

    def mostly_out(inset: int) -> NDArray[np.bool_]:
        columns = strip.lefts[:, None] + np.arange(inset, max(inset + 1, strip.width - inset))
        inner = labels[strip.top + inset : strip.bottom - inset][:, columns.ravel()]
        within = np.bincount(inner.ravel(), minlength=len(areas))
        return np.asarray(within < 0.5 * areas)

    small = areas < (_PIECE * strip.height) ** 2
    foreign = np.where(small, mostly_out(round(_PIECE_INSET * strip.height)), mostly_out(0))
    thin, long = _THIN * strip.height, _LONG * strip.width
    middles = stats[:, :2] + stats[:, 2:4] / 2
    heights, widths = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    walls_x = np.concatenate([strip.lefts, strip.rights])
    off_x = np.abs(middles[:, :1] - walls_x).min(axis=1)
    off_y = np.abs(middles[:, 1:] - [strip.top, strip.bottom]).min(axis=1)
    along = (heights < thin) & (widths > long) & (off_y < _BESIDE * strip.height)
    upright = (widths < thin) & (heights > long) & (off_x < _BESIDE * strip.width)
    return np.asarray(foreign | along | upright)


def _one_digit(
    soft: NDArray[np.float32],
    mask: NDArray[np.bool_],
    strip: Strip,
    left: int,
    least: float,
) -> NDArray[np.uint8] | None:
    """Return the ink of one box's digit, cut out; None where there is none."""
    low, high = max(0, left - strip.width), left + 2 * strip.width
    part = np.ascontiguousarray(mask[:, low:high]).astype(np.uint8)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(part, None, 8)
    if count == 1:
        return None
    middle = np.array([left - low + strip.width / 2, strip.top + strip.height / 2])
    off = np.abs(centres - middle) / [strip.width, strip.height]
    areas = stats[:, cv2.CC_STAT_AREA].astype(float)
    # The main part is the largest, those near the middle of the box first.
    weights = areas * np.maximum(0.05, 1 - off.sum(axis=1))
    weights[0] = 0
    main = int(weights.argmax())
    x, y, width, height = stats[main, :4].tolist()
    extent = max(width, height)
    if extent < _LEAST_EXTENT * min(strip.width, strip.height):
        return None
    gaps_x = np.maximum(stats[:, 0] - (x + width), x - (stats[:, 0] + stats[:, 2]))
    gaps_y = np.maximum(stats[:, 1] - (y + height), y - (stats[:, 1] + stats[:, 3]))
    chosen = (np.maximum(gaps_x, gaps_y) <= _NEAR * extent) & (
        areas >= max(4, _LEAST_SHARE * areas[main])
    )
    chosen[0] = False
    left_edge, top_edge = stats[chosen, 0].min(), stats[chosen, 1].min()
    right_edge = (stats[chosen, 0] + stats[chosen, 2]).max()
    bottom_edge = (stats[chosen, 1] + stats[chosen, 3]).max()
    window = (
        slice(max(0, top_edge - 3), bottom_edge + 3),
        slice(max(0, left_edge - 3), right_edge + 3),
    )
    kept = chosen[labels[window]]
    ink = soft[:, low:high][window]
    strokes = ink[kept]
    place = int(0.75 * (len(strokes) - 1))
    full = float(np.partition(strokes, place)[place])
    # Between paper and full ink the grey levels are kept: they are the antialiasing.
    nothing = min(0.5 * least, 0.4 * full)
    near = cv2.dilate(kept.astype(np.uint8), np.ones((5, 5), np.uint8))
    grey = np.clip((ink - nothing) / (full - nothing), 0, 1) * near
    return np.asarray(grey * 255, np.uint8)
