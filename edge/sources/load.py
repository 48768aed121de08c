"""An input → what is read: a picture or a touch recording, wherever it lies."""

from __future__ import annotations

from pathlib import Path

from edge.errors import InputError
from edge.picture import Picture
from edge.sources import pages, remote
from edge.sources.archives import Member, read_member
from edge.sources.files import (
    as_path,
    is_pdf,
    is_recording,
    load_recording,
    parse_recording,
    read_bytes,
)
from edge.sources.images import decode_picture, load_picture
from edge.sources.inputs import Input


def load(item: Input) -> Picture | object:
    """Return an input's picture, or the JSON of a touch recording.

    Raises:
        InputError: it can't be read; the sentence says why.
    """
    if item.problem is not None:
        raise InputError(item.problem)
    if is_pdf(item.name):
        return Picture.of(pages.load_pdf(_document(item), item.page or 1))
    if item.page is not None:
        return Picture.of(pages.load_tiff(_document(item), item.page))
    if item.is_film:
        raise InputError("a video can't be read from an archive or a URL; copy it here first")
    if item.member is None and not item.is_remote:
        path = as_path(item.path)
        return load_recording(path) if is_recording(path) else load_picture(path)
    content = _content(item)
    return parse_recording(content) if is_recording(Path(item.name)) else decode_picture(content)


def count_pages(item: Input) -> int:
    """Return how many pages a document has.

    Raises:
        InputError: it is missing or can't be opened.
    """
    count = pages.count_pdf if is_pdf(item.name) else pages.count_tiff
    return count(_document(item))


def _content(item: Input) -> bytes:
    if item.member is not None:
        return read_member(Path(item.path), item.member)
    return remote.fetch(item.path)


class _Kept:
    """The document that was opened last: its pages are asked for one after another."""

    place: tuple[str, Member | None] | None = None
    content = b""


def _document(item: Input) -> pages.Document:
    if item.member is None and not item.is_remote:
        path = as_path(item.path)
        # Its first byte tells all that can be wrong with a file as such.
        read_bytes(path, limit=1)
        return path
    place = (item.path, item.member)
    if _Kept.place != place:
        _Kept.place, _Kept.content = None, b""
        _Kept.content = _content(item)
        _Kept.place = place
    return _Kept.content
