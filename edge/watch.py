"""Looks at the frames of a camera, one after another: where the row is, what stands in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge.observation import Observation
from edge.picture import Picture
from edge.reading import Quad
from edge.recognizer import Recognizer
from edge.sources.source import Shot


@dataclass(frozen=True)
class Look:
    """What was seen in one frame."""

    observation: Observation
    boxes: tuple[Quad, ...]
    hint: Literal["no-boxes", "closer", "dark", "still", "glare", "inside", "wait"]


_HINTS = {"too-small": "closer", "blurred": "still", "glare": "glare", "cut-off": "inside"}


class Watcher:
    """Watches."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    def look(self, shot: Shot) -> Look:
        """Look at a frame."""
        picture = Picture.of(shot.frame)
        seen = self._recognizer.observe(picture)
        boxes = tuple(
            tuple((x / picture.width, y / picture.height) for x, y in box.corners)
            for box in seen.boxes
            if box.corners is not None
        )
        if not boxes:
            return Look(seen, (), "no-boxes")
        problem = seen.quality and seen.quality.problem
        return Look(seen, boxes, _HINTS.get(problem or "", "wait"))  # type: ignore[arg-type]
