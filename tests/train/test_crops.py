from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.train.photographs import write_photos
from train.crops import PER_PHOTO, SIDE, load_crops
from train.errors import DataError


@pytest.fixture
def folder(tmp_path):
    return write_photos(tmp_path / "photos")


def test_every_photo_gives_crops_and_one_without_a_row_has_no_corners(folder):
    crops = load_crops([folder])
    assert len(crops) == 6 * PER_PHOTO
    assert crops.images.shape == (18, SIDE, SIDE, 3)
    assert crops.images.dtype == np.uint8
    assert crops.corners.shape == (18, 5, 4, 2)
    assert crops.corners.dtype == np.float32
    missing = np.isnan(crops.corners).all(axis=(1, 2, 3))
    assert missing.tolist() == [False] * 15 + [True] * 3
    assert not np.isnan(crops.corners[:15]).any()


def test_boxes_are_as_high_as_the_network_looks_for_and_lie_on_their_lines(folder):
    crops = load_crops([folder])
    dark = []
    for image, corners in zip(crops.images[:15], crops.corners[:15], strict=True):
        heights = np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1)
        assert ((heights > 6.2) & (heights < 15.1)).all()
        lines = np.zeros((SIDE, SIDE), np.uint8)
        for box in corners:
            cv2.polylines(lines, [np.rint(box).astype(np.int32)], True, 255, 1)
        # Of those that are in the crop at all.
        if np.count_nonzero(lines) > 100:
            dark.append(image[lines > 0].mean() - np.median(image))
    assert len(dark) >= 10
    assert max(dark) < -20


def test_the_same_folders_give_the_same_crops_in_any_number_of_processes(folder):
    one, two = load_crops([folder], jobs=1), load_crops([folder], jobs=2)
    assert one.sha256 == two.sha256
    # As the second folder's photos have other numbers, their crops are others.
    both = load_crops([folder, folder])
    np.testing.assert_array_equal(both.images[:18], one.images)
    assert (both.images[18:] != one.images).any()


def test_a_photo_that_is_too_small_is_told_in_one_sentence(folder):
    cv2.imwrite(str(folder / "0001.png"), np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(DataError, match=r"0001\.png: the photo is too small"):
        load_crops([folder])


def test_an_error_in_another_process_is_the_same(folder):
    (folder / "0001.png").unlink()
    with pytest.raises(DataError, match=r"0001\.png: the photo can't be read"):
        load_crops([folder], jobs=2)
