"""samples/camera.py: geometry and light of a photo."""

from dataclasses import replace

import numpy as np
import pytest

from samples.camera import (
    Shot,
    blurred,
    desk_texture,
    homography,
    lit,
    map_points,
    place_on_desk,
    sensed,
    shadowed,
    take_photo,
)

STILL = Shot(width=320, height=240, zoom=1.0, light=0, vignette=0, blur=0, noise=0)
DESKS = ("wood", "stone", "cloth", "white", "dark")


def dice():
    return np.random.default_rng(7)


def test_a_camera_straight_above_only_shifts_the_paper():
    H = homography(STILL, (200, 300))
    np.testing.assert_allclose(H, [[1, 0, 10], [0, 1, 20], [0, 0, 1]], atol=1e-9)


def test_rotation_turns_clockwise_on_the_page():
    H = homography(replace(STILL, rotation=90), (200, 300))
    right = map_points(np.array([[150.0, 100], [160, 100]]), H)
    np.testing.assert_allclose(right, [[160, 120], [160, 130]], atol=1e-3)


def test_the_side_that_falls_away_looks_smaller():
    H = homography(replace(STILL, tilt=25, tilt_towards=0), (200, 300))
    edges = map_points(np.array([[[0.0, 0], [0, 200]], [[300, 0], [300, 200]]]), H)
    near, far = np.linalg.norm(edges[:, 1] - edges[:, 0], axis=1)
    assert far < 0.9 * near


def test_the_homography_says_where_a_mark_on_the_paper_is_seen():
    paper = np.full((200, 300, 3), 240, np.uint8)
    paper[60:63, 220:223] = (0, 0, 255)
    shot = replace(STILL, tilt=20, tilt_towards=40, rotation=12, desk="dark")
    photo, H = take_photo(paper, shot, dice())
    red = (photo[..., 2].astype(int) - photo[..., 0]).clip(0)
    y, x = np.nonzero(red > 100)
    at = map_points(np.array([[221.0, 61.0]]), H)[0]
    assert (x.mean(), y.mean()) == pytest.approx(tuple(at), abs=0.6)


@pytest.mark.parametrize("desk", DESKS)
def test_every_desk_is_a_picture(desk):
    texture = desk_texture((120, 160), desk, dice())
    assert texture.dtype == np.uint8
    assert texture.shape == (120, 160, 3)
    assert texture.std() > 0.5


def test_no_step_writes_to_its_input():
    paper = np.full((200, 300, 3), 230, np.uint8)
    photo = np.full((240, 320, 3), 150, np.float32)
    shot = replace(STILL, shadow="soft", light=0.5, vignette=0.2)
    place_on_desk(paper, homography(shot, (200, 300)), shot, dice())
    lit(photo, shot)
    shadowed(photo, shot, dice())
    blurred(photo, 1.0, 3.0, dice())
    sensed(photo, 5.0, dice())
    assert (paper == 230).all()
    assert (photo == 150).all()


@pytest.mark.parametrize("kind", ["soft", "hard"])
def test_a_shadow_takes_no_more_light_than_it_says(kind):
    photo = np.full((240, 320, 3), 200, np.float32)
    dark = shadowed(photo, replace(STILL, shadow=kind, shadow_depth=0.4), dice())
    assert dark.min() == pytest.approx(120, abs=3)
    assert dark.max() == pytest.approx(200, abs=3)


def test_blur_and_shake_keep_the_brightness():
    photo = np.full((60, 80, 3), 100, np.float32)
    np.testing.assert_allclose(blurred(photo, 1.5, 5.0, dice()), 100, atol=0.01)


def test_noise_is_as_strong_as_asked_at_mid_grey():
    photo = np.full((200, 200, 3), 128, np.float32)
    assert sensed(photo, 6.0, dice()).std() == pytest.approx(6.0, rel=0.2)
