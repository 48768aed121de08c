"""Rows read from the pages of a damaged SQLite file, without SQLite.

SQLite finds a row from the tree above it, and refuses a tree with one damaged page. Rows lie whole
in the leaves: here each page is taken for a leaf, and whoever calls tells rows by their checksums.
The format is that of https://sqlite.org/fileformat2.html, sections 1.6 and 2.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

from edge.journal.schema import PAGE_BYTES

# Gives a page by its number, from 1 on; None where there is none.
PageOf = Callable[[int], bytes | None]

_FILE_HEADER = 100
_PAGE_HEADER = 8
# Of a leaf of rows.
_LEAF = 13
# Each takes six bytes at least.
_MOST_CELLS = (PAGE_BYTES - _PAGE_HEADER) // 6
_MOST_LOCAL = PAGE_BYTES - 35
_LEAST_LOCAL = (PAGE_BYTES - 12) * 32 // 255 - 23
_MOST_PAYLOAD = 1_000_000
_MOST_COLUMNS = 64
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def rows(page: bytes, is_first: bool, page_of: PageOf) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield the row number and the values of everything on a page that has a row's form.

    Args:
        page: `PAGE_BYTES` of them.
        is_first: whether it is the file's first, which begins with the file's head.
        page_of: finds the pages on which long rows go on.
    """
    start = _FILE_HEADER if is_first else 0
    for place in _places(page, start):
        try:
            yield _cell(page, place, page_of)
        except (IndexError, ValueError, struct.error):
            continue


def _places(page: bytes, start: int) -> Iterator[int]:
    """Yield where rows may begin on a page whose own head begins at `start`."""
    kind, _, count, content = struct.unpack_from(">BHHH", page, start)
    first = start + _PAGE_HEADER
    places = struct.unpack_from(f">{(PAGE_BYTES - first) // 2}H", page, first)
    if 0 < count <= _MOST_CELLS and min(places[:count]) == (content or PAGE_BYTES):
        # A head that agrees with what it heads is whole.
        yield from places[:count] if kind == _LEAF else ()
        return
    for number, place in enumerate(places):
        if place == 0 and number >= min(count, _MOST_CELLS):
            return
        if first + 2 * number < place < PAGE_BYTES - 3:
            yield place


def _cell(page: bytes, place: int, page_of: PageOf) -> tuple[int, tuple[Any, ...]]:
    length, place = _varint(page, place)
    number, place = _varint(page, place)
    if not 2 <= length <= _MOST_PAYLOAD:
        raise ValueError("no row has this length")
    local = length
    if length > _MOST_LOCAL:
        fitting = _LEAST_LOCAL + (length - _LEAST_LOCAL) % (PAGE_BYTES - 4)
        local = fitting if fitting <= _MOST_LOCAL else _LEAST_LOCAL
    payload = page[place : place + local]
    following = int.from_bytes(page[place + local : place + local + 4], "big")
    while len(payload) < length:
        more = page_of(following)
        if more is None or local == length:
            raise ValueError("the row breaks off")
        payload += more[4 : 4 + length - len(payload)]
        following = int.from_bytes(more[:4], "big")
    return _signed(number), _record(payload)


def _record(payload: bytes) -> tuple[Any, ...]:
    end, place = _varint(payload, 0)
    kinds: list[int] = []
    while place < end and len(kinds) <= _MOST_COLUMNS:
        kind, place = _varint(payload, place)
        kinds.append(kind)
    if place != end:
        raise ValueError("the row's head has another length")
    values: list[Any] = []
    for kind in kinds:
        value, place = _value(payload, place, kind)
        values.append(value)
    if place != len(payload):
        raise ValueError("the row has another length")
    return tuple(values)


def _value(payload: bytes, place: int, kind: int) -> tuple[Any, int]:
    if kind == 0:
        return None, place
    if kind in (8, 9):
        return kind - 8, place
    if kind == 7:
        return struct.unpack_from(">d", payload, place)[0], place + 8
    if kind in _INTEGERS:
        end = place + _INTEGERS[kind]
        return int.from_bytes(payload[place:end], "big", signed=True), end
    if kind < 12:
        raise ValueError("no value is of this kind")
    end = place + (kind - 12) // 2
    content = payload[place:end]
    return (content.decode() if kind % 2 else content), end


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for i in range(8):
        byte = data[place + i]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + i + 1
    return value << 8 | data[place + 8], place + 9


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number
