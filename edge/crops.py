"""A flattened row of boxes → the ink of five digits.

The printed lines are taken out (see `lines`). What is left is smoothed as much as the
paper's grain needs and falls into connected parts, each with a place where it is surely
ink, and what hangs together with that. A part belongs to the box in which most of it lies,
however far it runs into the neighbour's; one that is at home in two is cut between them, where
the digits hang together least (see `seam`) or else along the border.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.lines import take_lines_out
from edge.quantiles import median, quantile
from edge.row import COUNT
from edge.seam import parted
from edge.strip import Strip

# Ink fainter than this density is not told from paper grain.
_FAINTEST_INK = 0.055
# Ink must stand out from the paper's own noise by this many standard deviations.
_NOISE_FACTOR = 4.0
# Beside sure ink, such a part of a stroke's least density, and so many standard
# deviations of the noise, are ink too: strokes thin out where they cross or turn.
_WEAK = 0.75
_WEAK_NOISE_FACTOR = 2.5
# Standard deviation of the smoothing, px, on clean paper, and how many times more at most.
_SMOOTHING = 0.8
_MOST_SMOOTHING = 2.5
# Part of the ink's usual density from which on it is a stroke.
_STROKE = 0.38
# What differs from paper's usual darkness so many times more than neighbours do is no grain but a
# pattern, or stripes of shadow. Ink that is so many times as dark as its dark parts is told from
# them: as dark as this quantile of what lies so far above or below the boxes, in box heights.
_PATTERN, _DARKER = 4.0, 1.5
_DARK_PART, _CLEAR_OF_BOXES = 0.85, 0.1
# A part of which this share lies in one box belongs to it as a whole.
_AT_HOME = 0.72
# A digit is at least this part of its box high or wide; less is a speck.
_LEAST_EXTENT = 0.16
# Parts smaller than this share of the largest are dust, unless they lie close.
_LEAST_SHARE = 0.02
# Fewer pixels than this are no stroke.
_LEAST_PIXELS = 4
# As far as this, in extents of the main part, others belong to its digit.
_NEAR = 0.35
# A piece of ink is small below this side (of a square of its area), and then must
# lie this far inside of the box, both in box heights.
_PIECE = 0.15
_PIECE_INSET = 0.08
# A part is its box's if half of it lies inside, or this share where every one that does is smaller
# than this part of it: who writes large may write more than half of a digit beside its box. What
# lies all along so near a wall, in box sizes, is no such digit, but a rest of the line.
_HOME, _HALF_HOME, _MERE = 0.5, 0.25, 0.5
_ON_WALL = 0.14
# So thin, by the box's height, so long, by its width, and so near a wall, a part is a rest
# of the printed line.
_THIN = 0.12
_LONG = 0.3
_BESIDE = 0.16
# Longer than this, by the box, and so near its walls, with so much of it, it is the line of paper
# that is bent, if there is another part in the box.
_BENT_LONG, _BENT_NEAR, _BENT_SHARE = 0.6, 0.24, 0.9
# And so high, with both ends so near a wall, it is both sides of one that was cleared askew.
_WHOLE, _ASTRIDE = 0.7, 0.22


class _Parts(NamedTuple):
    """Connected parts of the ink; number 0 is the paper."""

    labels: NDArray[np.int32]
    """(h, w): number of each pixel's part."""
    stats: NDArray[Any]
    """(n, 5): left, top, width, height and area of each."""
    centres: NDArray[np.float64]
    """(n, 2): x and y."""
    shares: NDArray[np.intp]
    """(n, 5): pixels of each in which box."""

    @property
    def areas(self) -> NDArray[Any]:
        """(n,)."""
        return np.asarray(self.stats[:, cv2.CC_STAT_AREA])

    @property
    def owners(self) -> NDArray[np.intp]:
        """(n,): the box in which most of it lies."""
        return np.asarray(self.shares.argmax(axis=1))


def cut_digits(strip: Strip) -> list[NDArray[np.uint8] | None]:
    """Find the ink of each box.

    Args:
        strip: from `strip.flatten`.

    Returns:
        Five times `uint8 (h, w)`, 0 for paper and 255 for full ink, as large as the
        digit needs; None where the box is blank.
    """
    inks, level = take_lines_out(strip)
    return _digits_in(inks, strip, level)


def _digits_in(
    inks: NDArray[np.float32], strip: Strip, level: float
) -> list[NDArray[np.uint8] | None]:
    """Tell strokes from paper, and which belong to which box."""
    # From here on in parts of the light that is missing: a stroke's middle is so dense that
    # beside it the edges, a part of its width, would seem to be none.
    dark, level = 1 - np.exp(-inks), 1 - math.exp(-level)
    soft, paper, noise = _smoothed(dark, level, strip)
    level -= paper
    owners = strip.owners()
    # One box may have finer strokes than the others, which come out paler.
    levels = np.minimum([_STROKE * each for each in _levels(soft, strip, level)], _STROKE * level)
    seeds = soft > np.maximum(levels, max(_FAINTEST_INK, _NOISE_FACTOR * noise))[owners]
    levels = np.maximum(_WEAK * levels, max(_FAINTEST_INK, _WEAK_NOISE_FACTOR * noise))
    piece = (_PIECE * strip.height) ** 2
    parts = _parts((soft > levels[owners]).astype(np.uint8), owners, piece)
    if len(parts.areas) == 1:
        return [None] * COUNT
    # A part has to have a place where it is surely ink.
    surely = np.bincount(parts.labels[seeds], minlength=len(parts.areas))
    counts = (surely >= _LEAST_PIXELS) & ~_are_rests(parts, strip)
    counts[0] = False
    counts &= _are_at_home(parts, counts, strip, piece)
    bent = _along_walls(parts, strip, _BENT_NEAR)
    return [
        _one_digit(soft, parts, counts & (parts.owners == box), bent, strip, box, levels[box])
        for box in range(COUNT)
    ]


def _parts(mask: NDArray[np.uint8], owners: NDArray[np.intp], piece: float) -> _Parts:
    """Return the connected parts of a mask, cut between boxes where no box has most of one.

    Args:
        mask: 1 in ink, else 0.
        owners: box of each column, from 0 to 4.
        piece: least area of a part that is a piece of a digit, px².
    """
    parts = _connected(mask, owners)
    is_shared = parts.shares.max(axis=1) < _AT_HOME * parts.areas
    is_shared[0] = False
    if not is_shared.any():
        return parts
    shared = is_shared[parts.labels]
    straight = np.tile(owners.astype(np.uint8), (len(mask), 1))

    def pieces(cut: _Parts) -> int:
        return int(np.count_nonzero(cut.areas[np.unique(cut.labels[shared])] >= piece))

    # Where strokes lie on one another the way between them may lead through a digit, twice.
    cuts = [_cut(mask, shared, places) for places in (parted(shared, owners), straight)]
    return min(cuts, key=pieces)


def _cut(mask: NDArray[np.uint8], shared: NDArray[np.bool_], places: NDArray[np.uint8]) -> _Parts:
    """Return the connected parts of a mask of which the shared ones are cut between `places`."""
    # What would hang together with ink of a box before its own.
    borders = places > cv2.erode(places, np.ones((3, 3), np.uint8))
    return _connected(np.where(shared & borders, np.uint8(0), mask), places)


def _connected(mask: NDArray[np.uint8], owners: NDArray[np.integer[Any]]) -> _Parts:
    """Return the connected parts of a mask; `owners` are the boxes of columns or of pixels."""
    count, labels, stats, centres = cv2.connectedComponentsWithStats(mask, None, 8)
    # How much of each part lies in which box.
    places = labels * COUNT + owners
    shares = np.bincount(places.ravel(), minlength=count * COUNT).reshape(count, COUNT)
    return _Parts(labels, stats, centres, shares)


def _smoothed(
    dark: NDArray[np.float32], level: float, strip: Strip
) -> tuple[NDArray[np.float32], float, float]:
    """Smooth as much as the paper's grain needs.

    Returns:
        How much darker than paper it is; how dark the dark parts of paper are that has a pattern,
        else 0; and the standard deviation of its grain.
    """
    soft = cv2.GaussianBlur(dark, (0, 0), _SMOOTHING)
    paper, noise = _grain(soft)
    excess = _NOISE_FACTOR * noise / (_STROKE * level)
    if excess > 1:
        _, fine = _grain(soft - cv2.blur(soft, (3, 3)))
        pattern = _dark_part(soft, strip)
        if noise > _PATTERN * fine and _DARKER * pattern < level:
            return _above(soft, pattern), pattern, fine
        soft = cv2.GaussianBlur(dark, (0, 0), _SMOOTHING * min(excess, _MOST_SMOOTHING))
        paper, noise = _grain(soft)
    return _above(soft, paper), 0.0, noise


def _above(soft: NDArray[np.float32], paper: float) -> NDArray[np.float32]:
    return np.asarray(np.maximum(soft - np.float32(paper), 0), np.float32)


def _dark_part(soft: NDArray[np.float32], strip: Strip) -> float:
    """Return how dark paper's dark parts are: above or below the boxes, wherever it is less.

    For above them something may be printed.
    """
    away = round(_CLEAR_OF_BOXES * strip.height)
    beside = soft[: strip.top - away], soft[strip.bottom + away :]
    return min(quantile(part.ravel(), _DARK_PART) for part in beside)


def _grain(soft: NDArray[np.float32]) -> tuple[float, float]:
    """Return how dark paper is, and its standard deviation."""
    grain = soft[:: max(1, len(soft) // 24)].ravel()
    paper = median(grain)
    return paper, median(np.abs(grain - np.float32(paper))) / 0.6745


def _levels(soft: NDArray[np.float32], strip: Strip, level: float) -> list[float]:
    """Return how dense each box's strokes are: the 97th percentile, at least half as usual."""
    rows, columns = strip.middle
    inner = soft[rows][:, columns].reshape(len(range(*rows.indices(len(soft)))), COUNT, -1)
    flat = inner.transpose(1, 0, 2).reshape(COUNT, -1)
    place = int(0.97 * (flat.shape[1] - 1))
    highest = np.partition(flat, place, axis=1)[:, place]
    return [max(float(each), 0.5 * level) for each in highest]


def _are_at_home(
    parts: _Parts, counts: NDArray[np.bool_], strip: Strip, piece: float
) -> NDArray[np.bool_]:
    """Tell which parts lie mostly inside of boxes, or are most of what lies there at all.

    Small pieces along the walls, most of all where two lines meet, are the line's: for a small
    piece the box begins a little further in.

    Args:
        parts: of the ink.
        counts: which of them are ink, `(n,)`.
        strip: that they are in.
        piece: area below which a part is small, px².
    """

    def share(inset: int) -> NDArray[np.float64]:
        columns = strip.lefts[:, None] + np.arange(inset, max(inset + 1, strip.width - inset))
        inner = parts.labels[strip.top + inset : strip.bottom - inset][:, columns.ravel()]
        within = np.bincount(inner.ravel(), minlength=len(parts.areas))
        return np.asarray(within / parts.areas)

    are_small = parts.areas < piece
    whole = share(0)
    inside = np.where(are_small, share(round(_PIECE_INSET * strip.height)), whole) >= _HOME
    largest = np.zeros(COUNT, np.intp)
    chosen = counts & inside
    np.maximum.at(largest, parts.owners[chosen], parts.areas[chosen])
    are_most = (largest[parts.owners] < _MERE * parts.areas) & (whole >= _HALF_HOME)
    if are_most.any():
        are_most &= ~are_small & ~_along_walls(parts, strip, _ON_WALL)
    return inside | are_most


def _are_rests(parts: _Parts, strip: Strip) -> NDArray[np.bool_]:
    """Tell which parts are rests of the line: thin, and along a wall, where paper was not flat."""
    stats = parts.stats
    thin, long = _THIN * strip.height, _LONG * strip.width
    middles = stats[:, :2] + stats[:, 2:4] / 2
    heights, widths = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    walls_x = np.concatenate([strip.lefts, strip.rights])
    off_x = np.abs(middles[:, :1] - walls_x).min(axis=1)
    off_y = np.abs(middles[:, 1:] - [strip.top, strip.bottom]).min(axis=1)
    along = (heights < thin) & (widths > long) & (off_y < _BESIDE * strip.height)
    upright = (widths < thin) & (heights > long) & (off_x < _BESIDE * strip.width)
    # Both sides of one wall, where the row was fitted leaning.
    ends = stats[:, 0], stats[:, 0] + stats[:, cv2.CC_STAT_WIDTH]
    far = np.maximum(*(np.abs(end[:, None] - walls_x) for end in ends)).min(axis=1)
    leaning = (heights > _WHOLE * strip.height) & (far < _ASTRIDE * strip.width)
    return np.asarray(along | upright | leaning)


def _along_walls(parts: _Parts, strip: Strip, reach: float) -> NDArray[np.bool_]:
    """Tell which parts are thin, long and nearer to walls than `reach`, in box sizes, all along."""
    stats = parts.stats
    widths, heights = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    long = (widths > _BENT_LONG * strip.width) | (heights > _BENT_LONG * strip.height)
    found = long & (parts.areas < _THIN * strip.height * (widths + heights))
    found[0] = False
    if not found.any():
        return np.asarray(found)
    down, across = (np.arange(side) for side in parts.labels.shape)
    walls = np.concatenate([strip.lefts, strip.rights])
    near_x = np.abs(across[:, None] - walls).min(axis=1) < reach * strip.width
    near_y = np.abs(down[:, None] - [strip.top, strip.bottom]).min(axis=1)
    near = (near_y < reach * strip.height)[:, None] | near_x
    for part in np.flatnonzero(found):
        left, top, width, height, area = stats[part].tolist()
        window = slice(top, top + height), slice(left, left + width)
        is_near = (parts.labels[window] == part) & near[window]
        found[part] = np.count_nonzero(is_near) >= _BENT_SHARE * area
    return np.asarray(found)


def _one_digit(
    soft: NDArray[np.float32],
    parts: _Parts,
    own: NDArray[np.bool_],
    bent: NDArray[np.bool_],
    strip: Strip,
    box: int,
    least: float,
) -> NDArray[np.uint8] | None:
    """Return the ink of one box's digit, cut out; None where there is none."""
    if not own.any():
        return None
    stats = parts.stats
    middle = np.array([strip.lefts[box] + strip.width / 2, strip.top + strip.height / 2])
    off = np.abs(parts.centres - middle) / [strip.width, strip.height]
    areas = parts.areas.astype(float)
    # The main part is the largest, those near the middle of the box first.
    weights = areas * np.maximum(0.05, 1 - off.sum(axis=1))
    weights[~own] = 0
    main = int(weights.argmax())
    x, y, width, height = stats[main, :4].tolist()
    extent = max(width, height)
    if extent < _LEAST_EXTENT * min(strip.width, strip.height):
        return None
    gaps_x = np.maximum(stats[:, 0] - (x + width), x - (stats[:, 0] + stats[:, 2]))
    gaps_y = np.maximum(stats[:, 1] - (y + height), y - (stats[:, 1] + stats[:, 3]))
    chosen = (np.maximum(gaps_x, gaps_y) <= _NEAR * extent) & (
        areas >= max(_LEAST_PIXELS, _LEAST_SHARE * areas[main])
    )
    chosen &= own & ~bent
    chosen[main] = True
    left_edge, top_edge = stats[chosen, 0].min(), stats[chosen, 1].min()
    right_edge = (stats[chosen, 0] + stats[chosen, 2]).max()
    bottom_edge = (stats[chosen, 1] + stats[chosen, 3]).max()
    window = (
        slice(max(0, top_edge - 3), bottom_edge + 3),
        slice(max(0, left_edge - 3), right_edge + 3),
    )
    kept = chosen[parts.labels[window]]
    ink = soft[window]
    strokes = ink[kept]
    place = int(0.75 * (len(strokes) - 1))
    full = float(np.partition(strokes, place)[place])
    # Between paper and full ink the grey levels are kept: they are the antialiasing.
    nothing = min(0.5 * least, 0.4 * full)
    near = cv2.dilate(kept.astype(np.uint8), np.ones((5, 5), np.uint8))
    grey = np.clip((ink - nothing) / (full - nothing), 0, 1) * near
    return np.asarray(grey * 255, np.uint8)
