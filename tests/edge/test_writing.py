from __future__ import annotations

import numpy as np
import pytest

from edge.ink import line_darkness
from edge.writing import find_runs
from tests.edge.drawing import row, turned

REACH = 15


def digits_alone(postcode="04524", degrees=0.0, pitch=60):
    """Return the darkness of five digits without any boxes, and their boxes' middles."""
    image, corners = row(postcode, box=(50, 60), pitch=pitch, color=(246, 246, 246), line=1)
    image, corners = turned(image, corners, degrees)
    return line_darkness(image, REACH), corners.mean(axis=1)


def ends_of(run):
    return np.stack([run.middle - 2 * run.step, run.middle + 2 * run.step])


@pytest.mark.parametrize("degrees", [0, 30, 80, 140])
def test_five_digits_in_a_row_are_a_run_however_they_lie(degrees):
    dark, middles = digits_alone(degrees=degrees)
    ends = ends_of(find_runs(dark)[0])
    true = middles[[0, -1]]
    away = min(np.abs(ends - true).max(), np.abs(ends[::-1] - true).max())
    assert away < 0.25 * 60


def test_a_missing_digit_in_the_middle_is_bridged():
    dark, middles = digits_alone("04 24")
    assert np.abs(ends_of(find_runs(dark)[0]) - middles[[0, -1]]).max() < 0.25 * 60


def test_three_digits_and_blank_paper_are_no_run():
    assert find_runs(digits_alone("045  ")[0]) == []
    assert find_runs(np.zeros((60, 80), np.uint8)) == []


def test_five_of_a_longer_line_are_less_likely_than_five_alone():
    image, _ = row("04524", box=(50, 60), pitch=60, color=(246, 246, 246), line=1)
    longer, _ = row("12345678", box=(50, 60), pitch=60, count=8, color=(246, 246, 246), line=1,
                    at=(20, 90))  # fmt: skip
    both = np.vstack([longer, image])
    best = find_runs(line_darkness(both, REACH))[0]
    assert best.middle[1] > len(longer)
