"""A camera's loop that tells what a test wants it to tell."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.kiosk.service import Listener
from edge.live import CameraState, Hint, Seen, View
from edge.reading import Digit, Reading

LIVE = CameraState("live", None, "the camera is on", None)
UNPLUGGED = CameraState("reconnecting", "unplugged", "camera unplugged: reconnecting", 0.5)

_LEFT, _TOP, _WIDTH, _HEIGHT, _PITCH = 0.14, 0.38, 0.12, 0.24, 0.145
QUADS = tuple(
    (
        (_LEFT + k * _PITCH, _TOP),
        (_LEFT + k * _PITCH + _WIDTH, _TOP),
        (_LEFT + k * _PITCH + _WIDTH, _TOP + _HEIGHT),
        (_LEFT + k * _PITCH, _TOP + _HEIGHT),
    )
    for k in range(5)
)
"""Five boxes in the middle of the frame, as parts of it."""


@dataclass
class ScriptedLive:
    """Stands in for `edge.live.Live`: `tell` is what the camera would have told."""

    listener: Listener
    state: CameraState = field(default=CameraState("starting", None, "starting", None))
    view: View | None = None
    frame_age_s: float | None = 0.0
    restarts: int = 0
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def start(self) -> None:
        """Begin, as a camera that is on."""
        self.be(LIVE)

    def close(self) -> None:
        """There is nothing to close."""

    def be(self, state: CameraState) -> None:
        """Tell how the camera is."""
        self.state = state
        self.listener(state)

    def see(
        self,
        hint: Hint | None,
        boxes: tuple = (),
        reading: Reading | None = None,
        picture: NDArray[np.uint8] | None = None,
    ) -> None:
        """Tell what is in view."""
        picture = blank_paper() if picture is None else picture
        self.view = View(next(self._numbers), time.monotonic(), picture, boxes, hint, reading)
        self.listener(self.view)

    def tell(self, reading: Reading) -> None:
        """Tell of an envelope that was read."""
        digits = np.zeros((5, 28, 28), np.uint8)
        digits[:, 8:20, 12:16] = 255
        probabilities = np.full((5, 10), 0.01, np.float32)
        for place, digit in enumerate(reading.digits):
            if digit.digit is not None:
                probabilities[place, int(digit.digit)] = digit.confidence
        self.listener(Seen(reading, digits, probabilities, None))


def accepted(postcode: str, confidence: float = 0.993, region: str | None = None) -> Reading:
    """Return a reading that was accepted."""
    digits = tuple(Digit(each, 0.999, None) for each in postcode)
    return Reading(
        "accepted", postcode=postcode, guess=postcode, confidence=confidence, digits=digits,
        region=region,
    )  # fmt: skip


def rejected(guess: str, doubtful: dict[int, float], reason: str = "low-confidence") -> Reading:
    """Return a reading that was not accepted, with the confidence of its doubtful digits."""
    digits = tuple(Digit(each, doubtful.get(k, 0.999), None) for k, each in enumerate(guess))
    confidence = float(np.prod([digit.confidence for digit in digits]))
    return Reading("rejected", guess=guess, confidence=confidence, digits=digits, reason=reason)


def blank_paper() -> NDArray[np.uint8]:
    """Return a preview: paper with five boxes, `uint8 (480, 640, 3)`."""
    picture = np.full((480, 640, 3), (205, 222, 228), np.uint8)
    for quad in QUADS:
        corners = np.rint(np.array(quad) * (640, 480)).astype(np.int32)
        cv2.polylines(picture, [corners], True, (60, 70, 200), 3, cv2.LINE_AA)
    return picture
