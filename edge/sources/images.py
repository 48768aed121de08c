"""Image files → pixels, whatever their format, turned as the camera was held.

OpenCV decodes the plain kinds, JPEG above all: nothing is faster here or takes less
memory. Pillow knows the others, and judges what OpenCV finds fault with; it is imported
only then.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.arrays import MOST_PIXELS, too_large
from edge.errors import ImageError
from edge.picture import Picture
from edge.quiet import native_stderr_heard
from edge.sources.files import MOST_BYTES, read_bytes
from edge.sources.headers import Header, read_header

# A JPEG of so many pixels is decoded at half its size first.
_LEAST_HALVED = 500_000
# And of so many into memory that is given.
_LEAST_IN_PLACE = 3_000_000


class _Form(NamedTuple):
    """In which form a file is decoded."""

    flags: int
    halvings: int = 0
    channels: tuple[int, ...] = (3,)


_WHOLE = _Form(cv2.IMREAD_COLOR)
_HALF = _Form(cv2.IMREAD_REDUCED_COLOR_2, halvings=1)
_GREY = _Form(cv2.IMREAD_GRAYSCALE, channels=())

# What libjpeg says where pixels were lost. A few bytes too many before a marker are
# another thing: some cameras fill the data up.
_LOST = re.compile(
    r"Corrupt JPEG data: (?!\d{1,2} extraneous bytes)"
    r"|Premature end of JPEG file|Inconsistent progression sequence"
)


def load_image(path: Path) -> NDArray[np.uint8]:
    """Read an image file.

    EXIF orientation is obeyed, transparency laid over white, 16 bits brought to 8. Of a
    file with several pictures (an animation, a TIFF of many pages) it is the first.

    Returns:
        `uint8 (h, w, 3)` BGR.

    Raises:
        InputError: the file is missing, empty or can't be read.
        ImageError: it is not an image, is damaged, or has too many pixels; the last is
            told from its header, before it is decoded.
    """
    return decode_image(_content(path))


def load_picture(path: Path) -> Picture:
    """Read an image file, of a large JPEG no more than is looked at; see `load_image`.

    Raises:
        InputError: as `load_image`.
        ImageError: as `load_image`; a damage that does not show at half the size is told
            when the full size is asked for.
    """
    return decode_picture(_content(path))


def decode_image(content: bytes) -> NDArray[np.uint8]:
    """Decode an image file's content; see `load_image`."""
    header = _checked_header(content)
    image = None if header is None else _decode(content, header, _WHOLE)
    if image is not None:
        return image
    from edge.sources.pillow import decode_any

    return upright(*decode_any(content))


def decode_picture(content: bytes) -> Picture:
    """Decode an image file's content as far as it is looked at; see `load_picture`."""
    header = _checked_header(content)
    worthwhile = header and header.width * header.height >= _LEAST_HALVED and _is_jpeg(content)
    half = _decode(content, header, _HALF) if header and worthwhile else None
    if header is None or half is None:
        return Picture.of(decode_image(content))
    width, height = header.width, header.height
    if header.orientation >= _ON_ITS_SIDE:
        width, height = height, width

    def decode(halvings: int) -> NDArray[np.uint8]:
        if halvings:
            return half
        # Only a part of it will be looked at, so that it need not be turned as a whole: of 12
        # megapixels that would be 36 MB more.
        whole = _decode(content, header, _WHOLE, turn=turned_view)
        return decode_image(content) if whole is None else whole

    def decode_grey() -> NDArray[np.uint8] | None:
        return _decode(content, header, _GREY, turn=turned_view)

    # Of an odd number of px, turned, the half's begin in the middle of a pair of the whole's.
    lies_alike = header.colour_is_halved and not (width % 2 or height % 2)
    return Picture(width, height, decode, 1, decode_grey if lies_alike else None)


def upright(image: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Turn an image as its EXIF orientation asks (Exif 2.32, tag 0x0112).

    Args:
        image: `uint8 (h, w, 3)`, not written to.
        orientation: 1 to 8; 1, and what is none of these, leaves it as it is.
    """
    if orientation in _FLIPS:
        return np.asarray(cv2.flip(image, _FLIPS[orientation]), np.uint8)
    if orientation in _QUARTER_TURNS:
        return np.asarray(cv2.rotate(image, _QUARTER_TURNS[orientation]), np.uint8)
    if orientation == 5:
        return np.asarray(cv2.transpose(image), np.uint8)
    if orientation == 7:
        return np.ascontiguousarray(image[::-1, ::-1].transpose(1, 0, 2))
    return image


def turned_view(image: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return what `upright` does, of grey ones too, as a view of the same memory."""
    if orientation >= _ON_ITS_SIDE:
        image = image.swapaxes(0, 1)
    rows, columns = _REVERSED.get(orientation, (1, 1))
    return image[::rows, ::columns]


# About the upright axis, both, the level one.
_FLIPS = {2: 1, 3: -1, 4: 0}
# From this orientation on, width and height change places.
_ON_ITS_SIDE = 5
_QUARTER_TURNS = {6: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}
# Steps along rows and columns, of those on their side after these have changed places.
_REVERSED = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}


def _content(path: Path) -> bytes:
    content = read_bytes(path, limit=MOST_BYTES)
    if content is None:
        raise ImageError(f"the file is larger than {MOST_BYTES // 1_000_000} MB")
    return content


def _checked_header(content: bytes) -> Header | None:
    header = read_header(content)
    if header is not None and header.width * header.height > MOST_PIXELS:
        raise ImageError(too_large(header.width, header.height))
    return header


def _is_jpeg(content: bytes) -> bool:
    return content[:2] == b"\xff\xd8"


def _decode(
    content: bytes,
    header: Header,
    form: _Form,
    turn: Callable[[NDArray[np.uint8], int], NDArray[np.uint8]] = upright,
) -> NDArray[np.uint8] | None:
    """Decode a plain image, upright; None where it turns out to be no such."""
    # libjpeg rounds up. A decoder that disagrees about the size has read something else.
    sides = (-(-side // 2**form.halvings) for side in (header.height, header.width))
    shape = (*sides, *form.channels)
    image = _decode_plain(content, form.flags, shape)
    if image is None or image.shape != shape:
        return None
    return turn(image, header.orientation)


def _decode_plain(content: bytes, flags: int, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """Decode what OpenCV decodes without a word of complaint; None is anything else.

    Raises:
        ImageError: parts of a JPEG are missing or damaged.
    """
    flags |= cv2.IMREAD_IGNORE_ORIENTATION
    is_large = shape[0] * shape[1] >= _LEAST_IN_PLACE and hasattr(os, "memfd_create")
    with native_stderr_heard() as heard:
        try:
            if is_large:
                image = _decode_in_place(content, flags, shape)
            else:
                image = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
        except cv2.error:
            return None
    for line in heard:
        if _LOST.match(line):
            raise ImageError(f"the image is damaged or cut short ({line.strip()})")
    if image is None or (heard and not _is_jpeg(content)):
        return None
    return np.asarray(image, np.uint8)


def _decode_in_place(
    content: bytes, flags: int, shape: tuple[int, ...]
) -> NDArray[np.uint8] | None:
    """Decode into memory that is given, of which OpenCV can do so only from a file.

    What it makes itself is there twice for a moment, 36 MB more of 12 megapixels, and takes
    half as long again.
    """
    place = np.empty(shape, np.uint8)
    # A file that is nowhere but in memory.
    with os.fdopen(os.memfd_create("image"), "wb") as file:
        file.write(content)
        file.flush()
        return cv2.imread(f"/proc/self/fd/{file.fileno()}", place, flags)
