"""Tells a row of five boxes from five boxes of another row: by what is beside and between them.

The row is flattened together with one more place at either end, as fine as its lines can be
seen. Boxes of a longer row have upper and lower lines at the height of the five's, and upright
walls where the pitch asks for them; ink may hide parts of them, but what is seen of them is
compared with what is seen of the five's own, in which there is ink too. An address line's
strokes beside the row, or a guide line that leaves it, make one of these at most.
"""

from __future__ import annotations

from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.ink import line_darkness
from edge.picture import Picture
from edge.quantiles import median
from edge.row import COUNT, Row, project, unit_corners
from edge.scales import LINE_REACH
from edge.strip import warped
from edge.walls import FAINTEST, find_sides, find_walls

# From these parts of the other boxes' walls on they are there. In the 406 of 450 rendered
# validation photos of postcodes in which the five boxes were found, the most that is seen is
# 0.57 between them, 0.77 dividing most of them at one place, where upright strokes of digits
# are, and 0.65 in every one at any place. Beside the five no more than 0.59 is seen in 519 photos
# that were read right, but neither is it in two of six and of eleven boxes. Off that place by one
# of `_MOVES` two of the 519 have more, and both of these.
_BESIDE, _BETWEEN, _DIVIDING, _CROSSING = 0.6, 0.7, 0.85, 0.72

# Height of a box in the flattened surroundings, px: about what the photo has, within these
# limits, and the least pitch.
_LEAST_HEIGHT, _MOST_HEIGHT = 24, 40
_LEAST_PITCH = 8.0
# Room around the places, in box heights or pitches.
_ROOM = 0.4
# A place that is farther outside of the picture than this, in box heights, isn't looked at.
_BEYOND = 0.1
# Other boxes' lines are about as dark as the five's: squared paper is printed fainter.
_AS_DARK = 0.6
# What is seen of the five's own walls counts as so much, or less would prove others.
_LEAST_SEEN = 0.3
# Of the wall that a sixth joined box has alone so much is seen at least.
_LEAST_UPRIGHT = 0.1
# A sixth box lies where the five say, but for as much of a pitch: a row that is a little too short
# or too long for five is off by more at the next.
_MOVES = (0.0, -0.05, 0.05)
# Boxes that fill no more of the pitch than this leave room for others between them.
_GAP_FILL = 0.65
# At these parts of the boxes' width walls inside of them are looked for.
_PLACES = (0.26, 0.38, 0.5, 0.62, 0.74)

_TOP, _RIGHT, _BOTTOM, _LEFT = range(4)
_LEVEL = np.array([[_TOP, _BOTTOM]])
# Of what is to one side of each such place in five boxes, the side that lies inside.
_INNER = np.repeat([_LEFT if place < 0.5 else _RIGHT for place in _PLACES], COUNT)[:, None]


class Others(NamedTuple):
    """How much is seen of boxes that would make five ones a part of something else.

    Each but the last two is the mean part of their walls that is seen, compared with the five's
    own, 0 to 1.
    """

    beside: float
    """Of a sixth box before the first or after the last, whichever is more."""
    between: float
    """Of boxes in the gaps, so that the five would be every second of a row."""
    dividing: float
    """Of a wall at one place inside of the boxes, so that each would be two, or box and gap."""
    crossing: float
    """Of walls anywhere inside of every box, so that the pitch would be another one."""
    about: float
    """Of a sixth box as near to its place as the five may be wrong about it."""
    own: float
    """Of the five's own walls, the level or the upright ones, whichever is less: lines of a longer
    row are level for all five."""
    worst: float
    """Of the box whose walls are seen least, compared with the next: four boxes with a hyphen
    before them make a row whose first box is hardly there."""

    @property
    def are_there(self) -> bool:
        """Whether the five are no row of five."""
        return (
            self.beside > _BESIDE
            or self.between > _BETWEEN
            or self.dividing > _DIVIDING
            or self.crossing > _CROSSING
        )

    @property
    def may_be_there(self) -> bool:
        """Whether there may be a sixth box that lies a little off its place."""
        return self.about > _BESIDE


def other_boxes(image: NDArray[np.uint8] | Picture, row: Row) -> Others:
    """Look for boxes beside, between and inside of those of a row.

    Args:
        image: the picture it was found in, or its pixels, `uint8 (h, w, 3)` BGR or
            `(h, w)`; not written to.
        row: its place in the picture.
    """
    picture = Picture.of(image)
    dark, to_dark = _flattened(picture, row)
    five = find_walls(dark, project(to_dark, unit_corners(row.fill)))
    usual = np.maximum(np.median(np.nan_to_num(five.seen, nan=1.0), axis=0), _LEAST_SEEN)
    own = min(float(np.nan_to_num(five.seen[:, way::2]).mean()) for way in (_TOP, _RIGHT))
    each = np.sort(np.nan_to_num(five.seen, nan=1.0).mean(axis=1))
    worst = float(each[0] / max(each[1], _LEAST_SEEN))
    least = max(_AS_DARK * five.darkness, FAINTEST)

    beside = about = between = 0.0
    ends = [end for end in (-1, COUNT) if _is_inside(row, end, picture)]
    if ends:
        quads = np.stack([unit_corners(row.fill, k, k + 1) for k in ends])
        moved = np.concatenate([quads + np.array([[move, 0]], np.float32) for move in _MOVES])
        sixth = find_walls(dark, project(to_dark, moved.reshape(-1, 4, 2)), least=least)
        proven = sixth.proven.reshape(len(_MOVES), len(ends), 4)
        beside, about = (
            max(map(_of_sixth, np.minimum(seen / usual, 1), ends, repeat(row)))
            for seen in (proven[0], proven.max(axis=0))
        )
    # Each wall is compared with the five's own of the same side.
    parts = [(_parts(row.fill), _INNER)]
    if row.fill <= _GAP_FILL:
        parts.append((_gaps(row.fill), _LEVEL))
    (inner, *level) = (
        np.minimum(proven / usual[sides], 1)
        for (_, sides), (_, proven) in zip(
            parts,
            find_sides(dark, [(project(to_dark, quads), sides) for quads, sides in parts], least),
            strict=True,
        )
    )
    if level:
        between = median(level[0].mean(axis=1))
    inside = inner.reshape(len(_PLACES), COUNT)
    # A sixth of a box apart, two places would see the same stroke that leans.
    dividing = float(np.median(inside[::2], axis=1).max())
    crossing = float(inside.max(axis=0).min())
    return Others(beside, between, dividing, crossing, about, own, worst)


def _of_sixth(seen: NDArray[np.floating[Any]], place: int, row: Row) -> float:
    """Return how much is seen, `(4,)`, of the walls before or after the row that are a sixth box's.

    Lines of ruled paper may go on at the boxes' upper and lower ones, and alone make none: one that
    stands apart is seen no better than its upright walls are.
    """
    near, far = (_RIGHT, _LEFT) if place < 0 else (_LEFT, _RIGHT)
    if row.joined:
        # The near wall is the five's own.
        return float(seen[[_TOP, _BOTTOM, far]].mean()) if seen[far] > _LEAST_UPRIGHT else 0.0
    return float(min(seen.mean(), seen[[near, far]].mean()))


def _gaps(fill: float) -> NDArray[np.float32]:
    """Return the corners of the gaps between the boxes, `(4, 4, 2)`."""
    boxes = unit_corners(fill)
    return np.stack([boxes[:-1, 1], boxes[1:, 0], boxes[1:, 3], boxes[:-1, 2]], axis=1)


def _parts(fill: float) -> NDArray[np.float32]:
    """Return corners of what is to one side of each place inside of the boxes, `(25, 4, 2)`.

    The wider part of each box, as lines are looked for within a share of its width.
    """
    parts = []
    for at in _PLACES:
        part = unit_corners(fill)
        if at < 0.5:
            part[:, [0, 3], 0] += fill * at
        else:
            part[:, [1, 2], 0] -= fill * (1 - at)
        parts.append(part)
    return np.concatenate(parts)


def _is_inside(row: Row, place: int, picture: Picture) -> bool:
    corners = row.corners(place, place + 1)
    beyond = _BEYOND * row.height
    most = np.array([picture.width, picture.height], np.float32) - 1 + beyond
    return bool((corners >= -beyond).all() and (corners <= most).all())


def _flattened(picture: Picture, row: Row) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return where it is dark around the row, and how the row's coordinates lie there."""
    tall, wide = row.extent
    height = round(min(max(tall, _LEAST_HEIGHT), _MOST_HEIGHT))
    pitch = max(_LEAST_PITCH, height * wide / tall / row.fill)
    to_dark = np.array(
        [[pitch, 0, (1 + _ROOM) * pitch], [0, height, _ROOM * height], [0, 0, 1]], np.float64
    )
    size = round((COUNT + 2 + 2 * _ROOM) * pitch), round((1 + 2 * _ROOM) * height)
    flat = warped(picture, row, to_dark, size, height)
    return line_darkness(flat, LINE_REACH), to_dark
