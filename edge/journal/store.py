"""The journal's connection: reopened after a failure, with one sentence that says what failed."""

from __future__ import annotations

import contextlib
import errno
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from edge.errors import JournalError
from edge.journal import salvage
from edge.journal.database import WriterLock, base_code, connect, is_damage
from edge.journal.entry import Row
from edge.journal.schema import refuse_newer

_FULL = "the disk is full; make space, and it goes on by itself"
# What SQLite needs beside the file: where there is less, it may tell of anything.
_LEAST_FREE = 64_000


class Store:
    """An SQLite file that outlives what happens to it. Safe to call from several threads.

    Args:
        path: of the file; it and its folder are made where they are not there.
        read_only: opens a file that is there, to read.

    Raises:
        JournalError: the file is of a newer version, another program's, or written to by
            another process; or, to read only, can't be read.
    """

    notice: str | None = None
    problem: str | None = None

    def __init__(self, path: Path, read_only: bool) -> None:
        self.path = path
        self._read_only = read_only
        self._guard = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._writer: WriterLock | None = None
        self._identity: tuple[int, int] | None = None
        self._is_examined = False
        self._is_closed = False
        try:
            self._connected()
        except JournalError:
            self._disconnect()
            raise
        except (OSError, sqlite3.Error) as error:
            failure = self._failed(error)
            if read_only:
                raise failure from error
        except BaseException:
            self._disconnect()
            raise

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return the rows that a statement selects.

        Raises:
            JournalError: the file can't be read.
        """
        with self._guard:
            try:
                return self._connected().execute(statement, values).fetchall()
            except JournalError:
                raise
            except (OSError, sqlite3.Error) as error:
                raise self._failed(error) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection; what is done with it happens wholly, or not at all.

        Raises:
            JournalError: it can't be stored.
        """
        if self._read_only:
            raise JournalError(f"{self.path}: the journal is open to read only")
        with self._guard:
            try:
                connection = self._connected()
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except JournalError:
                raise
            except (OSError, sqlite3.Error) as error:
                raise self._failed(error) from error
            self.problem = None

    def close(self) -> None:
        """Close the file; may be called again."""
        with self._guard:
            self._is_closed = True
            self._disconnect()

    def _connected(self) -> sqlite3.Connection:
        if self._is_closed:
            raise JournalError(f"{self.path}: the journal is closed")
        if self._connection is not None and self._identity != _identity_of(self.path):
            # Somebody has moved or deleted the file: what is written there now is nowhere.
            self._disconnect()
            self._is_examined = False
        if self._connection is None:
            self._connection = self._opened()
            self._identity = _identity_of(self.path)
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        if self._read_only:
            connection = connect(self.path, read_only=True)
            try:
                refuse_newer(connection, str(self.path))
            except BaseException:
                connection.close()
                raise
            return connection
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = self._writer or WriterLock(self.path)
        if self._is_examined:
            return connect(self.path)
        connection, notice = salvage.open_or_mend(self.path)
        self.notice = notice or self.notice
        self._is_examined = True
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        if self._writer is not None:
            self._writer.release()
            self._writer = None

    def _failed(self, error: Exception) -> JournalError:
        """Return what to raise, and see to it that the next call begins afresh."""
        reason = _FULL if _has_no_space(self.path.parent) else _reason(error)
        self.problem = f"{self.path}: the journal can't be used: {reason}"
        if not _is_full(error):
            self._disconnect()
            self._is_examined &= not is_damage(error)
        return JournalError(self.problem)


def _is_full(error: Exception) -> bool:
    if isinstance(error, sqlite3.Error):
        return base_code(error) == sqlite3.SQLITE_FULL
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)


def _has_no_space(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _LEAST_FREE
    except OSError:
        return False


def _reason(error: Exception) -> str:
    if _is_full(error):
        return _FULL
    code = base_code(error) if isinstance(error, sqlite3.Error) else 0
    is_refused = getattr(error, "errno", None) in (errno.EACCES, errno.EPERM, errno.EROFS)
    if code == sqlite3.SQLITE_READONLY or is_refused:
        return "it can't be written to; check its permissions, and that the disk isn't read-only"
    if is_damage(error):
        return "the file is damaged; what is whole in it is saved before the next reading"
    return f"{getattr(error, 'strerror', None) or error}; check the disk and the permissions"


def _identity_of(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
