"""The journal's tables, and how an older file becomes one of today."""

from __future__ import annotations

import sqlite3

from edge.errors import JournalError

# "fvbx": tells a journal from another program's database.
APPLICATION_ID = 0x66766278
PAGE_BYTES = 4096

# Step n makes a file of version n one of version n + 1; the first makes an empty one version 1.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE readings (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            taken_us INTEGER NOT NULL,
            clock_is_right INTEGER NOT NULL,
            boot_id TEXT NOT NULL,
            uptime_s REAL NOT NULL,
            source TEXT NOT NULL,
            model_sha256 TEXT NOT NULL,
            status TEXT NOT NULL,
            input TEXT,
            postcode TEXT,
            guess TEXT,
            confidence REAL NOT NULL,
            digits TEXT NOT NULL,
            region TEXT,
            reason TEXT,
            elapsed_ms REAL NOT NULL,
            probabilities BLOB,
            corrected TEXT,
            corrected_us INTEGER,
            revision INTEGER NOT NULL,
            checksum INTEGER NOT NULL
        ) STRICT
        """,
        "CREATE INDEX readings_by_time ON readings (taken_us)",
        """
        CREATE TABLE images (
            number INTEGER PRIMARY KEY REFERENCES readings (number) ON DELETE CASCADE,
            pixels BLOB NOT NULL,
            checksum INTEGER NOT NULL
        ) STRICT
        """,
    ),
    (
        """
        CREATE TABLE outbox (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL,
            kind TEXT NOT NULL,
            payload TEXT NOT NULL,
            checksum INTEGER NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE arrivals (
            receiver TEXT PRIMARY KEY,
            number INTEGER NOT NULL
        ) STRICT
        """,
    ),
)
VERSION = len(MIGRATIONS)
# A number beyond is no version of any program, but damage.
MOST_VERSIONS = 1000


def version_of(connection: sqlite3.Connection) -> int:
    """Return the file's schema version; 0 of an empty file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def refuse_newer(connection: sqlite3.Connection, name: str) -> None:
    """Refuse a file that a newer program has written.

    Raises:
        JournalError: it is one; the sentence names the file by `name`.
    """
    version = version_of(connection)
    if VERSION < version <= MOST_VERSIONS:
        raise JournalError(
            f"{name}: the journal is of version {version}, and this fivebox knows version "
            f"{VERSION} at most; update fivebox, or name another file"
        )


def migrate(connection: sqlite3.Connection, name: str, to: int = VERSION) -> None:
    """Bring the file to a version, all of it or none.

    Args:
        connection: in autocommit mode.
        name: of the file, for the sentence.
        to: the version; a file of a later one stays as it is.

    Raises:
        JournalError: the file is of a newer version.
        sqlite3.Error: it can't be written.
    """
    refuse_newer(connection, name)
    version = version_of(connection)
    if version >= to:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in MIGRATIONS[version:to]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {to}")
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
