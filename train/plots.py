"""The pictures of a training run: data in, a matplotlib figure out, and `save` writes it.

Figures are made without pyplot, which keeps a list of them and picks a window system;
nothing here outlives its figure. Names given from outside are never read as formulas.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from numbers import Real
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
    PercentFormatter,
)
from numpy.typing import NDArray

from train.reliability import confidence_bins, ece_of_chance

# Okabe & Ito (2008), "Color Universal Design": told apart by the colour-blind too. Their
# yellow is left out, as a thin line of it is lost on white.
BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"
_COLOURS = (BLUE, VERMILLION, GREEN, "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK, _GREY, _PALE = "#222222", "#666666", "#DDDDDD"
_FAINT = "#AAAAAA"

DPI = 130
SMALL, _MEDIUM, LARGE = 8.0, 9.0, 11.0

# A cell of the confusion matrix, inches: five digits fit.
_CELL = 0.56
# From the palest that is told from white, so that a single error is seen.
_ERRORS = LinearSegmentedColormap.from_list("errors", ["#FCE3D2", VERMILLION, "#6B2500"])

# Values that span a larger factor crowd at one end of a plain axis.
_LOG_SPAN = 20
_PANEL = (3.2, 2.7)
_PANELS_ACROSS = 3
# More than these overlap under a panel.
_PANEL_CHARACTERS = 36


class EpochRecord(Protocol):
    """What is drawn of an epoch, `train.fit.Epoch` for one; None where nothing was kept apart."""

    @property
    def epoch(self) -> int:
        """From 1."""

    @property
    def loss(self) -> float:
        """Mean over the training images."""

    @property
    def accuracy(self) -> float:
        """Share of the training images that were right."""

    @property
    def validation_loss(self) -> float | None:
        """Mean over the images kept apart."""

    @property
    def validation_accuracy(self) -> float | None:
        """Share of the images kept apart that were right."""


def save(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG file of 130 dpi.

    Nothing but the picture is in it: the same data give the same bytes.

    Args:
        figure: of one of the functions below.
        path: the file.

    Raises:
        OSError: it can't be written.
    """
    figure.savefig(path, format="png", metadata={"Software": None})


def curves(epochs: Sequence[EpochRecord]) -> Figure:
    """Draw accuracy and loss over the epochs, of training and validation.

    Args:
        epochs: one record per epoch; where nothing was kept apart there is no such line.

    Returns:
        Two panels, accuracy and loss.
    """
    figure = _figure(10, 4)
    accuracy, loss = figure.subplots(1, 2)
    _dress(accuracy, "epoch", "", "Accuracy")
    _dress(loss, "epoch", "", "Loss")
    _percent(accuracy.yaxis)
    numbers = [epoch.epoch for epoch in epochs]

    def draw(axes: Axes, side: str, values: Sequence[float | None], form: str) -> None:
        colour, dashes = (BLUE, "-") if side == "training" else (VERMILLION, "--")
        if line := _curve(axes, numbers, values, colour, dashes):
            last = np.asarray(line.get_ydata(), float)[-1]
            line.set_label(f"{side}, last {last:{form}}")

    draw(accuracy, "training", [epoch.accuracy for epoch in epochs], ".2%")
    draw(accuracy, "validation", [epoch.validation_accuracy for epoch in epochs], ".2%")
    draw(loss, "training", [epoch.loss for epoch in epochs], ".4f")
    draw(loss, "validation", [epoch.validation_loss for epoch in epochs], ".4f")
    for axes in (accuracy, loss):
        _epoch_axis(axes, numbers)
        if axes.lines:
            axes.legend(fontsize=_MEDIUM, frameon=False)
    return figure


def comparison(runs: Mapping[str, Sequence[EpochRecord]]) -> Figure:
    """Draw the accuracy curves of several runs into one panel, as the textbook does.

    Args:
        runs: the epochs of each run, by the name that the legend gives it.

    Returns:
        One panel: a colour per run, training solid and validation dashed.
    """
    figure = _figure(8.5, 4.6)
    axes = figure.subplots()
    _dress(axes, "epoch", "accuracy", "Accuracy")
    _epoch_axis(axes, [epoch.epoch for epochs in runs.values() for epoch in epochs])
    _percent(axes.yaxis)
    keys, names, any_validation = [], [], False
    for (name, epochs), (colour, marker) in zip(runs.items(), _looks(), strict=False):
        numbers = [epoch.epoch for epoch in epochs]
        trained = [epoch.accuracy for epoch in epochs]
        validated = [epoch.validation_accuracy for epoch in epochs]
        _curve(axes, numbers, trained, colour, "-", marker)
        dashed = _curve(axes, numbers, validated, colour, "--", marker)
        any_validation |= dashed is not None
        keys.append(Line2D([], [], color=colour, marker=marker, markersize=4, linewidth=2.5))
        names.append(name)
    sides: dict[str, Any] = (
        {"training": "-", "validation": "--"} if any_validation else {"training": "-"}
    )
    keys += [Line2D([], [], color=_GREY, linestyle=dashes) for dashes in sides.values()]
    legend = figure.legend(
        keys, [*names, *sides], loc="outside right upper", fontsize=_MEDIUM, frameon=False
    )
    _take_literally(legend)
    return figure


def confusion(matrix: NDArray[np.integer[Any]], class_names: Sequence[str]) -> Figure:
    """Draw which classes are taken for which, with the counts in the cells.

    Args:
        matrix: `int (k, k)`, a row per true class and a column per class read.
        class_names: of the k classes.

    Returns:
        One panel. The colour of a cell off the diagonal is its share of the row, on a
        square-root scale from pale to dark; right readings have none.
    """
    k = len(matrix)
    total = int(matrix.sum())
    wrong = total - int(np.trace(matrix))
    off_diagonal = np.where(np.eye(k, dtype=bool), 0, matrix)
    shares = off_diagonal / np.maximum(matrix.sum(axis=1, keepdims=True), 1)

    figure = _figure(k * _CELL + 2.2, k * _CELL + 1.4)
    axes = figure.subplots()
    _dress(axes, "read", "true", f"{_errors(wrong)} of {total:,}" + _in_percent(wrong, total))
    axes.grid(False)
    axes.imshow(np.eye(k), cmap=LinearSegmentedColormap.from_list("right", ["w", "#EDEDED"]))
    norm = PowerNorm(0.5, vmin=0, vmax=shares.max() if wrong else 1)
    cells = axes.imshow(np.ma.masked_equal(shares, 0), cmap=_ERRORS, norm=norm)
    if wrong:
        bar = figure.colorbar(cells, ax=axes, shrink=0.6, aspect=25, pad=0.02)
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=SMALL, colors=INK)
        bar.set_label("share of the true class", fontsize=_MEDIUM, color=INK)
        _percent(bar.ax.yaxis)
    for (row, column), count in np.ndenumerate(matrix):
        dark = norm(shares[row, column]) > 0.45
        colour = _GREY if row == column else "w" if dark else INK if count else _FAINT
        axes.text(column, row, f"{count}", ha="center", va="center", fontsize=_MEDIUM, color=colour)
    turned = 45 if max(map(len, class_names), default=0) > 4 else 0
    axes.set_xticks(
        range(k), class_names, rotation=turned, ha="right" if turned else "center",
        rotation_mode="anchor", parse_math=False,
    )  # fmt: skip
    axes.set_yticks(range(k), class_names, parse_math=False)
    axes.tick_params(length=0)
    # Thin lines between the cells, in place of the grid through their middles.
    for place in np.arange(k - 1) + 0.5:
        axes.axhline(place, color=_PALE, linewidth=0.5)
        axes.axvline(place, color=_PALE, linewidth=0.5)
    return figure


def reliability(
    sets: Mapping[str, tuple[NDArray[np.float32], NDArray[np.uint8]]],
) -> Figure:
    """Draw reliability diagrams: is what the model is 90 % sure of right in 90 %?

    Guo et al. (2017), "On Calibration of Modern Neural Networks", figure 1.

    Args:
        sets: `float32 (n, 10)` probabilities and `uint8 (n,)` labels, by the name that
            the legend gives them, with their expected calibration error and what it would be of
            a model without a fault.

    Returns:
        Two panels, accuracy against confidence and below it how many images are in
        each of the 15 bins.
    """
    figure = _figure(5.6, 6.6)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _dress(above, "", "accuracy", "Reliability")
    _dress(below, "confidence", "images", "")
    above.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle=":", label="calibrated")
    for number, ((name, data), (colour, marker)) in enumerate(
        zip(sets.items(), _looks("o"), strict=False)
    ):
        found = confidence_bins(*data)
        filled = found.counts > 0
        chance = float(ece_of_chance(data[0]).mean())
        above.plot(
            found.confidence[filled], found.accuracy[filled], color=colour, marker=marker,
            markersize=5, linewidth=1.6, clip_on=False,
            label=f"{name}, ECE {found.ece:.2%} (of chance alone {chance:.2%})",
        )  # fmt: skip
        # The sets' bars share the width of a bin, side by side.
        width = 1 / len(found.counts)
        bar = 0.86 * width / len(sets)
        starts = np.arange(len(found.counts)) * width + 0.07 * width + number * bar
        below.bar(starts, found.counts, bar, align="edge", color=colour)
    # A single image is a bar as well.
    below.set_yscale("log", nonpositive="clip")
    most = max((len(labels) for _, labels in sets.values()), default=0)
    below.set_ylim(0.5, 2 * max(most, 10))
    below.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    below.yaxis.set_minor_locator(NullLocator())
    above.set(xlim=(0, 1), ylim=(0, 1.02))
    _percent(above.yaxis)
    _percent(below.xaxis)
    _take_literally(above.legend(handles=above.lines, fontsize=_MEDIUM, frameon=False))
    return figure


def trials(
    values: Sequence[Mapping[str, Any]],
    scores: Sequence[float | None],
    parameters: Sequence[str],
) -> Figure:
    """Draw what the trials of a search found out about each parameter that was varied.

    Args:
        values: each trial's parameters: numbers or choices. One that a trial does not
            have is left out of that parameter's panel.
        scores: each trial's validation accuracy, 0 to 1; None or NaN if it has none.
        parameters: those to draw.

    Returns:
        A panel per parameter, accuracy against value, on a logarithmic axis where all
        values are positive and span more than a factor of 20. The best trial is marked.
    """
    heights = np.array([math.nan if score is None else score for score in scores], np.float64)
    finished = np.flatnonzero(np.isfinite(heights))
    best = int(finished[heights[finished].argmax()]) if len(finished) else None

    across = min(_PANELS_ACROSS, max(1, len(parameters)))
    down = max(1, math.ceil(len(parameters) / across))
    figure = _figure(across * _PANEL[0], down * _PANEL[1] + 0.4)
    counted = f"{len(values)} trials" if len(values) != 1 else "1 trial"
    found = "" if best is None else f", the best reaches {heights[best]:.2%}"
    figure.suptitle(counted + found, fontsize=LARGE, color=INK)
    panels = figure.subplots(down, across, sharey=True, squeeze=False).ravel()
    for axes, name in zip(panels, parameters, strict=False):
        _dress(axes, name, "", "")
        _percent(axes.yaxis)
        having = [trial for trial in finished.tolist() if name in values[trial]]
        places = _value_axis(axes, [values[trial][name] for trial in having])
        axes.scatter(places, heights[having], s=22, color=BLUE, alpha=0.55, linewidths=0)
        if best in having:
            axes.plot(
                places[having.index(best)], heights[best], color=VERMILLION, marker="*",
                markersize=13, markeredgecolor="w", linestyle="none",
            )  # fmt: skip
    for start in range(0, len(panels), across):
        panels[start].set_ylabel("validation accuracy", fontsize=_MEDIUM, color=INK)
    for axes in panels[len(parameters) :]:
        axes.set_visible(False)
    return figure


def _figure(width: float, height: float) -> Figure:
    """Return an empty figure, inches."""
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    return Figure((width, height), dpi=DPI, facecolor="w", layout=layout)


def _dress(axes: Axes, x: str, y: str, title: str) -> None:
    axes.set_facecolor("w")
    axes.set_title(title, fontsize=LARGE, color=INK)
    axes.set_xlabel(x, fontsize=_MEDIUM, color=INK, parse_math=False)
    axes.set_ylabel(y, fontsize=_MEDIUM, color=INK)
    axes.tick_params(which="both", labelsize=_MEDIUM, labelcolor=INK, color=_GREY)
    axes.grid(True, color=_PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)


def _percent(axis: Any) -> None:
    axis.set_major_formatter(PercentFormatter(1))


def _epoch_axis(axes: Axes, numbers: Sequence[int]) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if numbers:
        # Half an epoch of room, with which a single epoch has an axis too.
        axes.set_xlim(min(numbers) - 0.5, max(numbers) + 0.5)


def _curve(
    axes: Axes,
    numbers: Sequence[int],
    values: Sequence[float | None],
    colour: str,
    dashes: str,
    marker: str = "",
) -> Line2D | None:
    """Draw a line with gaps where there is no value; none at all where there is nowhere one."""
    heights = np.array([math.nan if value is None else value for value in values], np.float64)
    # A loss that has grown beyond all numbers is a gap as well.
    heights[~np.isfinite(heights)] = math.nan
    if np.isnan(heights).all():
        return None
    # A line through one point is nothing.
    marker = marker or ("o" if len(numbers) == 1 else "")
    (line,) = axes.plot(
        numbers, heights, color=colour, linestyle=dashes, linewidth=1.6, marker=marker,
        markersize=5, markevery=max(1, len(numbers) // 10),
    )  # fmt: skip
    return line


def _looks(first_marker: str = "") -> Any:
    """Yield colours and markers without end; only with the markers are all different."""
    for marker in cycle((first_marker, "s", "^", "D", "v")):
        for colour in _COLOURS:
            yield colour, marker


def _value_axis(axes: Axes, values: Sequence[Any]) -> NDArray[np.float64]:
    """Set up the axis of a parameter and return where on it each value lies."""
    if all(isinstance(value, Real) and not isinstance(value, bool) for value in values):
        places = np.array(values, np.float64)
        if len(places) and places.min() > 0 and places.max() / places.min() > _LOG_SPAN:
            decades = math.log10(places.max() / places.min())
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if decades > 2 else (1.0, 3.0)))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        elif len(set(values)) == 1:
            axes.set_xticks(places[:1], [f"{places[0]:g}"])
        else:
            axes.xaxis.set_major_locator(MaxNLocator(4))
        return places
    names = [_choice_name(value) for value in values]
    choices = sorted(set(names))
    axes.set_xticks(range(len(choices)), choices, parse_math=False)
    if len(choices) * max(map(len, choices)) > _PANEL_CHARACTERS:
        axes.tick_params(axis="x", labelrotation=30)
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.5, len(choices) - 0.5)
    return np.array([choices.index(name) for name in names], np.float64)


def _choice_name(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "-".join(map(str, value))
    return str(value)


def _errors(count: int) -> str:
    return "1 error" if count == 1 else f"{count:,} errors"


def _in_percent(part: int, of: int) -> str:
    return f" ({part / of:.2%})" if of else ""


def _take_literally(legend: Legend) -> None:
    for text in legend.get_texts():
        text.set_parse_math(False)
