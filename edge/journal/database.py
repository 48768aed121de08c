"""The journal's file: opened so that what is committed survives a power cut, and looked over."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import textwrap
from functools import cache
from pathlib import Path

from edge.errors import JournalError
from edge.journal.entry import checksum, image_checksum, is_whole
from edge.journal.schema import (
    APPLICATION_ID,
    PAGE_BYTES,
    VERSION,
    migrate,
    refuse_newer,
    version_of,
)

# How long to wait for a reader that is in the way, seconds.
_PATIENCE_S = 5.0
# The log is cut back to this once all of it has reached the file.
_LOG_BYTES = 4_000_000
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# What fails a file that is opened although nothing is wrong with it.
_PASSING = (
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
)
# Of the file's head: the versions of the format that one must know to write and to read it.
_FORMATS = slice(18, 20)
_NEWEST_FORMAT = 2


class DamagedFileError(Exception):
    """The file is damaged; the message says how it shows."""


def connect(path: Path, read_only: bool = False) -> sqlite3.Connection:
    """Open the file, which is made where there is none.

    Returns:
        A connection in autocommit mode, for any thread. A transaction that it committed is
        on the disk: the log is written ahead, and synced at each commit.

    Raises:
        sqlite3.Error: it can't be opened, or is damaged.
    """
    connection = _connect(path, "ro" if read_only else "rwc")
    try:
        if not read_only:
            _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_examined(path: Path) -> tuple[sqlite3.Connection, int]:
    """Open the file as `connect` does, and look all of it over.

    Besides what SQLite finds itself, each row is compared with its checksum: SQLite keeps
    none, and takes a changed digit for what was written.

    Returns:
        The connection, and how many frames of its log SQLite found whole.

    Raises:
        DamagedFileError: the file is damaged.
        JournalError: it is of a newer version, or another program's.
        sqlite3.Error: it can't be opened or read for another reason.
    """
    try:
        _check_head(path)
        connection = _connect(path, "rwc")
        try:
            _examine(connection, str(path))
            used = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
            _prepare(connection)
        except BaseException:
            connection.close()
            raise
    except UnicodeDecodeError as error:
        # The name of a table, or a text in one.
        raise DamagedFileError("a text in it is none") from error
    except sqlite3.Error as error:
        if base_code(error) in _PASSING:
            raise
            # SQLite quotes the text or the statement that is damaged, however long.
        message = "a text in it is none" if "decode" in str(error) else str(error)
        raise DamagedFileError(textwrap.shorten(message, 90, placeholder="…")) from error
    return connection, max(0, used)


def is_damage(error: Exception) -> bool:
    """Tell whether SQLite failed because the file is damaged."""
    return isinstance(error, sqlite3.Error) and base_code(error) in _DAMAGE


def base_code(error: sqlite3.Error) -> int:
    """Return SQLite's result code without its details, 0 where the error has none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open the file without changing it, which may be another program's."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_PATIENCE_S,
        isolation_level=None,
        check_same_thread=False,
    )


def _prepare(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # What is deleted is overwritten: people's handwriting is.
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")


def _check_head(path: Path) -> None:
    """Raise where the head asks for a format of the future: SQLite would open it to read only."""
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        head = file.read(_FORMATS.stop)
        if max(head[_FORMATS], default=0) > _NEWEST_FORMAT:
            raise DamagedFileError("its head was changed")


def _examine(connection: sqlite3.Connection, name: str) -> None:
    version = version_of(connection)
    is_ours = connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    if is_ours:
        refuse_newer(connection, name)
    report = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if report != "ok":
        raise DamagedFileError(str(report).splitlines()[-1])
    schema = _schema(connection)
    if not schema and not is_ours and version == 0:
        return  # an empty file
    is_alike = 0 < version <= VERSION and schema == _expected(version)
    if schema and not is_ours and not is_alike and "readings" not in {row[1] for row in schema}:
        raise JournalError(
            f"{name}: this is another program's database and no journal; name another file"
        )
    if not (is_ours and is_alike):
        raise DamagedFileError("its head or its list of tables was changed")
    for row in connection.execute("SELECT * FROM readings"):
        if not is_whole(row):
            raise DamagedFileError(f"reading {row[0]} is not as it was written")
    for number, pixels, seal in connection.execute("SELECT * FROM images"):
        if image_checksum(number, pixels) != seal:
            raise DamagedFileError(f"the images of reading {number} are not as they were written")
    for *event, seal in connection.execute("SELECT * FROM outbox") if version > 1 else ():
        if checksum(event) != seal:
            raise DamagedFileError("what waits to be published is not as it was written")


def _schema(connection: sqlite3.Connection) -> frozenset[tuple[str, str, str | None]]:
    return frozenset(connection.execute("SELECT type, name, sql FROM sqlite_master"))


@cache
def _expected(version: int) -> frozenset[tuple[str, str, str | None]]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(connection, ":memory:", version)
        return _schema(connection)
    finally:
        connection.close()


class WriterLock:
    """Held by the one who writes to a journal, as long as he does.

    A lock of the kernel's on a file beside the journal, gone with the process however it ends.

    Raises:
        JournalError: another process, or another `Journal`, holds it.
        OSError: the file can't be made.
    """

    def __init__(self, path: Path) -> None:
        place = path.with_name(f"{path.name}.lock")
        self._descriptor: int | None = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.release()
            raise JournalError(
                f"{path}: another program writes to this journal; stop it, or open the journal "
                "to read only"
            ) from error

    def release(self) -> None:
        """Let go; may be called again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
