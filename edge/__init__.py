"""Reads handwritten five-digit postcodes with numpy, OpenCV and a TFLite interpreter.

from edge import Recognizer
Recognizer().read(image)      # uint8 (h, w, 3) BGR → Reading
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge.errors import (
    DirectoryError,
    FiveboxError,
    ImageError,
    InputError,
    ModelError,
    OutputError,
    RecordingError,
    RuntimeMissingError,
    SourceBusyError,
    SourceDeniedError,
    SourceError,
    SourceHungError,
    SourceLostError,
    SourceMissingError,
    SourceUriError,
)
from edge.reading import Digit, Reading

if TYPE_CHECKING:
    from edge.recognizer import Recognizer

__all__ = [
    "Digit",
    "DirectoryError",
    "FiveboxError",
    "ImageError",
    "InputError",
    "ModelError",
    "OutputError",
    "Reading",
    "Recognizer",
    "RecordingError",
    "RuntimeMissingError",
    "SourceBusyError",
    "SourceDeniedError",
    "SourceError",
    "SourceHungError",
    "SourceLostError",
    "SourceMissingError",
    "SourceUriError",
]


def __getattr__(name: str) -> Any:
    # numpy and OpenCV take a third of a second to import: not before they are needed.
    if name == "Recognizer":
        from edge.recognizer import Recognizer

        return Recognizer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
