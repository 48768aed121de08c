"""Readings as CSV (RFC 4180), for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from edge.journal import Entry
from edge.kiosk.resource import time_of

MEDIA_TYPE = "text/csv; charset=utf-8"
COLUMNS = (
    "number", "taken_at", "kind", "status", "postcode", "guess", "confidence", "corrected",
    "reason", "region", "id",
)  # fmt: skip

# By this mark spreadsheets know UTF-8.
_MARK = "\ufeff"
# With these, a cell may run as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(pages: Iterable[Sequence[Entry]]) -> Iterator[str]:
    """Yield a table, page by page; `postcode` is the person's word where there is one."""
    yield _MARK + _text([COLUMNS])
    for page in pages:
        yield _text([_row(entry) for entry in page])


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _row(entry: Entry) -> list[str]:
    reading = entry.reading
    cells = (
        str(entry.number),
        time_of(entry.taken_at),
        entry.source,
        reading.status,
        entry.postcode or "",
        reading.guess or "",
        f"{reading.confidence:.6f}" if reading.guess else "",
        entry.corrected or "",
        reading.reason or "",
        reading.region or "",
        entry.id,
    )
    return [harmless(cell) for cell in cells]


def _text(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
