"""One reading as the journal keeps it, and the row it is kept in."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.journal.clock import Moment
from edge.reading import Digit, Reading

Row = tuple[Any, ...]

# In the table's order; the last is the checksum over all before it.
COLUMNS = (
    "number", "id", "taken_us", "clock_is_right", "boot_id", "uptime_s", "source", "model_sha256",
    "status", "input", "postcode", "guess", "confidence", "digits", "region", "reason",
    "elapsed_ms", "probabilities", "corrected", "corrected_us", "revision", "checksum",
)  # fmt: skip
INSERT = f"INSERT INTO readings VALUES ({', '.join('?' * len(COLUMNS))})"
# SQLite stores a real number without a fraction as an integer.
_REALS = frozenset(COLUMNS.index(name) for name in ("uptime_s", "confidence", "elapsed_ms"))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIDE = 28


@dataclass(frozen=True)
class Entry:
    """A reading in the journal."""

    id: str
    """Unique for ever and everywhere: a UUID, 32 hexadecimal digits."""
    number: int
    """Rising: the order of the journal."""
    taken_at: datetime
    """UTC, as the machine's clock told."""
    clock_is_right: bool
    """Whether that clock was known to be right."""
    source: str
    """`write`, `camera` or `photo`."""
    reading: Reading
    probabilities: NDArray[np.float32] | None = None
    """`float32 (5, 10)`, a blank box's row as it was given; None where none were."""
    digits: NDArray[np.uint8] | None = None
    """`uint8 (5, 28, 28)`, white ink on black, as the model saw them; None where not kept."""
    corrected: str | None = None
    """Five digits: the person's word."""
    corrected_at: datetime | None = None
    """UTC; None where nothing is corrected."""
    boot_id: str = ""
    """Of the run of the machine in which it was taken."""
    uptime_s: float = 0.0
    """Seconds since that run began."""
    model_sha256: str = ""
    """Of the model's file."""

    @property
    def postcode(self) -> str | None:
        """The person's word, else what was accepted; None where neither is."""
        return self.corrected or self.reading.postcode


@dataclass(frozen=True)
class Event:
    """Something that waits to be published."""

    number: int
    """Rising: the order to publish in."""
    id: str
    """Unique; the same however often it is sent."""
    kind: str
    """`reading` or `correction`."""
    payload: str
    """One JSON object: the reading's line, with what the journal knows of it."""


def checksum(row: Sequence[Any]) -> int:
    """Return the CRC-32 of a row's values, by which damage to the file shows."""
    return zlib.crc32(repr(tuple(row)).encode())


def image_checksum(number: int, pixels: bytes) -> int:
    """Return the checksum of a reading's images."""
    return zlib.crc32(pixels, number & 0xFFFFFFFF)


def to_row(
    number: int,
    id: str,
    moment: Moment,
    source: str,
    model_sha256: str,
    reading: Reading,
    probabilities: NDArray[np.float32] | None,
) -> Row:
    """Return the row of a new reading.

    Raises:
        ValueError: `probabilities` are not `(n, 10)`.
    """
    if probabilities is not None and probabilities.shape[1:] != (10,):
        raise ValueError(f"probabilities are float32 (n, 10), not {probabilities.shape}")
    digits = [[digit.digit, digit.confidence, digit.box] for digit in reading.digits]
    values = (
        number,
        id,
        moment.wall_us,
        int(moment.clock_is_right),
        moment.boot_id,
        _real(moment.uptime_s),
        source,
        model_sha256,
        reading.status,
        storable(reading.source),
        reading.postcode,
        reading.guess,
        _real(reading.confidence),
        json.dumps(digits),
        storable(reading.region),
        storable(reading.reason),
        _real(reading.elapsed_ms),
        None if probabilities is None else probabilities.astype("<f4").tobytes(),
        None,
        None,
        0,
    )
    return (*values, checksum(values))


def corrected_row(row: Row, corrected: str | None, moment: Moment) -> Row:
    """Return the row with the person's word, or with it taken back."""
    word = (corrected, None if corrected is None else moment.wall_us, row[-2] + 1)
    values = (*row[:-4], *word)
    return (*values, checksum(values))


def is_whole(row: Row) -> bool:
    """Tell whether a row is as it was written."""
    return len(row) == len(COLUMNS) and checksum(row[:-1]) == row[-1]


def as_row(number: int, values: Sequence[Any]) -> Row | None:
    """Return the row of values as they lie in the file, or None where they can't be one."""
    if len(values) != len(COLUMNS):
        return None
    reals = [
        float(value) if i in _REALS and isinstance(value, int) else value
        for i, value in enumerate(values)
    ]
    # The number is the key of the table's tree, and lies there instead of in the row.
    return (number, *reals[1:])


def to_entry(row: Row, pixels: bytes | None = None) -> Entry:
    """Return the entry of a row and, where they are kept, of its images."""
    field = dict(zip(COLUMNS, row, strict=True))
    reading = Reading(
        status=field["status"],
        source=field["input"],
        postcode=field["postcode"],
        guess=field["guess"],
        confidence=field["confidence"],
        digits=tuple(
            Digit(digit, confidence, None if box is None else tuple((x, y) for x, y in box))
            for digit, confidence, box in json.loads(field["digits"])
        ),
        region=field["region"],
        reason=field["reason"],
        elapsed_ms=field["elapsed_ms"],
    )
    table = field["probabilities"]
    return Entry(
        id=field["id"],
        number=field["number"],
        taken_at=from_us(field["taken_us"]),
        clock_is_right=bool(field["clock_is_right"]),
        source=field["source"],
        reading=reading,
        probabilities=None
        if table is None
        else np.frombuffer(table, "<f4").astype(np.float32).reshape(-1, 10),
        digits=None if pixels is None else unpacked(pixels),
        corrected=field["corrected"],
        corrected_at=None if field["corrected_us"] is None else from_us(field["corrected_us"]),
        boot_id=field["boot_id"],
        uptime_s=field["uptime_s"],
        model_sha256=field["model_sha256"],
    )


def to_payload(entry: Entry, kind: str) -> str:
    """Return what is published of an entry, one line of JSON."""
    fields = {
        "id": entry.id,
        "number": entry.number,
        "event": kind,
        "taken_at": entry.taken_at.isoformat(),
        "clock_is_right": entry.clock_is_right,
        "kind": entry.source,
        "corrected": entry.corrected,
        "model_sha256": entry.model_sha256,
        **json.loads(entry.reading.to_json()),
    }
    return json.dumps(fields, ensure_ascii=False)


def packed(digits: NDArray[np.uint8]) -> bytes:
    """Return digit images, `uint8 (n, 28, 28)`, as the table keeps them.

    Raises:
        ValueError: they are no such images.
    """
    if digits.dtype != np.uint8 or digits.shape[1:] != (_SIDE, _SIDE):
        raise ValueError(f"digits are uint8 (n, 28, 28), not {digits.dtype} {digits.shape}")
    return zlib.compress(np.ascontiguousarray(digits).tobytes())


def unpacked(pixels: bytes) -> NDArray[np.uint8]:
    """Return the images that `packed` was given, the caller's own."""
    flat = np.frombuffer(zlib.decompress(pixels), np.uint8)
    return flat.reshape(-1, _SIDE, _SIDE).copy()


def to_us(moment: datetime) -> int:
    """Return microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_us(microseconds: int) -> datetime:
    """Return the time, UTC, of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def storable(text: str | None) -> str | None:
    """Return text without what UTF-8 can't hold: parts of a file's name may be no characters."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()


def _real(number: float) -> float:
    """Return the number as SQLite gives it back, to which minus zero is zero."""
    return float(number) + 0.0
