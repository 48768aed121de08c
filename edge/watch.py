"""Looks at the frames of a camera, one after another: where the row is, what stands in it.

A row is searched for in a whole frame only when there is none, and the picture has come to
rest or has changed much; then it is followed. What has not changed is not looked at again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edge.backoff import Backoff
from edge.boxes import Boxes
from edge.change import Glance, glance
from edge.observation import Observation
from edge.picture import Picture
from edge.reading import Quad
from edge.recognizer import Recognizer
from edge.sources.source import Shot
from edge.track import follow, settle

Hint = Literal["no-boxes", "closer", "dark", "still", "glare", "inside", "wait"]

_HINTS: dict[str | None, Hint] = {
    "too-small": "closer",
    "blurred": "still",
    "glare": "glare",
    "cut-off": "inside",
    None: "wait",
}
# Room around the boxes in which a change is looked for, in box heights.
_ROOM = 0.4
# A distance of a tenth of a box weighs as much as so many unseen walls: as in `boxes`.
_RESIDUAL_COST = 6.0
_NOTHING = Observation((), found=0.0, reason="no-boxes")


@dataclass(frozen=True)
class Settings:
    """When a frame is searched, and when it is passed over."""

    moving: float = 0.06
    """Part of the picture that differs from the frame before while something is moving: what
    is blurred and soon elsewhere is not searched."""
    patience_s: float = 0.7
    """Seconds after which it is searched although all is moving, a camera in a hand say."""
    changed: float = 0.15
    """Part of the picture that differs from the one searched last; from there on another row
    may be there."""
    noticed: float = 0.01
    """The same where no row is known: a white envelope on a white desk changes little."""
    least_search_s: float = 0.5
    """Seconds between two searches, where nothing was found or nothing sure; each further one
    doubles them as long as nothing changes."""
    most_search_s: float = 20.0
    """Seconds between two searches at most."""
    stayed: float = 0.3
    """Box heights by which a row has moved at most that stays where it is."""
    sure_coverage: float = 0.9
    """Part of the walls seen on which a row is not searched for again."""
    sure_residual: float = 0.01
    """And how far off the lines lie at most, in box heights."""
    looks: int = 20
    """Looks at a row at rest after which there is hardly more to see."""
    rest_s: float = 0.5
    """Seconds between looks from then on."""
    settle_every: int = 3
    """Of so many frames in which a row moves, in one its lines are looked for; in the others
    it is carried along."""
    hidden_s: float = 0.4
    """Seconds for which a row is remembered whose lines are not seen: blurred, or a hand on it."""


@dataclass(frozen=True)
class Look:
    """What was seen in one frame."""

    observation: Observation
    boxes: tuple[Quad, ...]
    """Corners of the five, as parts of the frame's width and height; none without a row."""
    hint: Hint
    """What keeps it from being read, or `wait`."""
    is_anew: bool = False
    """Whether the row was lost since the frame before in which it was seen well, or the picture
    was another all at once: it may be on another envelope."""


@dataclass(frozen=True)
class _Known:
    """The row that is followed."""

    boxes: Boxes
    """Where it is now."""
    anchor: Boxes
    """Where its lines were last seen."""
    glance: Glance
    """Of that frame."""
    is_lined: bool
    """Whether it can be pulled onto printed lines, so that it can be followed."""
    seen: Observation
    looked_s: float
    start: NDArray[np.float32]
    """(2,): its middle when the frame was last searched, px."""
    looks: int = 1
    """Since it last moved."""
    carried: int = 0
    """Frames since its lines were last looked for."""
    hidden_s: float | None = None
    """Since when they aren't seen; None while they are."""

    @property
    def support(self) -> float:
        """How well the printed lines explain it, for comparing it with another."""
        return self.boxes.coverage - _RESIDUAL_COST * self.boxes.residual


class Watcher:
    """Looks at frames in the order in which they were taken; for one thread.

    Args:
        recognizer: reads what is found.
        settings: when a frame is searched.
    """

    def __init__(self, recognizer: Recognizer, settings: Settings | None = None) -> None:
        self._recognizer = recognizer
        self._settings = Settings() if settings is None else settings
        self._backoff = Backoff(self._settings.least_search_s, self._settings.most_search_s)
        self._known: _Known | None = None
        self._before: Glance | None = None
        # The picture that was searched last, when that was, and when the next search is due
        # although nothing has changed.
        self._searched: Glance | None = None
        self._searched_s = self._due_s = -math.inf
        self._shape: tuple[int, ...] | None = None
        self._is_anew = False
        # Since when something is moving.
        self._moving_s: float | None = None

    def look(self, shot: Shot, is_certain: bool = False) -> Look:
        """Look at a frame.

        Args:
            shot: taken later than the one before.
            is_certain: whether the envelope in view was read already, so that no better row
                needs to be searched for in it.
        """
        if shot.frame.shape != self._shape:
            # What was known was px of another kind of frame.
            self._known = self._before = self._searched = None
            self._shape = shot.frame.shape
        now = glance(shot.small)
        self._is_anew |= self._before is None or now.moved(self._before) > self._settings.changed
        is_moving = self._is_moving(now, shot.time_s)
        known = None if self._known is None else self._follow(self._known, shot, now)
        if known is None and self._known is not None:
            # It was here a moment ago.
            self._is_anew = True
            self._backoff.reset()
            self._due_s = shot.time_s
        if self._is_due(known, now, shot.time_s, is_moving, is_certain):
            known = self._search(shot, now, known)
        self._known, self._before = known, now
        if known is None or not known.seen.boxes:
            return Look(_NOTHING, (), _why_nothing(now, is_moving))
        quality = known.seen.quality
        problem = None if quality is None else quality.problem
        # Of a blurred row nobody can tell whether it is another one.
        is_anew = self._is_anew and problem is None
        self._is_anew &= not is_anew
        return Look(known.seen, _parts(known.seen, shot.frame), _HINTS[problem], is_anew)

    def _is_moving(self, now: Glance, time_s: float) -> bool:
        before = self._before
        if before is None or now.moved(before) <= self._settings.moving:
            self._moving_s = None
            return False
        if self._moving_s is None:
            self._moving_s = time_s
        return True

    def _is_due(
        self, known: _Known | None, now: Glance, time_s: float, is_moving: bool, is_certain: bool
    ) -> bool:
        """Tell whether the whole frame is to be searched."""
        settings = self._settings
        if is_moving and time_s - (self._moving_s or time_s) < settings.patience_s:
            return False
        if self._searched is None:
            return True
        since_s = time_s - self._searched_s
        changed = now.moved(self._searched)
        if known is None:
            # In a picture that moves on and on not every frame is searched.
            is_another = changed > settings.changed and not is_moving
            least_s = 0.0 if is_another else settings.patience_s
            return (changed > settings.noticed and since_s >= least_s) or time_s >= self._due_s
        if changed > settings.changed and not is_moving and self._has_stayed(known):
            # What is around it has changed: another may lie there.
            return since_s >= settings.patience_s
        return not (is_certain or self._is_sure(known)) and time_s >= self._due_s

    def _has_stayed(self, known: _Known) -> bool:
        away = np.linalg.norm(_middle(known.boxes) - known.start)
        return float(away) <= self._settings.stayed * known.boxes.height

    def _is_sure(self, known: _Known) -> bool:
        boxes = known.boxes
        return boxes.is_marked or (
            boxes.coverage >= self._settings.sure_coverage
            and boxes.residual <= self._settings.sure_residual
        )

    def _search(self, shot: Shot, now: Glance, known: _Known | None) -> _Known | None:
        """Search the whole frame; return what is known from now on."""
        if self._searched is None or now.moved(self._searched) > self._settings.noticed:
            self._backoff.reset()
        self._searched, self._searched_s = now, shot.time_s
        self._due_s = shot.time_s + self._backoff.next_s()
        if known is not None:
            known = replace(known, start=_middle(known.boxes))
        picture = Picture.of(shot.frame)
        choice = self._recognizer.find(picture)
        if choice is None:
            return known
        boxes = choice.boxes
        lined = settle(shot.frame, boxes, boxes.row)
        found = _Known(
            boxes=boxes,
            anchor=boxes,
            is_lined=lined is not None,
            glance=now,
            seen=choice.observation,
            looked_s=shot.time_s,
            start=_middle(boxes),
        )
        if known is not None and known.seen.boxes and known.support >= found.support:
            return known
        self._is_anew = True
        return found

    def _follow(self, known: _Known, shot: Shot, now: Glance) -> _Known | None:
        """Look at the row where it is now; None where it has gone."""
        scale = now.small.shape[1] / shot.frame.shape[1]
        if known.hidden_s is None and not now.differs(known.glance, *_around(known.anchor, scale)):
            is_resting = shot.time_s - known.looked_s < self._settings.rest_s
            if known.looks >= self._settings.looks and is_resting:
                return known
            return self._looked(replace(known, looks=known.looks + 1), known.anchor, shot)
        if not known.is_lined:
            return None
        row = follow(known.glance.small, now.small, known.anchor.row, scale)
        may_carry = known.hidden_s is None and known.carried + 1 < self._settings.settle_every
        if row is not None and may_carry:
            carried = replace(known.anchor, corners=row.corners(), row=row)
            return self._looked(replace(known, carried=known.carried + 1, looks=1), carried, shot)
        boxes = settle(shot.frame, known.anchor, row or known.anchor.row)
        if boxes is None:
            since_s = shot.time_s if known.hidden_s is None else known.hidden_s
            if shot.time_s - since_s > self._settings.hidden_s:
                return None
            return replace(known, seen=_NOTHING, hidden_s=since_s)
        # Behind what hid it another envelope may have taken its place.
        self._is_anew |= known.hidden_s is not None
        settled = replace(known, anchor=boxes, glance=now, carried=0, hidden_s=None, looks=1)
        return self._looked(settled, boxes, shot)

    def _looked(self, known: _Known, boxes: Boxes, shot: Shot) -> _Known:
        seen = self._recognizer.observe_at(Picture.of(shot.frame), boxes)
        return replace(known, boxes=boxes, seen=seen, looked_s=shot.time_s)


def _middle(boxes: Boxes) -> NDArray[np.float32]:
    return np.asarray(boxes.corners.mean(axis=(0, 1)))


def _around(boxes: Boxes, scale: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where the row and what is written around it begin and end, px of the small picture."""
    room = _ROOM * boxes.height
    low = np.floor((boxes.corners.min(axis=(0, 1)) - room) * scale)
    high = np.ceil((boxes.corners.max(axis=(0, 1)) + room) * scale)
    return np.maximum(low, 0).astype(np.intp), np.maximum(high, 1).astype(np.intp)


def _parts(seen: Observation, frame: NDArray[np.uint8]) -> tuple[Quad, ...]:
    height, width = frame.shape[:2]
    return tuple(
        tuple((x / width, y / height) for x, y in box.corners)
        for box in seen.boxes
        if box.corners is not None
    )


def _why_nothing(now: Glance, is_moving: bool) -> Hint:
    if now.is_dark:
        return "dark"
    if is_moving:
        return "still"
    return "glare" if now.has_glare else "no-boxes"
