from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge.sources.headers import Header, orientation_of, read_header

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (16, 24, 3), np.uint8))


def saved(format_, image=PICTURE, **options):
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def exif(orientation):
    data = Image.Exif()
    data[0x0112] = orientation
    return data


PLAIN = {
    "baseline": saved("JPEG"),
    "progressive": saved("JPEG", progressive=True),
    "restarting": saved("JPEG", restart_marker_rows=1),
    "grey jpeg": saved("JPEG", PICTURE.convert("L")),
    "png": saved("PNG"),
    "grey png": saved("PNG", PICTURE.convert("L")),
    "webp": saved("WEBP"),
    "lossless webp": saved("WEBP", lossless=True),
    "webp with metadata": saved("WEBP", exif=exif(1)),
    "bmp": saved("BMP"),
}
RGBA = PICTURE.convert("RGBA")
RGBA.putalpha(100)
OTHER = {
    "cmyk": saved("JPEG", PICTURE.convert("CMYK")),
    "palette": saved("PNG", PICTURE.quantize(8)),
    "png with alpha": saved("PNG", RGBA),
    "png with a transparent colour": saved("PNG", transparency=(1, 2, 3)),
    "16 bits": saved("PNG", Image.fromarray(np.zeros((16, 24), np.uint16))),
    "one bit": saved("PNG", PICTURE.convert("1")),
    "animated png": saved("PNG", save_all=True, append_images=[PICTURE.rotate(90)]),
    "webp with alpha": saved("WEBP", RGBA),
    "lossless webp with alpha": saved("WEBP", RGBA, lossless=True),
    "animated webp": saved("WEBP", save_all=True, append_images=[PICTURE.rotate(90)]),
    "bmp with a palette": saved("BMP", PICTURE.convert("L")),
    "tiff": saved("TIFF"),
    "gif": saved("GIF"),
    "text": b"no picture at all",
    "nothing": b"",
}


@pytest.mark.parametrize("name", PLAIN)
def test_the_size_of_a_plain_image_is_told(name):
    assert read_header(PLAIN[name])[:3] == (24, 16, 1)


@pytest.mark.parametrize("name", PLAIN)
def test_only_a_jpeg_in_colour_has_its_colours_halved(name):
    assert read_header(PLAIN[name]).colour_is_halved == (
        name in ("baseline", "progressive", "restarting")
    )


@pytest.mark.parametrize(("subsampling", "is_halved"), [("4:4:4", 0), ("4:2:2", 0), ("4:2:0", 1)])
def test_how_finely_a_jpeg_has_its_colours_is_told(subsampling, is_halved):
    header = read_header(saved("JPEG", subsampling=subsampling))
    assert header == Header(24, 16, 1, colour_is_halved=bool(is_halved))


@pytest.mark.parametrize("name", OTHER)
def test_of_all_other_kinds_nothing_is_said(name):
    assert read_header(OTHER[name]) is None


@pytest.mark.parametrize("name", PLAIN)
def test_a_file_without_its_end_is_not_plain(name):
    content = PLAIN[name]
    for kept in range(len(content)):
        assert read_header(content[:kept]) is None, kept


@pytest.mark.parametrize("name", PLAIN)
def test_what_follows_the_image_does_not_matter(name):
    assert read_header(PLAIN[name] + b"\0more" * 100) == read_header(PLAIN[name])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_the_orientation_is_told(format_, orientation):
    assert read_header(saved(format_, exif=exif(orientation)))[:3] == (24, 16, orientation)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_both_byte_orders_are_understood(order, prefix):
    head = b"II*\0" if order == "<" else b"MM\0*"
    entries = struct.pack(f"{order}HHII", 0x0100, 4, 1, 24) + struct.pack(
        f"{order}HHIHH", 0x0112, 3, 1, 6, 0
    )
    data = head + struct.pack(f"{order}IH", 8, 2) + entries + bytes(4)
    assert orientation_of(prefix + data) == 6
    # Cut before the value there is none.
    assert orientation_of(prefix + data[:30]) == 1


@pytest.mark.parametrize("value", [0, 9, 255])
def test_an_orientation_that_does_not_exist_asks_for_nothing(value):
    data = b"II*\0" + struct.pack("<IHHHIHH", 8, 1, 0x0112, 3, 1, value, 0)
    assert orientation_of(data) == 1


def test_fill_bytes_before_a_marker_are_skipped():
    content = PLAIN["baseline"]
    assert read_header(content[:2] + b"\xff" * 50 + content[2:]) == read_header(content)
    assert read_header(content[:2] + b"\xff" * 100_000) is None


@given(st.binary(max_size=200))
def test_any_metadata_give_an_orientation(data):
    assert 1 <= orientation_of(b"MM\0*" + data) <= 8
    assert 1 <= orientation_of(data) <= 8


@given(
    st.sampled_from(sorted(PLAIN)),
    st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=4)), max_size=4),
)
def test_a_damaged_header_is_a_header_or_none(name, damages):
    content = bytearray(PLAIN[name])
    for place, data in damages:
        place %= min(len(content), 200)
        content[place : place + len(data)] = data
    header = read_header(bytes(content))
    assert header is None or (1 <= header.orientation <= 8 and header.width >= 0)
