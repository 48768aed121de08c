"""The results as a file, and those figures of them that the table and the picture show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.compare.measuring import Counts, Measured
from benchmarks.compare.peers import PEERS, given
from benchmarks.reporting import machine

TOUCH = "touch"


@dataclass(frozen=True)
class Results:
    """Of several programs, on the same items."""

    items: str
    """Fingerprint of what was read."""
    measured: tuple[Measured, ...]
    machine: dict[str, Any]

    def with_one(self, one: Measured) -> Results:
        """Return these with one more, or anew, in the order of `PEERS`."""
        others = [m for m in self.measured if (m.peer, m.way) != (one.peer, one.way)]
        order = [(peer.name, way) for peer in PEERS.values() for way in peer.ways]
        merged = sorted([*others, one], key=lambda m: order.index((m.peer, m.way)))
        return Results(self.items, tuple(merged), machine())


def load_results(path: Path) -> Results | None:
    """Return the results of a file; None where it is missing or of another form."""
    try:
        found = json.loads(path.read_text("utf-8"))
        measured = tuple(
            Measured(**{**each, "sets": {n: Counts(**c) for n, c in each["sets"].items()}})
            for each in found["measured"]
        )
        return Results(found["items"], measured, found["machine"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save_results(path: Path, results: Results) -> None:
    """Write results, aside first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".tmp")
    aside.write_text(json.dumps(asdict(results), indent=2, ensure_ascii=False) + "\n", "utf-8")
    aside.replace(path)


def total(counts: Sequence[Counts]) -> Counts:
    """Return counts of several sets together."""
    return Counts(
        sum(c.total for c in counts), sum(c.right for c in counts),
        sum(c.answered for c in counts), sum(c.wrong for c in counts),
    )  # fmt: skip


def of_kind(measured: Measured, kind: str) -> Counts:
    """Return a program's counts over all `photo`s or all `touch` recordings."""
    return total([c for name, c in measured.sets.items() if (name == TOUCH) == (kind == "touch")])


def shown(results: Results) -> list[Measured]:
    """Return of each program the way that suits it best, by what it is given.

    The best is the one with the most right of all that was read, the faster one of two: what
    is measured chooses, in the other programs' favour.
    """
    best: dict[tuple[str, str], Measured] = {}
    for one in results.measured:
        key = (one.peer, given(one.way))
        if key not in best or _merit(one) > _merit(best[key]):
            best[key] = one
    return list(best.values())


def _merit(measured: Measured) -> tuple[int, float]:
    return total(list(measured.sets.values())).right, -measured.ms["photo"]["p50"]
