from __future__ import annotations

import numpy as np
import pytest

from edge.fit import fit, fit_best
from edge.ink import line_darkness
from edge.row import COUNT, Row, row_through
from edge.scales import LINE_REACH
from tests.edge.drawing import away, row

# Moved so far, in pitches, a row finds its lines, or hardly any.
_NEAR, _OFF = 0.04, 0.5


@pytest.fixture(scope="module")
def drawn():
    """Return where it is dark in a picture of a row, and the row."""
    image, corners = row("04524")
    return line_darkness(image, LINE_REACH), row_through(corners, np.arange(COUNT))


def moved(true, along):
    return Row(true.homography @ np.array([[1, 0, along], [0, 1, 0], [0, 0, 1]]), true.fill)


def test_of_many_rows_those_that_are_boxes_are_pulled_onto_their_lines(drawn):
    dark, true = drawn
    rows = [moved(true, along) for along in (-_OFF, 2 * _OFF, _NEAR, -2 * _OFF, _OFF)]
    found = list(fit_best(dark, rows))
    assert len(found) == 1
    assert away(found[0].row.corners(), true.corners()) < 0.03
    alone = fit(dark, moved(true, _NEAR))
    np.testing.assert_array_equal(found[0].row.corners(), alone.row.corners())
    assert found[0][1:] == alone[1:]


def test_the_best_seen_one_comes_first(drawn):
    dark, true = drawn
    aside = moved(true, 0.12)
    assert fit(dark, aside).coverage > 0
    for rows in ([aside, true], [true, aside]):
        first, second = fit_best(dark, rows)
        assert away(first.row.corners(), true.corners()) < 0.01
        assert away(second.row.corners(), true.corners()) > 0.02


def test_where_no_line_is_none_is_supported(drawn):
    dark, true = drawn
    assert list(fit_best(np.zeros_like(dark), [true, moved(true, _OFF)])) == []
    assert list(fit_best(dark, [])) == []


def test_a_part_of_a_longer_row_is_none():
    image, corners = row(box=(80, 80), count=7, size=(720, 260))
    dark = line_darkness(image, LINE_REACH)
    part = row_through(corners[1:6], np.arange(COUNT))
    assert list(fit_best(dark, [part])) == []
