"""Video files → frames, one after another, each with its time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.arrays import MOST_PIXELS, too_large
from edge.errors import ImageError
from edge.quiet import native_stderr_silenced
from edge.sources.files import VIDEO_SUFFIXES, is_video, read_bytes

__all__ = ["VIDEO_SUFFIXES", "frames", "is_video"]

# Of a stream that tells none.
_USUAL_RATE = 25.0
# A file's count of its frames is an estimate in some formats; what has less than this
# part of them was cut short.
_LEAST_PART = 0.9


def frames(path: Path) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Yield a video's frames in order, turned as the camera was held.

    Of a video that breaks off before the end its header promises, all frames that are
    there are yielded, and then the error is raised. The file is let go as soon as the
    iterator ends, fails or is closed.

    Yields:
        Time of presentation in seconds, never less than that of the frame before; and
        the frame, `uint8 (h, w, 3)` BGR, which is the caller's own.

    Raises:
        InputError: the file is missing, empty, a folder, or can't be read.
        ImageError: it is no video that can be decoded, its frames have too many
            pixels, or it is cut short.
    """
    # Its first byte tells all that can be wrong with a file as such.
    read_bytes(path, limit=1)
    # ffmpeg's own threads would write to standard error at times when nobody listens.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    with native_stderr_silenced():
        # An absolute path can't be taken for a protocol (`concat:…`).
        capture = cv2.VideoCapture(str(path.absolute()))
    try:
        if not capture.isOpened():
            raise ImageError(
                "it is not a video, or one that is cut short or of a kind that can't be read"
            )
        _check_size(capture)
        rate = capture.get(cv2.CAP_PROP_FPS)
        step = 1 / rate if 0 < rate < 1000 else 1 / _USUAL_RATE
        promised = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        count, now = 0, 0.0
        while True:
            with native_stderr_silenced():
                there, frame = capture.read()
            if not there:
                break
            told = max(0.0, capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
            # Bare streams have no clock: it stands still at 0.
            now = told if count == 0 or told > now else now + step
            count += 1
            yield now, np.asarray(frame, np.uint8)
        if count == 0:
            raise ImageError("the video has no frame that can be decoded")
        if count < _LEAST_PART * promised:
            raise ImageError(
                f"the video is damaged or cut short: it has {count} of {promised:.0f} frames"
            )
    finally:
        with native_stderr_silenced():
            capture.release()


def _check_size(capture: cv2.VideoCapture) -> None:
    width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if width * height > MOST_PIXELS:
        raise ImageError(too_large(width, height))
