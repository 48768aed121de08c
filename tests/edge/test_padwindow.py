from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.pad import HEIGHT, PANEL_HEIGHT, WIDTH, Pad, Seen, draw
from edge.padwindow import fit, framed

rooms = st.tuples(st.integers(200, 4000), st.integers(120, 3000))


@given(rooms, st.booleans())
def test_the_canvas_fits_every_screen_and_stands_in_its_middle(room, has_panel):
    scale, (left, top) = fit(room, has_panel)
    height = HEIGHT + (PANEL_HEIGHT if has_panel else 0)
    width, height = round(WIDTH * scale), round(height * scale)
    assert left + width <= room[0] + 1
    assert top + height <= room[1] + 1
    assert abs(2 * left + width - room[0]) <= 1
    assert abs(2 * top + height - room[1]) <= 2
    # No screen is left half empty both ways.
    assert width >= 0.97 * room[0] or height >= 0.97 * room[1]


@given(rooms)
def test_a_framed_picture_is_as_large_as_the_screen_and_holds_the_canvas(room):
    seen = Seen((None,) * 5, (None,) * 5)
    for pad in (Pad(), Pad(seen=seen)):
        scale, corner = fit(room, pad.seen is not None)
        canvas = draw(pad, scale)
        screen = framed(canvas, room, corner)
        assert screen.shape == (room[1], room[0], 3)
        part = screen[corner[1] :, corner[0] :][: canvas.shape[0], : canvas.shape[1]]
        np.testing.assert_array_equal(part, canvas[: part.shape[0], : part.shape[1]])
