"""The frames of a video → one reading per envelope shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from edge.consensus import Consensus
from edge.errors import InputError
from edge.reading import Quad, Reading
from edge.recognizer import Recognizer

Frame = NDArray[np.uint8]


def read_frames(
    recognizer: Recognizer, frames: Iterable[tuple[float, Frame]]
) -> Iterator[tuple[Reading, Frame | None]]:
    """Read every frame, and yield each envelope's reading as soon as it is known.

    Args:
        recognizer: looks at the frames; its threshold and directory decide.
        frames: when each was taken, seconds from the beginning, and `uint8 (h, w, 3)` BGR.

    Yields:
        A reading without `source` and `elapsed_ms`, and the frame that its boxes are px of,
        None where it is gone by. Where no envelope was shown, one reading says `no-boxes`;
        where a frame can't be read, the last one is an `error`.
    """
    consensus = Consensus(recognizer.threshold, recognizer.directory)
    # A reading's boxes are those of the frame just seen, or of the last that had any.
    seen: deque[tuple[Quad | None, Frame]] = deque(maxlen=2)
    shown, now_s = False, 0.0
    failure = None
    try:
        for time_s, frame in frames:
            # Damaged files tell times that go back.
            now_s = max(now_s, time_s)
            observation = recognizer.observe(frame)
            if observation.boxes:
                seen.append((observation.boxes[0].corners, frame))
            for reading in consensus.add(observation.boxes, observation.found, now_s):
                shown = True
                yield reading, _frame_of(reading, seen)
    except InputError as error:
        failure = Reading("error", reason=str(error))
    for reading in consensus.finish():
        shown = True
        yield reading, _frame_of(reading, seen)
    if failure is not None:
        yield failure, None
    elif not shown:
        yield Reading("no-boxes", reason="no-boxes"), None


def _frame_of(reading: Reading, seen: Iterable[tuple[Quad | None, Frame]]) -> Frame | None:
    corners = reading.digits[0].box
    return next((frame for quad, frame in seen if quad == corners), None)
