"""What a stand-in for a camera does amiss, and when: `hang@5s,unplug@9s-12s`."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceUriError
from edge.sources.uri import one_of

KINDS = ("hang", "unplug", "busy", "missing", "denied", "garbage", "black", "half")
# Of one that has no end given, seconds.
_USUAL_S = 2.0
_FORM = re.compile(r"([a-z-]+)@(\d+(?:\.\d+)?)s?(?:-(\d+(?:\.\d+)?)s?)?")


@dataclass(frozen=True)
class Failure:
    """One thing that goes wrong for a while."""

    kind: str
    start_s: float
    """Seconds from when the source was first opened."""
    end_s: float

    def spoil(self, frame: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
        """Return a frame as a camera sends it that is broken so; the frame given stays whole."""
        if self.kind == "garbage":
            noise = np.random.default_rng(seed).integers(0, 256, frame.shape, np.uint8)
            return np.asarray(noise)
        if self.kind == "black":
            return np.zeros_like(frame)
        if self.kind == "half":
            # The rest of a JPEG that was cut short is grey.
            spoilt = frame.copy()
            spoilt[len(spoilt) // 2 :] = 128
            return spoilt
        return frame


def parse_failures(uri: str, text: str) -> tuple[Failure, ...]:
    """Return what a `fail=` option asks for.

    Raises:
        SourceUriError: it has another form.
    """
    return tuple(_parse(uri, part) for part in text.split(",") if part)


def failing(failures: tuple[Failure, ...], time_s: float) -> Failure | None:
    """Return what goes wrong at a time, seconds from the first opening."""
    return next((each for each in failures if each.start_s <= time_s < each.end_s), None)


def _parse(uri: str, text: str) -> Failure:
    match = _FORM.fullmatch(text)
    if match is None:
        raise SourceUriError(
            f"{uri}: a failure is written kind@5s or kind@5s-8s, for example hang@5s, not {text!r}"
        )
    kind, start, end = match.groups()
    if kind not in KINDS:
        raise SourceUriError(f"{uri}: there is no failure {kind!r}; {one_of(kind, KINDS)}")
    start_s = float(start)
    end_s = start_s + _USUAL_S if end is None else float(end)
    if end_s <= start_s:
        raise SourceUriError(f"{uri}: {text} ends before it begins; write the earlier time first")
    return Failure(kind, start_s, end_s)
