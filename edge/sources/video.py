"""Video files → frames, each with the time at which it was taken."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import ImageError
from edge.quiet import native_stderr_silenced
from edge.sources.files import read_bytes

VIDEO_SUFFIXES = {".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm"}
# What a file that does not tell is taken to have, frames a second.
_USUAL_RATE = 25.0


def is_video(path: Path) -> bool:
    """Tell whether a path is taken for a video, by its ending."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def frames(path: Path) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Yield every frame of a video.

    Yields:
        Seconds from the beginning; `uint8 (h, w, 3)` BGR.

    Raises:
        InputError: the file is missing, empty or can't be read.
        ImageError: no frame of it can be decoded.
    """
    import cv2

    # Tells a missing or empty file apart from a damaged one, as for photos.
    read_bytes(path, limit=1)
    with native_stderr_silenced():
        video = cv2.VideoCapture(str(path))
    try:
        rate = video.get(cv2.CAP_PROP_FPS)
        step = 1 / rate if math.isfinite(rate) and rate > 0 else 1 / _USUAL_RATE
        count, last = 0, 0.0
        while True:
            with native_stderr_silenced():
                done, frame = video.read()
            if not done:
                break
            told = video.get(cv2.CAP_PROP_POS_MSEC) / 1000
            # Some files tell 0 for every frame.
            last = told if math.isfinite(told) and told > last else max(last, count * step)
            yield last, frame
            count += 1
        if count == 0:
            raise ImageError("it is not a video, or of a kind that can't be read")
    finally:
        video.release()
