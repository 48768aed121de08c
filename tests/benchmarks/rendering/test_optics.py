from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.rendering.optics import Glare, Optics, Shadow, expose, light, to_jpeg
from benchmarks.rendering.pose import FRAME

PLAIN = Optics(blur=0.0, noise=0.0)
GREY = np.full((FRAME.height, FRAME.width, 3), 120, np.float32)
SQUARE = ((400.0, 300.0), (800.0, 300.0), (800.0, 700.0), (400.0, 700.0))


def taken(optics, scene=GREY):
    return expose(scene, optics, np.random.default_rng(3)).astype(int)


def test_a_photo_in_plain_light_is_the_scene_itself():
    assert (taken(PLAIN) == 120).all()


def test_gain_is_exposure_and_white_balance():
    assert taken(replace(PLAIN, gain=(0.5, 1.0, 1.5)))[0, 0].tolist() == [60, 120, 180]


def test_light_falls_off_where_it_should():
    sloped = taken(replace(PLAIN, slope=(0.3, 0.0)))[..., 0]
    assert sloped[600, 0] == pytest.approx(84, abs=1)
    assert sloped[600, -1] == pytest.approx(156, abs=1)
    dark = taken(replace(PLAIN, vignette=0.3))[..., 0]
    assert dark[616, 820] == pytest.approx(120, abs=1)
    assert dark[0, 0] == pytest.approx(120 * 0.7, abs=1)


@pytest.mark.parametrize(("sigma", "reach"), [(1.0, 6), (40.0, 150)])
def test_a_shadow_takes_light_away_inside_its_edge(sigma, reach):
    field = light(replace(PLAIN, shadows=(Shadow(SQUARE, 0.4, sigma),)))
    assert field[500, 600] == pytest.approx(0.6, abs=0.02)
    assert field[500, 800 + reach] == pytest.approx(1, abs=0.02)
    # About half of it on the outline, where the pixel that the outline crosses counts.
    assert 0.68 < field[500, 800] < 0.85


def test_glare_is_bright_in_its_middle_alone():
    photo = taken(replace(PLAIN, glares=(Glare((900.0, 500.0), 60.0, 200.0),)))[..., 0]
    assert photo[500, 900] == 255
    assert photo[500, 1300] == 120


def test_noise_and_blur_and_contrast_do_what_they_say():
    assert taken(replace(PLAIN, noise=4.0)).std() == pytest.approx(4.0, rel=0.2)
    edge = GREY.copy()
    edge[:, 800:] = 200
    sharp, soft = (taken(replace(PLAIN, blur=blur), edge)[500, :, 0] for blur in (0.0, 3.0))
    assert np.abs(np.diff(sharp)).max() == 80
    assert np.abs(np.diff(soft)).max() < 20
    steep = taken(replace(PLAIN, contrast=0.8), edge)[500, :, 0]
    assert steep[-1] - steep[0] > 80
    crisp = taken(replace(PLAIN, blur=1.0, sharpen=0.8), edge)[500, :, 0]
    assert crisp.max() > 203


def test_the_scene_is_left_alone():
    scene = GREY.copy()
    taken(replace(PLAIN, gain=(0.5, 0.5, 0.5), noise=2.0, blur=1.0), scene)
    assert np.array_equal(scene, GREY)


def test_a_coarser_jpeg_is_smaller():
    picture = np.random.default_rng(1).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    fine = to_jpeg(picture, 95, False)
    assert len(to_jpeg(picture, 40, False)) < 0.5 * len(fine)
    assert len(to_jpeg(picture, 95, True)) < len(fine)
