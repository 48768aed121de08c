"""How readings are printed: a table for people, lines of JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

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
        sources: all inputs, for the width of the first column; None where they are too many.
    """

    def __init__(self, sources: Sequence[str] | None) -> None:
        longest = max(map(len, sources or ()), default=0)
        self._width = _LONGEST_NAME if sources is None else max(4, min(longest, _LONGEST_NAME))
        self._counts: Counter[str] = Counter()

    def add(self, reading: Reading) -> None:
        """Print a row; a guess that was not accepted stands in brackets, the region last."""
        if not self._counts:
            self._row("file", "postcode", "confidence", "status", "ms", "")
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
        print(f"\n{_counted(self._counts)}")

    def _row(
        self, name: str, postcode: str, confidence: str, status: str, ms: str, note: str
    ) -> None:
        if len(name) > self._width:
            name = "…" + name[len(name) - self._width + 1 :]
        row = f"{name:{self._width}}  {postcode:>8}  {confidence:>10}  {status:9} {ms:>7}  {note}"
        print(row.rstrip(), flush=True)


class Summary:
    """Only the line that counts, where readings go to a file.

    Args:
        before: statuses of readings that are in the file already.
    """

    def __init__(self, before: Mapping[str, int]) -> None:
        self._counts = Counter(before)

    def add(self, reading: Reading) -> None:
        """Count a reading."""
        self._counts[reading.status] += 1

    def close(self) -> None:
        """Print how many inputs ended in which status, those of earlier runs too."""
        print(_counted(self._counts))


def _counted(counts: Counter[str]) -> str:
    parts = ", ".join(f"{n} {status}" for status, n in sorted(counts.items()) if n)
    return f"{counts.total()} read: {parts}" if parts else "nothing to read"
