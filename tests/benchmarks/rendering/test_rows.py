from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.rendering.rows import Row, row_patches
from samples.patch import press

PX = 10.0
PLAIN = Row(2, 2, width=7, height=9, pitch=7, line=0.4, color=(0, 0, 0))


def drawn(row, seed=0):
    """Return the row on white paper, how dark each pixel is, 0 to 1."""
    sheet = np.full((140, 1000, 3), 255, np.float32)
    return 1 - press(sheet, row_patches(row, PX, np.random.default_rng(seed)))[..., 0] / 255


def on_walls(row, dark):
    """Return how dark it is along each wall of each box, (count, 4)."""
    corners = row.corners() * PX
    t = np.linspace(0.2, 0.8, 20)[:, None]
    found = np.empty((row.count, 4))
    for k, box in enumerate(corners):
        for side in range(4):
            points = np.rint(box[side] * (1 - t) + box[(side + 1) % 4] * t).astype(int)
            found[k, side] = dark[points[:, 1], points[:, 0]].mean()
    return found


@pytest.mark.parametrize(
    "row",
    [
        PLAIN,
        replace(PLAIN, pitch=8.5),
        replace(PLAIN, pitch=8.5, rounded=0.15),
        replace(PLAIN, count=3),
        replace(PLAIN, count=9, inner=0.5),
    ],
)
def test_corners_lie_on_the_middle_of_the_printed_lines(row):
    dark = drawn(row)
    assert on_walls(row, dark).min() > 0.95
    # In the middle of the boxes there is nothing.
    middles = np.rint(row.corners().mean(axis=1) * PX).astype(int)
    assert dark[middles[:, 1], middles[:, 0]].max() == 0


def test_a_row_that_is_ruled_by_hand_lies_about_there():
    row = replace(PLAIN, ruled=True, line=0.5, opacity=0.9)
    assert on_walls(row, drawn(row)).min() > 0.25
    assert not np.array_equal(drawn(row, 1), drawn(row, 2))


def test_neighbours_with_hardly_a_gap_share_their_wall():
    row = replace(PLAIN, pitch=7.1)
    assert row.joined
    corners = row.corners()
    np.testing.assert_allclose(corners[1:, 0], corners[:-1, 1])
    assert not replace(PLAIN, pitch=8.0).joined


def test_a_line_thinner_than_a_pixel_is_paler():
    full, thin = (on_walls(row, drawn(row)).mean() for row in (PLAIN, replace(PLAIN, line=0.04)))
    assert thin < 0.5 * full


def test_tinted_boxes_are_filled_with_a_little_of_the_lines_colour():
    row = replace(PLAIN, tint=0.1)
    middle = np.rint(row.corners()[2].mean(axis=0) * PX).astype(int)
    assert drawn(row)[middle[1], middle[0]] == pytest.approx(0.1, abs=0.01)
