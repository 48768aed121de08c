"""The pad's window: mouse, touch and keys in, the canvas on the screen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.beep import Beeper
from edge.pad import HEIGHT, PANEL_HEIGHT, WIDTH, Action, Pad, Seen, action_at, digits_of, draw
from edge.quiet import native_stderr_silenced
from edge.recognizer import Recognizer

_NAME = "fivebox"
_TICK_MS = 15
_ESCAPE = 27
_KEYS: dict[int, Action] = {
    ord("e"): "erase",
    ord("s"): "show",
    ord("r"): "recognise",
    ord("q"): "quit",
    _ESCAPE: "quit",
}
_AROUND = 235


class PadWindow:
    """A canvas to write on until it is left. A screen must be there: `screen.check_screen`.

    Args:
        recognizer: reads what is written.
        beeper: sounds for each reading.
        scale: px of the screen for each of the canvas's 520×200.
        is_fullscreen: takes all of the screen instead.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        beeper: Beeper,
        scale: float = 1.0,
        is_fullscreen: bool = False,
    ) -> None:
        self._recognizer = recognizer
        self._beeper = beeper
        self._scale = scale
        self._is_fullscreen = is_fullscreen
        self._pad = Pad()
        self._shown: tuple[Pad, tuple[int, int] | None] | None = None
        self._corner = (0, 0)
        self._is_left = False

    def run(self) -> None:
        """Show the window until q, Esc or its close button."""
        with _window(self._is_fullscreen):
            self._show()
            cv2.setMouseCallback(_NAME, self._on_mouse)
            while not self._is_left:
                key = cv2.waitKey(_TICK_MS)
                if not _is_open():
                    return
                if key >= 0 and (action := _KEYS.get(ord(chr(key & 0xFF).lower()))):
                    self._act(action)
                self._show()

    def _on_mouse(self, event: int, x: int, y: int, flags: int, _: object) -> None:
        place = (x - self._corner[0]) / self._scale, (y - self._corner[1]) / self._scale
        if event == cv2.EVENT_LBUTTONDOWN:
            if action := action_at(*place):
                self._act(action)
            else:
                self._pad = self._pad.press(*place)
        elif event == cv2.EVENT_MOUSEMOVE and flags & cv2.EVENT_FLAG_LBUTTON:
            self._pad = self._pad.move(*place)
        elif event == cv2.EVENT_LBUTTONUP:
            self._pad = self._pad.move(*place).release()
            if self._pad.seen is not None:
                self._pad = replace(self._pad, seen=self._seen())

    def _act(self, action: Action) -> None:
        if action == "quit":
            self._is_left = True
        elif action == "erase":
            self._pad = Pad()
        elif action == "recognise":
            reading = self._recognizer.read_strokes(self._pad.recording)
            self._pad = replace(self._pad, reading=reading)
            self._beeper.beep(reading.status == "accepted")
        else:
            self._pad = replace(self._pad, seen=self._seen() if self._pad.seen is None else None)

    def _seen(self) -> Seen:
        digits = digits_of(self._pad.recording)
        present = [digit for digit in digits if digit is not None]
        rows = iter(self._recognizer.classifier.probabilities(np.stack(present)) if present else ())
        return Seen(digits, tuple(None if digit is None else next(rows) for digit in digits))

    def _show(self) -> None:
        """Bring the canvas to the screen, if it has changed."""
        room = _room() if self._is_fullscreen else None
        if self._shown == (self._pad, room):
            return
        with native_stderr_silenced():
            # Qt misses fonts there that nothing here is written with.
            cv2.imshow(_NAME, self._pad_picture(room))
        self._shown = self._pad, room

    def _pad_picture(self, room: tuple[int, int] | None) -> NDArray[np.uint8]:
        if room is None:
            return draw(self._pad, self._scale)
        self._scale, self._corner = fit(room, has_panel=self._pad.seen is not None)
        return framed(draw(self._pad, self._scale), room, self._corner)


def fit(room: tuple[int, int], has_panel: bool) -> tuple[float, tuple[int, int]]:
    """Return how large the canvas is drawn on a screen, and where its corner is.

    Args:
        room: width and height of the screen, px.
        has_panel: whether what the model sees hangs below it.

    Returns:
        The scale; and x and y of the top left corner, px.
    """
    height = HEIGHT + (PANEL_HEIGHT if has_panel else 0)
    scale = min(room[0] / WIDTH, room[1] / height)
    # A part of a px less, so that rounding never makes it larger than the screen.
    scale = min(int(scale * WIDTH) / WIDTH, int(scale * HEIGHT) / HEIGHT)
    left = (room[0] - round(WIDTH * scale)) // 2
    return scale, (max(0, left), max(0, (room[1] - round(height * scale)) // 2))


def framed(
    image: NDArray[np.uint8], room: tuple[int, int], corner: tuple[int, int]
) -> NDArray[np.uint8]:
    """Return a picture of the whole screen, grey around the image.

    Args:
        image: `uint8 (h, w, 3)`.
        room: width and height of the screen, px.
        corner: x and y of the image's top left corner on it.
    """
    screen = np.full((room[1], room[0], 3), _AROUND, np.uint8)
    part = screen[corner[1] :, corner[0] :][: image.shape[0], : image.shape[1]]
    part[:] = image[: part.shape[0], : part.shape[1]]
    return screen


def _is_open() -> bool:
    try:
        return cv2.getWindowProperty(_NAME, cv2.WND_PROP_VISIBLE) >= 1
    except cv2.error:
        # Qt went with its last window.
        return False


def _room() -> tuple[int, int]:
    _, _, width, height = cv2.getWindowImageRect(_NAME)
    # Before it is shown a window has no size.
    return (width, height) if width > 0 and height > 0 else (WIDTH, HEIGHT)


@contextlib.contextmanager
def _window(is_fullscreen: bool) -> Iterator[None]:
    """Open the window, and close it whatever happens."""
    # With free ratio a picture of the screen's size fills it; else OpenCV lays a border of its
    # own around it, and tells the size within.
    size = cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO if is_fullscreen else cv2.WINDOW_AUTOSIZE
    try:
        with native_stderr_silenced():
            # Without this flag Qt's windows have a tool bar.
            cv2.namedWindow(_NAME, size | cv2.WINDOW_GUI_NORMAL)
        if is_fullscreen:
            cv2.setWindowProperty(_NAME, cv2.WND_PROP_FULLSCREEN, cv2.WINDOW_FULLSCREEN)
            cv2.waitKey(_TICK_MS)
        yield
    finally:
        cv2.destroyAllWindows()
