from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.rendering import negatives
from benchmarks.rendering.clutter import Place, other_row
from benchmarks.rendering.negatives import KINDS, render_negative
from benchmarks.rendering.pose import FRAME, Pose, aim
from benchmarks.rendering.rows import Row
from benchmarks.rendering.view import View
from tests.benchmarks.hands import made_writers


def rng(*seed):
    return np.random.default_rng(seed)


@pytest.fixture
def written(monkeypatch):
    """Record how many boxes of how many are written in, by each call."""
    calls = []

    def record(glyphs, boxes, hand, px, rng):
        calls.append(len(boxes))
        assert len(glyphs) == len(boxes)
        return []

    monkeypatch.setattr(negatives, "write", record)
    monkeypatch.setattr("benchmarks.rendering.clutter.write", record)
    return calls


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_makes_a_photo_without_a_postcode(kind):
    photo = render_negative(rng(1, 2), made_writers(), kind)
    assert photo.image.shape == (FRAME.height, FRAME.width, 3)
    assert photo.postcode == ""
    assert photo.corners.shape == (0, 4, 2)
    assert photo.jpeg == render_negative(rng(1, 2), made_writers(), kind).jpeg


@pytest.mark.parametrize("kind", ["empty", "other-count", "partly", "crossed", "letters", "things"])
def test_five_boxes_are_never_filled_with_digits(kind, written):
    for seed in range(8):
        render_negative(rng(3, seed), made_writers(), kind)
    assert 5 not in written
    if kind in ("other-count", "partly"):
        assert len(written) >= 8


def test_other_rows_never_show_five_boxes(written):
    row = Row(40, 40)
    seen = View(aim(Pose(60, rotation=20, tilt=20), row.corners()))
    place = Place((0, 0, 400, 300), ((30, 30, 100, 60),), 6.0, seen)
    hand = negatives.pick_hand(row, 60, negatives.LIMITS["desk"], rng(1))
    drawn = sum(
        bool(other_row(place, row, made_writers(), hand, rng(seed))[0]) for seed in range(60)
    )
    assert 0 < drawn < 60
    assert written
    assert 5 not in written


def test_boxes_that_the_photo_cuts_off_do_not_count_as_visible():
    row = Row(40, 40, count=7)
    seen = View(aim(Pose(60, margin=1.0, at=(0.0, 0.5)), row.corners()))
    place = Place((0, 0, 400, 300), (), 6.0, seen)
    assert place.visible(row) == 7
    assert place.visible(replace(row, left=row.left - 1.5 * row.pitch)) == 5


def test_a_grid_is_in_the_photo_as_a_whole(monkeypatch):
    seen_grids = []
    real = negatives.photograph

    def look(paper, patches, seen, px, limits, keep, rng):
        seen_grids.append((seen, patches, px))
        return real(paper, patches, seen, px, limits, keep, rng)

    monkeypatch.setattr(negatives, "photograph", look)
    for kind in ("calendar", "puzzle", "table"):
        for seed in range(4):
            render_negative(rng(4, seed), made_writers(), kind)
    for seen, patches, px in seen_grids:
        low = np.min([(p.left, p.top) for p in patches], axis=0) / px
        high = np.max(
            [(p.left + p.coverage.shape[1], p.top + p.coverage.shape[0]) for p in patches], axis=0
        ) / px  # fmt: skip
        corners = seen.to_photo(np.array([low, (high[0], low[1]), high, (low[0], high[1])]))
        # Text may stick out of its cell a little.
        assert corners.min() > -25
        assert (corners < (FRAME.width + 25, FRAME.height + 25)).all()
