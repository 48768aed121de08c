"""Accuracy against time, a point for each program; data in, a matplotlib figure out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter
from matplotlib.transforms import Bbox

from benchmarks.compare.measuring import Measured
from benchmarks.compare.peers import PEERS, given
from benchmarks.compare.results import of_kind
from train.plots import BLUE, DPI, GREEN, INK, LARGE, SMALL, VERMILLION

_COLOURS = dict(zip(PEERS, (BLUE, VERMILLION, GREEN, "#CC79A7"), strict=True))
_KINDS = {"photo": "photos of envelopes and boxes", "touch": "touch recordings"}
# What a program is given: filled where it finds the boxes itself.
_GIVEN = {"photo": "the photo", "row": "our row"}
# Where a name may stand, points from its own and which side of it, the best first.
_PLACES = tuple(
    (offset, side)
    for height in (7, -14, 18, -25, 29, 40, 51)
    for offset, side in (((0, height), "center"), ((6, height), "left"), ((-6, height), "right"))
)


def draw(measured: Sequence[Measured]) -> Figure:
    """Draw photos and touch recordings side by side.

    Args:
        measured: a point each.
    """
    figure = Figure(figsize=(9.4, 4.4), dpi=DPI, layout="constrained")
    figure.suptitle("Postcodes read right, and the time that one takes on one core", fontsize=LARGE)
    for axes, kind in zip(figure.subplots(1, 2, sharey=True), _KINDS, strict=True):
        _panel(axes, measured, kind)
    _spread(figure)
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
    axes.set_ylim(-14, 106)
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
        share, colour = 100 * counts.right / counts.total, _COLOURS[one.peer]
        is_whole = given(one.way) == "photo"
        axes.plot([times["p50"], times["p99"]], [share, share], color=colour, linewidth=1.2)
        axes.plot(
            times["p50"], share, "o", color=colour, markersize=7,
            markerfacecolor=colour if is_whole else "white", markeredgewidth=1.6,
        )  # fmt: skip
        label = PEERS[one.peer].title
        if kind == "photo":
            label += f", {_GIVEN[given(one.way)]}"
        axes.annotate(
            label, (times["p50"], share), xytext=_PLACES[0][0], textcoords="offset points",
            fontsize=SMALL, color=INK, ha="center",
        )  # fmt: skip


def _spread(figure: Figure) -> None:
    """Move names off each other and into the picture."""
    figure.draw_without_rendering()
    # Names are moved within panels that stay where they are.
    figure.set_layout_engine("none")
    for axes in figure.axes:
        placed: list[Bbox] = []
        for name in axes.texts:
            for offset, side in _PLACES:
                name.set_position(offset)
                name.set_horizontalalignment(side)
                box = name.get_window_extent()
                inside = figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1
                if inside and not any(box.overlaps(other) for other in placed):
                    break
            placed.append(box)
