"""Which source a URI names."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

from edge.errors import SourceUriError
from edge.sources import replay
from edge.sources.failures import parse_failures
from edge.sources.source import Source
from edge.sources.uri import one_of, parse_options, split

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
KINDS = ("replay", "file")


def opener_of(uri: str) -> Callable[[], Source]:
    """Return what opens a source; see `sources.opener`."""
    match = _SCHEME.fullmatch(uri)
    if match is None or _exists(uri):
        return _file(uri, uri)
    kind, rest = match[1].lower(), match[2]
    if kind == "file":
        return _file(uri, re.sub(r"^//(localhost)?(?=/)", "", rest))
    if kind == "replay":
        return _replay(uri, rest)
    raise SourceUriError(f"{uri}: there is no source of the kind {kind!r}; {one_of(kind, KINDS)}")


def _replay(uri: str, rest: str) -> Callable[[], Source]:
    place, query = split(rest)
    options = parse_options(uri, query, replay.OPTIONS)
    parse_failures(uri, options["fail"])
    return partial(replay.Replay, uri, place, options)


def _file(uri: str, rest: str) -> Callable[[], Source]:
    place, query = (rest, "") if _exists(rest) else split(rest)
    options = parse_options(uri, query, replay.FILE_OPTIONS)
    parse_failures(uri, options["fail"])
    return partial(replay.Replay, uri, place, options)


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
