"""What the API tells of a reading: a dictionary that is JSON as it is."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.journal import Entry
from edge.reading import Reading

# Beside the digit that was read.
_ALTERNATIVES = 2


def resource_of(entry: Entry) -> dict[str, Any]:
    """Return the reading resource of a journal's entry."""
    return unstored(entry.reading, entry.source, entry.probabilities) | {
        "id": entry.id,
        "number": entry.number,
        "taken_at": time_of(entry.taken_at),
        "corrected": entry.corrected,
    }


def unstored(
    reading: Reading, kind: str, probabilities: NDArray[np.float32] | None
) -> dict[str, Any]:
    """Return the resource of a reading that is in no journal: it has no `id` and no number.

    Args:
        reading: with all that its line of JSON says.
        kind: `write`, `camera` or `photo`.
        probabilities: `float32 (5, 10)`, zeros of a blank box; None where they aren't known.
    """
    found = with_alternatives(reading, probabilities)
    return found | {"id": None, "number": None, "taken_at": None, "kind": kind, "corrected": None}


def with_alternatives(
    reading: Reading, probabilities: NDArray[np.float32] | None
) -> dict[str, Any]:
    """Return a reading's JSON with the next best digits of each box."""
    found: dict[str, Any] = json.loads(reading.to_json())
    for place, digit in enumerate(found["digits"]):
        row = None if probabilities is None else probabilities[place]
        digit["alternatives"] = [] if row is None else alternatives(row, digit["digit"])
    return found


def alternatives(row: NDArray[np.float32], digit: str | None) -> list[dict[str, Any]]:
    """Return the likeliest digits beside one, the best first.

    Args:
        row: `float32 (10,)`.
        digit: what was read; None of a blank box, which has no alternatives.
    """
    if digit is None:
        return []
    order = [int(each) for each in np.argsort(-row, kind="stable") if str(each) != digit]
    return [
        {"digit": str(each), "confidence": round(float(row[each]), 6)}
        for each in order[:_ALTERNATIVES]
    ]


def digits_of(digits: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> dict[str, Any]:
    """Return what the model saw and said of each box.

    Args:
        digits: `uint8 (n, 28, 28)`, white ink on black.
        probabilities: `float32 (n, 10)`.
    """
    return {
        "digits": [
            {
                "image": _data_url(image),
                "probabilities": [round(float(value), 6) for value in row],
            }
            for image, row in zip(digits, probabilities, strict=True)
        ]
    }


def time_of(moment: datetime) -> str:
    """Return a time in UTC as ISO 8601 has it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _data_url(image: NDArray[np.uint8]) -> str:
    _, png = cv2.imencode(".png", image)
    return "data:image/png;base64," + base64.b64encode(png.tobytes()).decode()
