from __future__ import annotations

import numpy as np
import pytest

from benchmarks.rendering import dice
from benchmarks.rendering.grades import GRADES, LIMITS
from benchmarks.rendering.optics import light, metered
from benchmarks.rendering.pose import FRAME, aim

MANY = range(60)


def rng(seed):
    return np.random.default_rng([8, seed])


def test_rows_are_of_many_kinds():
    rows = [dice.pick_row(80, rng(k)) for k in range(200)]
    joined = sum(row.joined for row in rows)
    assert 60 < joined < 140
    assert 0 < sum(row.ruled for row in rows) < 50
    aspects = [row.width / row.height for row in rows]
    assert min(aspects) < 0.6
    assert max(aspects) > 0.95
    lines = [row.line / row.height * 80 for row in rows]
    assert min(lines) < 1.5
    assert max(lines) > 5
    assert len({row.color for row in rows}) > 50


def test_no_line_is_too_thin_to_be_seen():
    for box_height in (20, 60, 400):
        for k in MANY:
            row = dice.pick_row(box_height, rng(k))
            assert row.line / row.height * box_height >= 0.5
            assert row.inner * row.line / row.height * box_height >= 0.5


def test_the_row_is_on_its_paper():
    for k in MANY:
        paper, row = dice.pick_paper(dice.pick_row(60, rng(k)), 60, rng(k))
        assert 0 < row.left < row.right < paper.width
        assert 0 < row.top < row.bottom < paper.height


@pytest.mark.parametrize("grade", GRADES)
def test_poses_and_digits_keep_to_the_grade(grade):
    limits = LIMITS[grade]
    widest = max(reach for _, reach in limits.rotations)
    for k in MANY:
        pose = dice.pick_pose(60, limits, rng(k))
        assert limits.tilt[0] <= pose.tilt <= limits.tilt[1]
        assert abs(pose.rotation) <= widest
        hand = dice.pick_hand(dice.pick_row(60, rng(k)), 60, limits, rng(k))
        assert limits.size[0] <= hand.size <= limits.size[1]
        assert limits.over[0] <= hand.over <= limits.over[1]


def test_hand_held_photos_may_be_upside_down():
    for grade in ("desk", "hard"):
        turns = [abs(dice.pick_pose(60, LIMITS[grade], rng(k)).rotation) for k in range(200)]
        assert sum(turn > 135 for turn in turns) >= 3


def test_ink_in_small_boxes_is_dark_enough():
    for k in MANY:
        row = dice.pick_row(24, rng(k))
        pen = dice.pick_hand(row, 24, LIMITS["hard"], rng(k)).pen
        assert sum(pen.color) / 3 <= 86
        assert pen.opacity >= 0.85


def test_blur_is_a_part_of_the_boxs_height():
    middle = np.full((4, 2), 600.0)
    for grade in GRADES:
        for height in (24, 100, 400):
            blurs = [
                dice.pick_optics(height, middle, LIMITS[grade], rng(k)).blur for k in range(20)
            ]
            assert max(blurs) <= max(0.06 * height, 0.9)


@pytest.mark.parametrize("grade", GRADES)
def test_where_the_row_lies_paper_is_neither_black_nor_burnt_out(grade):
    limits = LIMITS[grade]
    for k in range(12):
        points = rng(k).uniform((200, 200), (FRAME.width - 200, FRAME.height - 200), (1, 2))
        points = points + np.array([[0, 0], [20, 0], [0, 20], [20, 20]])
        optics = dice.pick_optics(60, points, limits, rng(k))
        field = light(optics)
        x, y = points.astype(int).T
        level = field[y, x].mean() * np.mean(optics.gain)
        # Edges of shadows are soft, those that the meter knows are not.
        assert 0.7 * limits.metered[0] < level < 1.35 * limits.metered[1]


def test_metering_changes_nothing_that_is_well_exposed():
    optics = dice.Optics(gain=(0.9, 0.95, 1.0))
    points = np.array([[800.0, 600.0]])
    assert metered(optics, points, (0.5, 1.1)).gain == pytest.approx(optics.gain)
    assert np.mean(metered(optics, points, (0.3, 0.5)).gain) == pytest.approx(0.5)


def test_a_view_that_would_push_boxes_out_is_straightened():
    row = dice.Row(40, 40)
    pose = dice.Pose(200, margin=0.5, at=(0.0, 0.0))
    H = aim(pose, row.corners())
    for k in MANY:
        corners = dice.pick_view(H, row, LIMITS["hard"], rng(k)).to_photo(row.corners())
        assert corners.min() >= 0
