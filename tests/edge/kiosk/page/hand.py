"""Pens, fingers and palms, as the browser's own input has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Point = tuple[float, float]


class Glass:
    """What touches the page's screen, by the browser's debugging protocol."""

    def __init__(self, page: Any) -> None:
        self._session = page.context.new_cdp_session(page)
        self.time_s: float | None = None
        """When it is touched, seconds since 1970, where that is to be independent of how busy the
        machine is; None: now."""

    def touch(self, points: Sequence[Point], radius: float = 12.0, finger: int = 0) -> None:
        """Draw with a fingertip; `radius` of the contact in CSS px."""
        self.press(points[0], radius, finger)
        for point in points[1:]:
            self._touch("touchMove", point, radius, finger)
        self.lift()

    def press(self, point: Point, radius: float = 12.0, finger: int = 0) -> None:
        """Put a fingertip, or a palm, on the glass."""
        self._touch("touchStart", point, radius, finger)

    def slide(self, point: Point, radius: float = 12.0, finger: int = 0) -> None:
        """Move what was put there."""
        self._touch("touchMove", point, radius, finger)

    def lift(self) -> None:
        """Take all fingers away."""
        event = {"type": "touchEnd", "touchPoints": [], **self._when}
        self._session.send("Input.dispatchTouchEvent", event)

    def pen(self, kind: str, point: Point) -> None:
        """Let a pen hover or write: `mousePressed`, `mouseMoved` or `mouseReleased`."""
        self._session.send(
            "Input.dispatchMouseEvent",
            {
                "type": kind, "x": point[0], "y": point[1], "pointerType": "pen",
                "button": "left", "buttons": 0 if kind == "mouseReleased" else 1, "clickCount": 1,
                **self._when,
            },
        )  # fmt: skip

    def _touch(self, kind: str, point: Point, radius: float, finger: int) -> None:
        touch = {"x": point[0], "y": point[1], "radiusX": radius, "radiusY": radius, "id": finger}
        event = {"type": kind, "touchPoints": [touch], **self._when}
        self._session.send("Input.dispatchTouchEvent", event)

    @property
    def _when(self) -> dict[str, float]:
        return {} if self.time_s is None else {"timestamp": self.time_s}


def in_box(page: Any, place: int, *points: Point) -> list[Point]:
    """Return places of a box, 0 to 1, as px of the screen."""
    box = page.locator(".box").nth(place).bounding_box()
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]


def inked(page: Any) -> list[bool]:
    """Return which boxes hold ink, as the page offers to erase it."""
    found: list[bool] = page.evaluate(
        "[...document.querySelectorAll('.box-erase')].map((b) => !b.hidden)"
    )
    return found
