"""Files of many pages: TIFF by Pillow, PDF by PDFium, which renders what a scanner put there."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.arrays import MOST_PIXELS
from edge.errors import ImageError, InputError
from edge.quiet import native_stderr_silenced
from edge.sources.images import upright

# Rendered at: scanners' usual resolution for text; a box of 8 mm gets 63 px.
_DPI = 200
_POINTS_PER_INCH = 72

Document = Path | bytes
"""A file, or the content of one."""


def count_tiff(document: Document) -> int:
    """Return how many pages a TIFF has, at least 1; damage is told when one is read."""
    from PIL import Image

    try:
        with native_stderr_silenced(), warnings.catch_warnings(), _file(document) as file:
            warnings.simplefilter("ignore")
            with Image.open(file, formats=("TIFF",)) as image:
                return int(getattr(image, "n_frames", 1))
    except Exception:
        # Damaged, or no TIFF at all: Pillow raises many things. It is read as one picture,
        # and what reads it has the words.
        return 1


def load_tiff(document: Document, page: int) -> NDArray[np.uint8]:
    """Decode a page of a TIFF.

    Args:
        document: the file.
        page: from 1.

    Returns:
        `uint8 (h, w, 3)` BGR, upright.

    Raises:
        ImageError: there is no such page, or it is damaged or too large.
    """
    from edge.sources.pillow import decode_any

    count = count_tiff(document)
    _check_page(page, count)
    with _file(document) as file:
        return upright(*decode_any(file, page - 1))


def count_pdf(document: Document) -> int:
    """Return how many pages a PDF has.

    Raises:
        InputError: it is damaged, locked or none, or pypdfium2 is not installed.
    """
    with _pdf(document) as pdf:
        return len(pdf)


def load_pdf(document: Document, page: int) -> NDArray[np.uint8]:
    """Render a page of a PDF at 200 dpi, coarser where that were too many pixels.

    Args:
        document: the file.
        page: from 1.

    Returns:
        `uint8 (h, w, 3)` BGR, or `(h, w)` where PDFium renders grey.

    Raises:
        InputError: there is no such page, or as `count_pdf`.
    """
    with _pdf(document) as pdf:
        _check_page(page, len(pdf))
        sheet = pdf[page - 1]
        width, height = sheet.get_size()
        scale = _DPI / _POINTS_PER_INCH
        # Each side is rounded up by a pixel.
        pixels = (width * scale + 1) * (height * scale + 1)
        scale *= min(1.0, (0.99 * MOST_PIXELS / max(pixels, 1.0)) ** 0.5)
        bitmap = sheet.render(scale=scale)
        # A copy: the bitmap's memory is PDFium's.
        rendered = np.array(bitmap.to_numpy(), np.uint8)
        return np.ascontiguousarray(rendered[:, :, :3]) if rendered.ndim == 3 else rendered


@contextlib.contextmanager
def _pdf(document: Document) -> Iterator[Any]:
    try:
        import pypdfium2  # type: ignore[import-untyped]
    except ImportError as error:
        raise InputError(
            "a PDF can't be read without pypdfium2; run: pip install 'fivebox[archive]'"
        ) from error
    try:
        pdf = pypdfium2.PdfDocument(document)
    except (pypdfium2.PdfiumError, OSError) as error:
        reason = " ".join(str(error).split())
        raise ImageError(f"it is not a PDF, or one that is damaged or locked ({reason})") from error
    try:
        yield pdf
    except pypdfium2.PdfiumError as error:
        raise ImageError(f"the page is damaged ({error})") from error
    finally:
        pdf.close()


@contextlib.contextmanager
def _file(document: Document) -> Iterator[Any]:
    if isinstance(document, bytes):
        yield io.BytesIO(document)
        return
    with document.open("rb") as file:
        yield file


def _check_page(page: int, count: int) -> None:
    if not 1 <= page <= count:
        raise ImageError(f"there is no page {page}: the document has {count}")
