from __future__ import annotations

import cv2
import numpy as np
from matplotlib.colors import to_hex

from tests.train.synthetic import draw_digits, one_hot
from train import sheet
from train.plots import VERMILLION, save


def test_the_worst_are_the_surest_wrong_ones_then_the_least_sure_right_ones():
    labels = np.array([0, 1, 2, 3, 4, 5], np.uint8)
    probabilities = one_hot([0, 1, 7, 8, 4, 9], [0.9, 0.5, 0.6, 0.99, 0.7, 0.3])
    assert sheet.worst_order(probabilities, labels, 10).tolist() == [3, 2, 5, 1, 4, 0]
    assert sheet.worst_order(probabilities, labels, 2).tolist() == [3, 2]
    assert sheet.worst_order(probabilities, labels, 0).tolist() == []


def test_the_sheet_shows_the_worst_images_with_what_they_were_read_as(tmp_path):
    images, _ = draw_digits(6, seed=0)
    labels = np.array([0, 1, 2, 3, 4, 5], np.uint8)
    probabilities = one_hot([0, 1, 7, 8, 4, 9], [0.9, 0.5, 0.6, 0.99, 0.7, 0.3])
    figure = sheet.worst(images, labels, probabilities, 4)
    (axes,) = figure.axes
    shown = [image.get_array() for image in axes.images]
    for image, index in zip(shown, [3, 2, 5, 1], strict=True):
        assert np.array_equal(image, images[index])
    title, *texts = axes.texts
    assert title.get_text() == "Worst 4 of 6, 3 of them wrong"
    assert [text.get_text() for text in texts] == [
        "3 → 8, 0.99",
        "2 → 7, 0.60",
        "5 → 9, 0.30",
        "1 → 1, 0.50",
    ]
    colours = [to_hex(text.get_color()).upper() for text in texts]
    assert colours[:3] == [VERMILLION] * 3
    assert colours[3] != VERMILLION
    save(figure, tmp_path / "sheet.png")


def test_fewer_images_than_asked_for_are_all_shown_and_none_is_no_error(tmp_path):
    images, labels = draw_digits(3, seed=0)
    probabilities = one_hot(labels, [0.5, 0.5, 0.5])
    assert len(sheet.worst(images, labels, probabilities, 60).axes[0].images) == 3
    empty = sheet.worst(images[:0], labels[:0], probabilities[:0])
    assert [text.get_text() for text in empty.axes[0].texts] == ["Worst 0 of 0, 0 of them wrong"]
    save(empty, tmp_path / "sheet.png")


def test_coloured_images_and_long_names_do_not_run_into_each_other(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), np.uint8)
    names = ("automobile",) * 10
    figure = sheet.worst(images, np.zeros(12, np.uint8), one_hot([1] * 12, [0.88] * 12), 12, names)
    save(figure, tmp_path / "sheet.png")
    (axes,) = figure.axes
    assert axes.images[0].get_array().shape == (32, 32, 3)
    assert axes.texts[1].get_text() == "automobile →\nautomobile, 0.88"
    boxes = [text.get_window_extent() for text in axes.texts]
    boxes += [image.get_window_extent() for image in axes.images]
    for place, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])


def test_every_pixel_of_a_tile_is_equally_large(tmp_path):
    checks = np.indices((28, 28)).sum(axis=0) % 2 * np.uint8(255)
    images = np.repeat(checks[None].astype(np.uint8), 13, axis=0)
    figure = sheet.worst(images, np.zeros(13, np.uint8), one_hot([1] * 13, [0.9] * 13))
    save(figure, tmp_path / "sheet.png")
    picture = cv2.imread(str(tmp_path / "sheet.png"))[:, :, 0]
    for tile in figure.axes[0].images:
        left, right, bottom, top = (int(edge) for edge in tile.get_extent())
        cut = picture[top:bottom, left:right]
        assert np.array_equal(cut, np.kron(checks, np.ones((4, 4), np.uint8)))
