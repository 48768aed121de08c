"""Many inputs, one after another: what is wrong with one never stops the others."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
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
from edge.sources.files import ANNOTATED_SUFFIX, as_path
from edge.sources.inputs import Input
from edge.sources.load import load
from edge.sources.video import frames


def read_all(
    recognizer: Recognizer, inputs: Iterable[Input | Path], annotate_to: Path | None = None
) -> Iterator[Reading]:
    """Read inputs in order, each yielded as soon as it is known.

    Args:
        recognizer: reads them.
        inputs: what `sources.inputs` lists, or paths; a video gives a reading for each
            envelope that is shown. They are taken one by one, but all at once where
            pictures are annotated.
        annotate_to: a folder, made if need be, that gets a picture of each input with
            what was read drawn in: `a.jpg` becomes `a.read.jpg`.

    Raises:
        OutputError: an annotated picture can't be written.
    """
    items = (Input.of(item) if isinstance(item, Path) else item for item in inputs)
    if annotate_to is not None:
        yield from _read_and_draw(recognizer, list(items), annotate_to)
        return
    for item in items:
        for reading, _ in read_input(recognizer, item):
            yield reading


def read_input(recognizer: Recognizer, item: Input) -> Iterator[tuple[Reading, Any]]:
    """Yield what an input shows, and the data in which it was read; None where there is none."""
    start = time.perf_counter()
    for bare, data in _readings(recognizer, item):
        elapsed = 1000 * (time.perf_counter() - start)
        yield replace(bare, source=item.source, elapsed_ms=elapsed), data


def _read_and_draw(
    recognizer: Recognizer, items: Sequence[Input], folder: Path
) -> Iterator[Reading]:
    _make_folder(folder)
    # An input that lies in the same folder must not be overwritten, least of all
    # before it was read.
    taken = {Path(item.path).name for item in items}
    for item in items:
        for reading, data in read_input(recognizer, item):
            if data is not None:
                _write(_picture(data, reading), folder / _picture_name(item, taken))
            yield reading


def _readings(recognizer: Recognizer, item: Input) -> Iterator[tuple[Reading, Any]]:
    if item.is_film and item.member is None and not item.is_remote:
        from edge.film import read_frames

        yield from read_frames(recognizer, frames(as_path(item.path)))
        return
    try:
        data: Any = load(item)
        is_image = isinstance(data, Picture)
        reading = recognizer.read(data) if is_image else recognizer.read_strokes(data)
    except InputError as error:
        yield Reading("error", reason=str(error)), None
    except MemoryError:
        yield Reading("error", reason="the memory is too small for this input"), None
    else:
        yield reading, data


def _picture(data: Any, reading: Reading) -> NDArray[np.uint8]:
    if isinstance(data, Picture):
        return annotate(data.pixels, reading)
    if isinstance(data, np.ndarray):  # a frame of a video
        return annotate(data, reading)
    drawing, to_drawing = draw_recording(data)
    return annotate(drawing, move(reading, to_drawing))


def _picture_name(item: Input, taken: set[str]) -> str:
    """Return a name that no other input of this run has, not even `a.png` beside `a.jpg`."""
    stem = Path(item.name).stem
    if item.page is not None:
        stem += f"-page-{item.page}"
    name, count = stem + ANNOTATED_SUFFIX, 1
    while name in taken:
        count += 1
        name = f"{stem}-{count}{ANNOTATED_SUFFIX}"
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
