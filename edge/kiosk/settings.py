"""What a kiosk is set to, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["auto", "ko", "en"]


@dataclass(frozen=True)
class Settings:
    """The settings of the kiosk's server and page."""

    host: str = "127.0.0.1"
    """The address it listens on."""
    port: int = 8080
    token: str | None = None
    """Demanded of every request; None demands none."""
    names: tuple[str, ...] = ()
    """Host names by which it may be called, beside its addresses and `localhost`."""
    language: Language = "auto"
    """Of the page; `auto` is the browser's."""
    sound: bool = True
    """Whether the page makes tones."""
    rest_ms: int = 800
    """The pen rests for so long, ms, before what was written is read."""
    directory: str | None = None
    """Name of the directory of valid postcodes in use, for the page to show."""
    most_bytes: int = 10_000_000
    """Of an image that is sent to be read."""
    most_recording_bytes: int = 4_000_000
    """Of a touch recording: room for all its points with all their decimals."""
    most_pixels: int = 40_000_000
    """Of an image that is sent to be read, told from its header."""
    body_s: float = 15.0
    """A body must have come within so many seconds."""
    most_bodies: int = 8
    """Bodies that are received at the same time; more are told to try again."""
    most_recordings: int = 8
    """Recordings that are read or wait to be; more are told to try again."""
    most_photos: int = 3
    """The same of photos, each of which may fill 120 MB."""
    frames_per_s: float = 15.0
    """Most frames, and most views, that are sent to one client."""
    send_s: float = 10.0
    """A client that takes nothing for so many seconds is left."""
    most_listeners: int = 32
    """Clients that hold a stream open; more are told to try again."""
    recent: int = 200
    """Readings whose digit images are remembered."""
    probe_s: float = 5.0
    """So often, seconds, a journal that took nothing is tried again."""
    stale_s: float = 10.0
    """A camera without a frame for so many seconds isn't ready."""
