"""All variants of a model beside each other: a table to print, a page, JSON and a plot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from train import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Row:
    """One variant."""

    variant: str
    bytes: int = 0
    """Of the file."""
    of: int = 0
    """Digits that decided."""
    errors: int = 0
    """Of the converted model."""
    source_errors: int = 0
    """Of the Keras model."""
    agreement: int = 0
    """Digits of which both say the same."""
    largest_difference: float = 0.0
    """Of two probabilities."""
    us_1: Mapping[str, float] = field(default_factory=dict)
    """Pixels of one digit to its probabilities, µs, `p50` and `p99`."""
    us_5: Mapping[str, float] = field(default_factory=dict)
    """The same of five."""
    peak_bytes: int = 0
    """Memory of a process that does nothing else."""
    runtimes: Sequence[str] = ()
    """In which it was run."""
    refused: str = ""
    """Why it was not kept; empty where it was."""

    @property
    def accuracy(self) -> float:
        """Share of the digits that it reads right."""
        return 1 - self.errors / self.of


@dataclass(frozen=True)
class Table:
    """All variants of one model."""

    path: Path
    """`NAME.tflite`, of which the variants' names were made."""
    rows: Sequence[Row]


def refused(variant: str, why: str) -> Row:
    """Return the row of a variant that was not kept."""
    return Row(variant, refused=why)


def paths(target: Path) -> list[Path]:
    """Return where the page, the JSON and the plot lie."""
    return [target.with_suffix(f".variants{suffix}") for suffix in (".md", ".json", ".png")]


def write(table: Table, target: Path) -> list[Path]:
    """Write page, JSON and plot.

    Args:
        table: of the variants.
        target: `NAME.tflite` in the folder to write to.

    Returns:
        The files' paths.
    """
    page, numbers, picture = paths(target)
    page.write_text(
        f"# {target.stem}: all variants\n\n{markdown(table)}\n\n![accuracy against size]"
        f"({picture.name})\n",
        "utf-8",
    )
    content = [asdict(row) for row in table.rows]
    numbers.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
    plots.save(plot(table), picture)
    return [page, numbers, picture]


def text(table: Table) -> str:
    """Return the table to print."""
    cells = [_HEAD, *(_cells(row) for row in table.rows if not row.refused)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    last = len(widths) - 1
    lines = [
        "  ".join(
            cell.ljust(width) if place in (0, last) else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    return "\n".join([*lines, *(f"{row.variant}: {row.refused}" for row in _refused(table))])


def markdown(table: Table) -> str:
    """Return the table as a page has it."""
    lines = [_HEAD, ["---"] * len(_HEAD), *(_cells(row) for row in table.rows if not row.refused)]
    rows = ["| " + " | ".join(line) + " |" for line in lines]
    notes = [f"- {row.variant} was refused: {row.refused}" for row in _refused(table)]
    return "\n".join(rows) + ("\n\n" + "\n".join(notes) if notes else "")


def plot(table: Table) -> Figure:
    """Draw accuracy against size, each variant a point with its name."""
    from matplotlib.figure import Figure

    figure = Figure((7, 4.5), dpi=plots.DPI, facecolor="w", layout="constrained")
    axes = figure.subplots()
    kept = sorted((row for row in table.rows if not row.refused), key=lambda row: row.bytes)
    for number, row in enumerate(kept):
        place = (row.bytes / 1000, 100 * row.accuracy)
        axes.plot(*place, "o", color="C0")
        # Neighbours are of much the same size: one name above its point, the next below.
        above = number % 2 == 0
        axes.annotate(row.variant, place, xytext=(0, 8 if above else -8), ha="center",
                      va="bottom" if above else "top", textcoords="offset points")  # fmt: skip
    if kept:
        level = 100 * (1 - kept[0].source_errors / kept[0].of)
        axes.axhline(level, color="0.6", linestyle="--", linewidth=1)
        axes.annotate("Keras", (0.99, level), xycoords=("axes fraction", "data"), ha="right",
                      va="bottom", color="0.4")  # fmt: skip
    axes.set_xscale("log")
    for axis in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
        axis("{x:g}")
    axes.set_xlabel("kB of the file")
    axes.set_ylabel("% read right")
    axes.margins(0.25, 0.3)
    axes.grid(alpha=0.3)
    return figure


_HEAD = ("variant", "bytes", "accuracy", "errors", "Keras", "same", "differ by", "1: p50 µs",
         "p99", "5: p50 µs", "p99", "peak MB", "run in")  # fmt: skip


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.variant,
        f"{row.bytes:,}",
        f"{row.accuracy:.2%}",
        f"{row.errors:,}",
        f"{row.source_errors:,}",
        f"{row.agreement:,} of {row.of:,}",
        f"{row.largest_difference:.4f}",
        *(f"{times[part]:.0f}" for times in (row.us_1, row.us_5) for part in ("p50", "p99")),
        f"{row.peak_bytes / 1e6:.0f}",
        ", ".join(row.runtimes),
    )


def _refused(table: Table) -> list[Row]:
    return [row for row in table.rows if row.refused]
