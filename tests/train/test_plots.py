from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.train.synthetic import one_hot
from train import plots
from train.fit import Epoch
from train.reliability import ece_of_chance

DIGITS = tuple("0123456789")
HISTORY = [
    Epoch(1, 1.5, 0.50, 1.25, 0.625),
    Epoch(2, 0.5, 0.75, 0.75, 0.875),
    Epoch(3, 0.25, 0.9375, 1.0, 0.8125),
]


@dataclass(frozen=True)
class Unvalidated:
    epoch: int
    loss: float
    accuracy: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None


def drawn(figure, tmp_path):
    """Return the bytes of the figure's file; whatever matplotlib warns of comes up here."""
    path = tmp_path / "figure.png"
    plots.save(figure, path)
    return path.read_bytes()


def line(axes, number):
    return list(axes.lines[number].get_xdata()), list(axes.lines[number].get_ydata())


def legend_of(holder):
    return [text.get_text() for text in holder.get_texts()]


def texts_of(axes):
    return [text.get_text() for text in axes.texts]


def test_curves_hold_accuracy_and_loss_of_training_and_validation(tmp_path):
    figure = plots.curves(HISTORY)
    accuracy, loss = figure.axes
    assert line(accuracy, 0) == ([1, 2, 3], [0.5, 0.75, 0.9375])
    assert line(accuracy, 1) == ([1, 2, 3], [0.625, 0.875, 0.8125])
    assert line(loss, 0) == ([1, 2, 3], [1.5, 0.5, 0.25])
    assert line(loss, 1) == ([1, 2, 3], [1.25, 0.75, 1.0])
    assert legend_of(accuracy.get_legend()) == ["training, last 93.75%", "validation, last 81.25%"]
    assert legend_of(loss.get_legend()) == ["training, last 0.2500", "validation, last 1.0000"]
    drawn(figure, tmp_path)


def test_a_single_epoch_is_drawn_as_points(tmp_path):
    figure = plots.curves(HISTORY[:1])
    drawn(figure, tmp_path)
    for axes in figure.axes:
        assert {curve.get_marker() for curve in axes.lines} == {"o"}
        ticks = [tick for tick in axes.get_xticks() if 0.5 <= tick <= 1.5]
        assert ticks == [1]


def test_without_validation_only_training_is_drawn(tmp_path):
    figure = plots.curves([Unvalidated(1, 1.5, 0.5), Unvalidated(2, 1.0, 0.75)])
    accuracy, loss = figure.axes
    assert [len(axes.lines) for axes in figure.axes] == [1, 1]
    assert line(accuracy, 0) == ([1, 2], [0.5, 0.75])
    assert legend_of(loss.get_legend()) == ["training, last 1.0000"]
    drawn(figure, tmp_path)


def test_epochs_without_a_finite_value_are_gaps(tmp_path):
    figure = plots.curves(
        [
            Unvalidated(1, 1.0, 0.1, 1.0, 0.1),
            Unvalidated(2, math.inf, 0.1),
            Unvalidated(3, math.nan, 0.1),
        ]
    )
    loss = figure.axes[1]
    for curve in loss.lines:
        assert curve.get_ydata()[0] == 1.0
        assert np.isnan(curve.get_ydata()[1:]).all()
    assert loss.get_ylim()[1] < 2
    drawn(figure, tmp_path)


def test_no_epochs_give_empty_panels(tmp_path):
    figure = plots.curves([])
    assert [len(axes.lines) for axes in figure.axes] == [0, 0]
    drawn(figure, tmp_path)


def test_a_comparison_has_a_colour_per_run_and_a_dash_per_side(tmp_path):
    other = [Unvalidated(1, 0.0, 0.25, 0.0, 0.375)]
    figure = plots.comparison({"plain": HISTORY, "$cured$": other})
    (axes,) = figure.axes
    assert line(axes, 0) == ([1, 2, 3], [0.5, 0.75, 0.9375])
    assert line(axes, 1) == ([1, 2, 3], [0.625, 0.875, 0.8125])
    assert line(axes, 2) == ([1], [0.25])
    assert line(axes, 3) == ([1], [0.375])
    assert [curve.get_linestyle() for curve in axes.lines] == ["-", "--", "-", "--"]
    colours = [curve.get_color() for curve in axes.lines]
    assert colours[0] == colours[1] != colours[2] == colours[3]
    (legend,) = figure.legends
    assert legend_of(legend) == ["plain", "$cured$", "training", "validation"]
    assert [key.get_color() for key in legend.get_lines()[:2]] == colours[::2]
    drawn(figure, tmp_path)


def test_a_comparison_without_validation_has_no_dashes(tmp_path):
    figure = plots.comparison({"a": [Unvalidated(1, 1, 0.5)], "b": HISTORY[:0]})
    assert len(figure.axes[0].lines) == 1
    assert legend_of(figure.legends[0]) == ["a", "b", "training"]
    drawn(figure, tmp_path)


def test_more_runs_than_colours_still_look_different():
    figure = plots.comparison({str(number): HISTORY for number in range(20)})
    looks = {(c.get_color(), c.get_marker(), c.get_linestyle()) for c in figure.axes[0].lines}
    assert len(looks) == 40


def test_the_confusion_matrix_shows_every_count_in_its_cell(tmp_path):
    matrix = np.random.default_rng(0).integers(0, 2000, (10, 10))
    figure = plots.confusion(matrix, DIGITS)
    axes = figure.axes[0]
    assert {text.get_position(): text.get_text() for text in axes.texts} == {
        (column, row): str(matrix[row, column]) for row in range(10) for column in range(10)
    }
    wrong = int(matrix.sum() - np.trace(matrix))
    assert axes.get_title().startswith(f"{wrong:,} errors of {int(matrix.sum()):,} (")
    assert [label.get_text() for label in axes.get_yticklabels()] == list(DIGITS)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("read", "true")
    drawn(figure, tmp_path)


def test_cells_are_coloured_by_their_share_of_the_row_and_right_ones_are_not(tmp_path):
    matrix = np.array([[900, 100, 0], [1, 999, 0], [0, 5, 5]])
    figure = plots.confusion(matrix, ("cat", "dog", "$x_$"))
    cells = figure.axes[0].images[-1]
    shares = cells.get_array()
    assert shares.mask.tolist() == [[True, False, True], [False, True, True], [True, False, True]]
    assert (shares[0, 1], shares[1, 0], shares[2, 1]) == (0.1, 0.001, 0.5)
    # A quarter of the largest share has half of the colour, and one in a thousand beside
    # one in two is still told from white.
    assert cells.norm(0.125) == pytest.approx(0.5)
    assert cells.to_rgba(shares)[1, 0, :3].min() < 0.85
    drawn(figure, tmp_path)


@pytest.mark.parametrize(
    ("matrix", "title"),
    [
        (np.diag([3, 4, 5]), "0 errors of 12 (0.00%)"),
        # One class is missing from the images, another one is never read.
        (np.array([[7, 1, 0], [0, 0, 0], [0, 0, 0]]), "1 error of 8 (12.50%)"),
        (np.zeros((3, 3), np.int64), "0 errors of 0"),
    ],
)
def test_a_confusion_matrix_may_lack_errors_or_classes(matrix, title, tmp_path):
    figure = plots.confusion(matrix, ("a", "b", "c"))
    assert figure.axes[0].get_title() == title
    assert texts_of(figure.axes[0]) == [str(count) for count in matrix.ravel()]
    drawn(figure, tmp_path)


def test_a_reliability_diagram_shows_the_filled_bins_and_all_counts(tmp_path):
    first = one_hot([0, 1, 2, 3], [0.62, 0.64, 0.95, 1.0]), np.array([0, 9, 2, 3], np.uint8)
    second = one_hot([5] * 30, [0.5] * 30), np.full(30, 5, np.uint8)
    figure = plots.reliability({"before": first, "$after$": second})
    above, below = figure.axes
    assert line(above, 0) == ([0, 1], [0, 1])
    assert above.lines[1].get_xdata() == pytest.approx([0.63, 0.975])
    assert list(above.lines[1].get_ydata()) == [0.5, 1.0]
    assert line(above, 2) == ([0.5], [1.0])
    heights = [[bar.get_height() for bar in bars] for bars in below.containers]
    assert heights == [[0] * 9 + [2] + [0] * 4 + [2], [0] * 7 + [30] + [0] * 7]
    edges = np.arange(15) / 15
    for bars in below.containers:
        left = np.array([bar.get_x() for bar in bars])
        assert (left >= edges).all()
        assert (left + bars[0].get_width() <= edges + 1 / 15).all()
    assert below.get_yscale() == "log"
    assert below.get_ylim()[0] < 1
    chance = [ece_of_chance(probabilities).mean() for probabilities, _ in (first, second)]
    assert legend_of(above.get_legend()) == [
        "calibrated",
        f"before, ECE 7.75% (of chance alone {chance[0]:.2%})",
        f"$after$, ECE 50.00% (of chance alone {chance[1]:.2%})",
    ]
    drawn(figure, tmp_path)


def points(axes):
    return [tuple(point) for point in axes.collections[0].get_offsets().tolist()]


def test_trials_are_drawn_against_each_parameter_and_the_best_is_marked(tmp_path):
    values = [
        {"rate": 0.0001, "units": 100, "activation": "tanh", "hidden": (512,), "norm": True},
        {"rate": 0.01, "units": 300, "activation": "relu", "hidden": (64, 32), "norm": False},
        {"rate": 0.001, "units": 200, "activation": "tanh", "hidden": (512,), "norm": False},
    ]
    figure = plots.trials(values, [0.5, 0.9, 0.7], list(values[0]))
    rate, units, activation, hidden, norm, unused = figure.axes
    assert points(rate) == [(0.0001, 0.5), (0.01, 0.9), (0.001, 0.7)]
    assert points(units) == [(100, 0.5), (300, 0.9), (200, 0.7)]
    assert (rate.get_xscale(), units.get_xscale()) == ("log", "linear")
    for axes, names in ((activation, ["relu", "tanh"]), (hidden, ["512", "64-32"]),
                        (norm, ["False", "True"])):  # fmt: skip
        assert [label.get_text() for label in axes.get_xticklabels()] == names
    assert points(activation) == [(1, 0.5), (0, 0.9), (1, 0.7)]
    assert points(norm) == [(1, 0.5), (0, 0.9), (0, 0.7)]
    for axes, place in ((rate, 0.01), (units, 300), (activation, 0), (hidden, 1), (norm, 0)):
        assert line(axes, 0) == ([place], [0.9])
    assert [axes.get_xlabel() for axes in figure.axes[:5]] == list(values[0])
    assert not unused.get_visible()
    assert figure.get_suptitle() == "3 trials, the best reaches 90.00%"
    drawn(figure, tmp_path)


@pytest.mark.parametrize(
    ("low", "high", "scale"), [(1, 20, "linear"), (1, 21, "log"), (0, 100, "linear")]
)
def test_only_positive_values_far_apart_are_on_a_logarithmic_axis(low, high, scale, tmp_path):
    figure = plots.trials([{"x": low}, {"x": high}], [0.1, 0.2], ["x"])
    assert figure.axes[0].get_xscale() == scale
    drawn(figure, tmp_path)


def test_failed_trials_and_parameters_a_trial_does_not_have_are_left_out(tmp_path):
    values = [{"a": 1, "b": 2}, {"a": 2}, {"a": 3, "b": 4}, {"a": 4, "b": 5}]
    figure = plots.trials(values, [0.5, 0.75, None, math.nan], ["a", "b", "c"])
    a, b, c = figure.axes
    assert points(a) == [(1, 0.5), (2, 0.75)]
    assert points(b) == [(2, 0.5)]
    assert points(c) == []
    assert [len(axes.lines) for axes in figure.axes] == [1, 0, 0]
    drawn(figure, tmp_path)


@pytest.mark.parametrize("parameters", [[], ["a"]])
def test_a_search_without_a_finished_trial_is_drawn_empty(parameters, tmp_path):
    figure = plots.trials([{"a": 1}], [None], parameters)
    assert figure.get_suptitle() == "1 trial"
    drawn(figure, tmp_path)


def test_the_same_data_give_the_same_bytes_and_nothing_but_the_picture(tmp_path):
    figure = plots.curves(HISTORY)
    first, again = drawn(figure, tmp_path), drawn(plots.curves(HISTORY), tmp_path)
    assert first == again == drawn(figure, tmp_path)
    assert first != drawn(plots.curves(HISTORY[:2]), tmp_path)
    assert first.startswith(b"\x89PNG")
    assert not any(kind in first for kind in (b"tEXt", b"iTXt", b"tIME", b"Software"))
    # Pixels per metre, at 130 per inch.
    assert first[first.index(b"pHYs") + 4 :][:4] == round(130 / 0.0254).to_bytes(4, "big")


def test_figures_are_drawn_without_pyplot():
    code = (
        "import sys, io; from train import plots; "
        "plots.save(plots.curves([]), io.BytesIO()); "
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    root = Path(plots.__file__).parents[1]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
