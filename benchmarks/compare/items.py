"""What every program is given to read, as a file in JSON. Imports next to nothing: whoever
measures a program's memory must not bring its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal["photo", "touch"]


@dataclass(frozen=True)
class Item:
    """One photo or touch recording, the postcode in it, and its row as others are given it."""

    set: str
    """Which it belongs to: `scan`, `box_strips`, …"""
    kind: Kind
    postcode: str
    """What was written."""
    picture: str
    """Path of the photo, or of a picture of the strokes."""
    row: str | None
    """Path of the flattened row, black on white, upright, without printed lines; None where
    no row was found."""
    boxes: tuple[tuple[int, int, int, int], ...] = ()
    """Of the five boxes in the row: x, y, width, height, px."""
    recording: dict[str, Any] | None = None
    """Of a touch recording."""


@dataclass(frozen=True)
class Answer:
    """What a program says of an item."""

    guess: str | None
    """The postcode it would name; None where it has none."""
    is_sure: bool
    """Whether it answers with it. Programs that don't doubt are sure of all that they name."""


def save_items(path: Path, items: Sequence[Item]) -> None:
    """Write items to a file."""
    path.write_text(json.dumps([asdict(item) for item in items]) + "\n", "utf-8")


def load_items(path: Path) -> list[Item]:
    """Return the items of a file that `save_items` wrote."""
    found = json.loads(path.read_text("utf-8"))
    return [Item(**{**each, "boxes": tuple(map(tuple, each["boxes"]))}) for each in found]
