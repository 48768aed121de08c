from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.change import glance
from tests.edge.drawing import frozen, row


def page(shift=0, light=1.0, noise=0.0, seed=0):
    image, _ = row("04524", size=(640, 480), at=(100, 200))
    image = np.roll(image, shift, axis=1) * light
    image = image + np.random.default_rng(seed).normal(0, noise, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


WHOLE = np.array([0, 0]), np.array([640, 480])


def test_a_frame_that_is_the_same_has_not_changed():
    one, two = glance(page()), glance(page())
    assert two.moved(one) == 0
    assert not two.differs(one, *WHOLE)


def test_noise_is_no_change():
    one, two = glance(page(noise=4, seed=1)), glance(page(noise=4, seed=2))
    assert two.moved(one) < 0.01
    assert not two.differs(one, *WHOLE)


def test_what_moves_is_seen():
    one, two = glance(page()), glance(page(shift=60))
    assert two.moved(one) > 0.02
    assert two.differs(one, *WHOLE)


def test_a_line_that_moved_by_two_pixels_is_seen_closely_and_not_coarsely():
    one, two = glance(page()), glance(page(shift=2))
    assert two.moved(one) < 0.06
    assert two.differs(one, *WHOLE)


def test_what_lies_outside_of_a_part_is_not_looked_at():
    image = page()
    image[:100] = 0
    one, two = glance(page()), glance(image)
    assert not two.differs(one, np.array([0, 150]), np.array([640, 480]))
    assert two.differs(one, np.array([0, 50]), np.array([640, 480]))


def test_more_light_is_no_movement():
    assert glance(page(light=0.6)).moved(glance(page())) < 0.02


def test_a_frame_of_another_size_has_changed_altogether():
    one, two = glance(page()), glance(page()[:240, :320])
    assert two.moved(one) == 1
    assert two.differs(one, *WHOLE)


@pytest.mark.parametrize(("light", "is_dark"), [(1.0, False), (0.4, False), (0.2, True), (0, True)])
def test_too_dark_is_what_pencil_can_not_be_seen_in(light, is_dark):
    assert glance(page(light=light)).is_dark == is_dark


def test_a_lamp_s_reflection_is_glare_and_white_paper_is_not():
    lamp = page(light=0.6)
    lamp[100:350, 100:350] = 255
    assert glance(lamp).has_glare
    assert not glance(page(light=0.6)).has_glare
    assert not glance(np.full((480, 640, 3), 255, np.uint8)).has_glare


@given(
    st.tuples(st.integers(1, 60), st.integers(1, 90)),
    st.tuples(st.integers(-50, 90), st.integers(-50, 60)),
    st.tuples(st.integers(-50, 120), st.integers(-50, 120)),
    st.integers(0, 2**32 - 1),
)
def test_any_frame_and_any_part_can_be_looked_at(size, low, high, seed):
    frame = frozen(np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8))
    one = glance(frame)
    assert 0 <= one.moved(glance(frame)) <= 1
    assert isinstance(one.differs(one, np.array(low), np.array(high)), bool)
