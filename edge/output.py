"""How readings are printed: a table for people, lines of JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from edge.reading import Reading

_LONGEST_NAME = 60


class JsonLines:
    """One line of JSON per reading, as soon as it is known."""

    def add(self, reading: Reading) -> None:
        """Print a reading."""
        print(reading.to_json(), flush=True)

    def close(self) -> None:
        """Do nothing: a program counts for itself."""


class Table:
    """One row per reading, as soon as it is known, and a line that counts them.

    Args:
        sources: all inputs, for the width of the first column.
    """

    def __init__(self, sources: Sequence[str]) -> None:
        longest = max((len(source) for source in sources), default=0)
        self._width = max(4, min(longest, _LONGEST_NAME))
        self._counts: Counter[str] = Counter()
        self._row("file", "postcode", "confidence", "status", "ms", "")

    def add(self, reading: Reading) -> None:
        """Print a row; a guess that was not accepted stands in brackets, the region last."""
        self._counts[reading.status] += 1
        shown = reading.postcode or (f"({reading.guess})" if reading.guess else "-")
        confidence = f"{reading.confidence:.1%}" if reading.guess else "-"
        note = reading.region or ("" if reading.reason == reading.status else reading.reason)
        self._row(
            reading.source or "-",
            shown,
            confidence,
            reading.status,
            f"{reading.elapsed_ms:.1f}",
            note or "",
        )

    def close(self) -> None:
        """Print how many inputs ended in which status."""
        counts = ", ".join(f"{n} {status}" for status, n in sorted(self._counts.items()))
        print(f"\n{sum(self._counts.values())} read: {counts}" if counts else "\nnothing to read")

    def _row(
        self, name: str, postcode: str, confidence: str, status: str, ms: str, note: str
    ) -> None:
        if len(name) > self._width:
            name = "…" + name[len(name) - self._width + 1 :]
        row = f"{name:{self._width}}  {postcode:>8}  {confidence:>10}  {status:9} {ms:>7}  {note}"
        print(row.rstrip(), flush=True)
