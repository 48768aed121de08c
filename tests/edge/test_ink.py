from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import ink
from edge.ink import darkness, density, line_darkness, paper_light
from tests.edge.drawing import frozen

REACH = 15


def line_on(paper, colour, shape=(60, 80, 3)):
    """Return a picture with one line, 4 px wide."""
    image = np.empty(shape, np.uint8)
    image[:] = paper
    image[28:32, 10:70] = colour
    return frozen(image)


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_darkness_is_between_0_and_1_whatever_the_picture(seed, grey):
    shape = (20, 30) if grey else (20, 30, 3)
    image = frozen(np.random.default_rng(seed).integers(0, 256, shape, np.uint8))
    dark = darkness(image, REACH)
    assert dark.dtype == np.float32
    assert dark.shape == (20, 30)
    assert dark.min() >= 0
    assert dark.max() <= 1


def test_the_light_is_the_papers_as_if_the_line_were_not_there():
    light = paper_light(line_on((200, 210, 220), (20, 30, 40)), REACH)
    assert light.dtype == np.uint8
    assert np.abs(light.astype(int) - (200, 210, 220)).max() <= 1


def test_paper_of_any_tint_is_not_dark():
    assert darkness(line_on((120, 170, 200), (120, 170, 200)), REACH).max() < 0.01


@pytest.mark.parametrize("light", [0.3, 0.6, 1.0])
def test_the_same_ink_is_as_dark_in_any_light(light):
    dark = darkness(line_on(240 * light, 60 * light), REACH)
    assert abs(dark[30, 40] - 0.75) < 0.02


def test_light_that_falls_off_across_the_paper_does_not_show():
    fall_off = np.linspace(250, 100, 80)[None, :, None]
    image = np.repeat(np.repeat(fall_off, 60, 0), 3, 2).astype(np.uint8)
    dark = darkness(image, REACH)
    assert dark.max() < 0.15


@pytest.mark.parametrize("colour", [(240, 240, 40), (240, 40, 240), (40, 240, 240)])
def test_ink_that_shows_in_one_channel_only_is_seen(colour):
    assert darkness(line_on(240, colour), REACH)[30, 40] > 0.2


def test_black_pictures_are_no_trouble():
    assert np.isfinite(darkness(np.zeros((20, 20, 3), np.uint8), REACH)).all()
    assert np.isfinite(density(np.zeros((20, 20, 3), np.uint8), REACH)).all()


def test_ink_over_ink_adds_its_density():
    red, blue = np.array([0.9, 0.4, 0.3]), np.array([0.3, 0.6, 0.9])
    one, other, both = (
        density(line_on(240, 240 * share), REACH)[30, 40] for share in (red, blue, red * blue)
    )
    np.testing.assert_allclose(one + other, both, atol=0.05)


def test_density_of_paper_is_zero_and_of_black_ink_above_two():
    assert density(frozen(line_on(240, 240)), REACH).max() < 0.01
    thick = density(frozen(line_on(200, 20)), REACH)
    assert thick.shape == (60, 80, 3)
    assert thick[5, 5].max() < 0.01
    assert thick[30, 40].min() > 2


def test_the_edge_of_a_shadow_is_not_ink():
    picture = np.full((60, 80, 3), 220, np.uint8)
    picture[:, 40:] = 120
    assert density(frozen(picture), REACH).max() < 0.05


@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_picture_that_is_worked_on_in_bands_is_as_dark_as_a_whole_one(monkeypatch, channels):
    rng = np.random.default_rng(3)
    # Rough, so that every pixel tells where it was cut.
    image = rng.integers(0, 256, (331, 90, *channels), np.uint8)
    whole = line_darkness(image, 15)
    monkeypatch.setattr(ink, "_LARGE", 1)
    monkeypatch.setattr(ink, "_BAND", 1)
    np.testing.assert_array_equal(line_darkness(image, 15), whole)
    monkeypatch.setattr(ink, "_LEAST_ROWS", 40)
    np.testing.assert_array_equal(line_darkness(image, 15), whole)
