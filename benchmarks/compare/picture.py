"""Accuracy against time, a point for each program; data in, a matplotlib figure out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, PercentFormatter

from benchmarks.compare.measuring import Measured
from benchmarks.compare.peers import PEERS, given
from benchmarks.compare.results import of_kind
from train.plots import BLUE, DPI, GREEN, INK, LARGE, SMALL, VERMILLION

_LOOKS = dict(
    zip(
        PEERS,
        ((BLUE, "o"), (VERMILLION, "s"), ("#E69F00", "D"), (GREEN, "^"), ("#CC79A7", "v")),
        strict=True,
    )
)
"""Colour and shape of each program."""
_KINDS = {"photo": "photos of envelopes and boxes", "touch": "touch recordings"}
_GIVEN = {"photo": "the photo", "row": "our row"}


def draw(measured: Sequence[Measured]) -> Figure:
    """Draw photos and touch recordings side by side.

    Args:
        measured: a point each, filled where the program is given the whole photo.
    """
    figure = Figure(figsize=(9.4, 4.8), dpi=DPI, layout="constrained")
    figure.suptitle("Postcodes read right, and the time that one takes on one core", fontsize=LARGE)
    for axes, kind in zip(figure.subplots(1, 2, sharey=True), _KINDS, strict=True):
        _panel(axes, measured, kind)
    _legend(figure, measured)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png")


def _panel(axes: Axes, measured: Sequence[Measured], kind: str) -> None:
    axes.set_title(_KINDS[kind], fontsize=SMALL + 1, color=INK)
    axes.set_xscale("log")
    axes.set_xlabel("ms of a core, median; the line ends at the 99th percentile", fontsize=SMALL)
    if kind == "photo":
        axes.set_ylabel("postcodes right", fontsize=SMALL)
    axes.set_ylim(-4, 104)
    axes.yaxis.set_major_formatter(PercentFormatter(decimals=0))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.tick_params(labelsize=SMALL)
    axes.grid(which="major", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    for spine in ("top", "right"):
        axes.spines[spine].set_visible(False)
    for one in measured:
        counts, times = of_kind(one, kind), one.ms.get(kind)
        if not counts.total or times is None:
            continue
        share, colour = 100 * counts.right / counts.total, _LOOKS[one.peer][0]
        axes.plot([times["p50"], times["p99"]], [share, share], color=colour, linewidth=1.2)
        axes.plot(times["p50"], share, **_point(one.peer, given(one.way)))


def _point(peer: str, what: str) -> dict[str, Any]:
    """Return how a program's point looks that is given the `photo` or the `row`."""
    colour, shape = _LOOKS[peer]
    return {
        "marker": shape, "color": colour, "markersize": 8, "markeredgewidth": 1.6,
        "markerfacecolor": colour if what == "photo" else "white",
    }  # fmt: skip


def _legend(figure: Figure, measured: Sequence[Measured]) -> None:
    points = [
        Line2D(
            [], [], linestyle="none", **_point(one.peer, given(one.way)),
            label=f"{PEERS[one.peer].title}, {_GIVEN[given(one.way)]}",
        )
        for one in measured
    ]  # fmt: skip
    figure.legend(
        handles=points, loc="outside lower center", ncols=3, fontsize=SMALL, frameon=False
    )
