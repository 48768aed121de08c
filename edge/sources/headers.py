"""What an image file says of itself at its head: cheaply read, and before anything is decoded.

Only the plain kinds are understood here, those that every decoder agrees on; of all
others `read_header` says nothing, and a decoder that knows them must be asked.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

# No camera writes as many segments or chunks; a file that has more may be one that is
# made to waste time.
_MOST_PARTS = 4096


class Header(NamedTuple):
    """Size and orientation of a plain image."""

    width: int
    """px, as stored."""
    height: int
    orientation: int = 1
    """How the stored rows and columns lie, 1 to 8 (Exif 2.32, tag 0x0112)."""
    colour_is_halved: bool = False
    """Whether colours are stored at half the size each way, as in most JPEG files (4:2:0)."""


def read_header(content: bytes) -> Header | None:
    """Read the header of a JPEG, PNG, WebP or BMP file of a plain kind.

    Plain is: 8 bits a channel, grey or RGB (or YCbCr), without transparency, one
    picture, and the file's end not missing as far as its structure tells.

    Returns:
        The header; None where the file is of another kind, or damaged.
    """
    try:
        if content[:3] == b"\xff\xd8\xff":
            return _jpeg(content)
        if content[:8] == b"\x89PNG\r\n\x1a\n":
            return _png(content)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return _webp(content)
        if content[:2] == b"BM":
            return _bmp(content)
    except (struct.error, IndexError):
        # It ends where something should follow.
        pass
    return None


def _jpeg(content: bytes) -> Header | None:
    """ITU-T T.81, annex B: marker segments up to the first scan."""
    frame = None
    orientation = 1
    place = 2
    for _ in range(_MOST_PARTS):
        if content[place] != 0xFF:
            return None
        if content[place + 1] == 0xFF:
            # Fill bytes may stand before a marker.
            place += 1
            continue
        marker = content[place + 1]
        (length,) = struct.unpack_from(">H", content, place + 2)
        data = place + 4
        if marker in _FRAMES:
            frame = _jpeg_frame(content, data)
        elif marker == 0xE1 and content[data : data + 6] == b"Exif\0\0" and orientation == 1:
            orientation = orientation_of(content[data : place + 2 + length])
        elif marker == _SCAN:
            # Within a scan no other marker can look like the one that ends the image.
            whole = content.rfind(b"\xff\xd9", data) >= 0
            return frame._replace(orientation=orientation) if frame and whole else None
        elif marker not in _JPEG_SEGMENTS:
            return None
        place += 2 + length
    return None


def _jpeg_frame(content: bytes, data: int) -> Header | None:
    """B.2.2: size and channels, and of each how many samples it has beside the others'."""
    bits, height, width, channels = struct.unpack_from(">BHHB", content, data)
    if bits != 8 or channels not in (1, 3) or not (width and height):
        return None
    samples = content[data + 7 : data + 6 + 3 * channels : 3]
    return Header(width, height, colour_is_halved=samples == b"\x22\x11\x11")


# Baseline, extended and progressive, all with Huffman codes.
_FRAMES = {0xC0, 0xC1, 0xC2}
_SCAN = 0xDA
# Huffman and quantisation tables, restart interval, application data, comment.
_JPEG_SEGMENTS = {0xC4, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE}


def _png(content: bytes) -> Header | None:
    """PNG, third edition, 5 and 11: chunks from the header to the end."""
    header = None
    orientation = 1
    for name, data, end in _chunks(content, 8, ">I4s", after=4):
        if name == b"IHDR":
            width, height, bits, colour = struct.unpack_from(">IIBB", content, data)
            if bits != 8 or colour not in (0, 2):
                return None
            header = Header(width, height)
        elif name == b"eXIf":
            orientation = orientation_of(content[data:end])
        elif name in (b"tRNS", b"acTL") or b"Raw profile type" in content[data : data + 16]:
            return None
        elif name == b"IEND":
            return header and header._replace(orientation=orientation)
    return None


def _webp(content: bytes) -> Header | None:
    """RFC 9649, 2 and 3: the chunks of a RIFF container."""
    header = None
    orientation = 1
    (length,) = struct.unpack_from("<I", content, 4)
    if 8 + length > len(content):
        return None
    for name, data, end in _chunks(content[: 8 + length], 12, "<4sI"):
        if name == b"VP8X" and content[data] & (_WEBP_ALPHA | _WEBP_ANIMATED):
            return None
        if name == b"VP8 ":
            width, height = struct.unpack_from("<HH", content, data + 6)
            header = Header(width & 0x3FFF, height & 0x3FFF)
        elif name == b"VP8L":
            (bits,) = struct.unpack_from("<I", content, data + 1)
            if bits >> 28:
                # It has alpha, or is of a version that is yet to come.
                return None
            header = Header((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        elif name == b"EXIF":
            orientation = orientation_of(content[data:end])
    return header and header._replace(orientation=orientation)


_WEBP_ALPHA, _WEBP_ANIMATED = 0x10, 0x02


def _chunks(
    content: bytes, start: int, head: str, after: int = 0
) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of each chunk's data; nothing more where one is cut short."""
    place = start
    for _ in range(_MOST_PARTS):
        if place + 8 > len(content):
            return
        first, second = struct.unpack_from(head, content, place)
        name, length = (first, second) if isinstance(first, bytes) else (second, first)
        data = place + 8
        place = data + length + after
        if place > len(content):
            return
        yield name, data, data + length
        if not after:
            # RIFF's chunks begin at even places.
            place += length & 1


def _bmp(content: bytes) -> Header | None:
    """Windows bitmaps of 24 bits, uncompressed."""
    start, length, width, height, planes, bits, packing = struct.unpack_from(
        "<IIiiHHI", content, 10
    )
    if length < 40 or (planes, bits, packing) != (1, 24, 0) or width <= 0 or height == 0:
        return None
    # Rows are filled up to four bytes; a negative height stores them from the top.
    whole = start + (3 * width + 3) // 4 * 4 * abs(height) <= len(content)
    return Header(width, abs(height)) if whole else None


def orientation_of(exif: bytes) -> int:
    """Return the orientation that Exif metadata tell, 1 to 8; 1 where they are damaged.

    Exif is laid out as TIFF is (TIFF 6.0, 2): the first directory has the tag.
    """
    content = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(content[:4])
    if order is None:
        return 1
    try:
        (place,) = struct.unpack_from(f"{order}I", content, 4)
        (count,) = struct.unpack_from(f"{order}H", content, place)
        for entry in range(place + 2, place + 2 + 12 * count, 12):
            # Tag, type, number of values, and the value itself where it is short.
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", content, entry)
            if (tag, kind) == (_ORIENTATION, _SHORT):
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        # It ends where something should follow.
        pass
    return 1


_ORIENTATION, _SHORT = 0x0112, 3
