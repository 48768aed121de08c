"""Tesseract, told to look for digits alone.

Its library is called in this process, as its own program does, so that the language is
loaded once and not for every photo; Leptonica reads the pictures, which both come with.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from ctypes.util import find_library
from pathlib import Path

from benchmarks.compare.answers import Word, postcode_in
from benchmarks.compare.footprint import libraries_bytes
from benchmarks.compare.items import Answer, Item
from benchmarks.compare.readers import Read
from edge.errors import PackageMissingError

LANGUAGE = "eng"
# What `--psm` is called on its command line.
_MODES = {"sparse": 11, "line": 7}
# Told of a picture that says nothing: what scanners and the manual mean by a usual one.
_DPI = 300
_WORD_LEVEL = "5"

_HINT = "Tesseract is not installed; run: sudo apt-get install tesseract-ocr"


def open_reader(way: str) -> Read:
    """Return the function that reads.

    Args:
        way: `photo` or `row`, and `sparse` or `line`: `row-line`.

    Raises:
        PackageMissingError: Tesseract or its English is not installed.
    """
    what, _, mode = way.partition("-")
    words = _open(_MODES[mode])

    def read(item: Item) -> Answer:
        path = item.picture if what == "photo" else item.row
        guess = postcode_in(words(path)) if path else None
        return Answer(guess, guess is not None)

    return read


def _open(mode: int) -> Callable[[str], list[Word]]:
    library, pictures = _library("tesseract"), _library("lept", "leptonica")
    _declare(library, pictures)
    handle = library.TessBaseAPICreate()
    if library.TessBaseAPIInit3(handle, None, LANGUAGE.encode()) != 0:
        raise PackageMissingError(
            f"Tesseract has no language {LANGUAGE}; run: sudo apt-get install tesseract-ocr"
        )
    library.TessBaseAPISetPageSegMode(handle, mode)
    for name, value in ((b"tessedit_char_whitelist", b"0123456789"), (b"debug_file", b"/dev/null")):
        library.TessBaseAPISetVariable(handle, name, value)

    def words(path: str) -> list[Word]:
        picture = ctypes.c_void_p(pictures.pixRead(os.fsencode(path)))
        if not picture:
            return []
        try:
            library.TessBaseAPISetImage2(handle, picture)
            library.TessBaseAPISetSourceResolution(handle, _DPI)
            text = library.TessBaseAPIGetTsvText(handle, 0)
            if not text:
                return []
            found = words_in(ctypes.string_at(text).decode("utf-8", "replace"))
            library.TessDeleteText(text)
            return found
        finally:
            library.TessBaseAPIClear(handle)
            pictures.pixDestroy(ctypes.byref(picture))

    return words


def words_in(table: str) -> list[Word]:
    """Return the words of a table as Tesseract writes it: level, four numbers of the place in
    the text, left, top, width, height, confidence in percent, text."""
    found = []
    for line in table.splitlines():
        level, *_, left, top, width, height, confidence, text = line.split("\t")
        if level == _WORD_LEVEL:
            x, y = float(left), float(top)
            place = (x, y, x + float(width), y + float(height))
            found.append(Word(text, float(confidence) / 100, *place))
    return found


def _library(*names: str) -> ctypes.CDLL:
    for name in names:
        found = find_library(name)
        if found:
            return ctypes.CDLL(found)
    raise PackageMissingError(_HINT)


def _declare(library: ctypes.CDLL, pictures: ctypes.CDLL) -> None:
    """Say what the functions take and give: pointers don't fit into C's int."""
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for function, gives, takes in (
        (library.TessBaseAPICreate, pointer, []),
        (library.TessBaseAPIInit3, number, [pointer, text, text]),
        (library.TessBaseAPISetPageSegMode, None, [pointer, number]),
        (library.TessBaseAPISetVariable, number, [pointer, text, text]),
        (library.TessBaseAPISetImage2, None, [pointer, pointer]),
        (library.TessBaseAPISetSourceResolution, None, [pointer, number]),
        # Not as text, which Python would copy and nobody could free.
        (library.TessBaseAPIGetTsvText, pointer, [pointer, number]),
        (library.TessDeleteText, None, [pointer]),
        (library.TessBaseAPIClear, None, [pointer]),
        (library.TessBaseAPIGetDatapath, text, [pointer]),
        (library.TessVersion, text, []),
        (pictures.pixRead, pointer, [text]),
        (pictures.pixDestroy, None, [ctypes.POINTER(pointer)]),
    ):
        function.restype, function.argtypes = gives, takes


def version() -> str:
    """Return the library's version."""
    library = _library("tesseract")
    library.TessVersion.restype = ctypes.c_char_p
    return f"Tesseract {library.TessVersion().decode()}"


def installed_bytes() -> int:
    """Return the size of the libraries and the language, without what C and C++ need."""
    library, pictures = _library("tesseract"), _library("lept", "leptonica")
    _declare(library, pictures)
    handle = library.TessBaseAPICreate()
    library.TessBaseAPIInit3(handle, None, LANGUAGE.encode())
    data = Path(os.fsdecode(library.TessBaseAPIGetDatapath(handle)))
    return libraries_bytes("libtesseract.") + (data / f"{LANGUAGE}.traineddata").stat().st_size
