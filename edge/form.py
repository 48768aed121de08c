"""A page or an envelope with five boxes to print, as pure geometry in millimetres.

x to the right and y down from the upper left corner. `form_pdf` and `form_svg` write what
`lay_out` returns.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from edge.errors import FormError
from edge.markers import (
    BOX_HEIGHT,
    BOX_WIDTH,
    CELLS,
    CLEARANCE,
    FILL,
    LEFT,
    RIGHT,
    SIDE,
    marker_bits,
    marker_corners,
)
from edge.row import COUNT

Color = tuple[float, float, float]
"""Red, green and blue, 0 to 1."""

BLACK: Color = (0.0, 0.0, 0.0)
COLORS: dict[str, Color] = {
    "red": (0.80, 0.18, 0.22),
    "orange": (0.94, 0.52, 0.20),
    "black": BLACK,
}
"""In which boxes can be printed."""

LINE_WIDTH = 0.4
"""Of the boxes, mm."""
CHECK_LENGTH = 50.0
"""Of the line that tells whether the printer has scaled the page, mm."""

# From the paper's edge, mm: few printers reach further, and the note needs no more.
_MARGIN = 6.0
# Free on an envelope for the sorting machine, mm: the Korean post's rules for standard
# letters leave so much empty below and to the right of the postcode.
_BELOW = 17.0
_RIGHT_OF = 20.0
# Between two rows of a sheet, mm, with a line to cut along in its middle.
_BETWEEN = 10.0
# Of a capital and its descender, and from one line of the note to the next, mm.
_TEXT_SIZE = 2.4
_LINE_SPACING = 3.4
# What stands above the rows: check line and note, mm from the upper edge.
_HEAD = 20.0
_THIN = 0.2

_NOTE = (
    ("Print at 100 % (actual size): this line is 50 mm long.", False),
    ("100 %(실제 크기)로 인쇄하세요: 위의 선은 50 mm입니다.", True),
)


@dataclass(frozen=True)
class Size:
    """A paper's size."""

    width: float
    """mm"""
    height: float
    """mm"""
    is_envelope: bool
    """Whether the boxes stand low on the right, where a postcode is looked for."""


SIZES: dict[str, Size] = {
    "dl": Size(220.0, 110.0, True),
    "c6": Size(162.0, 114.0, True),
    "c5": Size(229.0, 162.0, True),
    "c4": Size(324.0, 229.0, True),
    "no10": Size(241.3, 104.8, True),
    "a6": Size(105.0, 148.0, False),
    "a5": Size(148.0, 210.0, False),
    "a4": Size(210.0, 297.0, False),
    "letter": Size(215.9, 279.4, False),
}
"""By name; ISO 216 and 269, and North America's letter and No. 10 envelope."""


@dataclass(frozen=True)
class Box:
    """A printed box, up to the middle of its line."""

    left: float
    """mm"""
    top: float
    """mm"""
    width: float = BOX_WIDTH
    """mm"""
    height: float = BOX_HEIGHT
    """mm"""

    @property
    def right(self) -> float:
        """Of the right line, mm."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Of the lower line, mm."""
        return self.top + self.height


@dataclass(frozen=True)
class Marker:
    """An ArUco marker."""

    left: float
    """mm"""
    top: float
    """mm"""
    cell: float
    """Side of one of its squares, mm."""
    squares: tuple[tuple[int, int], ...]
    """Column and row of each black square."""


@dataclass(frozen=True)
class Line:
    """A straight line, dashed or not."""

    x1: float
    """mm"""
    y1: float
    """mm"""
    x2: float
    """mm"""
    y2: float
    """mm"""
    is_dashed: bool = False
    """Whether it is one to cut along."""
    width: float = _THIN
    """mm"""


@dataclass(frozen=True)
class Text:
    """A line of text."""

    words: str
    """In one script."""
    left: float
    """mm"""
    base: float
    """Of the letters, mm."""
    is_korean: bool
    """Which font has its letters."""
    size: float = _TEXT_SIZE
    """Of the font, mm."""


@dataclass(frozen=True)
class Form:
    """What is printed, and where."""

    width: float
    """mm"""
    height: float
    """mm"""
    color: Color
    """Of the boxes."""
    rows: tuple[tuple[Box, ...], ...]
    """Five boxes each, from left to right; the rows from top to bottom."""
    markers: tuple[Marker, ...]
    """Two of each row, or none."""
    lines: tuple[Line, ...]
    """Check line and cutting lines, black."""
    texts: tuple[Text, ...]
    """The note, black."""


def lay_out(
    size: str = "a4",
    color: Literal["red", "orange", "black"] | str = "red",
    has_markers: bool = False,
    is_joined: bool = False,
    rows: int = 1,
    has_note: bool = True,
) -> Form:
    """Lay a page or an envelope out.

    The boxes have the size, and where they stand apart the pitch, of `markers`. On an
    envelope the row stands low on the right; on a sheet the rows are spread over the page.

    Args:
        size: one of `SIZES`.
        color: one of `COLORS`.
        has_markers: whether a marker stands on either side of each row.
        is_joined: whether neighbours share their wall.
        rows: how many; on an envelope one. A photo may show one of them.
        has_note: whether the check line and its note are printed.

    Raises:
        FormError: no such form can be made.
    """
    if size not in SIZES:
        raise FormError(f"{size!r} is no paper size; choose one of {', '.join(SIZES)}")
    if color not in COLORS:
        raise FormError(f"{color!r} is no colour of boxes; choose one of {', '.join(COLORS)}")
    if has_markers and is_joined:
        raise FormError("boxes between markers stand apart; leave markers or joined boxes out")
    paper = SIZES[size]
    most = most_rows(size)
    if not 1 <= rows <= most:
        raise FormError(f"{rows} rows don't go on {size}; choose 1 to {most}")

    pitch = BOX_WIDTH if is_joined else BOX_WIDTH / FILL
    length = (COUNT - 1) * pitch + BOX_WIDTH
    # What a row takes up to the left and to the right of its boxes.
    beside = CLEARANCE + SIDE if has_markers else 0.0
    if paper.is_envelope:
        left = paper.width - _RIGHT_OF - beside - length
        tops = [paper.height - _BELOW - BOX_HEIGHT]
    else:
        left = (paper.width - length) / 2
        share = (paper.height - _HEAD - _MARGIN) / rows
        tops = [_HEAD + share * (k + 0.5) - BOX_HEIGHT / 2 for k in range(rows)]
    boxes = tuple(tuple(Box(left + pitch * k, top) for k in range(COUNT)) for top in tops)
    markers = [marker for row in boxes for marker in _markers(row)] if has_markers else []
    cuts = [
        Line(_MARGIN, middle, paper.width - _MARGIN, middle, is_dashed=True)
        for above, below in pairwise(boxes)
        for middle in [(above[0].bottom + below[0].top) / 2]
    ]
    lines = (*_check_line(), *cuts) if has_note else tuple(cuts)
    texts = _note() if has_note else ()
    return Form(paper.width, paper.height, COLORS[color], boxes, tuple(markers), lines, texts)


def most_rows(size: str) -> int:
    """Return how many rows go on a size of `SIZES`."""
    paper = SIZES[size]
    if paper.is_envelope:
        return 1
    return int((paper.height - _HEAD - _MARGIN) // (BOX_HEIGHT + _BETWEEN))


def _markers(row: tuple[Box, ...]) -> list[Marker]:
    """Return the two markers of a row whose boxes stand apart."""
    pitch = row[1].left - row[0].left
    start = row[0].left - (pitch - BOX_WIDTH) / 2
    markers = []
    for name in (LEFT, RIGHT):
        x, y = marker_corners()[name][0].tolist()
        squares = _black_squares(name)
        markers.append(
            Marker(start + x * pitch, row[0].top + y * BOX_HEIGHT, SIDE / CELLS, squares)
        )
    return markers


def _black_squares(name: int) -> tuple[tuple[int, int], ...]:
    return tuple(
        (column, row)
        for row, bits in enumerate(marker_bits(name).tolist())
        for column, is_white in enumerate(bits)
        if not is_white
    )


def _check_line() -> tuple[Line, ...]:
    """Return the line of 50 mm, with a tick at either end."""
    left, right, y = _MARGIN, _MARGIN + CHECK_LENGTH, _MARGIN + 1.5
    ticks = (Line(x, y - 1.5, x, y + 1.5) for x in (left, right))
    return (Line(left, y, right, y), *ticks)


def _note() -> tuple[Text, ...]:
    return tuple(
        Text(words, _MARGIN, _MARGIN + 3.4 + _LINE_SPACING * (k + 1) - 1.0, is_korean)
        for k, (words, is_korean) in enumerate(_NOTE)
    )
