"""Photos and videos as a camera would show them, one frame after another, round and round."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import InputError, SourceError, SourceMissingError
from edge.sources.files import expand, is_recording, is_video
from edge.sources.images import load_image
from edge.sources.video import frames


def inputs(uri: str, place: str) -> list[Path]:
    """Return the photos and videos that a path names, a folder opened.

    Raises:
        SourceMissingError: there is no such path, or none in the folder.
    """
    path = Path(place)
    try:
        is_there = bool(place) and path.exists()
    except OSError:
        is_there = False
    if not is_there:
        raise _lasting(SourceMissingError(f"{uri}: there is no such file or folder; check it"))
    found = [each for each in expand([place]) if each.is_file() and not is_recording(each)]
    if not found:
        raise _lasting(SourceMissingError(f"{uri}: no photos and no videos are in the folder"))
    return found


class Reel:
    """The frames of photos and videos, in order.

    Args:
        paths: photos and videos, at least one.
        hold: frames for which a photo is shown.
        loop: whether the first follows the last.
        first: which of the paths begins.
    """

    def __init__(self, paths: Sequence[Path], hold: int, loop: bool, first: int = 0) -> None:
        self.place = first
        """Which of the paths is shown."""
        self._paths, self._hold, self._loop = paths, hold, loop
        self._frames = self._play()

    def next(self) -> NDArray[np.uint8] | None:
        """Return the next frame, `uint8 (h, w, 3)` BGR, not to be written to; None at the end.

        Raises:
            SourceError: none of the files can be read.
        """
        return next(self._frames, None)

    def close(self) -> None:
        """Let the file go that is being played."""
        self._frames.close()

    def _play(self) -> Generator[NDArray[np.uint8], None, None]:
        problem: InputError | None = None
        shown = 0
        while True:
            path = self._paths[self.place]
            try:
                for frame in self._frames_of(path):
                    shown += 1
                    yield frame
            except InputError as error:
                # The others may be whole.
                problem = error
            self.place = (self.place + 1) % len(self._paths)
            if self.place == 0:
                if shown == 0 and problem is not None:
                    raise _lasting(SourceError(f"{path}: {problem}"))
                if not self._loop:
                    return
                shown = 0

    def _frames_of(self, path: Path) -> Iterator[NDArray[np.uint8]]:
        if is_video(path):
            for _, frame in frames(path):
                yield frame
            return
        image = load_image(path)
        for _ in range(self._hold):
            yield image


def _lasting(error: SourceError) -> SourceError:
    """Return an error that no second try mends."""
    error.is_lasting = True
    return error
