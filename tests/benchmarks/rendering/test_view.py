from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.rendering.pose import FRAME, Frame, Pose, aim, box_height, visible
from benchmarks.rendering.rows import Row
from benchmarks.rendering.view import View

ROW = Row(30, 40, width=7, height=9, pitch=9)


def views():
    """Views of the row, from anywhere in front of the paper."""
    return st.builds(
        lambda rotation, tilt, towards, lens, bend: View(
            aim(Pose(60, rotation, tilt, towards), ROW.corners()), lens, bend, 120.0, 1.0, 2.0
        ),
        st.floats(-180, 180),
        st.floats(0, 35),
        st.floats(0, 360),
        st.floats(-0.035, 0.035),
        st.floats(0, 0.6),
    )


@settings(max_examples=40, deadline=None)
@given(
    views(), st.lists(st.tuples(st.floats(0, FRAME.width), st.floats(0, FRAME.height)), min_size=1)
)
def test_to_the_paper_and_back_is_where_one_started(view, pixels):
    points = np.array(pixels)
    np.testing.assert_allclose(view.to_photo(view.to_paper(points)), points, atol=0.02)


@settings(max_examples=10, deadline=None)
@given(views())
def test_the_maps_say_what_each_pixel_shows(view):
    x, y = view.maps()
    assert x.shape == y.shape == (FRAME.height, FRAME.width)
    pixels = np.array([[0, 0], [FRAME.width - 1, FRAME.height - 1], [700, 3], [5, 900], [820, 616]])
    mapped = np.stack([x[pixels[:, 1], pixels[:, 0]], y[pixels[:, 1], pixels[:, 0]]], axis=1)
    # Compared in the photo's own pixels.
    np.testing.assert_allclose(view.to_photo(mapped), pixels, atol=0.1)


def test_a_pincushion_draws_corners_out_and_a_barrel_in():
    H = aim(Pose(60), ROW.corners())
    corner = View(H).to_paper(np.array([[100.0, 100.0]]))
    out, same, inside = (View(H, lens).to_photo(corner)[0] for lens in (0.03, 0.0, -0.03))
    assert out[0] < same[0] < inside[0]
    assert out[1] < same[1] < inside[1]


@settings(max_examples=40, deadline=None)
@given(
    st.floats(20, 400),
    st.floats(-180, 180),
    st.floats(0, 35),
    st.floats(0, 360),
    st.floats(0.75, 1.5),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_the_row_is_in_the_photo_in_the_height_that_was_asked_for(
    wanted, rotation, tilt, towards, focal, at
):
    pose = Pose(wanted, rotation, tilt, towards, focal, 3.0, at)
    corners = View(aim(pose, ROW.corners())).to_photo(ROW.corners())
    assert corners.min() >= 2.9
    assert corners[..., 0].max() <= FRAME.width - 3.9
    assert corners[..., 1].max() <= FRAME.height - 3.9
    # Less only where it would not fit.
    found = box_height(corners)
    assert found <= wanted * 1.01
    if wanted < 120:
        assert found >= wanted * 0.99


def test_the_row_can_touch_each_edge():
    for at, edge in (((0, 0.5), 0), ((1, 0.5), FRAME.width - 1)):
        pose = Pose(60, margin=0.0, at=at)
        x = View(aim(pose, ROW.corners())).to_photo(ROW.corners())[..., 0]
        assert np.abs(x - edge).min() < 0.1


def test_without_tilt_all_of_a_small_paper_is_visible_and_of_a_large_one_a_part():
    H = aim(Pose(60), ROW.corners())
    assert visible(H, 80, 60) == (0, 0, 80, 60)
    left, top, right, bottom = visible(H, 5000, 5000)
    assert left >= 0
    assert top >= 0
    # 60 px are 9 mm, so the photo's width is 246 mm, and there is room for a bent lens.
    assert 246 * 0.5 < right - left < 246 * 1.2
    assert bottom < 5000


def test_what_lies_far_outside_of_a_small_photo_stays_there():
    frame = Frame(480, 360)
    view = View(aim(Pose(60, frame=frame), ROW.corners()), lens=0.035, frame=frame)
    with np.errstate(all="raise"):
        seen = view.to_photo(np.array([[4000.0, 3000.0], [-9000.0, 20.0]]))
    assert np.isfinite(seen).all()
    assert (np.abs(seen).max(axis=1) > 2000).all()
