"""A damaged journal is moved aside, and what is whole in it goes into a new one."""

from __future__ import annotations

import contextlib
import glob
import mmap
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge.journal import log, pages
from edge.journal.database import DamagedFileError, connect, open_examined
from edge.journal.entry import (
    INSERT,
    Row,
    as_row,
    checksum,
    image_checksum,
    is_whole,
)
from edge.journal.schema import PAGE_BYTES, migrate

# As many damaged files are left to look at.
_MOST_ASIDE = 3


def open_or_mend(path: Path) -> tuple[sqlite3.Connection, str | None]:
    """Open the file, whatever state it is in.

    Returns:
        A connection to a file that is whole and of today's version; and a sentence where
        something had to be mended.

    Raises:
        JournalError: the file is of a newer version, or another program's.
        OSError: the disk doesn't let it be opened or mended; the file is as it was.
        sqlite3.Error: likewise.
    """
    saved = _beside(path, "saved")
    if saved.exists():
        # Mending was cut short after everything had been saved.
        return _replaced(path, saved, b"", "the power failed while it was mended")
    is_empty = path.exists() and path.stat().st_size == 0
    recent = _log_of(path)
    try:
        connection = _opened(path, recent)
    except DamagedFileError as error:
        how = str(error)
    else:
        notice = f"{path}: the journal was an empty file, and is begun anew" if is_empty else None
        return connection, notice
    partial = _beside(path, "partial")
    _remove(partial)
    try:
        _save(path, recent, partial)
    except BaseException:
        _remove(partial)
        raise
    partial.replace(saved)
    _sync_folder(path)
    return _replaced(path, saved, recent, how)


def _opened(path: Path, recent: bytes) -> sqlite3.Connection:
    connection, used = open_examined(path)
    try:
        if log.has_lost_commits(recent, used):
            raise DamagedFileError("its log was changed")
        migrate(connection, str(path))
        _sync_folder(path)
    except BaseException:
        connection.close()
        raise
    return connection


def _save(path: Path, recent: bytes, target: Path) -> None:
    """Write what is whole in a damaged file and its log into a new file."""
    connection = connect(target)
    with contextlib.closing(connection):
        migrate(connection, str(target))
        # A page of images may come before that of its readings.
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN IMMEDIATE")
        for number, values in _rows_of(path, recent):
            _keep(connection, number, values)
        connection.execute("DELETE FROM images WHERE number NOT IN (SELECT number FROM readings)")
        connection.execute("COMMIT")
        # All of it in the one file, which is about to be renamed.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _keep(connection: sqlite3.Connection, number: int, values: Row) -> None:
    """Keep what a checksum proves to be a row; of several states the latest."""
    reading = as_row(number, values)
    if reading is not None and is_whole(reading):
        with contextlib.suppress(sqlite3.IntegrityError):
            connection.execute(
                f"{INSERT} ON CONFLICT (number) DO UPDATE SET corrected = excluded.corrected, "
                "corrected_us = excluded.corrected_us, revision = excluded.revision, "
                "checksum = excluded.checksum WHERE excluded.revision > revision",
                reading,
            )
    elif len(values) == 3 and isinstance(values[1], bytes):
        if image_checksum(number, values[1]) == values[2]:
            connection.execute(
                "INSERT OR IGNORE INTO images VALUES (?, ?, ?)", (number, *values[1:])
            )
    elif len(values) == 5 and checksum((number, *values[1:4])) == values[4]:
        connection.execute(
            "INSERT OR IGNORE INTO outbox VALUES (?, ?, ?, ?, ?)", (number, *values[1:])
        )


def _rows_of(path: Path, recent: bytes) -> Iterator[tuple[int, Row]]:
    """Yield whatever has a row's form: first what the file holds, then what its log does."""
    latest = {frame.page_number: frame.page for frame in log.frames(recent)}
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        content = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) if size else b""

        def page_of(number: int) -> bytes | None:
            if number in latest:
                return latest[number]
            return _page(content, number) if 0 < number <= size // PAGE_BYTES + 1 else None

        # A page that was cut off may hold whole rows.
        for number in range(1, -(-size // PAGE_BYTES) + 1):
            yield from pages.rows(_page(content, number), number == 1, page_of)
        for frame in log.frames(recent):
            yield from pages.rows(frame.page, frame.page_number == 1, page_of)


def _page(content: Any, number: int) -> bytes:
    page: bytes = content[(number - 1) * PAGE_BYTES : number * PAGE_BYTES]
    return page.ljust(PAGE_BYTES, b"\0")


def _replaced(path: Path, saved: Path, recent: bytes, how: str) -> tuple[sqlite3.Connection, str]:
    """Move the damaged file aside and the saved one into its place.

    At each instant either the damaged file is in its place, or the saved one, whole, waits
    beside it.
    """
    aside = _aside(path)
    if recent:
        _beside_log(aside).write_bytes(recent)
    # SQLite would play an old log into the new file.
    _remove_logs(path)
    with contextlib.suppress(FileNotFoundError):
        path.replace(aside)
    _sync_folder(path)
    saved.replace(path)
    _sync_folder(path)
    _drop_old(path, aside)
    connection = _opened(path, b"")
    count = connection.execute("SELECT count(*) FROM readings").fetchone()[0]
    return connection, (
        f"{path}: the journal was damaged ({how}): {count} readings were saved into a new one, and "
        f"the damaged file is {aside.name}"
    )


def _drop_old(path: Path, newest: Path) -> None:
    """Delete the damaged files of long ago: a dying card must not fill itself with them."""
    asides = sorted(path.parent.glob(f"{glob.escape(path.stem)}.damaged-*{path.suffix}"))
    # The clock may have told a time of the past.
    for aside in [aside for aside in asides if aside != newest][: 1 - _MOST_ASIDE]:
        _remove(aside)


def _aside(path: Path) -> Path:
    """Return where a damaged file goes: a name with the time, to the microsecond."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")


def _log_of(path: Path) -> bytes:
    with contextlib.suppress(FileNotFoundError):
        return _beside_log(path).read_bytes()
    return b""


def _beside(path: Path, mark: str) -> Path:
    return path.with_name(f"{path.name}.{mark}")


def _beside_log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _remove_logs(path: Path) -> None:
    for name in (f"{path.name}-wal", f"{path.name}-shm", f"{path.name}-journal"):
        path.with_name(name).unlink(missing_ok=True)


def _remove(path: Path) -> None:
    _remove_logs(path)
    path.unlink(missing_ok=True)


def _sync_folder(path: Path) -> None:
    """See to it that names given in the file's folder survive a power cut."""
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
