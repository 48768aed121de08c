"""The shapes of the API's JSON, for its documentation and to check what comes in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Postcode = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]
Confidence = Annotated[float, Field(ge=0, le=1)]
Point = tuple[float, float]
Kind = Literal["write", "camera", "photo"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Alternative(_Model):
    """Another digit that may be meant."""

    digit: str
    confidence: Confidence


class Digit(_Model):
    """One box."""

    digit: str | None
    """None where the box is blank."""
    confidence: Confidence
    box: list[Point] | None
    """Four corners in px of the input."""
    alternatives: list[Alternative]
    """The next two, the likelier first."""


class Reading(_Model):
    """What was read, and what a person said of it."""

    source: str | None
    status: Literal["accepted", "rejected", "no-boxes", "error"]
    postcode: str | None
    guess: str | None
    confidence: Confidence
    digits: list[Digit]
    region: str | None
    reason: str | None
    elapsed_ms: float
    id: str | None
    """None of a reading that is not in the journal."""
    number: int | None
    taken_at: str | None
    """ISO 8601, UTC."""
    kind: Kind
    corrected: str | None
    """The person's word."""


class Readings(_Model):
    """A page of the journal, the newest first."""

    readings: list[Reading]
    next: int | None
    """For `before`, to get the page after; None on the last."""


class Seen(_Model):
    """One box as the model saw it."""

    image: str
    """A `data:` URL of a PNG of 28×28, white ink on black."""
    probabilities: list[float]
    """Of the ten digits."""


class Digits(_Model):
    """All boxes as the model saw them."""

    digits: list[Seen]


class Correction(_Model):
    """A person's word on a reading."""

    corrected: Postcode | None
    """Five digits; null takes the word back."""


class Model(_Model):
    """The model in use."""

    name: str
    sha256: str | None
    architecture: str | None
    quantization: str | None
    threshold: float


class Settings(_Model):
    """What the page has to know."""

    language: Literal["auto", "ko", "en"]
    sound: bool
    camera: bool
    rest_ms: int
    directory: str | None
    version: str
    model: Model


class Health(_Model):
    """How the kiosk is."""

    live: bool
    ready: bool
    model: bool
    """Whether it is loaded."""
    camera: str | None
    """The camera's state; None where there is none in use."""
    frame_age_s: float | None
    journal: str | None
    """Why the journal takes nothing; None where it does."""


class Problem(BaseModel):
    """What is wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


Json = dict[str, Any]

# A touch recording and its points, as OpenAPI 3.1 and JSON Schema 2020-12 write them.
_NUMBER = {"type": "number", "minimum": -1e6, "maximum": 1e6}
_SIZE = {"type": "number", "minimum": 1e-3, "maximum": 1e6}
_TIME = {"type": "number", "minimum": -1e15, "maximum": 1e15}
RECORDING_SCHEMA: Json = {
    "title": "Touch recording",
    "type": "object",
    "required": ["boxes", "strokes"],
    "properties": {
        "boxes": {
            "description": "x, y, width and height of the five boxes, screen px, y down.",
            "type": "array",
            "minItems": 5,
            "maxItems": 5,
            "items": {
                "type": "array",
                "prefixItems": [_NUMBER, _NUMBER, _SIZE, _SIZE],
                "minItems": 4,
                "maxItems": 4,
            },
        },
        "strokes": {
            "description": "Points [x, y], or [x, y, milliseconds].",
            "type": "array",
            "items": {
                "type": "array",
                "items": {
                    "type": "array",
                    "prefixItems": [_NUMBER, _NUMBER, _TIME],
                    "minItems": 2,
                    "maxItems": 3,
                },
            },
        },
    },
    "example": {
        "boxes": [[0, 0, 90, 120], [100, 0, 90, 120], [200, 0, 90, 120],
                  [300, 0, 90, 120], [400, 0, 90, 120]],
        "strokes": [[[45, 20], [44, 60], [45, 100]], [[145, 20, 900], [145, 100, 1100]]],
    },
}  # fmt: skip
