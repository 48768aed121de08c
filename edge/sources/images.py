"""Image files → pixels, whatever their format, turned as the camera was held."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from edge.errors import ImageError
from edge.sources.files import read_bytes

# Above what phones take; decoded, 64 million pixels fill 192 MB.
MOST_PIXELS = 64_000_000
_MOST_BYTES = 256_000_000

# What people have; Pillow knows stranger kinds, some of which start other programs.
_FORMATS = ("BMP", "JPEG", "PNG", "TIFF", "WEBP", "GIF", "PPM")

# EXIF orientation → how to undo it (Exif 2.32, tag 0x0112).
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_SIXTEEN_BIT = {"I;16", "I;16B", "I;16L", "I;16N", "I"}


def load_image(path: Path) -> NDArray[np.uint8]:
    """Read an image file.

    EXIF orientation is obeyed, transparency laid over white, 16 bits brought to 8.

    Returns:
        `uint8 (h, w, 3)` BGR.

    Raises:
        InputError: the file is missing, empty or can't be read.
        ImageError: it is not an image, is damaged, or has too many pixels; the last is
            told from its header, before it is decoded.
    """
    content = read_bytes(path, limit=_MOST_BYTES)
    if content is None:
        raise ImageError(f"the file is larger than {_MOST_BYTES // 1_000_000} MB")
    return decode_image(content)


def decode_image(content: bytes) -> NDArray[np.uint8]:
    """Decode an image file's content; see `load_image`."""
    try:
        with warnings.catch_warnings():
            # The size is checked here, with a limit and a sentence of our own; damaged
            # metadata is no reason to refuse a picture that is whole.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
                width, height = image.size
                if width * height > MOST_PIXELS:
                    raise ImageError(_too_large(width, height))
                image.load()
                return _bgr(_upright(image))
    except UnidentifiedImageError as error:
        raise ImageError("it is not an image, or of a kind that can't be read") from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"the image is too large ({error})") from error
    except ImageError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError) as error:
        # What the decoders raise for damaged files.
        raise ImageError(f"the image is damaged or cut short ({error})") from error


def _upright(image: Image.Image) -> Image.Image:
    """Turn an image as its EXIF orientation asks; damaged metadata asks for nothing."""
    try:
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except (SyntaxError, ValueError, TypeError, KeyError, OSError, struct.error):
        turn = None
    return image if turn is None else image.transpose(turn)


def _too_large(width: int, height: int) -> str:
    return (
        f"the image is too large: {width}×{height} px, where at most "
        f"{MOST_PIXELS // 1_000_000} million pixels are read; scale it down"
    )


def _bgr(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode in _SIXTEEN_BIT:
        image = Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))
    elif image.mode == "F":
        raise ImageError("the image has floating-point pixels; save it with 8 or 16 bits")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    rgb = np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
    return np.ascontiguousarray(rgb[:, :, ::-1])
