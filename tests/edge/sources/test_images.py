from __future__ import annotations

import contextlib
import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from edge.arrays import MOST_PIXELS
from edge.errors import ImageError, InputError
from edge.sources import images
from edge.sources.images import (
    decode_image,
    decode_picture,
    load_image,
    load_picture,
    turned_view,
    upright,
)
from edge.sources.pillow import decode_any
from tests.edge.drawing import frozen

# Four quarters, 24×16 px, RGB: what every format must give back.
RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 40), (30, 60, 220), (230, 220, 40)
QUARTERS = np.repeat(
    np.repeat(np.array([[RED, GREEN], [BLUE, YELLOW]], np.uint8), 8, axis=0), 12, axis=1
)
PICTURE = Image.fromarray(QUARTERS)


def saved(image, format_, **options):
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def corners_of(image):
    """Return the colours in the four corners, RGB: top left, top right, bottom left, right."""
    return [tuple(int(v) for v in image[y, x, ::-1]) for y in (2, -3) for x in (2, -3)]


def assert_quarters(image, atol=0):
    assert image.dtype == np.uint8
    assert image.shape == (16, 24, 3)
    assert image.flags.c_contiguous
    np.testing.assert_allclose(corners_of(image), [RED, GREEN, BLUE, YELLOW], atol=atol)


def png(width, height, bits, colour_type, rows, *extra):
    """Write a PNG by hand: rows are raw bytes without the filter byte."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = [chunk(b"IHDR", header), *(chunk(*e) for e in extra), chunk(b"IDAT", pixels)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


@pytest.mark.parametrize("format_", ["PNG", "BMP", "TIFF"])
def test_lossless_formats_come_back_exactly(format_):
    assert_quarters(decode_image(saved(PICTURE, format_)))


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_compressed_tiff_comes_back_exactly(compression):
    assert_quarters(decode_image(saved(PICTURE, "TIFF", compression=compression)))


def test_webp_comes_back():
    assert_quarters(decode_image(saved(PICTURE, "WEBP", lossless=True)))
    assert_quarters(decode_image(saved(PICTURE, "WEBP", quality=95)), atol=25)


@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_comes_back_baseline_or_progressive(progressive):
    content = saved(PICTURE, "JPEG", quality=95, progressive=progressive, subsampling=0)
    assert_quarters(decode_image(content), atol=12)


def test_cmyk_jpeg_comes_back_in_its_colours():
    content = saved(PICTURE.convert("CMYK"), "JPEG", quality=95, subsampling=0)
    assert_quarters(decode_image(content), atol=30)


def test_grey_has_three_equal_channels():
    content = saved(PICTURE.convert("L"), "JPEG", quality=95)
    image = decode_image(content)
    assert image.shape == (16, 24, 3)
    assert (image == image[..., :1]).all()
    np.testing.assert_allclose(image[2, 2], PICTURE.convert("L").getpixel((2, 2)), atol=6)


def test_black_and_white_is_0_and_255():
    bits = Image.fromarray(QUARTERS[..., 1] > 100)
    assert bits.mode == "1"
    for format_ in ("PNG", "TIFF"):
        image = decode_image(saved(bits, format_))
        assert corners_of(image) == [(0,) * 3, (255,) * 3, (0,) * 3, (255,) * 3]


def test_a_palette_comes_back_in_its_colours():
    assert_quarters(decode_image(saved(PICTURE.quantize(4), "PNG")), atol=3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_orientation_is_obeyed(orientation, format_):
    turn_back = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    held = PICTURE if turn_back is None else PICTURE.transpose(turn_back)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95, "subsampling": 0} if format_ == "JPEG" else {}
    options |= {"lossless": True} if format_ == "WEBP" else {}
    assert_quarters(decode_image(saved(held, format_, exif=exif, **options)), atol=12)


def test_damaged_exif_is_no_reason_to_refuse_the_picture():
    exif = Image.Exif()
    exif[0x0112] = 1
    whole = exif.tobytes()
    for content in (whole[:-9], whole[:8] + b"\xff" * 20, b"Exif\0\0" + b"no TIFF at all"):
        image = decode_image(saved(PICTURE, "JPEG", quality=95, subsampling=0, exif=content))
        assert_quarters(image, atol=12)


def test_exif_with_words_where_numbers_belong_is_no_trouble():
    width = struct.pack(">HHI4s", 0x0100, 2, 4, b"abc\0")
    turned = struct.pack(">HHIHH", 0x0112, 3, 1, 3, 0)
    exif = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", 2) + width + turned + b"\0\0\0\0"
    content = saved(PICTURE, "JPEG", quality=95, exif=exif)
    assert decode_image(content).shape == (16, 24, 3)


def test_transparency_lies_over_white():
    alpha = np.full((16, 24), 255, np.uint8)
    alpha[:8, :12], alpha[8:, :12] = 0, 128
    rgba = Image.fromarray(np.dstack([QUARTERS, alpha]))
    for format_, options in (("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})):
        found = corners_of(decode_image(saved(rgba, format_, **options)))
        half = tuple((v + 255) / 2 for v in BLUE)
        np.testing.assert_allclose(found, [(255,) * 3, GREEN, half, YELLOW], atol=2)


def test_grey_with_alpha_lies_over_white():
    grey = np.zeros((16, 24, 2), np.uint8)
    grey[:8, :, 1] = 255
    image = decode_image(saved(Image.fromarray(grey), "PNG"))
    assert corners_of(image) == [(0,) * 3, (0,) * 3, (255,) * 3, (255,) * 3]


def test_a_transparent_colour_of_a_palette_lies_over_white():
    palette = Image.fromarray(np.repeat([[0] * 24, [1] * 24], 8, axis=0).astype(np.uint8), "L")
    palette.putpalette([10, 20, 30, 200, 10, 10])
    image = decode_image(saved(palette, "PNG", transparency=0))
    assert corners_of(image)[0] == (255, 255, 255)
    assert corners_of(image)[2] == (200, 10, 10)


def test_a_transparent_colour_of_an_rgb_png_lies_over_white():
    image = decode_image(saved(PICTURE, "PNG", transparency=RED))
    assert corners_of(image) == [(255,) * 3, GREEN, BLUE, YELLOW]


@pytest.mark.parametrize(("level", "wanted"), [(0, 0), (0x8000, 128), (0xFFFF, 255), (0x1234, 18)])
def test_16_bit_grey_comes_down_to_8_bits(level, wanted):
    levels = np.full((16, 24), level, np.uint16)
    handmade = png(24, 16, 16, 0, [row.astype(">u2").tobytes() for row in levels])
    for content in (handmade, saved(Image.fromarray(levels), "PNG"), tiff16(levels)):
        image = decode_image(content)
        assert image.shape == (16, 24, 3)
        assert np.unique(image).tolist() == [wanted]


def tiff16(levels):
    return saved(Image.fromarray(levels), "TIFF")


def test_16_bit_colour_comes_down_to_8_bits():
    pixel = struct.pack(">HHH", 0xFFFF, 0x8000, 0x0100)
    image = decode_image(png(4, 2, 16, 2, [pixel * 4] * 2))
    np.testing.assert_allclose(image[0, 0, ::-1], (255, 128, 1), atol=1)


def test_floating_point_pixels_are_refused_with_advice():
    floats = Image.fromarray(np.zeros((4, 4), np.float32))
    with pytest.raises(ImageError, match="8 or 16 bits"):
        decode_image(saved(floats, "TIFF"))


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "WEBP", "BMP"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_an_image_error(format_, part):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    content = saved(Image.fromarray(noise), format_)
    with pytest.raises(ImageError, match=r"damaged|not an image"):
        decode_image(content[: int(part * len(content))])


@pytest.mark.parametrize("content", [b"x", b"not an image", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_image_is_an_image_error(content):
    with pytest.raises(ImageError):
        decode_image(content)


def test_too_many_pixels_are_told_from_the_header():
    with pytest.raises(ImageError, match=r"9000×8000 px.*64 million"):
        decode_image(png(9000, 8000, 8, 2, [b"\0" * 100]))
    with pytest.raises(ImageError, match="too large"):
        decode_image(png(30_000, 30_000, 8, 2, [b"\0" * 100]))


def test_the_largest_size_is_just_read():
    side = int(MOST_PIXELS**0.5)
    with pytest.raises(ImageError, match="damaged"):
        decode_image(png(side, side, 8, 0, [b"\0" * 10]))
    with pytest.raises(ImageError, match="too large"):
        decode_image(png(side + 1, side + 1, 8, 0, [b"\0" * 10]))


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_a_jpeg_with_a_hole_in_its_middle_is_an_image_error(options):
    # As a card leaves them that loses blocks.
    content = saved(NOISE.resize((384, 256)), "JPEG", quality=95, **options)
    half = len(content) // 2
    for damaged in (
        content[:half] + bytes(4096) + content[half + 4096 :],
        content[:half] + content[half + 4096 :],
    ):
        with pytest.raises(ImageError, match="damaged or cut short"):
            decode_image(damaged)


def test_a_few_bytes_too_many_at_the_end_of_a_jpeg_do_no_harm():
    content = saved(PICTURE, "JPEG", quality=95, subsampling=0)
    assert_quarters(decode_image(content[:-2] + bytes(16) + content[-2:]), atol=12)
    assert_quarters(decode_image(content + b"a film, say" * 100), atol=12)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "WEBP", "BMP"])
def test_nothing_is_printed_about_damaged_files(capfd, format_):
    options = {"compression": "tiff_lzw"} if format_ == "TIFF" else {}
    content = saved(NOISE, format_, **options)
    for place in range(0, len(content), len(content) // 40):
        damaged = content[:place] + b"\x55\xaa" * 8 + content[place + 16 :]
        for given_ in (damaged, content[:place]):
            with contextlib.suppress(ImageError):
                decode_image(given_)
    assert capfd.readouterr() == ("", "")


def test_threads_that_decode_at_once_hear_only_their_own_faults(capfd):
    whole = saved(NOISE.resize((384, 256)), "JPEG", quality=95)
    half = len(whole) // 2
    damaged = whole[:half] + whole[half + 4096 :]

    def works(content):
        try:
            return decode_image(content).shape == (256, 384, 3)
        except ImageError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(works, [whole, damaged] * 20)) == [True, False] * 20
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "BMP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_both_decoders_give_the_same_pixels(format_, mode):
    image = NOISE.resize((97, 61), Image.Resampling.BICUBIC).convert(mode)
    content = saved(image, format_)
    by_pillow, orientation = decode_any(content)
    assert orientation == 1
    np.testing.assert_allclose(decode_image(content).astype(int), by_pillow, atol=3)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_plain_images_do_without_pillow(monkeypatch, format_):
    def fail(content):
        raise AssertionError("asked Pillow")

    monkeypatch.setattr("edge.sources.pillow.decode_any", fail)
    assert decode_image(saved(PICTURE, format_)).shape == (16, 24, 3)
    with pytest.raises(AssertionError):
        decode_image(saved(PICTURE, "GIF"))


def test_a_plain_image_that_opencv_finds_fault_with_is_judged_by_pillow(monkeypatch):
    monkeypatch.setattr(images.cv2, "imdecode", lambda data, flags: None)
    assert_quarters(decode_image(saved(PICTURE, "PNG")))
    monkeypatch.setattr(images.cv2, "imdecode", lambda data, flags: np.zeros((9, 9, 3), np.uint8))
    assert_quarters(decode_image(saved(PICTURE, "PNG")))


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_an_image_that_is_decoded_in_place_is_the_same(monkeypatch, format_):
    content = saved(PICTURE, format_)
    expected = decode_image(content)
    monkeypatch.setattr(images, "_LEAST_IN_PLACE", 0)
    monkeypatch.setattr(images.cv2, "imdecode", lambda data, flags: 1 / 0)
    np.testing.assert_array_equal(decode_image(content), expected)


@pytest.mark.parametrize("place", [0, 1 << 40])
def test_what_is_missing_of_a_large_jpeg_is_told_however_it_is_decoded(monkeypatch, place):
    monkeypatch.setattr(images, "_LEAST_IN_PLACE", place)
    content = saved(Image.fromarray(smooth(300, 200)), "JPEG")
    with pytest.raises(ImageError, match="damaged or cut short"):
        decode_image(content[: len(content) // 2])
    damaged = b"\xff\xd8" + b"no jpeg at all" * 9
    with pytest.raises(ImageError):
        decode_image(damaged)


@pytest.mark.parametrize("format_", ["GIF", "TIFF", "PNG", "WEBP"])
def test_of_several_pictures_the_first_is_read(format_):
    options = {"lossless": True} if format_ == "WEBP" else {}
    others = [PICTURE.rotate(180), PICTURE.rotate(90)]
    content = saved(PICTURE, format_, save_all=True, append_images=others, **options)
    assert_quarters(decode_image(content), atol=12)


def test_a_picture_of_many_rows_is_whole():
    tall = Image.fromarray(np.random.default_rng(1).integers(0, 256, (1000, 7, 3), np.uint8))
    for image in (tall, tall.convert("P"), tall.convert("L"), tall.convert("CMYK")):
        found = decode_image(saved(image, "TIFF"))
        np.testing.assert_array_equal(found[..., ::-1], np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_agrees_with_pillow_and_leaves_the_picture_alone(orientation):
    image = frozen(np.random.default_rng(2).integers(0, 256, (5, 7, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    pillow = Image.open(io.BytesIO(saved(Image.fromarray(image), "PNG", exif=exif)))
    found = upright(image, orientation)
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, np.asarray(ImageOps.exif_transpose(pillow)))
    view = turned_view(image, orientation)
    np.testing.assert_array_equal(view, found)
    assert np.shares_memory(view, image)


EXAMPLES = [
    saved(PICTURE, "JPEG"),
    saved(PICTURE, "PNG"),
    saved(PICTURE, "TIFF", compression="tiff_lzw"),
    saved(PICTURE, "WEBP"),
    saved(PICTURE, "BMP"),
]


@given(
    st.sampled_from(EXAMPLES),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8),
    st.integers(0, 10**6),
)
def test_a_damaged_file_is_a_picture_or_an_image_error(content, damages, keep):
    damaged = bytearray(content)
    for place, value in damages:
        damaged[place % len(damaged)] = value
    with contextlib.suppress(ImageError):
        image = decode_image(bytes(damaged[: max(1, keep % (2 * len(damaged)))]))
        assert image.dtype == np.uint8
        assert image.shape[2] == 3


def test_a_file_is_read_and_a_missing_one_named(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(saved(PICTURE, "PNG"))
    assert_quarters(load_image(path))
    with pytest.raises(InputError, match="no such file"):
        load_image(tmp_path / "b.jpg")


@pytest.fixture
def decodings(monkeypatch):
    """Return a list that grows by each decoding's form: a reduction, or grey."""
    seen = []
    imdecode = cv2.imdecode
    forms = {cv2.IMREAD_COLOR: 1, cv2.IMREAD_REDUCED_COLOR_2: 2, cv2.IMREAD_GRAYSCALE: "grey"}

    def noted(data, flags):
        seen.append(forms[flags & ~cv2.IMREAD_IGNORE_ORIENTATION])
        return imdecode(data, flags)

    monkeypatch.setattr(cv2, "imdecode", noted)
    return seen


def smooth(width, height):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 / width, y * 255 / height, (x + y) * 127 / width], 2).astype(np.uint8)


@pytest.mark.parametrize("orientation", [None, 1, 3, 5, 6, 8])
@pytest.mark.parametrize("size", [(900, 700), (901, 699)])
def test_a_large_jpeg_is_decoded_as_finely_as_it_is_looked_at(size, orientation, decodings):
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    content = saved(Image.fromarray(smooth(*size)), "JPEG", quality=95, exif=exif)
    picture = decode_picture(content)
    half = picture.halved(1)
    assert decodings == [2]
    whole = picture.pixels
    assert decodings == [2, 1]
    assert np.array_equal(whole, decode_image(content))
    assert (picture.height, picture.width) == whole.shape[:2]
    assert half.shape[:2] == (-(-picture.height // 2), -(-picture.width // 2))
    twice = cv2.resize(half, None, fx=2, fy=2)[: picture.height, : picture.width]
    assert np.abs(twice.astype(int) - whole).mean() < 2


@pytest.mark.parametrize("orientation", [1, 3, 5, 6, 8])
@pytest.mark.parametrize("corner", [(30, 41), (0, 0), (-9, -9), (660, 660)])
def test_a_part_of_a_large_jpeg_does_without_its_colours(orientation, corner, decodings):
    exif = Image.Exif()
    exif[0x0112] = orientation
    colourful = smooth(900, 700)
    colourful[::20] //= 2
    content = saved(Image.fromarray(colourful), "JPEG", quality=95, exif=exif)
    picture = decode_picture(content)
    points = np.array([corner, np.add(corner, 60)], np.float32)
    part, (left, top) = picture.around(points, 3, 0)
    again, _ = picture.around(points, 3, 0)
    assert decodings == [2, "grey"]
    assert np.array_equal(part, again)
    height, width = part.shape[:2]
    whole = picture.pixels[top : top + height, left : left + width]
    assert decodings == [2, "grey", 1]
    assert part.shape == whole.shape
    off = np.abs(part.astype(int) - whole)
    assert off.mean() < 1
    assert np.quantile(off, 0.99) < 12
    # Where all of it is decoded, it is from there.
    assert np.array_equal(picture.around(points, 3, 0)[0], whole)


@pytest.mark.parametrize(
    ("size", "subsampling"),
    [((900, 700), "4:4:4"), ((900, 700), "4:2:2"), ((901, 700), "4:2:0"), ((900, 699), "4:2:0")],
)
def test_a_jpeg_with_fine_colours_or_a_side_that_is_odd_is_decoded_whole(
    size, subsampling, decodings
):
    content = saved(Image.fromarray(smooth(*size)), "JPEG", subsampling=subsampling)
    picture = decode_picture(content)
    part, _ = picture.around(np.array([[0, 0], [99, 99]], np.float32), 0, 0)
    assert decodings == [2, 1]
    assert np.array_equal(part, decode_image(content)[:99, :99])


@pytest.mark.parametrize(("size", "format_"), [((300, 200), "JPEG"), ((900, 700), "PNG")])
def test_small_ones_and_other_kinds_are_decoded_at_once(size, format_, decodings):
    picture = decode_picture(saved(Image.fromarray(smooth(*size)), format_))
    assert decodings == [1]
    assert picture.pixels.shape == (size[1], size[0], 3)
    assert decodings == [1]


@pytest.mark.parametrize("part", [0.3, 0.7])
def test_a_large_jpeg_that_is_cut_short_is_an_error_before_it_is_looked_at(part):
    content = saved(Image.fromarray(smooth(900, 700)), "JPEG", quality=95)
    with pytest.raises(ImageError, match="damaged or cut short"):
        decode_picture(content[: int(part * len(content))])


def test_a_picture_is_loaded_from_its_file(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(saved(Image.fromarray(smooth(900, 700)), "JPEG"))
    assert np.array_equal(load_picture(path).pixels, load_image(path))
