from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.cells import find_cells
from tests.edge.drawing import frozen, row, turned


def lines(image):
    """Return where a picture is darker than near-white paper, as black lines are."""
    grey = image if image.ndim == 2 else image.mean(axis=2)
    return frozen(np.where(grey < 238, 255, 0).astype(np.uint8))


def found_at(cells, places, reach):
    near = np.linalg.norm(cells.centres[:, None] - places, axis=2) < reach
    return near.any(axis=0)


@pytest.mark.parametrize("degrees", [0, 10, 40, -25])
def test_each_printed_box_is_a_candidate(degrees):
    image, corners = turned(*row("04524"), degrees)
    cells = find_cells(lines(image))
    assert found_at(cells, corners.mean(axis=1), 6).all()


def test_boxes_that_share_their_walls_are_candidates_too():
    image, corners = row("", pitch=60)
    assert found_at(find_cells(lines(image)), corners.mean(axis=1), 6).all()


def test_faint_boxes_are_candidates():
    image, corners = row("", color=(225, 225, 225))
    assert found_at(find_cells(lines(image)), corners.mean(axis=1), 6).all()


def test_a_box_is_listed_once_or_for_its_two_outlines():
    image, corners = row("")
    cells = find_cells(lines(image))
    near = np.linalg.norm(cells.centres[:, None] - corners.mean(axis=1), axis=2) < 6
    assert near.sum(axis=0).max() <= 2


def test_shapes_and_areas_belong_together():
    image, _ = row("12345")
    cells = find_cells(lines(image))
    assert cells.quads.shape == (len(cells), 4, 2)
    np.testing.assert_allclose(cells.quads.mean(axis=1), cells.centres, atol=0.1)
    areas = [cv2.contourArea(quad) for quad in cells.quads]
    np.testing.assert_allclose(areas, cells.areas, rtol=1e-3)


def test_triangles_long_bars_and_specks_are_not():
    paper = np.full((300, 400), 246, np.uint8)
    cv2.polylines(paper, [np.array([[50, 200], [150, 200], [100, 100]])], True, 0, 2)
    cv2.rectangle(paper, (200, 50), (380, 70), 0, 2)
    cv2.rectangle(paper, (300, 200), (304, 204), 0, 1)
    places = np.array([[100, 166], [290, 60], [302, 202]], np.float32)
    assert not found_at(find_cells(lines(paper)), places, 15).any()


def test_blank_paper_has_none():
    cells = find_cells(lines(np.full((200, 300), 246, np.uint8)))
    assert not found_at(cells, np.array([[150, 100]], np.float32), 1e9).any() or len(cells) <= 1
