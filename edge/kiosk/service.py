"""The kiosk itself: reads what it is sent and what the camera sees, keeps it, and tells it."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from importlib import metadata
from typing import Any, NamedTuple

import anyio.to_thread

from edge.errors import InputError
from edge.journal import Journal
from edge.kiosk.hub import Hub
from edge.kiosk.lanes import Gate, Lane
from edge.kiosk.metrics import Gauges, Metrics
from edge.kiosk.preview import Preview
from edge.kiosk.problems import Problem
from edge.kiosk.resource import resource_of, unstored, with_alternatives
from edge.kiosk.settings import Settings
from edge.kiosk.store import Seen, Store
from edge.kiosk.uploads import RECORDING, parse_json, picture_of
from edge.live import CameraState, Live, View
from edge.live import Seen as Shown
from edge.observation import Observation
from edge.reading import Reading
from edge.recognizer import Recognizer

Listener = Callable[[CameraState | View | Shown], None]
MakeLive = Callable[[Listener], Live]

NOT_STORED = "not-stored"

# Envelopes that were read while the journal was slow; no hand is faster.
_MOST_SHOWN = 16

_log = logging.getLogger("fivebox.kiosk")


class Answer(NamedTuple):
    """A reading, and whether the journal has it."""

    resource: dict[str, Any]
    is_stored: bool


class Kiosk:
    """All that the routes need, in one place.

    Args:
        settings: of the kiosk.
        recognizer: reads.
        journal: keeps; the caller closes it.
        make_live: makes the camera's loop, given whom it shall tell; None where there is no
            camera.
    """

    def __init__(
        self,
        settings: Settings,
        recognizer: Recognizer,
        journal: Journal,
        make_live: MakeLive | None = None,
    ) -> None:
        self.settings, self.recognizer, self.journal = settings, recognizer, journal
        self.hub = Hub(settings.frames_per_s)
        self.store = Store(journal, self._on_store, settings.recent)
        self.preview = Preview(settings.frames_per_s)
        self.live = make_live(self.hear) if make_live else None
        self.bodies = Gate(settings.most_bodies, "too much is being sent; try again in a second")
        self.streams = Gate(
            settings.most_listeners, "too many pages are open; close one, or try again later"
        )
        self.ending = asyncio.Event()
        self._probing: asyncio.Future[None] | None = None
        self._write = Lane("read-strokes", settings.most_recordings)
        self._photo = Lane("read-photo", settings.most_photos)
        self._camera = Lane("keep-seen", _MOST_SHOWN)
        self.metrics = Metrics(
            Gauges(
                queue=lambda: self._write.waiting + self._photo.waiting + self._camera.waiting,
                listeners=lambda: self.streams.inside,
                frame_age_s=lambda: math.nan if self.frame_age_s is None else self.frame_age_s,
                restarts=lambda: self.live.restarts if self.live else 0,
            )
        )

    def open(self) -> None:
        """Begin, in the event loop that runs here."""
        self.hub.open()
        self.preview.open()
        self._on_store(self.store.problem)
        self._probing = asyncio.ensure_future(self._probe())
        if self.live is not None:
            self.live.start()

    def stop_streams(self) -> None:
        """Let all go who hold a stream open; in the event loop's thread."""
        self.ending.set()
        self.hub.close()
        self.preview.close()
        if self._probing is not None:
            self._probing.cancel()

    def close(self) -> None:
        """Let the camera go, and end all threads; may be called often, from any thread.

        The journal stays open, for it is the caller's.
        """
        try:
            self.close_camera()
        finally:
            self._write.close()
            self._photo.close()
            # Closing, the camera has told what it saw last.
            self._camera.close(finish=True)

    def close_camera(self) -> None:
        """Let the camera go; may be called often, from any thread."""
        if self.live is not None:
            self.live.close()

    @property
    def frame_age_s(self) -> float | None:
        """Seconds since the camera's last frame; None where there was none."""
        return self.live.frame_age_s if self.live else None

    async def read(self, media_type: str, body: bytes, keep: bool) -> Answer:
        """Read what was sent.

        Args:
            media_type: one of `uploads.TYPES`.
            body: of that type.
            keep: whether the reading goes into the journal.

        Raises:
            Problem: it can't be read, is too large, or too many wait already.
        """
        try:
            if media_type == RECORDING:
                return await self._write.run(self._read_recording, body, keep)
            return await self._photo.run(self._read_photo, body, keep)
        except InputError as error:
            raise Problem(422, str(error)) from error

    async def correct(self, id: str, postcode: str | None) -> dict[str, Any]:
        """Keep a person's word on a reading and return the reading's resource.

        Raises:
            UnknownReadingError: there is no such reading.
            JournalError: it can't be kept.
            Problem: too many wait already.
        """
        entry = await self._write.run(self.store.correct, id, postcode)
        resource = resource_of(entry)
        self.metrics.corrected()
        self.hub.publish("correction", resource)
        return resource

    def described(self) -> dict[str, Any]:
        """Return what a page has to know, in the form of `schemas.Settings`."""
        settings, classifier = self.settings, self.recognizer.classifier
        card = classifier.card
        return {
            "language": settings.language,
            "sound": settings.sound,
            "camera": self.live is not None,
            "rest_ms": settings.rest_ms,
            "directory": settings.directory,
            "version": version(),
            "model": {
                "name": classifier.path.name,
                "sha256": card.sha256 if card else None,
                "architecture": card.architecture if card else None,
                "quantization": card.quantization if card else None,
                "threshold": self.recognizer.threshold,
            },
        }

    def hear(self, event: CameraState | View | Shown) -> None:
        """Take what the camera's loop tells; called in its threads, never waits."""
        if isinstance(event, CameraState):
            self.hub.publish("camera", asdict(event))
        elif isinstance(event, View):
            self.preview.show(event)
            self.hub.publish("view", _view(event))
        else:
            try:
                self._camera.submit(self._keep_shown, event)
            except Problem as problem:
                _log.warning("an envelope's reading is lost: %s", problem.detail)

    def _read_recording(self, body: bytes, keep: bool) -> Answer:
        start = time.perf_counter()
        with self.metrics.stage("decode"):
            recording = parse_json(body)
        with self.metrics.stage("recognise"):
            seen = self.recognizer.observe_strokes(recording)
        return self._keep(*self._decided(seen, start), "write", keep)

    def _read_photo(self, body: bytes, keep: bool) -> Answer:
        start = time.perf_counter()
        with self.metrics.stage("decode"):
            picture = picture_of(body, self.settings.most_pixels)
        with self.metrics.stage("recognise"):
            seen = self.recognizer.observe(picture)
        return self._keep(*self._decided(seen, start), "photo", keep)

    def _decided(self, observed: Observation, start: float) -> tuple[Reading, Seen | None]:
        reading = self.recognizer.decide(observed)
        reading = replace(reading, elapsed_ms=1000 * (time.perf_counter() - start))
        if not observed.boxes:
            return reading, None
        return reading, Seen(observed.digits, observed.probabilities)

    def _keep_shown(self, shown: Shown) -> None:
        self._keep(shown.reading, Seen(shown.digits, shown.probabilities), "camera", True)

    def _keep(self, reading: Reading, seen: Seen | None, kind: str, keep: bool) -> Answer:
        """Store a reading first; only what is on the disk is told as accepted."""
        probabilities = None if seen is None else seen.probabilities
        if not keep:
            self.metrics.read(kind, reading.status)
            return Answer(unstored(reading, kind, probabilities), False)
        with self.metrics.stage("store"):
            entry = self.store.add(reading, kind, seen)
        if entry is None:
            self.metrics.not_stored()
            reading = replace(reading, status="rejected", postcode=None, reason=NOT_STORED)
            answer = Answer(unstored(reading, kind, probabilities), False)
        else:
            answer = Answer(resource_of(entry), True)
        self.metrics.read(kind, reading.status)
        self.hub.publish("reading", answer.resource)
        return answer

    async def _probe(self) -> None:
        while True:
            await asyncio.sleep(self.settings.probe_s)
            if self.store.problem is not None:
                await anyio.to_thread.run_sync(self.store.probe)

    def _on_store(self, problem: str | None) -> None:
        self.hub.publish("store", {"ok": problem is None, "message": problem})


def version() -> str:
    """Return fivebox's version; `0` where it runs from a folder that is not installed."""
    try:
        return metadata.version("fivebox")
    except metadata.PackageNotFoundError:
        return "0"


def _view(view: View) -> dict[str, Any]:
    return {
        "number": view.number,
        "boxes": view.boxes,
        "hint": view.hint,
        "reading": None if view.reading is None else with_alternatives(view.reading, None),
    }
