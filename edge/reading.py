"""What was read: the one result type of everything in this package."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

Status = Literal["accepted", "rejected", "no-boxes", "error"]
Quad = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Digit:
    """One box."""

    digit: str | None
    """`"0"` to `"9"`; None where the box is blank."""
    confidence: float
    """Calibrated probability that `digit` is right, 0 to 1."""
    box: Quad | None
    """Corners in px of the input: top left, top right, bottom right, bottom left;
    None where the digit came as a crop."""


@dataclass(frozen=True)
class Reading:
    """What was read from one input; the fields are those of the JSON line."""

    status: Status
    source: str | None = None
    """The path as it was given; None for an input that had none."""
    postcode: str | None = None
    """What may be relied on: there only when `status` is `accepted`."""
    guess: str | None = None
    """The best guess, whenever every box held a digit."""
    confidence: float = 0.0
    """Calibrated probability that all digits are right, 0 to 1."""
    digits: tuple[Digit, ...] = ()
    region: str | None = None
    """Name of an accepted postcode's region, where a directory is in use and knows it; that
    of `kr` in Korean and English, `서울특별시 / Seoul`."""
    reason: str | None = None
    """Why there is no postcode: `low-confidence`, `blank-box`, `not-a-digit`,
    `not-in-directory`; where the picture explains it `too-small`, `blurred`, `glare`,
    `cut-off`; `no-boxes`, or a sentence where `status` is `error`."""
    elapsed_ms: float = 0.0
    """From opening the input to this reading, milliseconds."""

    def to_json(self) -> str:
        """Return the reading as one line of JSON, the keys in the contract's order."""
        fields = asdict(self)
        fields["confidence"] = round(self.confidence, 6)
        fields["elapsed_ms"] = round(self.elapsed_ms, 2)
        fields["digits"] = [
            {
                "digit": d.digit,
                "confidence": round(d.confidence, 6),
                "box": d.box and [[round(x, 1), round(y, 1)] for x, y in d.box],
            }
            for d in self.digits
        ]
        ordered = {"source": fields.pop("source"), **fields}
        return json.dumps(ordered, ensure_ascii=False)
