from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.arrays import MOST_PIXELS, as_bgr, as_crops, narrow, over_white
from edge.errors import ImageError
from tests.edge.drawing import frozen

NOISE = frozen(np.random.default_rng(0).integers(0, 256, (200, 30, 4), np.uint8))
BGR = frozen(np.ascontiguousarray(NOISE[..., :3]))
GREY = frozen(np.ascontiguousarray(NOISE[..., 0]))


@pytest.mark.parametrize("image", [BGR, GREY])
def test_what_is_right_already_is_not_copied(image):
    assert np.shares_memory(as_bgr(image), image)


@pytest.mark.parametrize("image", [BGR, GREY])
def test_every_layout_comes_back_contiguous_with_the_same_pixels(image):
    read_backwards = frozen(image[::-1, ::-1].copy())[::-1, ::-1]
    every_second = frozen(np.repeat(np.repeat(image, 2, 0), 2, 1))[::2, 1::2]
    for other in (frozen(np.asfortranarray(image)), read_backwards, every_second):
        found = as_bgr(other)
        assert found.flags.c_contiguous
        np.testing.assert_array_equal(found, image)


def test_grey_may_have_a_channel_axis():
    np.testing.assert_array_equal(as_bgr(GREY[:, :, None]), GREY)


def test_true_is_white():
    found = as_bgr(np.array([[True, False]]))
    assert found.dtype == np.uint8
    assert found.tolist() == [[255, 0]]


@pytest.mark.parametrize("dtype", ["<u2", ">u2"])
def test_16_bits_come_down_to_8_rounded(dtype):
    levels = np.arange(65536, dtype=dtype).reshape(256, 256)
    wanted = np.rint(np.arange(65536) / 257).astype(np.uint8).reshape(256, 256)
    np.testing.assert_array_equal(as_bgr(frozen(levels)), wanted)
    np.testing.assert_array_equal(as_bgr(BGR.astype(dtype) * 257), BGR)
    np.testing.assert_array_equal(narrow(wanted.astype(np.uint16) * 257), wanted)


def test_transparency_lies_over_white():
    found = as_bgr(NOISE)
    alpha = NOISE[..., 3:] / 255
    np.testing.assert_array_equal(found, np.rint(NOISE[..., :3] * alpha + 255 * (1 - alpha)))


def test_16_bit_transparency_lies_over_white():
    np.testing.assert_array_equal(as_bgr(NOISE.astype(np.uint16) * 257), as_bgr(NOISE))


def test_opaque_is_unchanged_and_clear_is_white():
    opaque, clear = (np.dstack([BGR, np.full(BGR.shape[:2], a, np.uint8)]) for a in (255, 0))
    np.testing.assert_array_equal(over_white(opaque), BGR)
    assert (over_white(clear) == 255).all()


def test_transparency_takes_little_memory_beside_the_result():
    image = np.full((3000, 1000, 4), 200, np.uint8)
    tracemalloc.start()
    over_white(image)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.2 * 3000 * 1000 * 3


@pytest.mark.parametrize(
    "image",
    [
        None,
        [[1, 2], [3, 4]],
        b"\xff\xd8",
        np.uint8(3),
        np.zeros((), np.uint8),
        np.zeros(9, np.uint8),
        np.zeros((9, 9, 2), np.uint8),
        np.zeros((9, 9, 5), np.uint8),
        np.zeros((2, 9, 9, 3), np.uint8),
        np.zeros((0, 9), np.uint8),
        np.zeros((9, 0, 3), np.uint8),
        np.zeros((9, 9), np.float32),
        np.zeros((9, 9), np.int16),
        np.zeros((9, 9), np.uint32),
        np.zeros((9, 9), object),
        np.zeros((9, 9), "V2"),
    ],
)
def test_anything_else_is_an_image_error_that_names_it(image):
    named = str(image.dtype) if isinstance(image, np.ndarray) else type(image).__name__
    with pytest.raises(ImageError, match=rf"uint8 array \(h, w, 3\).*not {named}"):
        as_bgr(image)


def test_more_pixels_than_a_file_may_have_are_refused_without_touching_them():
    side = int(MOST_PIXELS**0.5)
    with pytest.raises(ImageError, match="64 million pixels"):
        as_bgr(np.broadcast_to(np.uint8(0), (side + 1, side + 1)))
    with pytest.raises(ImageError, match="64 million pixels"):
        as_bgr(np.broadcast_to(np.uint8(0), (10**6, 10**6, 3)))


def test_crops_may_be_any_row_of_images():
    for crops in ([BGR, GREY], (BGR, GREY), iter([BGR, GREY])):
        assert [crop.shape for crop in as_crops(crops)] == [(200, 30, 3), (200, 30)]
    assert len(as_crops(np.zeros((5, 28, 28), np.uint8))) == 5


@pytest.mark.parametrize("crops", [None, 5, np.zeros((), np.uint8), object()])
def test_what_is_no_row_of_images_is_an_image_error(crops):
    with pytest.raises(ImageError, match="a list of images, not"):
        as_crops(crops)


@pytest.mark.parametrize("crops", [[], (), np.zeros((0, 9, 9), np.uint8)])
def test_no_crops_are_an_image_error(crops):
    with pytest.raises(ImageError, match="at least one"):
        as_crops(crops)


@given(
    st.integers(1, 9), st.integers(1, 9), st.sampled_from([(), (1,), (3,), (4,)]),
    st.sampled_from(["u1", "u2", ">u2", "?"]), st.integers(0, 99),
)  # fmt: skip
def test_an_image_of_any_usual_form_becomes_one_of_ours(height, width, channels, dtype, seed):
    image = np.random.default_rng(seed).integers(0, 256, (height, width, *channels))
    image = frozen(image.astype(dtype))
    found = as_bgr(image)
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous
    assert found.shape == (height, width, *((3,) if channels in ((3,), (4,)) else ()))
