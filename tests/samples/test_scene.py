"""samples/scene.py: whole photos and their truth."""

import numpy as np
import pytest

from samples.scene import corners_in_photo, random_photo, random_scene


@pytest.mark.parametrize("grade", ["scan", "desk"])
def test_random_scenes_show_all_five_boxes_at_a_readable_size(grade):
    rng = np.random.default_rng(11)
    for _ in range(150):
        scene = random_scene(rng, grade)
        corners = corners_in_photo(scene.layout, scene.shot)
        assert corners.shape == (5, 4, 2)
        assert corners.min() > 0
        assert corners[..., 0].max() < scene.shot.width
        assert corners[..., 1].max() < scene.shot.height
        heights = np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1)
        assert 15 < heights.min() <= heights.max() < 290
        assert scene.postcode.isdecimal()
        assert len(scene.postcode) == 5


def test_random_scenes_differ():
    rng = np.random.default_rng(0)
    scenes = [random_scene(rng) for _ in range(40)]
    assert len({scene.postcode for scene in scenes}) == 40
    assert {scene.layout.row.pitch == scene.layout.row.width for scene in scenes} == {True, False}
    assert len({scene.shot.desk for scene in scenes}) == 5
    assert len({scene.hand.pen for scene in scenes}) >= 5


@pytest.mark.parametrize("grade", ["scan", "desk"])
def test_a_photo_is_the_same_for_the_same_dice(grade):
    (a, corners, code), (b, again, same) = (
        random_photo(np.random.default_rng(6), grade) for _ in range(2)
    )
    assert a.dtype == np.uint8
    assert corners.dtype == np.float32
    assert code == same
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(corners, again)


def test_corners_without_rendering_are_those_of_the_photo():
    scene = random_scene(np.random.default_rng(2))
    _, corners = scene.render(np.random.default_rng(0))
    np.testing.assert_array_equal(corners, corners_in_photo(scene.layout, scene.shot))


def test_strokes_may_come_from_elsewhere():
    asked = []

    def write(digit, rng):
        asked.append(digit)
        return [np.array([[300.0, 20], [310, 900]])]

    scene = random_scene(np.random.default_rng(3))
    scene.render(np.random.default_rng(0), write)
    assert "".join(map(str, asked)) == scene.postcode
