from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from benchmarks.rendering import odd
from benchmarks.rendering.dice import happens, pick_row
from benchmarks.rendering.optics import Optics, light
from benchmarks.rendering.paper import Paper, blank
from benchmarks.rendering.rows import Row, row_patches
from samples.patch import press

MANY = range(60)
HEIGHT = 60.0


def rng(seed):
    return np.random.default_rng([13, seed])


def odd_rows():
    """Return usual rows, and what is made of them."""
    usual = [replace(pick_row(HEIGHT, rng(k)), ruled=False) for k in MANY]
    return [(row, odd.odd_row(row, HEIGHT, rng(k))) for k, row in enumerate(usual)]


def test_rows_are_dashed_dotted_heavy_or_doubled_and_stay_where_they_were():
    made = odd_rows()
    for usual, row in made:
        assert replace(row, line=usual.line).corners() == pytest.approx(usual.corners(), abs=2)
        assert (row.left, row.top, row.width, row.height) == (
            usual.left, usual.top, usual.width, usual.height
        )  # fmt: skip
    assert sum(row.dash > row.line for _, row in made) > 10
    assert sum(0 < row.dash == row.line for _, row in made) > 4
    assert sum(row.whole_frame for _, row in made) > 2
    assert sum(row.line > 0.085 * row.height for _, row in made) > 10
    assert sum(row.second > 0 for _, row in made) > 3


def test_dashes_and_gaps_are_wide_enough_to_be_seen():
    for usual, row in odd_rows():
        if row.dash:
            mm = usual.height / HEIGHT
            assert row.gap >= 1.5 * mm
            assert row.dash >= row.line


def test_rows_ruled_by_hand_stay_as_they_are():
    row = Row(0, 0, ruled=True)
    assert odd.odd_row(row, HEIGHT, rng(1)) is row


@pytest.mark.parametrize(
    "row",
    [
        Row(3, 3, pitch=7.0, line=0.4, dash=1.0, gap=1.0),
        Row(3, 3, pitch=9.0, line=0.4, dash=1.0, gap=1.0),
        Row(3, 3, pitch=7.0, line=0.4, dash=1.0, gap=1.0, whole_frame=True),
    ],
)
def test_dashes_lie_on_the_lines_and_leave_gaps(row):
    px = 10.0
    row = replace(row, color=(0, 0, 0))
    sheet = press(np.full((200, 600, 3), 255, np.float32), row_patches(row, px, rng(1)))
    dark = 1 - sheet[..., 0] / 255
    corners = np.rint(row.corners() * px).astype(int)
    (left, top), (right, bottom) = corners[2, 0], corners[2, 2]
    wall, head = dark[top:bottom, right], dark[top, left:right]
    for line, dashed in ((wall, True), (head, not row.whole_frame)):
        assert line.max() > 0.95
        assert (line.min() < 0.05) == dashed
        assert 0.3 < line.mean() < (0.8 if dashed else 1.01)
    # Each corner of the row is printed.
    assert dark[corners[0, 0, 1], corners[0, 0, 0]] > 0.9
    assert dark[corners[4, 2, 1], corners[4, 2, 0]] > 0.9
    assert dark[(top + bottom) // 2, (left + right) // 2] == 0


def test_a_second_frame_is_printed_outside_of_the_first():
    row = Row(3, 3, pitch=7.0, line=0.2, color=(0, 0, 0), second=0.8)
    sheet = press(np.full((200, 600, 3), 255, np.float32), row_patches(row, 10.0, rng(1)))
    dark = 1 - sheet[..., 0] / 255
    column = dark[:, 65]
    assert [column[at] > 0.9 for at in (22, 26, 30, 120, 124, 128)] == [
        True,
        False,
        True,
        True,
        False,
        True,
    ]


def test_nobody_writes_on_a_heavy_line():
    usual, heavy = Row(0, 0, line=0.3), Row(0, 0, line=1.2)
    np.testing.assert_array_equal(usual.writable(), usual.corners())
    inside = heavy.writable()
    assert (inside[:, 0] > heavy.corners()[:, 0]).all()
    assert (inside[:, 2] < heavy.corners()[:, 2]).all()


def test_a_pattern_is_seen_on_the_paper():
    for k in MANY:
        paper = odd.odd_paper(Paper(color=(240, 240, 240)), rng(k))
        sheet = blank(paper, 6.0, (240, 240), (0, 0), rng(k))
        assert float(np.ptp(cv2.blur(sheet, (3, 3)))) > 12


def test_light_through_a_window_comes_and_goes_all_over_the_photo():
    for k in range(5):
        field = light(Optics(shadows=odd.odd_shadows(rng(k))))
        assert 0 < field.min() < 0.9
        quarters = [
            half for part in np.array_split(field, 2) for half in np.array_split(part, 2, axis=1)
        ]
        assert sum(float(np.ptp(quarter)) > 0.05 for quarter in quarters) >= 3


def test_no_die_is_thrown_for_what_never_happens():
    dice = rng(1)
    before = dice.bit_generator.state
    assert not happens(0.0, dice)
    assert dice.bit_generator.state == before
    assert sum(happens(0.5, dice) for _ in range(400)) == pytest.approx(200, abs=50)
