"""Draws what was not read, or read wrong, on one sheet for people to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.annotate import draw_recording, move, outline
from edge.chart import FAINT, INK, Color, Pen
from edge.errors import InputError
from edge.reading import Reading
from edge.sources.files import is_recording, load_recording
from edge.sources.images import load_image

# px.
_WIDTH, _HEIGHT = 400, 190
_LEAST_HEIGHT = 60
_CAPTION, _GAP, _MARGIN, _TITLE = 50, 18, 24, 56
_COLUMNS = 3
_MOST_SHOWN = 60
# Left around the boxes, in their heights.
_AROUND = 0.9
_LONGEST_NAME = 46

# RGB, the gravest first.
_WRONG, _MISREAD, _UNSURE = (200, 45, 40), (190, 110, 0), (105, 108, 118)


@dataclass(frozen=True)
class Outcome:
    """What was read from an input, and what is true of it."""

    path: Path
    postcode: str
    """The true one."""
    reading: Reading

    @property
    def right(self) -> bool:
        """Whether the guess is right, accepted or not."""
        return self.reading.guess == self.postcode

    @property
    def accepted(self) -> bool:
        """Whether the guess was relied on."""
        return self.reading.status == "accepted"

    @property
    def failed(self) -> bool:
        """Whether somebody else must read it, or should have."""
        return not (self.right and self.accepted)

    @property
    def reason(self) -> str | None:
        """In a word why nothing was accepted; None where something was."""
        if self.accepted:
            return None
        return "error" if self.reading.status == "error" else self.reading.reason

    @property
    def grade(self) -> int:
        """How bad it is: 0, accepted and wrong; 1, guessed wrong; 2, no guess; 3, not sure."""
        if self.accepted:
            return 0
        return 2 if self.reading.guess is None else 3 if self.right else 1


def draw_failures(outcomes: Sequence[Outcome]) -> NDArray[np.uint8]:
    """Draw the inputs that were not read, the worst first, each with what went wrong.

    Args:
        outcomes: of all inputs; the pictures of those that failed are opened again.

    Returns:
        `uint8 (h, w, 3)` BGR, at most 60 pictures in three columns.
    """
    failed = sorted((o for o in outcomes if o.failed), key=lambda o: (o.grade, -_sure(o)))
    shown = failed[:_MOST_SHOWN]
    pictures = [_thumbnail(outcome) for outcome in shown]
    places, height = _lay_out([picture.shape[0] for picture in pictures])
    pen = Pen(2 * _MARGIN + _COLUMNS * (_WIDTH + _GAP) - _GAP, height)
    title = f"{len(failed)} of {len(outcomes)} not read, or read wrong"
    title += f"; the first {len(shown)}" if len(shown) < len(failed) else ""
    pen.text((_MARGIN, 18), title, 20, INK)
    for outcome, picture, (x, y) in zip(shown, pictures, places, strict=True):
        _write_caption(pen, outcome, x, y + picture.shape[0] + 6)
    sheet = pen.picture()
    for picture, (x, y) in zip(pictures, places, strict=True):
        sheet[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    return sheet


def _lay_out(heights: Sequence[int]) -> tuple[list[tuple[int, int]], int]:
    """Return where each picture's top left goes, px, and the height of all."""
    places: list[tuple[int, int]] = []
    top = _TITLE
    for first in range(0, len(heights), _COLUMNS):
        row = heights[first : first + _COLUMNS]
        places += [(_MARGIN + k * (_WIDTH + _GAP), top) for k in range(len(row))]
        top += max(row) + _CAPTION + _GAP
    return places, top + _MARGIN - _GAP


def _sure(outcome: Outcome) -> float:
    return outcome.reading.confidence


def _write_caption(pen: Pen, outcome: Outcome, x: int, y: int) -> None:
    reading = outcome.reading
    color: Color = (_WRONG, _MISREAD, _MISREAD, _UNSURE)[outcome.grade]
    guess = f"read {reading.guess} at {reading.confidence:.1%}" if reading.guess else "not read"
    verdict = outcome.reason or "accepted"
    pen.text((x, y), f"true {outcome.postcode}, {guess}: {verdict}", 14, color)
    name = outcome.path.name
    if len(name) > _LONGEST_NAME:
        name = "…" + name[-_LONGEST_NAME + 1 :]
    # What is no character can't be drawn.
    pen.text((x, y + 19), name.encode("utf-8", "replace").decode(), 13, INK)


def _thumbnail(outcome: Outcome) -> NDArray[np.uint8]:
    """Return the part of a picture where its boxes are, at most as large as a cell."""
    try:
        image, reading = _boxes_only(*_picture(outcome))
    except InputError:
        return np.full((_LEAST_HEIGHT, _WIDTH, 3), FAINT[::-1], np.uint8)
    scale = min(_WIDTH / image.shape[1], _HEIGHT / image.shape[0])
    return outline(image, reading, scale)[:_HEIGHT, :_WIDTH]


def _picture(outcome: Outcome) -> tuple[NDArray[np.uint8], Reading]:
    if not is_recording(outcome.path):
        return load_image(outcome.path), outcome.reading
    recording = load_recording(outcome.path)
    if not isinstance(recording, Mapping) or not outcome.reading.digits:
        raise InputError("it is not a touch recording")
    drawing, to_drawing = draw_recording(recording)
    return drawing, move(outcome.reading, to_drawing)


def _boxes_only(image: NDArray[np.uint8], reading: Reading) -> tuple[NDArray[np.uint8], Reading]:
    """Cut a picture down to the boxes and some of what is around them."""
    quads = [digit.box for digit in reading.digits if digit.box]
    if not quads:
        return image, reading
    corners = np.array(quads)
    around = _AROUND * float(np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1).mean())
    size = image.shape[1::-1]
    low = np.clip(corners.min(axis=(0, 1)) - around, 0, size).astype(int)
    high = np.clip(corners.max(axis=(0, 1)) + around, 0, size).astype(int)
    if (high - low).min() < 1:
        return image, reading
    (left, top), (right, bottom) = low.tolist(), high.tolist()
    return image[top:bottom, left:right], move(reading, np.array([1.0, -left, -top]))
