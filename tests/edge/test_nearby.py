from __future__ import annotations

import numpy as np
import pytest

from edge.fit import fit
from edge.ink import line_darkness
from edge.nearby import nearby
from edge.row import COUNT, Row, row_through
from edge.scales import LINE_REACH
from tests.edge.drawing import away, row

MOVED = [
    (0.0, 0.0, 0.0, 0.0),
    (0.3, 0.25, 0.0, 0.0),
    (-0.25, -0.3, 0.05, 0.05),
    (0.25, 0.0, 0.0, 0.0),
    (0.0, -0.28, 0.1, -0.1),
    (0.15, 0.2, 0.15, 0.15),
]


@pytest.fixture(scope="module", params=[60, 80], ids=["apart", "joined"])
def drawn(request):
    """Return where it is dark in a picture of a row, the row, and its corners."""
    image, corners = row("04524", box=(request.param, 80))
    true = row_through(corners, np.arange(COUNT))
    return line_darkness(image, LINE_REACH), true, corners


def moved(true, left, right, top, bottom):
    """Return a row whose ends are off by parts of a pitch and lines by parts of a height."""
    matrix = [[1 + (right - left) / COUNT, 0, left], [0, 1 + bottom - top, top], [0, 0, 1]]
    return Row(true.homography @ np.array(matrix), true.fill)


@pytest.mark.parametrize("ends", MOVED)
def test_one_of_the_rows_nearby_is_fitted_to_the_lines(drawn, ends):
    dark, true, corners = drawn
    fits = [fit(dark, start) for start in nearby(dark, moved(true, *ends), 5)]
    best = max(fits, key=lambda each: each.coverage - each.residual)
    assert best.coverage > 0.9
    assert away(best.row.corners(), corners) < 0.04


def test_a_row_that_is_off_is_not_fitted_where_it_is(drawn):
    dark, true, corners = drawn
    for ends in MOVED[1:3]:
        alone = fit(dark, moved(true, *ends))
        assert alone.coverage <= 0 or away(alone.row.corners(), corners) > 0.04


def test_the_likeliest_comes_first_and_no_more_than_are_asked_for(drawn):
    dark, true, corners = drawn
    assert len(nearby(dark, true, 3)) == 3
    (best,) = nearby(dark, moved(true, 0.15, 0.15, 0.0, 0.0), 1)
    assert away(best.corners(), corners) < 0.04


def test_where_there_are_no_lines_rows_are_returned_all_the_same(drawn):
    _, true, _ = drawn
    blank = np.zeros((260, 560), np.uint8)
    rows = nearby(blank, true, 5)
    assert len(rows) == 5
    # The row itself is as likely as any other.
    np.testing.assert_allclose(rows[0].homography, true.homography)
