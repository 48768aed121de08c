"""Paths given on the command line → the photos, videos and touch recordings they name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PosixPath

from edge.errors import InputError, RecordingError

IMAGE_SUFFIXES = {
    ".bmp",
    ".jfif",
    ".jpe",
    ".jpeg",
    ".jpg",
    ".png",
    ".tif",
    ".tiff",
    ".webp",
}
VIDEO_SUFFIXES = {
    ".3gp",
    ".avi",
    ".h264",
    ".m4v",
    ".mjpeg",
    ".mjpg",
    ".mkv",
    ".mov",
    ".mp4",
    ".mpeg",
    ".mpg",
    ".webm",
}
RECORDING_SUFFIX = ".json"
TIFF_SUFFIXES = {".tif", ".tiff"}
PDF_SUFFIX = ".pdf"
# Of an image file.
MOST_BYTES = 256_000_000
# Of pictures in which a reading was drawn; in a folder they are no inputs.
ANNOTATED_SUFFIX = ".read.jpg"

# Room for the most points a recording may have, written with all their decimals.
_MOST_RECORDING_BYTES = 4_000_000


def expand(paths: Iterable[str], is_wanted: Callable[[Path], bool] | None = None) -> Iterator[Path]:
    """Yield the inputs that paths name, folders opened, in order.

    A path that is no folder is yielded as it is, be it there or not, even an empty
    one; of a folder all that is wanted in it and below it, by name. A folder without any
    is yielded itself, so that reading it says so.

    Args:
        paths: files and folders.
        is_wanted: of what is in a folder; None wants photos, videos and touch recordings.
    """
    for path in map(as_path, paths):
        if not is_folder(path):
            yield path
            continue
        inside = walk(path, is_wanted or is_input)
        yield next(inside, path)
        yield from inside


def as_path(name: str) -> Path:
    """Return a name as a path; the empty one stays empty."""
    return Path(name) if name else _EmptyPath()


def walk(folder: Path, is_wanted: Callable[[Path], bool]) -> Iterator[Path]:
    """Yield the wanted files in a folder and below it, by name.

    Only one folder's names at each depth are held at a time. A folder that can't be
    looked into has nothing in it; links to folders are not followed.
    """
    try:
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from walk(path, is_wanted)
        elif entry.is_file() and is_wanted(path):
            yield path


def is_recording(path: Path) -> bool:
    """Tell whether a path is taken for a touch recording, by its name."""
    return path.suffix.lower() == RECORDING_SUFFIX


def is_video(path: Path) -> bool:
    """Tell whether a path is taken for a video, by its name."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def has_pages(name: str) -> bool:
    """Tell whether a file may have several pages, by its name."""
    return Path(name).suffix.lower() in {*TIFF_SUFFIXES, PDF_SUFFIX}


def is_pdf(name: str) -> bool:
    """Tell whether a file is taken for a PDF, by its name."""
    return Path(name).suffix.lower() == PDF_SUFFIX


def load_recording(path: Path) -> object:
    """Read the JSON of a touch recording; its form is checked by `strokes`.

    Raises:
        InputError: the file can't be read.
        RecordingError: it is not JSON, or far too large.
    """
    return parse_recording(read_bytes(path, limit=_MOST_RECORDING_BYTES))


def parse_recording(content: bytes | None) -> object:
    """Parse the content of a touch recording's file, None where that is far too large.

    Raises:
        RecordingError: it is not JSON, or far too large.
    """
    if content is None or len(content) > _MOST_RECORDING_BYTES:
        raise RecordingError(
            f"it is larger than {_MOST_RECORDING_BYTES // 1_000_000} MB, too large for a "
            "touch recording of five digits"
        )
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RecordingError(f"it is not JSON ({error})") from error


def read_bytes(path: Path, limit: int) -> bytes | None:
    """Return a file's content, or None where it is larger than `limit` bytes.

    Raises:
        InputError: it is missing, empty, a folder, or can't be read.
    """
    try:
        with path.open("rb") as file:
            # A pipe's size is 0 too; only of what has none, room must be made for all
            # that may come.
            size = os.fstat(file.fileno()).st_size
            content = file.read() if 0 < size <= limit else file.read(limit + 1)
    except FileNotFoundError as error:
        if not str(path):
            raise InputError("the path is empty; name a photo, a video or a recording") from error
        raise InputError("there is no such file; check the path") from error
    except IsADirectoryError as error:
        raise InputError(
            "the folder has no photos, no videos and no touch recordings in it"
        ) from error
    except OSError as error:
        raise InputError(f"the file can't be read ({error.strerror})") from error
    if not content:
        raise InputError("the file is empty")
    return None if len(content) > limit else content


class _EmptyPath(PosixPath):
    """An empty path that stays empty, where `Path("")` is the current folder."""

    def __str__(self) -> str:
        return ""


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; what can't be judged is none."""
    try:
        return path.is_dir()
    except OSError:
        # A name that is too long, say: reading it will tell.
        return False


def is_hidden(name: str) -> bool:
    """Tell files that are no inputs where nobody named them: hidden, or made by us."""
    return name.startswith(".") or name.endswith(ANNOTATED_SUFFIX)


def is_input(path: Path) -> bool:
    """Tell photos, videos and touch recordings, by their names, from what else is in a folder."""
    if is_hidden(path.name):
        return False
    if path.suffix.lower() in IMAGE_SUFFIXES or is_video(path):
        return True
    return is_recording(path) and _may_be_recording(path)


def _may_be_recording(path: Path) -> bool:
    """Tell JSON that is plainly something else, a list of labels say, from recordings.

    Only in a folder, where nobody named the file; what can't be judged is an input.
    """
    try:
        data = load_recording(path)
    except InputError:
        return True
    return looks_like_recording(data)


def looks_like_recording(data: object) -> bool:
    """Tell JSON that is meant as a touch recording, be it right or wrong."""
    return isinstance(data, dict) and ("boxes" in data or "strokes" in data)
