"""Printed lines → what they add to a flattened row, taken out of it; the ink stays.

Inks printed over each other add their densities (Beer and Lambert). So each wall of
each box gets its own profile, what most of its length has, and loses that and no more:
a stroke that lies on the line is left over, even all along an upper or lower one if the
others' are fainter. Where the line has another colour than the ink (orange boxes, black pen),
what is seen near it is parted into the two colours first. Where it is about as dark as the ink,
nothing is left over of a stroke on it: there strokes are bridged that are seen on both sides.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.quantiles import median
from edge.row import COUNT
from edge.strip import Strip

# Where the printed line may lie off its fitted place, in box heights.
_WALL_REACH = 0.11
# As far from a wall, in box heights, colours are parted.
_NEAR_WALL = 0.25
# Least density of a line above its paper's.
_FAINTEST_LINE = 0.03
# Share of a wall's length that has no ink on it, at least.
_FREE = 0.2
# Share of a wall's length at which its line may be interrupted or faint.
_SURELY = 0.1
# A wall's line is at most so much denser than the row's usual one, or else than what
# is there for all of its length.
_ALIKE = 1.2
_SURE = 1.1
# The upper lines of five boxes are of one print, and so are the lower ones: what is so many times
# denser than it usually is there is a stroke along the line, the foot of a 2.
_AS_USUAL = 1.5
# Least angle between the line's and the ink's colour, degrees, for parting them;
# below it the noise of the difference is larger than the difference.
_LEAST_ANGLE = 14.0
# Most noise of the parted ink, as a part of its usual density; and the standard deviation of what
# it is smoothed by, px, where there is more.
_MOST_NOISE = 0.1
_SMOOTHING = 1.0
# Density (natural logarithm) under which a pixel has no colour to speak of.
_LEAST_DENSITY = 0.12
# Lines of ruled or squared paper are no thicker than twice this, in box heights. Every third pixel
# tells as much of them as all.
_RULED_REACH = 0.06
_EVERY = 3
# What is left of a line may be such a part of its density.
_LEFT = 0.3
# Part of the ink's usual density from which on it is a stroke beside a line.
_REST = 0.45
# Part of the ink's usual density from which on a line hides ink.
_HIDING = 0.35


class _Side(NamedTuple):
    """The same wall of all five boxes, turned so that it runs along rows."""

    upright: bool
    """Whether it has to be turned for that."""
    at: NDArray[np.intp]
    """(5,): row of each wall."""
    along: NDArray[np.intp]
    """(5, n): columns of each wall, without its ends."""


def take_lines_out(strip: Strip) -> tuple[NDArray[np.float32], float]:
    """Return the strip without its printed lines.

    Args:
        strip: from `strip.flatten`; not written to.

    Returns:
        The density of the ink, `float32 (h, w)`, and how dense a stroke's middle usually is.
    """
    totals = cv2.transform(strip.densities, np.full((1, 3), 1 / 3, np.float32))
    level = _usual_density(totals, strip)
    line, ink = _line_colour(strip, totals), _ink_colour(strip, totals)
    inks, is_parted = totals, False
    if line is not None and ink is not None and _angle(line, ink) >= _LEAST_ANGLE:
        parted = _parted(strip.densities, line, ink, _MOST_NOISE * level)
        if parted is not None:
            inks, is_parted = np.where(_near_walls(strip), parted, totals), True
    lines, thickness = _expected_lines(inks, strip, is_parted)
    np.maximum(lines, _ruled(totals, strip)[:, None], out=lines)
    np.maximum(lines, _ruled(totals.T, strip), out=lines)
    rest = inks - lines
    # Paper is not quite flat: beside a line there may be more of it.
    beside = cv2.dilate(lines, np.ones((3, 3), np.uint8))
    rest[rest < _LEFT * beside] = 0
    if thickness:
        _bridge(rest, inks, lines, level, thickness)
    return rest, level


def _grain(inks: NDArray[np.float32]) -> float:
    """Return the standard deviation of paper's noise, robust against what is not paper."""
    some = inks[:: max(1, len(inks) // 24)].ravel()
    return median(np.abs(some - np.float32(median(some)))) / 0.6745


def _usual_density(inks: NDArray[np.float32], strip: Strip) -> float:
    """Return how dense a stroke's middle usually is, over all five boxes."""
    rows, columns = strip.middle
    inner = inks[rows][:, columns].ravel()
    if not inner.size:
        return _LEAST_DENSITY
    place = int(0.99 * (inner.size - 1))
    strong = inner[inner > max(_LEAST_DENSITY, 0.5 * float(np.partition(inner, place)[place]))]
    return median(strong) if strong.size else _LEAST_DENSITY


def _near_walls(strip: Strip) -> NDArray[np.bool_]:
    """Tell which pixels lie near a wall, `(h, w)`."""
    reach = _NEAR_WALL * strip.height
    down, across = (np.arange(side) for side in strip.densities.shape[:2])
    sides = np.concatenate([strip.lefts, strip.rights])
    rows = np.abs(down[:, None] - [strip.top, strip.bottom]).min(axis=1) <= reach
    columns = np.abs(across[:, None] - sides).min(axis=1) <= reach
    return np.asarray(rows[:, None] | columns)


def _sides(strip: Strip, inset: float) -> list[_Side]:
    """Return the walls above, below, left and right, without their ends."""
    trim = max(2, round(inset * strip.height))
    across = strip.lefts[:, None] + np.arange(trim, max(trim + 4, strip.width - trim))
    down = np.repeat(np.arange(strip.top + trim, strip.bottom - trim)[None], COUNT, axis=0)
    tops, bottoms = np.full(COUNT, strip.top), np.full(COUNT, strip.bottom)
    return [
        _Side(False, tops, across),
        _Side(False, bottoms, across),
        _Side(True, strip.lefts, down),
        _Side(True, strip.rights, down),
    ]


def _bands(view: NDArray[np.float32], side: _Side, reach: int) -> NDArray[np.float32]:
    """Return what lies around five boxes' walls, `(5, 2 reach + 1, n)`."""
    rows = side.at[:, None] + np.arange(-reach, reach + 1)
    rows = np.minimum(np.maximum(rows, 0), len(view) - 1)
    columns = np.minimum(np.maximum(side.along, 0), view.shape[1] - 1)
    return np.asarray(view[rows[:, :, None], columns[:, None, :]])


def _expected_lines(
    inks: NDArray[np.float32], strip: Strip, is_parted: bool
) -> tuple[NDArray[np.float32], int]:
    """Return the lines alone, and the thickness of the thickest, px.

    Where colours were parted (`is_parted`), what is left of them is alike on all walls.
    """
    reach = max(2, round(_WALL_REACH * strip.height))
    lines = np.zeros_like(inks)
    thickest = 0
    sides = _sides(strip, 0.06)
    # Blur by motion makes upright lines differ from those across.
    for pair in (sides[:2], sides[2:]):
        upright = pair[0].upright
        view, target = (inks.T, lines.T) if upright else (inks, lines)
        places = np.concatenate([side.at for side in pair]) - reach
        starts = np.tile(strip.lefts, 2) - reach
        length = strip.width + 2 * reach + 1
        if upright:
            starts, length = np.full(len(places), strip.top - reach), strip.height + 2 * reach + 1
        for place, left, (start, line) in zip(
            places.tolist(), starts.tolist(), _lines_of(view, pair, reach, is_parted), strict=True
        ):
            if not len(line):
                continue
            thickest = max(thickest, int(np.count_nonzero(line > 0.5 * line.max())))
            first = max(0, place + start)
            part = target[first : place + start + len(line), max(0, left) : left + length]
            line = line[first - place - start :]
            np.maximum(part, line[: len(part), None], out=part)
    return lines, thickest


def _ruled(inks: NDArray[np.float32], strip: Strip) -> NDArray[np.float32]:
    """Return how dense lines of ruled paper are in each row of the strip, `(h,)`.

    They go on beside the boxes: no stroke and no wall is seen on nearly all of the width. So do
    those of squared paper above and below, where the strip is turned (`inks`, `(h, w)`).
    """
    some = inks[:, ::_EVERY]
    place = int(_SURELY * some.shape[1])
    everywhere = np.partition(some, place, axis=1)[:, place]
    window = np.ones((2 * round(_RULED_REACH * strip.height) + 1, 1), np.uint8)
    paper = cv2.morphologyEx(everywhere[:, None], cv2.MORPH_OPEN, window)[:, 0]
    found = everywhere - paper
    found[found < _FAINTEST_LINE] = 0
    return np.asarray(found, np.float32)


def _lines_of(
    view: NDArray[np.float32], pair: list[_Side], reach: int, is_parted: bool
) -> list[tuple[int, NDArray[np.float32]]]:
    """Return ten walls' lines: where each begins in its band, and its density from there on."""
    count = pair[0].along.shape[1] - 1
    shares = [int(_SURELY * count), int(_FREE * count)]
    bands = np.concatenate([_bands(view, side, reach) for side in pair])
    surely, mostly = np.partition(bands, shares, axis=2)[:, :, shares].transpose(2, 0, 1)
    found = [_line_in(each) for each in mostly]
    # Walls of a row are often printed alike; one that is stronger must be so all along.
    strength = float(np.median([line.max() if len(line) else 0 for _, line in found]))
    half = int(np.median([len(line) for _, line in found])) // 2 + 1
    most_sure = _SURE * (surely - surely.min(axis=1, keepdims=True))
    # Upright ones may be the frame's or partitions.
    if not pair[0].upright:
        np.minimum(most_sure, _AS_USUAL * _usual(found, bands.shape[1]), out=most_sure)
    lines = []
    for (start, line), sure in zip(found, most_sure, strict=True):
        if len(line):
            peak = int(line.argmax())
            most = sure[start : start + len(line)]
            if is_parted:
                most[:] = 0
            alike = slice(max(0, peak - half), peak + half + 1)
            most[alike] = np.maximum(most[alike], _ALIKE * strength)
            line = np.minimum(line, most)
        lines.append((start, line))
    return lines


def _usual(found: list[tuple[int, NDArray[np.float32]]], rows: int) -> NDArray[np.float32]:
    """Return the median profile of each side's five lines for each of its walls, `(10, rows)`.

    Args:
        found: where ten walls' lines begin in their bands, and their densities.
        rows: of a band.
    """
    profiles = np.zeros((2 * COUNT, rows), np.float32)
    for profile, (start, line) in zip(profiles, found, strict=True):
        profile[start : start + len(line)] = line
    usual = np.median(profiles.reshape(2, COUNT, rows), axis=1)
    # One may lie a pixel beside the others.
    return np.repeat(cv2.dilate(usual, np.ones((1, 3), np.uint8)), COUNT, axis=0)


def _line_in(profile: NDArray[np.float32]) -> tuple[int, NDArray[np.float32]]:
    """Return where in a wall's profile the line begins, and its density there."""
    values = profile.tolist()
    paper, highest = min(values), max(values)
    if highest - paper < _FAINTEST_LINE:
        return 0, profile[:0]
    peak = values.index(highest)
    edge = paper + max(0.08 * (highest - paper), 0.3 * _FAINTEST_LINE)
    start = peak
    while start > 0 and edge < values[start - 1] <= values[start] + 0.02:
        start -= 1
    stop = peak + 1
    while stop < len(values) and edge < values[stop] <= values[stop - 1] + 0.02:
        stop += 1
    return start, profile[start:stop] - np.float32(paper)


def _bridge(
    rest: NDArray[np.float32],
    inks: NDArray[np.float32],
    lines: NDArray[np.float32],
    level: float,
    thickness: int,
) -> None:
    """Give strokes back, in place, that are seen on both sides of a line which hides them."""
    hiding = lines > _HIDING * level
    if not hiding.any():
        return
    strong = (rest > _REST * level).astype(np.uint8)
    side = thickness + 2
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    closed = cv2.morphologyEx(strong, cv2.MORPH_CLOSE, disc)
    hidden = hiding & (closed > strong)
    rest[hidden] = np.maximum(rest[hidden], np.minimum(inks[hidden], level))


def _line_colour(strip: Strip, totals: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Return the printed line's density in the three channels, or None."""
    reach = max(2, round(_WALL_REACH * strip.height))
    samples = []
    for side in _sides(strip, 0.2):
        upright, at, along = side
        view = totals.T if upright else totals
        bands = _bands(view, side, reach)
        middle = bands.shape[2] // 2
        profiles = np.partition(bands, middle, axis=2)[:, :, middle]
        peaks = profiles.argmax(axis=1)
        there = profiles.max(axis=1) - profiles.min(axis=1) >= _FAINTEST_LINE
        rows = np.minimum(np.maximum(at + peaks - reach, 0), len(view) - 1)[there, None]
        columns = np.minimum(np.maximum(along, 0), view.shape[1] - 1)[there]
        places = (columns, rows) if upright else (rows, columns)
        samples.append(strip.densities[places].reshape(-1, 3))
    every = np.concatenate(samples)
    if not len(every):
        return None
    colour = _usual_colour(every)
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
    return _usual_colour(strip.densities[rows][:, columns].reshape(-1, 3)[strong])


def _usual_colour(densities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the median of each channel, `(3,)`, of `(n, 3)`, n ≥ 1."""
    channels = np.ascontiguousarray(densities.T)
    return np.array([median(channel) for channel in channels], np.float32)


def _angle(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    cosine = (a * b).sum() / (np.sqrt((a * a).sum() * (b * b).sum()) + 1e-9)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _parted(
    densities: NDArray[np.float32],
    line: NDArray[np.float32],
    ink: NDArray[np.float32],
    most: float,
) -> NDArray[np.float32] | None:
    """Return the ink alone, as `_part` does, smoothed if it has to be; None if it is too noisy.

    Args:
        densities: `(h, w, 3)`.
        line: the line's colour, `(3,)`.
        ink: the ink's.
        most: standard deviation of its noise.
    """
    parted = _part(densities, line, ink)
    if _grain(parted) < most:
        return parted
    soft = np.asarray(cv2.GaussianBlur(densities, (0, 0), _SMOOTHING), np.float32)
    parted = _part(soft, line, ink)
    return parted if _grain(parted) < most else None


def _part(
    densities: NDArray[np.float32], line: NDArray[np.float32], ink: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return each pixel's density of ink when line and ink add up to what is seen.

    Densities of inks printed over each other add (Beer and Lambert); two colours
    and three channels make it a least squares problem.
    """
    line = line / np.sqrt((line * line).sum())
    ink = ink / np.sqrt((ink * ink).sum())
    cosine = (line * ink).sum()
    alike = 1 - cosine * cosine
    # Shares of both, and what the ink's would be if it were alone.
    matrix = np.stack([(line - cosine * ink) / alike, (ink - cosine * line) / alike, ink])
    shares = cv2.transform(densities, matrix.astype(np.float32))
    # Where only one of the two can explain the pixel, it must be the ink alone.
    amount = np.where(shares[..., 0] < 0, shares[..., 2], shares[..., 1])
    return np.asarray(np.maximum(amount, 0) * float(ink.mean()), np.float32)
