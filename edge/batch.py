"""Many inputs, one after another: what is wrong with one never stops the others."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.annotate import annotate, draw_recording, move
from edge.errors import InputError, OutputError
from edge.picture import Picture
from edge.reading import Reading
from edge.recognizer import Recognizer
from edge.sources.files import ANNOTATED_SUFFIX, is_recording, load_recording
from edge.sources.images import load_picture
from edge.sources.video import frames, is_video


def read_all(
    recognizer: Recognizer, paths: Iterable[Path], annotate_to: Path | None = None
) -> Iterator[Reading]:
    """Read inputs in order, each yielded as soon as it is known.

    Args:
        recognizer: reads them.
        paths: photos, touch recordings and videos, which give a reading for each envelope
            that is shown.
        annotate_to: a folder, made if need be, that gets a picture of each input with
            what was read drawn in: `a.jpg` becomes `a.read.jpg`.

    Raises:
        OutputError: an annotated picture can't be written.
    """
    if annotate_to is not None:
        _make_folder(annotate_to)
    paths = list(paths)
    # An input that lies in the same folder must not be overwritten, least of all
    # before it was read.
    taken = {path.name for path in paths}
    for path in paths:
        start = time.perf_counter()
        for bare, data in _readings(recognizer, path):
            elapsed = 1000 * (time.perf_counter() - start)
            reading = replace(bare, source=str(path), elapsed_ms=elapsed)
            if annotate_to is not None and data is not None:
                _write(_picture(data, reading), annotate_to / _picture_name(path, taken))
            yield reading


def _readings(recognizer: Recognizer, path: Path) -> Iterator[tuple[Reading, Any]]:
    """Yield what an input shows, and the data in which it was read; None where there is none."""
    if is_video(path):
        from edge.film import read_frames

        yield from read_frames(recognizer, frames(path))
        return
    data: Any
    try:
        data = load_recording(path) if is_recording(path) else load_picture(path)
        is_image = isinstance(data, Picture)
        reading = recognizer.read(data) if is_image else recognizer.read_strokes(data)
    except InputError as error:
        yield Reading("error", reason=str(error)), None
    else:
        yield reading, data


def _picture(data: Any, reading: Reading) -> NDArray[np.uint8]:
    if isinstance(data, Picture):
        return annotate(data.pixels, reading)
    if isinstance(data, np.ndarray):  # a frame of a video
        return annotate(data, reading)
    drawing, to_drawing = draw_recording(data)
    return annotate(drawing, move(reading, to_drawing))


def _picture_name(path: Path, taken: set[str]) -> str:
    """Return a name that no other input of this run has, not even `a.png` beside `a.jpg`."""
    name, count = path.stem + ANNOTATED_SUFFIX, 1
    while name in taken:
        count += 1
        name = f"{path.stem}-{count}{ANNOTATED_SUFFIX}"
    taken.add(name)
    return name


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: can't be made to put annotated pictures in ({error.strerror}); "
            "name another folder"
        ) from error


def _write(picture: NDArray[np.uint8], path: Path) -> None:
    done, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert done, "a uint8 (h, w, 3) array can always be encoded"
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(content.tobytes())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OutputError(
            f"{path}: the annotated picture can't be written ({error.strerror}); "
            "make room or name another folder"
        ) from error
