"""Bodies of requests: limited while they come in, and images before they are decoded."""

from __future__ import annotations

import asyncio
import io
import json
import struct
import warnings
from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request

from edge.errors import ImageError, RecordingError
from edge.kiosk.problems import Problem
from edge.picture import Picture
from edge.sources.headers import read_header
from edge.sources.images import decode_picture

IMAGES = ("image/jpeg", "image/png")
RECORDING = "application/json"
TYPES = (*IMAGES, RECORDING)

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"


def media_type(request: Request) -> str:
    """Return the type of a request's body, without its parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request, most_bytes: int, seconds: float) -> bytes:
    """Receive a body, no more of it than is allowed.

    Args:
        request: its body must not have been read.
        most_bytes: told from its length where that is given, else while it comes.
        seconds: within which all of it must have come.

    Raises:
        Problem: it is too large, too slow, or the client has gone.
    """
    too_large = Problem(413, f"the body is larger than {_readable(most_bytes)}; send less")
    length = request.headers.get("content-length", "")
    # Python makes no number of thousands of digits.
    if length.isdecimal() and (len(length) > 15 or int(length) > most_bytes):
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                if len(body) + len(part) > most_bytes:
                    raise too_large
                body += part
    except TimeoutError as error:
        raise Problem(
            408,
            f"the body has not come within {seconds:g} seconds; send it again",
            # What is still on its way would be taken for the next request.
            {"Connection": "close"},
        ) from error
    except ClientDisconnect as error:
        raise Problem(400, "the client has gone before it had sent the body") from error
    return bytes(body)


def parse_json(body: bytes) -> Any:
    """Return what a JSON body holds.

    Raises:
        RecordingError: it is not JSON.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RecordingError(f"the body is not JSON ({error})") from error


def picture_of(body: bytes, most_pixels: int) -> Picture:
    """Return the picture that a body holds, looked at before it is decoded.

    Args:
        body: a JPEG or PNG file.
        most_pixels: as its header tells them.

    Raises:
        ImageError: it is no such file, or is damaged.
        Problem: it has too many pixels.
    """
    if not body.startswith((_JPEG, _PNG)):
        raise ImageError("the body is not a JPEG or PNG file")
    size = _size(body)
    if size is None or size[0] * size[1] > most_pixels:
        claimed = f": {size[0]}×{size[1]} px" if size else ""
        raise Problem(
            413,
            f"the image is too large{claimed}; at most {most_pixels // 1_000_000} million pixels "
            "are read, so scale it down",
        )
    return decode_picture(body)


def require_type(request: Request, allowed: Mapping[str, Any] | tuple[str, ...]) -> str:
    """Return the type of a body that must be one of these.

    Raises:
        Problem: it is none.
    """
    kind = media_type(request)
    if kind not in allowed:
        raise Problem(
            415,
            f"the body's type is {kind[:80]!r}, where {' or '.join(allowed)} is needed; "
            "tell it in Content-Type",
        )
    return kind


def _size(body: bytes) -> tuple[int, int] | None:
    """Return width and height as a JPEG's or PNG's header tells them, px.

    None stands for more than Pillow would open at all, which is 179 million pixels.

    Raises:
        ImageError: the header is damaged.
    """
    header = read_header(body)
    if header is not None:
        return header.width, header.height
    if body.startswith(_PNG):
        try:
            width, height = struct.unpack_from(">II", body, 16)
        except struct.error as error:
            raise ImageError("the image is damaged or cut short") from error
        return width, height
    # A stranger kind of JPEG, or a damaged one: Pillow reads no more than the header.
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(body), formats=("JPEG",)) as image:
                return image.size
    except Image.DecompressionBombError:
        return None
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ImageError("the image is damaged or cut short") from error


def _readable(size: int) -> str:
    return f"{size // 1_000_000} MB" if size >= 1_000_000 else f"{size // 1000} KB"
