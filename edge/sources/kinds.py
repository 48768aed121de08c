"""Which source a URI names."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from edge.errors import SourceUriError
from edge.sources.source import Source
from edge.sources.uri import one_of, parse_options, split, without_password

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_NETWORK = ("rtsp", "rtsps", "http", "https")
_KINDS = ("picamera", "webcam", "replay", "file", *_NETWORK)
# More cameras than a machine has.
_MOST_CAMERAS = 64


def opener_of(uri: str) -> Callable[[], Source]:
    """Return what opens a source; see `sources.opener`."""
    match = _SCHEME.fullmatch(uri)
    if match is None or _exists(uri):
        return _path(uri, uri)
    kind, rest = match[1].lower(), match[2]
    if kind in _NETWORK:
        return _stream(uri)
    if kind not in _KINDS:
        raise SourceUriError(
            f"{without_password(uri)}: there is no source of the kind {kind!r}; "
            f"{one_of(kind, _KINDS)}"
        )
    return _OPENERS[kind](uri, rest)


def _picamera(uri: str, rest: str) -> Callable[[], Source]:
    from edge.sources import picamera

    place, query = split(rest)
    number = _number(uri, place)
    if number is None:
        raise SourceUriError(
            f"{uri}: a camera is named by its number, for example picamera:0, not {place!r}"
        )
    return partial(picamera.PiCamera, uri, number, parse_options(uri, query, picamera.OPTIONS))


def _webcam(uri: str, rest: str) -> Callable[[], Source]:
    from edge.sources import webcam

    place, query = split(rest)
    number = _number(uri, place)
    if number is None and not place.startswith("/"):
        raise SourceUriError(
            f"{uri}: a camera is named by its number or device, for example webcam:0 or "
            f"webcam:/dev/video0, not {place!r}"
        )
    device = Path(place if number is None else f"/dev/video{number}")
    return partial(webcam.Webcam, uri, device, parse_options(uri, query, webcam.OPTIONS))


def _stream(uri: str) -> Callable[[], Source]:
    from edge.sources import stream

    stream.check_url(uri)
    return partial(stream.Stream, uri)


def _replay(uri: str, rest: str) -> Callable[[], Source]:
    return _play(uri, rest, loop=True)


def _file(uri: str, rest: str) -> Callable[[], Source]:
    # As browsers write it: file:///home/a%20b.jpg.
    if rest.startswith("//"):
        rest = unquote(re.sub(r"^//(localhost)?(?=/)", "", rest))
    return _path(uri, rest)


def _path(uri: str, rest: str) -> Callable[[], Source]:
    if _is_device(split(rest)[0]):
        return _webcam(uri, rest)
    return _play(uri, rest, loop=False)


def _play(uri: str, rest: str, loop: bool) -> Callable[[], Source]:
    from edge.sources import replay
    from edge.sources.failures import parse_failures

    # A file's name may hold what parts options off.
    place, query = (rest, "") if _exists(rest) else split(rest)
    if not place:
        raise SourceUriError(f"{uri!r}: a source needs a path, for example replay:samples")
    options = parse_options(uri, query, replay.OPTIONS if loop else replay.FILE_OPTIONS)
    parse_failures(uri, options["fail"])
    return partial(replay.Replay, uri, place, options)


_OPENERS = {"picamera": _picamera, "webcam": _webcam, "replay": _replay, "file": _file}


def _number(uri: str, place: str) -> int | None:
    """Return a camera's number, 0 where none is given; None where it is something else."""
    if not place:
        return 0
    if not (place.isascii() and place.isdigit()):
        return None
    if len(place) > 2 or int(place) >= _MOST_CAMERAS:
        raise SourceUriError(
            f"{uri}: a camera's number is from 0 to {_MOST_CAMERAS - 1}, not {place}"
        )
    return int(place)


def _exists(place: str) -> bool:
    try:
        return bool(place) and Path(place).exists()
    except (OSError, ValueError):
        return False


def _is_device(place: str) -> bool:
    try:
        return stat.S_ISCHR(Path(place).stat().st_mode)
    except (OSError, ValueError):
        return False
