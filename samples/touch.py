"""Touch recordings: the same digits, written with a finger or a stylus on a screen."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samples.envelope import Write, place_in_box
from samples.handwriting import Hand

Recording = dict[str, list]


@dataclass(frozen=True)
class Screen:
    """Five boxes drawn on a touchscreen."""

    left: int = 40
    # px.
    top: int = 150
    # px.
    width: int = 130
    # Of a box, px.
    height: int = 180
    # Of a box, px.
    pitch: int = 147
    # px from one box's left edge to the next one's.
    interval: float = 10.0
    # Milliseconds between two reports of the touch panel.
    speed: float = 0.9
    # Of the pen, px per millisecond.

    def boxes(self) -> list[list[int]]:
        """Return [x, y, w, h] of the five boxes, px."""
        return [[self.left + i * self.pitch, self.top, self.width, self.height] for i in range(5)]


def record(
    postcode: str,
    screen: Screen,
    hand: Hand,
    write: Write,
    rng: np.random.Generator,
    order: Sequence[int] = (0, 1, 2, 3, 4),
) -> Recording:
    """Return what a touchscreen reports while a postcode is written.

    Args:
        postcode: five digits.
        screen: the boxes and the panel.
        hand: `size` and `wander` of the digits.
        write: gives the strokes of a digit.
        rng: source of pauses, speed and placement.
        order: the boxes in the order in which they are filled.

    Returns:
        `{"boxes": [[x, y, w, h], …], "strokes": [[[x, y, ms], …], …]}`: five boxes, whole screen
        pixels, y down, milliseconds since the recording began.
    """
    boxes = screen.boxes()
    strokes: list[list[list[int]]] = []
    clock = rng.uniform(300, 700)
    for index in order:
        low = np.array(boxes[index][:2], float)
        high = low + boxes[index][2:]
        for stroke in place_in_box(write(int(postcode[index]), rng), low, high, hand, rng):
            points, clock = _report(stroke, clock, screen, rng)
            strokes.append(points)
            clock += rng.uniform(110, 240)
        clock += rng.uniform(250, 600)
    return {"boxes": boxes, "strokes": strokes}


def _report(
    stroke: np.ndarray, start: float, screen: Screen, rng: np.random.Generator
) -> tuple[list[list[int]], float]:
    """One stroke as the panel reports it, and the time at which the pen lifts, ms."""
    steps = np.linalg.norm(np.diff(stroke, axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(steps)])
    duration = max(along[-1] / (screen.speed * rng.uniform(0.8, 1.25)), 4 * screen.interval)
    t = np.arange(0, duration, screen.interval)
    # A pen speeds up, and slows down before it lifts: a minimum-jerk course, 6u⁵-15u⁴+10u³
    # (Flash and Hogan 1985), half mixed with an even one.
    u = t / duration
    course = 0.5 * u + 0.5 * (6 * u**5 - 15 * u**4 + 10 * u**3)
    at = along[-1] * np.append(course, 1.0)
    x = np.interp(at, along, stroke[:, 0])
    y = np.interp(at, along, stroke[:, 1])
    ms = start + np.append(t, duration)
    points = np.rint(np.stack([x, y, ms], axis=1)).astype(int).tolist()
    return points, start + duration


def to_json(recording: Recording) -> str:
    """Return a recording as text, one stroke a line, ending in a newline."""
    boxes = json.dumps(recording["boxes"])
    strokes = ",\n  ".join(json.dumps(s, separators=(",", ":")) for s in recording["strokes"])
    return f'{{"boxes": {boxes},\n "strokes": [\n  {strokes}\n ]}}\n'
