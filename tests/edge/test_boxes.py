from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.boxes import find_boxes, pulled, search
from edge.detector import Detection
from edge.picture import Picture
from edge.row import Row, row_through
from samples.scene import random_photo
from tests.edge.drawing import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    RED,
    away,
    frozen,
    row,
    tilted,
    turned,
)

# A row that is seen less than this is not accepted, whatever is written in it.
RELIED_ON = 0.72


def relied_on(image):
    boxes = find_boxes(image)
    return boxes is not None and boxes.coverage >= RELIED_ON


def by_outlines(image):
    return find_boxes(image, detect=lambda *_: [])


# Box heights: well inside what the cutting of digits can put right.
NEAR = 0.05


@pytest.mark.parametrize("color", [BLACK, RED, ORANGE, BLUE, GREY])
@pytest.mark.parametrize("pitch", [60, 66, 80, 110])
def test_boxes_of_any_colour_and_spacing_are_found(color, pitch):
    image, corners = row("04524", pitch=pitch, size=(640, 260), color=color)
    boxes = find_boxes(frozen(image))
    assert away(boxes.corners, corners) < NEAR


def test_what_is_found_is_told_in_full():
    image, corners = row("67381")
    boxes = find_boxes(image)
    assert boxes.corners.dtype == np.float32
    assert boxes.corners.shape == (5, 4, 2)
    assert 0.9 < boxes.coverage <= 1
    assert abs(boxes.height - 80) < 4
    assert away(boxes.corners, corners) < NEAR


@pytest.mark.parametrize(("pitch", "joined"), [(60, True), (70, False), (100, False)])
def test_boxes_that_share_their_walls_are_told_from_boxes_apart(pitch, joined):
    image, _ = row("04524", pitch=pitch, size=(640, 260))
    assert find_boxes(image).joined is joined


@pytest.mark.parametrize("degrees", range(-75, 91, 15))
def test_a_row_turned_either_way_is_found(degrees):
    image, corners = turned(*row("04524", color=RED), degrees)
    assert away(find_boxes(image).corners, corners) < NEAR


@pytest.mark.parametrize("amount", [0.1, 0.2, 0.3])
@pytest.mark.parametrize("pitch", [60, 85])
def test_a_row_seen_in_perspective_is_found(amount, pitch):
    image, corners = tilted(*row("04524", pitch=pitch), amount)
    assert away(find_boxes(image).corners, corners) < NEAR


@pytest.mark.parametrize("height", [24, 40, 150, 300])
def test_boxes_of_any_size_are_found(height):
    width = round(0.75 * height)
    image, corners = row(
        "04524",
        box=(width, height),
        pitch=round(1.3 * width),
        at=(height, height),
        size=(8 * height, 3 * height),
        line=max(1, height // 30),
    )
    assert away(find_boxes(image).corners, corners) < NEAR


@pytest.mark.parametrize("postcode", ["     ", "1    ", "88888"])
def test_blank_boxes_are_boxes(postcode):
    image, corners = row(postcode)
    assert away(find_boxes(image).corners, corners) < NEAR


def test_digits_that_cross_the_walls_do_not_hide_the_row():
    image, corners = row("04524")
    for k in (1, 3):
        start, _, end, _ = corners[k].astype(int)
        cv2.line(
            image, (start[0] + 20, start[1] - 25 + 5 * k), (end[0] - 15, end[1] + 20), BLACK, 7
        )
    assert away(find_boxes(image).corners, corners) < NEAR


def test_a_row_with_gaps_in_its_lines_is_found():
    image, corners = row("04524")
    for quad in corners.astype(int):
        cv2.circle(image, tuple(quad[0] + (30, 0)), 6, (246, 246, 246), -1)
        cv2.circle(image, tuple(quad[1] + (0, 40)), 6, (246, 246, 246), -1)
    assert away(find_boxes(image).corners, corners) < NEAR


def test_a_shadow_over_half_of_the_row_is_no_matter():
    image, corners = row("04524", color=ORANGE)
    image[:, 280:] = (image[:, 280:] * 0.55).astype(np.uint8)
    assert away(find_boxes(image).corners, corners) < NEAR


def test_a_large_row_is_found_without_the_picture_in_full_size():
    image, corners = row(
        "04524", box=(240, 300), pitch=280, at=(80, 300), size=(1640, 1232), line=8
    )
    asked = []

    def decode(halvings):
        asked.append(halvings)
        return cv2.resize(image, None, fx=0.5**halvings, fy=0.5**halvings, interpolation=3)

    boxes = find_boxes(Picture(1640, 1232, decode, most=1))
    assert away(boxes.corners, corners) < NEAR
    assert asked == [1]


def test_other_print_around_the_row_is_not_taken_for_it():
    image, corners = row("04524", at=(150, 150), size=(800, 400))
    cv2.rectangle(image, (600, 20), (700, 120), (90, 90, 90), 3)
    cv2.putText(image, "The Seed Library", (40, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.4, BLACK, 3)
    cv2.line(image, (30, 350), (770, 350), BLACK, 3)
    assert away(find_boxes(image).corners, corners) < NEAR


def test_a_grey_picture_gives_the_same_as_its_copy_in_bgr():
    image, _ = row("04524")
    grey = frozen(np.ascontiguousarray(image[:, :, 0]))
    np.testing.assert_allclose(find_boxes(grey).corners, find_boxes(image).corners, atol=0.5)


def test_a_mirrored_view_of_an_array_is_read_as_it_is_seen():
    image, corners = row("     ")
    boxes = find_boxes(image[:, ::-1])
    mirrored = corners.copy()
    mirrored[..., 0] = image.shape[1] - 1 - corners[..., 0]
    assert away(boxes.corners, mirrored[::-1][:, [1, 0, 3, 2]]) < NEAR


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 9, 10])
def test_a_row_of_another_number_of_boxes_is_none(count):
    image, _ = row("", count=count, box=(50, 60), pitch=65, size=(800, 240))
    assert by_outlines(image) is None
    assert not relied_on(image)


@pytest.mark.parametrize("count", [6, 7])
@pytest.mark.parametrize("width", [45, 60, 90])
def test_joined_boxes_of_another_number_are_none_though_written_in(count, width):
    size = (width * count + 140, 300)
    box = (width, round(1.2 * width))
    image, _ = row("8041539", count=count, box=box, pitch=width, size=size, line=2)
    assert by_outlines(image) is None
    assert not relied_on(image)


def test_a_table_is_none():
    image = np.full((500, 700, 3), 246, np.uint8)
    for x in range(50, 651, 60):
        cv2.line(image, (x, 50), (x, 450), BLACK, 2)
    for y in range(50, 451, 50):
        cv2.line(image, (50, y), (650, y), BLACK, 2)
    assert by_outlines(image) is None
    assert not relied_on(image)


@pytest.mark.parametrize("heights", [(80, 50), (50, 80), (50, 80, 50)])
def test_a_table_of_five_columns_is_none_though_its_rows_are_not_alike(heights):
    image = np.full((400, 560, 3), 246, np.uint8)
    bottom = 70 + sum(heights)
    for y in np.cumsum([70, *heights]).tolist():
        cv2.line(image, (80, y), (480, y), BLACK, 2)
    for x in range(80, 481, 80):
        cv2.line(image, (x, 70), (x, bottom), BLACK, 2)
    assert by_outlines(image) is None
    assert not relied_on(image)


def test_a_line_of_ruled_paper_goes_through_the_row():
    image, corners = row("25252", color=ORANGE)
    cv2.line(image, (0, 114), (image.shape[1], 114), BLUE, 2)
    found = find_boxes(image)
    assert away(found.corners, corners) < NEAR


def test_five_boxes_that_a_line_halves_are_two_rows():
    image, corners = row(color=BLUE, pitch=60)
    left, right = corners[0, 0, 0], corners[-1, 1, 0]
    cv2.line(image, (int(left), 130), (int(right), 130), BLUE, 2)
    assert find_boxes(image) is None


def test_paper_text_and_noise_have_none():
    paper = np.full((300, 500, 3), 240, np.uint8)
    assert find_boxes(paper) is None
    for y in range(40, 300, 50):
        cv2.putText(paper, "The Seed Library, 34", (20, y), cv2.FONT_HERSHEY_SIMPLEX, 1.2, BLACK, 2)
    assert by_outlines(paper) is None
    assert not relied_on(paper)
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    assert find_boxes(noise) is None


@settings(max_examples=8)
@given(st.integers(0, 2**32 - 1), st.integers(10, 80), st.integers(40, 120), st.booleans())
def test_no_picture_is_any_trouble(seed, height, width, grey):
    rng = np.random.default_rng(seed)
    shape = (height, width) if grey else (height, width, 3)
    coarse = rng.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
    image = np.kron(coarse, np.ones((8, 8, 1), np.uint8))[:height, :width]
    image = image[..., 0] if grey else image
    assert image.shape == shape
    boxes = find_boxes(frozen(np.ascontiguousarray(image)))
    assert boxes is None or np.isfinite(boxes.corners).all()


@pytest.mark.parametrize("shape", [(10, 30_000), (40_000, 40), (11, 700), (3000, 41)])
def test_a_picture_far_longer_than_wide_has_none(shape):
    assert find_boxes(np.full(shape, 240, np.uint8)) is None


@pytest.mark.parametrize(("grey", "noise"), [(226, 3), (229, 6), (232, 4)])
def test_boxes_of_which_hardly_a_line_is_seen_are_detected(grey, noise):
    image, corners = row("04524", (22, 30), 30, (60, 60), color=(grey,) * 3, line=1)
    grain = np.random.default_rng(0).normal(0, noise, image.shape)
    image = cv2.GaussianBlur(np.clip(image + grain, 0, 255).astype(np.uint8), (0, 0), 0.8)
    assert by_outlines(image) is None
    boxes = find_boxes(image)
    assert away(boxes.corners, corners) < NEAR
    assert boxes.coverage > 0.8


def test_nothing_is_detected_where_outlines_leave_no_doubt():
    def detect(picture, halvings):
        raise AssertionError("asked")

    image, corners = row("04524")
    assert away(find_boxes(image, detect).corners, corners) < NEAR


def test_the_finest_scale_is_detected_at_last_and_each_only_once():
    asked = []

    def detect(picture, halvings):
        asked.append(list(halvings))
        return []

    assert find_boxes(np.full((900, 1200, 3), 230, np.uint8), detect) is None
    assert asked == [[1, 2, 3, 4], [0]]
    asked.clear()
    find_boxes(np.full((60, 80, 3), 230, np.uint8), detect)
    assert asked == [[0], []]


def test_what_the_network_sees_coarsely_is_not_looked_for_at_the_finest_scale(monkeypatch):
    def fine(scales):
        raise AssertionError("looked at")
        yield

    image, corners = row("04524", line=1, color=(205,) * 3, size=(1100, 900))
    grain = np.random.default_rng(1).normal(0, 22, image.shape)
    image = np.clip(image - 20 + grain, 0, 255).astype(np.uint8)
    assert by_outlines(image) is None
    monkeypatch.setattr("edge.boxes.Scales.fine", fine)
    true = row_through(corners, np.arange(5))
    rows = search(Picture.of(image), lambda *_: [Detection(true, 0.95)])
    assert away(next(rows).corners, corners) < NEAR


def test_a_row_seen_coarsely_that_lies_off_its_lines_waits_for_the_finest_scale(monkeypatch):
    faint, corners = row("04524", color=(246,) * 3)
    blank = [row("     ", at=(70, 100 + k), line=2)[0] for k in range(0, 30, 10)]
    image = np.vstack([faint, *blank])
    true = row_through(corners, np.arange(5))
    # All lines that can be seen are seen at the finest scale alone.
    monkeypatch.setattr("edge.boxes.Scales.coarse", lambda _: iter(()))
    rows = list(search(Picture.of(image), lambda _, halvings: [Detection(true, 0.95)]))
    assert [each.is_detected for each in rows] == [False] * 3 + [True]
    assert away(rows[-1].corners, corners) < NEAR


def test_a_detected_row_that_lies_off_its_lines_is_pulled_onto_them():
    image, corners = row("04524", line=1, color=(205,) * 3)
    # Noise in which no outline closes.
    grain = np.random.default_rng(1).normal(0, 22, image.shape)
    image = np.clip(image - 20 + grain, 0, 255).astype(np.uint8)
    assert by_outlines(image) is None
    true = row_through(corners, np.arange(5))
    off = Row(true.homography @ np.array([[0.99, 0, 0.2], [0, 1, 0.06], [0, 0, 1]]), true.fill)
    boxes = find_boxes(image, lambda *_: [Detection(off, 0.95)])
    assert away(off.corners(), corners) > 0.15
    assert away(boxes.corners, corners) < NEAR
    assert boxes.coverage > 0.8
    # Of one that hardly is one nothing is looked for around it.
    unlikely = find_boxes(image, lambda *_: [Detection(off, 0.6)])
    assert unlikely is None or away(unlikely.corners, corners) > NEAR


@pytest.mark.parametrize("pitch", [60, 80])
def test_a_row_is_pulled_onto_the_lines_around_it(pitch):
    image, corners = row("04524", pitch=pitch)
    picture = Picture.of(frozen(image))
    true = row_through(corners, np.arange(5))
    off = Row(true.homography @ np.array([[1.01, 0, -0.1], [0, 1, 0.08], [0, 0, 1]]), true.fill)
    assert away(off.corners(), corners) > 0.05
    assert away(pulled(picture, off).corners(), corners) < 0.03
    elsewhere = Row(true.homography @ np.array([[1, 0, 0], [0, 1, 1.8], [0, 0, 1]]), true.fill)
    assert pulled(picture, elsewhere) is None


@pytest.mark.parametrize("probability", [0.5, 0.75, 0.85, 0.95])
def test_a_detected_row_without_lines_is_doubtful_and_must_be_probable(probability):
    image, corners = row("04524", color=(246,) * 3)
    true = row_through(corners, np.arange(5))
    boxes = find_boxes(image, lambda *_: [Detection(true, probability)])
    if probability < 0.8:
        assert boxes is None
    else:
        assert boxes.is_doubtful
        assert not boxes.is_sure
        assert away(boxes.corners, corners) < NEAR


def test_rows_in_rendered_photos_are_found():
    near = 0
    for seed in range(4):
        photo, corners, _ = random_photo(np.random.default_rng(seed), "scan")
        boxes = find_boxes(frozen(photo))
        near += boxes is not None and away(boxes.corners, corners) < 0.1
    assert near >= 3, f"{near} of 4"
