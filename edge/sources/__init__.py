"""Where frames come from: cameras and what stands in for them, opened by a URI."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.sources.source import Source

__all__ = ["open_source", "opener"]


def open_source(uri: str) -> Source:
    """Open a camera or what stands in for one.

    Args:
        uri: `picamera:0?width=1640&height=1232&fps=30`, `webcam:0`, the path of a photo, a
            folder or a video, an `rtsp:`, `http:` or `https:` URL, or
            `replay:DIR?fps=30&fail=hang@5s,unplug@9s`.

    Returns:
        The source, to be closed by who opened it.

    Raises:
        SourceUriError: no such kind, no such option, or a value out of its range.
        SourceMissingError: the camera, the file or the server isn't there.
        SourceBusyError: another program has it.
        SourceDeniedError: this user may not use it.
        SourceError: it can't be used for another reason.
    """
    return opener(uri)()


def opener(uri: str) -> Callable[[], Source]:
    """Check a URI without opening anything; see `open_source`.

    Returns:
        What opens the source, as often as it is called.

    Raises:
        SourceUriError: as `open_source`.
    """
    # numpy and OpenCV are imported only when a source is really wanted.
    from edge.sources.kinds import opener_of

    return opener_of(uri)
