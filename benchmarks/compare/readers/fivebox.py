"""This program, with its bundled model."""

from __future__ import annotations

from pathlib import Path

import edge
from benchmarks.compare.footprint import folder_bytes, packages_bytes
from benchmarks.compare.items import Answer, Item
from benchmarks.compare.readers import Read
from edge import InputError, Recognizer
from edge.sources.images import load_picture


def open_reader(way: str) -> Read:
    """Return the function that reads whole photos and recordings; there is no other way."""
    recognizer = Recognizer()

    def read(item: Item) -> Answer:
        try:
            reading = (
                recognizer.read(load_picture(Path(item.picture)))
                if item.recording is None
                else recognizer.read_strokes(item.recording)
            )
        except InputError:
            return Answer(None, False)
        return Answer(reading.guess, reading.status == "accepted")

    return read


def version() -> str:
    """Return the project's version and the model's."""
    from importlib.metadata import version as installed

    return installed("fivebox")


def installed_bytes() -> int:
    """Return the size of the packages that a kiosk's reading needs, and of ours."""
    return packages_bytes(["fivebox[edge]"]) + folder_bytes(Path(edge.__file__).parent)
