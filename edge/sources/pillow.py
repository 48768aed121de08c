"""Image files of the less usual kinds, decoded by Pillow."""

from __future__ import annotations

import io
import struct
import warnings
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from edge.arrays import MOST_PIXELS, narrow, over_white, too_large
from edge.errors import ImageError
from edge.quiet import native_stderr_silenced

# What people have; Pillow knows stranger kinds, some of which start other programs.
_FORMATS = ("BMP", "JPEG", "PNG", "TIFF", "WEBP", "GIF", "PPM")

_SIXTEEN_BIT = {"I;16", "I;16B", "I;16L", "I;16N", "I"}
# Rows that are brought to BGR at once. Pillow's own pixels take four bytes each: beside
# them and the result there is no room for a third picture.
_STRIP = 128


def decode_any(content: bytes | BinaryIO, number: int = 0) -> tuple[NDArray[np.uint8], int]:
    """Decode a picture in an image file's content.

    Args:
        content: of the file, or the file itself, open.
        number: of the picture, from 0, where there are several.

    Returns:
        `uint8 (h, w, 3)` BGR as stored, alpha laid over white; and its EXIF
        orientation.

    Raises:
        ImageError: it is not an image, is damaged, or has too many pixels.
    """
    try:
        # libtiff tells standard error of each fault; the size is checked here, with a
        # limit and a sentence of our own; damaged metadata is no reason to refuse a
        # picture that is whole.
        with native_stderr_silenced(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = io.BytesIO(content) if isinstance(content, bytes) else content
            with Image.open(file, formats=_FORMATS) as image:
                if number:
                    image.seek(number)
                width, height = image.size
                if width * height > MOST_PIXELS:
                    raise ImageError(too_large(width, height))
                image.load()
                return _bgr(image), _orientation(image)
    except UnidentifiedImageError as error:
        raise ImageError("it is not an image, or of a kind that can't be read") from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"the image is too large ({error})") from error
    except ImageError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError) as error:
        # What the decoders raise for damaged files.
        raise ImageError(f"the image is damaged or cut short ({error})") from error


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except (SyntaxError, ValueError, TypeError, KeyError, OSError, struct.error):
        # Damaged metadata ask for nothing.
        return 1


def _bgr(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode == "F":
        raise ImageError("the image has floating-point pixels; save it with 8 or 16 bits")
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _STRIP):
        bottom = min(top + _STRIP, height)
        pixels[top:bottom] = _strip_bgr(image.crop((0, top, width, bottom)))
    return pixels


def _strip_bgr(strip: Image.Image) -> NDArray[np.uint8]:
    if strip.mode in _SIXTEEN_BIT:
        levels = np.asarray(strip).clip(0, 0xFFFF).astype(np.uint16)
        return np.asarray(cv2.cvtColor(narrow(levels), cv2.COLOR_GRAY2BGR), np.uint8)
    if strip.has_transparency_data:
        rgb = over_white(np.asarray(strip.convert("RGBA")))
    else:
        rgb = np.asarray(strip if strip.mode == "RGB" else strip.convert("RGB"))
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), np.uint8)
