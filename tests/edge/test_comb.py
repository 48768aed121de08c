from __future__ import annotations

import numpy as np
import pytest

from edge.comb import rows_around
from edge.ink import line_darkness
from edge.writing import Run
from tests.edge.drawing import away, row, turned

REACH = 15


def run_of(corners, size=42):
    middles = corners.mean(axis=1).astype(float)
    return Run(middles[2], (middles[4] - middles[0]) / 4, size)


def best_of(rows, corners):
    return min(away(each.corners(), corners) for each in rows)


@pytest.mark.parametrize("degrees", [0, 25, -60])
@pytest.mark.parametrize(("box", "pitch"), [((60, 60), 60), ((50, 66), 70), ((44, 60), 80)])
def test_lines_are_found_around_the_digits(box, pitch, degrees):
    image, corners = turned(*row("04524", box=box, pitch=pitch, color=(190, 190, 190)), degrees)
    rows = rows_around(line_darkness(image, REACH), run_of(corners), 3)
    assert best_of(rows, corners) < 0.13


def test_a_line_that_no_pixel_of_which_stands_out_of_the_grain_is_found():
    image, corners = row("04524", box=(60, 60), pitch=60, color=(228, 228, 228), line=2)
    noise = np.random.default_rng(1).normal(0, 9, image.shape[:2])[..., None]
    grainy = np.clip(image + noise, 0, 255).astype(np.uint8)
    rows = rows_around(line_darkness(grainy, REACH), run_of(corners), 3)
    assert best_of(rows, corners) < 0.13


def test_it_does_not_matter_that_digits_are_off_the_boxes_middles():
    image, corners = row("04524", box=(60, 70), pitch=60, color=(170, 170, 170))
    run = run_of(corners)
    moved = Run(run.middle + np.array([4, -5]), run.step * 1.03, run.size)
    assert best_of(rows_around(line_darkness(image, REACH), moved, 3), corners) < 0.13


def test_no_more_rows_than_asked_for():
    image, corners = row("04524")
    dark = line_darkness(image, REACH)
    assert len(rows_around(dark, run_of(corners), 1)) <= 1
    assert rows_around(dark, run_of(corners), 0) == []
