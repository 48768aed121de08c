"""Keeps the journal within its days and megabytes: the oldest readings go first."""

from __future__ import annotations

import sqlite3

from edge.journal.clock import Moment

_DAY_S = 86_400
# Down to this part of the bound, so that not every reading is another's end.
_ROOM = 0.95
# Deleted at a time, while the file is too large.
_BATCH = 200
# What waits to be published may take this part of the file.
_OUTBOX_PART = 0.5


def used_bytes(connection: sqlite3.Connection) -> int:
    """Return the bytes of the file that hold something."""
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def delete_older(connection: sqlite3.Connection, most_days: float, now: Moment) -> None:
    """Delete readings older than `most_days`.

    Where the clock was right then and is now, it tells the age. Else only the time counts
    that the machine has run since, which is known without a clock and never more than the
    age: a clock that jumps a year ahead deletes nothing.
    """
    most_s = most_days * _DAY_S
    if now.clock_is_right:
        connection.execute(
            "DELETE FROM readings WHERE clock_is_right AND taken_us < ?",
            (now.wall_us - round(most_s * 1e6),),
        )
    boots = connection.execute(
        "SELECT boot_id, max(uptime_s) FROM readings GROUP BY boot_id ORDER BY max(number) DESC"
    ).fetchall()
    # Since the end of the boot that is looked at, as far as is known.
    since_s = 0.0
    if not boots or boots[0][0] != now.boot_id:
        boots.insert(0, (now.boot_id, now.uptime_s))
    for boot_id, last_s in boots:
        end_s = now.uptime_s if boot_id == now.boot_id else last_s
        connection.execute(
            "DELETE FROM readings WHERE boot_id = ? AND uptime_s < ?",
            (boot_id, end_s + since_s - most_s),
        )
        since_s += end_s


def delete_beyond(connection: sqlite3.Connection, most_bytes: int) -> int:
    """Delete the oldest readings, and what waits too long to be published, beyond a size.

    Returns:
        How many events were deleted that had waited.
    """
    dropped = 0
    if used_bytes(connection) <= most_bytes:
        return dropped
    waiting = connection.execute("SELECT total(length(payload)) FROM outbox").fetchone()[0]
    while waiting > _OUTBOX_PART * most_bytes:
        oldest = "SELECT number FROM outbox ORDER BY number LIMIT ?"
        waiting -= connection.execute(
            f"SELECT total(length(payload)) FROM outbox WHERE number IN ({oldest})", (_BATCH,)
        ).fetchone()[0]
        dropped += connection.execute(
            f"DELETE FROM outbox WHERE number IN ({oldest})", (_BATCH,)
        ).rowcount
    while used_bytes(connection) > _ROOM * most_bytes:
        deleted = connection.execute(
            "DELETE FROM readings WHERE number IN "
            "(SELECT number FROM readings ORDER BY number LIMIT ?)",
            (_BATCH,),
        )
        if not deleted.rowcount:
            break
    return dropped


def delete_waiting(connection: sqlite3.Connection, most: int) -> int:
    """Delete the oldest of what waits to be published beyond `most`, and return how many."""
    return connection.execute(
        "DELETE FROM outbox WHERE number <= "
        "(SELECT number FROM outbox ORDER BY number DESC LIMIT 1 OFFSET ?)",
        (most,),
    ).rowcount
