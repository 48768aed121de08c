from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from benchmarks.rendering.dice import pick_pose, pick_view
from benchmarks.rendering.grades import GRADES, LIMITS
from benchmarks.rendering.paper import Paper
from benchmarks.rendering.pose import FRAME, aim, box_height
from benchmarks.rendering.rows import Row, row_patches
from benchmarks.rendering.scene import photograph, resolution, room
from tests.benchmarks.hands import made_writers, render

SEEDS = range(3)
CALM = {
    grade: replace(LIMITS[grade], things=0.0, edge=0.0, bend=0.06, lens=0.03) for grade in GRADES
}


@pytest.fixture(scope="module")
def photos():
    """Return some photos of each grade."""
    return {
        grade: [render(grade, np.random.default_rng([5, k]), made_writers()) for k in SEEDS]
        for grade in GRADES
    }


def test_a_photo_has_the_cameras_size_and_is_what_its_file_holds(photos):
    for grade in ("scan", "desk", "hard"):
        for photo in photos[grade]:
            assert photo.image.shape == (FRAME.height, FRAME.width, 3)
            assert photo.image.dtype == np.uint8
            decoded = cv2.imdecode(np.frombuffer(photo.jpeg, np.uint8), cv2.IMREAD_COLOR)
            assert np.array_equal(decoded, photo.image)


def test_a_strip_is_the_row_and_hardly_more(photos):
    for photo in photos["strip"]:
        height, width = photo.image.shape[:2]
        spans = np.ptp(photo.corners.reshape(-1, 2), axis=0)
        assert width <= spans[0] + 0.6 * box_height(photo.corners)
        assert height <= spans[1] + 0.6 * box_height(photo.corners)


def test_boxes_are_in_the_photo_and_their_height_within_the_grades_limits(photos):
    for grade, made in photos.items():
        least, most = LIMITS[grade].box_height
        for photo in made:
            height, width = photo.image.shape[:2]
            assert photo.corners.shape == (5, 4, 2)
            assert photo.corners.dtype == np.float32
            assert photo.corners.min() >= -0.5
            assert (photo.corners.reshape(-1, 2) <= (width - 0.5, height - 0.5)).all()
            # A bent paper and lens change it a little.
            assert 0.9 * min(least, 20) <= box_height(photo.corners) <= 1.1 * most


def test_corners_turn_clockwise_and_boxes_follow_each_other(photos):
    for made in photos.values():
        for photo in made:
            for box in photo.corners:
                assert cv2.contourArea(box, oriented=True) > 0
            along = photo.corners[4, 0] - photo.corners[0, 0]
            tops = photo.corners[:, 1] - photo.corners[:, 0]
            assert (tops @ along > 0).all()


def test_the_same_dice_give_the_same_file(photos):
    again = render("hard", np.random.default_rng([5, 1]), made_writers())
    assert again.jpeg == photos["hard"][1].jpeg
    assert again.postcode == photos["hard"][1].postcode
    assert np.array_equal(again.corners, photos["hard"][1].corners)


def test_other_dice_give_other_photos(photos):
    files = [photo.jpeg for made in photos.values() for photo in made]
    assert len(set(files)) == len(files)


def test_a_postcode_is_five_digits(photos):
    for made in photos.values():
        assert all(len(photo.postcode) == 5 and photo.postcode.isdigit() for photo in made)


def test_limits_widen_from_scan_to_hard():
    scan, desk, hard = (LIMITS[grade] for grade in ("scan", "desk", "hard"))
    assert scan.tilt[1] == 0 < desk.tilt[1] < hard.tilt[1] == 35
    assert scan.over[1] < desk.over[1] < hard.over[1]
    assert scan.blur[1] < desk.blur[1] < hard.blur[1]
    assert scan.shadows[1] < desk.shadows[1] < hard.shadows[1]
    assert max(widest for _, widest in scan.rotations) < 10
    assert max(widest for _, widest in hard.rotations) == 180
    heights = [LIMITS[grade].box_height for grade in ("scan", "desk", "hard")]
    assert min(low for low, _ in heights) == 20
    assert max(high for _, high in heights) == 400


@pytest.mark.parametrize("grade", ["scan", "desk", "hard"])
def test_corners_lie_on_the_lines_that_the_photo_shows(grade):
    limits = CALM[grade]
    paper = Paper(220, 110, color=(245, 245, 245))
    for seed in range(4):
        rng = np.random.default_rng([11, seed])
        pitch = (8.0, 12.0)[seed % 2]
        row = Row(70, 50, width=8, height=10, pitch=pitch, line=0.6, color=(0, 0, 0))
        pose = replace(pick_pose(80, limits, rng), margin=30)
        seen = pick_view(aim(pose, row.corners()), row, limits, rng)
        px = resolution(seen, row, paper, 80)
        nothing = np.zeros((FRAME.height, FRAME.width), np.uint8)
        patches = row_patches(row, px, rng)
        scene = photograph(paper, patches, seen, px, limits, nothing, rng)[..., 0]
        corners = seen.to_photo(row.corners())
        t = np.linspace(0.1, 0.9, 15)[:, None]
        for box in corners:
            middle = box.mean(axis=0)
            for a, b in zip(box, np.roll(box, -1, axis=0), strict=True):
                on = a * (1 - t) + b * t
                # The lens bends a long side by less than a pixel.
                assert _value(scene, on).mean() < 110
                # 1.5 line widths further in there is paper.
                inwards = on + (middle - on) * 0.22
                assert _value(scene, inwards).min() > 180


def _value(scene, points):
    x, y = points.astype(np.float32).T
    return cv2.remap(scene, x[None], y[None], cv2.INTER_LINEAR)[0]


def test_the_room_around_a_row_holds_the_row():
    row = Row(70, 50)
    seen = pick_view(
        aim(pick_pose(60, CALM["hard"], np.random.default_rng(2)), row.corners()),
        row, CALM["hard"], np.random.default_rng(2),
    )  # fmt: skip
    mask = room(row, seen)
    for x, y in np.rint(seen.to_photo(row.corners()).reshape(-1, 2)).astype(int):
        assert mask[y, x] == 255
    assert mask.mean() < 128
