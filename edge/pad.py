"""The textbook's window: five red boxes to write in; what it holds, and how it looks.

Nothing here opens a window. All places are in the book's pixels, on a canvas of 520×200; a
picture of it is drawn at any scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edge import strokes
from edge.reading import Reading

WIDTH, HEIGHT = 520, 200
# The panel that shows what the model sees hangs below the canvas.
PANEL_HEIGHT = 200
# Five boxes side by side, x, y, width, height.
BOXES = tuple((10 + 100 * i, 50, 100, 100) for i in range(5))
# Radius of the pen.
PEN = 4

Action = Literal["erase", "show", "recognise", "quit"]
Point = tuple[float, float]
# A finger that doesn't see them needs no keyboard: the words are buttons too.
LABELS: tuple[tuple[Action, str], ...] = (
    ("erase", "e: erase"),
    ("show", "s: show"),
    ("recognise", "r: recognise"),
    ("quit", "q: quit"),
)
_LABELS_HEIGHT = 44
_LABEL_WIDTH = WIDTH / len(LABELS)
# More than anybody writes: a cloth on the screen must not fill the memory.
_MOST_POINTS = 20_000
# A digit below this confidence is marked where the reading is doubtful.
_DOUBT = 0.95

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_PAPER, _INK = (255, 255, 255), (0, 0, 0)
_BLUE, _RED, _GREY = (255, 0, 0), (0, 0, 255), (110, 110, 110)
# Points of drawn lines carry this many bits below the pixel.
_SHIFT = 4


@dataclass(frozen=True)
class Seen:
    """What the model saw and said."""

    digits: tuple[NDArray[np.uint8] | None, ...]
    """Five `uint8 (28, 28)`, white ink on black; None where the box is blank."""
    probabilities: tuple[NDArray[np.float32] | None, ...]
    """Five `float32 (10,)`."""


@dataclass(frozen=True)
class Pad:
    """What is on the canvas. Each change gives another one."""

    strokes: tuple[tuple[Point, ...], ...] = ()
    """In the order in which they were drawn."""
    is_down: bool = False
    """Whether the pen is on the canvas."""
    reading: Reading | None = None
    """Of all that is drawn; None where it was not recognised since."""
    seen: Seen | None = None
    """What the model saw when the pen was last lifted; None where it is not to be shown."""

    @property
    def recording(self) -> dict[str, Any]:
        """What is drawn as a touch recording."""
        return {"boxes": [list(box) for box in BOXES], "strokes": [list(s) for s in self.strokes]}

    def press(self, x: float, y: float) -> Pad:
        """Put the pen down; what was read is no longer what is drawn."""
        if self._is_full:
            return self
        strokes = (*self.strokes, ((x, y),))
        return replace(self, strokes=strokes, is_down=True, reading=None)

    def move(self, x: float, y: float) -> Pad:
        """Draw on, where the pen is down."""
        if not self.is_down or self._is_full or self.strokes[-1][-1] == (x, y):
            return self
        return replace(self, strokes=(*self.strokes[:-1], (*self.strokes[-1], (x, y))))

    def release(self) -> Pad:
        """Lift the pen."""
        return replace(self, is_down=False)

    @property
    def _is_full(self) -> bool:
        return sum(map(len, self.strokes)) >= _MOST_POINTS


def action_at(x: float, y: float) -> Action | None:
    """Return what a tap on the canvas asks for; None where it is the pen."""
    if not (0 <= x < WIDTH and 0 <= y < _LABELS_HEIGHT):
        return None
    return LABELS[int(x / _LABEL_WIDTH)][0]


def digits_of(recording: dict[str, Any]) -> tuple[NDArray[np.uint8] | None, ...]:
    """Return the five images that the model is given of a recording; None for a blank box."""
    return tuple(strokes.digits_of(strokes.parse_recording(recording)))


def draw(pad: Pad, scale: float = 1.0) -> NDArray[np.uint8]:
    """Draw the canvas, and below it what the model sees where that is to be shown.

    Args:
        pad: what is on it.
        scale: px of the picture for each of the book's.

    Returns:
        `uint8 (h, w, 3)` BGR, 520·scale wide and 200·scale high, 400·scale with the panel.
    """
    image = np.full((round(HEIGHT * scale), round(WIDTH * scale), 3), _PAPER, np.uint8)
    for number, (_, label) in enumerate(LABELS):
        _write(image, label, (number * _LABEL_WIDTH + 10, 28), 0.55, _BLUE, scale)
    for stroke in pad.strokes:
        _line(image, stroke, scale)
    for x, y, width, height in BOXES:
        corner, opposite = _px((x, y), scale), _px((x + width, y + height), scale)
        cv2.rectangle(image, corner, opposite, _RED, _thickness(1, scale))
    if pad.reading is not None:
        _write_reading(image, pad.reading, scale)
    return image if pad.seen is None else np.vstack([image, _panel(pad.seen, scale)])


def _write_reading(image: NDArray[np.uint8], reading: Reading, scale: float) -> None:
    is_sure = reading.status == "accepted"
    for (x, _, _, _), digit in zip(BOXES, reading.digits, strict=False):
        shown = "-" if digit.digit is None else digit.digit
        if digit.digit is not None and not is_sure and digit.confidence < _DOUBT:
            shown += "?"
        _write(image, shown, (x + 40, 180), 1.0, _BLUE, scale, 2)
    percent = f"{reading.confidence:.1%}"
    if is_sure:
        _write(image, f"accepted, {percent}", (10, 195), 0.4, _BLUE, scale)
    else:
        sure = f", {percent}" if reading.guess else ""
        _write(image, f"please look: {reading.reason}{sure}", (10, 195), 0.4, _RED, scale)


def _panel(seen: Seen, scale: float) -> NDArray[np.uint8]:
    """Draw the five images as the model sees them, each with its ten probabilities."""
    panel = np.full((round(PANEL_HEIGHT * scale), round(WIDTH * scale), 3), _PAPER, np.uint8)
    for (x, _, _, _), digit, row in zip(BOXES, seen.digits, seen.probabilities, strict=True):
        left, top = _px((x + 8, 4), scale)
        side = round(84 * scale)
        if digit is None or row is None:
            _write(panel, "blank", (x + 30, 50), 0.4, _GREY, scale)
            continue
        large = cv2.resize(digit, (side, side), interpolation=cv2.INTER_NEAREST)
        panel[top : top + side, left : left + side] = large[:, :, None]
        best = int(row.argmax())
        for number, probability in enumerate(row.tolist()):
            y = 100 + 10 * number
            colour = _BLUE if number == best else _GREY
            _write(panel, str(number), (x + 8, y), 0.3, colour, scale)
            start, end = _px((x + 18, y - 6), scale), _px((x + 18 + 45 * probability, y), scale)
            cv2.rectangle(panel, start, end, colour, cv2.FILLED)
            _write(panel, f"{probability:.2f}", (x + 68, y), 0.3, colour, scale)
    return panel


def _line(image: NDArray[np.uint8], stroke: Sequence[Point], scale: float) -> None:
    # Of a single point OpenCV draws no line, of two equal ones a dot.
    points = np.array(stroke if len(stroke) > 1 else [*stroke, *stroke], np.float64)
    whole = np.rint(points * scale * 2**_SHIFT).astype(np.int32)
    width = max(1, round(2 * PEN * scale))
    cv2.polylines(image, [whole], False, _INK, width, cv2.LINE_AA, _SHIFT)


def _write(
    image: NDArray[np.uint8],
    text: str,
    place: Point,
    size: float,
    colour: tuple[int, int, int],
    scale: float,
    weight: float = 1,
) -> None:
    # Small letters run together when they are fat.
    thickness = _thickness(weight * min(1.0, 2 * size), scale)
    cv2.putText(image, text, _px(place, scale), _FONT, size * scale, colour, thickness, cv2.LINE_AA)


def _px(place: Point, scale: float) -> tuple[int, int]:
    return round(place[0] * scale), round(place[1] * scale)


def _thickness(weight: float, scale: float) -> int:
    return max(1, round(weight * scale))
