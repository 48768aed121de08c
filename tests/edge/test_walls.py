from __future__ import annotations

import numpy as np

from edge.ink import line_darkness
from edge.scales import LINE_REACH
from edge.walls import find_walls, find_walls_of
from tests.edge.drawing import ORANGE, row


def test_walls_of_several_rows_are_those_of_each():
    # A faint row and a dark one: what is usual in one is not in the other.
    upper, high = row("04524", color=ORANGE)
    lower, low = row("67381")
    dark = line_darkness(np.concatenate([upper, lower]), LINE_REACH)
    low = low + np.array([0, len(upper)], np.float32)
    rows = [high, low, low[::-1] * 0.5, high + np.array([3000, 0], np.float32)]
    for corners, together in zip(rows, find_walls_of(dark, rows), strict=True):
        alone = find_walls(dark, corners)
        np.testing.assert_allclose(together.lines, alone.lines, atol=1e-3)
        np.testing.assert_array_equal(together.seen, alone.seen)
        np.testing.assert_array_equal(together.proven, alone.proven)
        assert together.darkness == alone.darkness


def test_of_no_rows_there_are_no_walls():
    assert find_walls_of(np.zeros((80, 80), np.uint8), []) == []
