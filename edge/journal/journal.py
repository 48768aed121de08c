"""Every reading kept, on the disk before anyone is told so."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.closing import Closing
from edge.errors import InputError, JournalError, UnknownReadingError
from edge.journal import bounds, clock
from edge.journal.clock import Moment
from edge.journal.entry import (
    COLUMNS,
    INSERT,
    Entry,
    Event,
    checksum,
    corrected_row,
    image_checksum,
    is_whole,
    packed,
    storable,
    to_entry,
    to_payload,
    to_row,
    to_us,
)
from edge.journal.store import Store
from edge.reading import Reading

_POSTCODE = re.compile(r"[0-9]{5}")
_TIDY_S = 3600.0
# An accepted reading's images go when this many came after it: a person corrects what he has
# before him.
_RECENT = 500
_AT_A_TIME = 100
# SQLite's largest.
_MOST_NUMBER = 2**63 - 1
_SELECT = (
    f"SELECT {', '.join(f'r.{name}' for name in COLUMNS)}, i.pixels "
    "FROM readings AS r LEFT JOIN images AS i ON i.number = r.number"
)


class Journal(Closing):
    """The readings of a kiosk, in an SQLite file. Safe to call from several threads.

    One process writes, others may read at the same time. What `add` and `correct` return is
    on the disk. Where something passing is in the way, a full disk or a read-only one, the
    journal opens all the same: `problem` says what it is, `add` raises, and both end by
    themselves with it. A damaged file is moved aside, what is whole in it goes into a new
    one, and `notice` says so.

    Args:
        path: of the file; it and its folder are made where they are not there.
        keep_images: whether the images of digits are kept: of doubtful readings and corrected
            ones as long as their row, of accepted ones until 500 more have come.
        most_days: older readings are deleted.
        most_mb: the oldest readings are deleted where the file would become larger, MB.
        model_sha256: of the model's file, kept with each reading.
        outbox: whether each reading and correction also waits to be published.
        receivers: the names of those it is published to, one at least.
        most_pending: of what waits, the oldest beyond this number is dropped.
        read_only: opens a file that is there, to read; nothing is looked over or mended.
        clock: tells the moment.

    Raises:
        JournalError: the file is of a newer version, another program's, or written to by
            another process; or, to read only, can't be read.
    """

    dropped: int = 0
    """How many events were dropped from the outbox unpublished since the journal was opened."""

    def __init__(
        self,
        path: Path,
        *,
        keep_images: bool = False,
        most_days: float = 90,
        most_mb: float = 200,
        model_sha256: str = "",
        outbox: bool = False,
        receivers: Sequence[str] = ("",),
        most_pending: int = 100_000,
        read_only: bool = False,
        clock: Callable[[], Moment] = clock.now,
    ) -> None:
        self.path = Path(path)
        self._keep_images = keep_images
        self._most_days = most_days
        self._most_bytes = round(most_mb * 1e6)
        self._model_sha256 = model_sha256
        self._outbox = outbox
        self._receivers = receivers
        self._most_pending = most_pending
        self._clock = clock
        self._tidied_s: float | None = None
        self._is_large = False
        self._store = Store(self.path, read_only)

    @property
    def notice(self) -> str | None:
        """What happened to the file when it was opened, one sentence; None where nothing did."""
        return self._store.notice

    @property
    def problem(self) -> str | None:
        """Why nothing can be stored at present, one sentence; None where it can."""
        return self._store.problem

    def add(
        self,
        reading: Reading,
        source: str,
        probabilities: NDArray[np.float32] | None = None,
        digits: NDArray[np.uint8] | None = None,
    ) -> Entry:
        """Keep a reading; it is on the disk when this returns.

        Args:
            reading: what was read.
            source: `write`, `camera` or `photo`.
            probabilities: `float32 (5, 10)`.
            digits: `uint8 (5, 28, 28)`, white ink on black, as the model saw them; kept only
                where the setting allows.

        Raises:
            JournalError: it can't be stored, and is not.
            ValueError: an array has another shape.
        """
        moment = self._clock()
        with self._store.transaction() as connection:
            number = _next_number(connection, "readings")
            row = to_row(
                number,
                uuid.uuid4().hex,
                moment,
                source,
                self._model_sha256,
                reading,
                probabilities,
            )
            connection.execute(INSERT, row)
            pixels = packed(digits) if self._keep_images and digits is not None else None
            if pixels is not None:
                _insert_images(connection, number, pixels)
            connection.execute(
                "DELETE FROM images WHERE number = (SELECT number FROM readings WHERE number = ? "
                "AND status = 'accepted' AND corrected IS NULL)",
                (number - _RECENT,),
            )
            entry = to_entry(row, pixels)
            self._enqueue(connection, entry, "reading")
            self._is_large = bounds.used_bytes(connection) > self._most_bytes
        self._tidy_at_times(moment)
        return entry

    def correct(
        self, id: str, postcode: str | None, digits: NDArray[np.uint8] | None = None
    ) -> Entry:
        """Keep a person's word on a reading.

        Args:
            id: the reading's.
            postcode: five digits; None takes the correction back.
            digits: `uint8 (5, 28, 28)`, where the caller still has them and they are not
                kept; kept only where the setting allows.

        Raises:
            InputError: `postcode` is not five digits.
            UnknownReadingError: there is no such reading.
            JournalError: it can't be stored, and is not.
        """
        if postcode is not None and not _POSTCODE.fullmatch(postcode):
            raise InputError(f"a correction is five digits, not {postcode!r}")
        moment = self._clock()
        with self._store.transaction() as connection:
            found = connection.execute(f"{_SELECT} WHERE r.id = ?", (storable(id),)).fetchone()
            if found is None:
                raise UnknownReadingError(f"{id}: the journal has no such reading")
            before, pixels = found[:-1], found[-1]
            if before[COLUMNS.index("corrected")] == postcode:
                return to_entry(before, pixels)
            row = corrected_row(before, postcode, moment)
            connection.execute(
                "UPDATE readings SET corrected = ?, corrected_us = ?, revision = ?, checksum = ? "
                "WHERE number = ?",
                (*row[-4:], row[0]),
            )
            if self._keep_images and digits is not None and pixels is None:
                pixels = packed(digits)
                _insert_images(connection, row[0], pixels)
            entry = to_entry(row, pixels)
            self._enqueue(connection, entry, "correction")
        return entry

    def get(self, id: str) -> Entry | None:
        """Return the reading of that id, or None where there is none.

        Raises:
            JournalError: the file can't be read.
        """
        found = self._select("WHERE r.id = ?", (storable(id),))
        return found[0] if found else None

    def entries(
        self,
        *,
        day: date | None = None,
        query: str = "",
        doubtful: bool = False,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Entry]:
        """Return readings, the newest first.

        Args:
            day: only those of this day in the machine's time zone.
            query: only those with this text in the postcode, the guess, the correction, the
                region or the input's name.
            doubtful: only those not accepted and not corrected.
            before: only those with a smaller number; for the next page.
            limit: at most so many.

        Raises:
            JournalError: the file can't be read.
        """
        conditions, values = ["1"], list[Any]()
        if day is not None:
            conditions.append("r.taken_us >= ? AND r.taken_us < ?")
            values += _bounds_us(day)
        if query:
            shown = ("corrected", "postcode", "guess", "region", "input")
            columns = " || char(10) || ".join(f"ifnull(r.{name}, '')" for name in shown)
            conditions.append(f"instr(lower({columns}), lower(?))")
            values.append(storable(query))
        if doubtful:
            conditions.append("r.status <> 'accepted' AND r.corrected IS NULL")
        if before is not None:
            conditions.append("r.number < ?")
            values.append(max(0, min(before, _MOST_NUMBER)))
        where = " AND ".join(conditions)
        most = max(0, min(limit, _MOST_NUMBER))
        return self._select(f"WHERE {where} ORDER BY r.number DESC LIMIT ?", (*values, most))

    def reviewed(self) -> Iterator[Entry]:
        """Yield the corrected readings whose images are kept, the oldest first.

        Raises:
            JournalError: the file can't be read.
        """
        last = 0
        while found := self._select(
            "WHERE r.corrected IS NOT NULL AND i.pixels IS NOT NULL AND r.number > ? "
            "ORDER BY r.number LIMIT ?",
            (last, _AT_A_TIME),
        ):
            yield from found
            last = found[-1].number

    def pending(self, limit: int = 100, receiver: str = "") -> list[Event]:
        """Return what waits longest to be published to a receiver, in order.

        Raises:
            JournalError: the file can't be read.
        """
        rows = self._store.rows(
            "SELECT number, id, kind, payload FROM outbox WHERE number > "
            "ifnull((SELECT number FROM arrivals WHERE receiver = ?), 0) ORDER BY number LIMIT ?",
            (receiver, limit),
        )
        return [Event(*row) for row in rows]

    def published(self, number: int, receiver: str = "") -> None:
        """Keep that all events up to one have arrived; those that all receivers have are deleted.

        Args:
            number: of the last one that arrived.
            receiver: where it arrived.

        Raises:
            JournalError: that can't be stored; they stay, and are published again.
        """
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO arrivals VALUES (?1, min(?2, ifnull((SELECT max(number) FROM outbox), "
                "0))) ON CONFLICT (receiver) DO UPDATE SET number = max(number, excluded.number)",
                (receiver, number),
            )
            arrivals = dict(connection.execute("SELECT receiver, number FROM arrivals"))
            everywhere = min(arrivals.get(name, 0) for name in self._receivers)
            connection.execute("DELETE FROM outbox WHERE number <= ?", (everywhere,))

    def tidy(self) -> None:
        """Delete what is beyond the days and megabytes; `add` does so once in an hour.

        Raises:
            JournalError: it can't be deleted.
        """
        moment = self._clock()
        with self._store.transaction() as connection:
            bounds.delete_older(connection, self._most_days, moment)
            self.dropped += bounds.delete_beyond(connection, self._most_bytes)
        self._tidied_s = moment.uptime_s

    def close(self) -> None:
        """Close the file; may be called again."""
        self._store.close()

    def _enqueue(self, connection: sqlite3.Connection, entry: Entry, kind: str) -> None:
        if not self._outbox:
            return
        number = _next_number(connection, "outbox")
        event = (number, uuid.uuid4().hex, kind, to_payload(entry, kind))
        connection.execute("INSERT INTO outbox VALUES (?, ?, ?, ?, ?)", (*event, checksum(event)))
        self.dropped += bounds.delete_waiting(connection, self._most_pending)

    def _tidy_at_times(self, moment: Moment) -> None:
        due = self._tidied_s is None or not 0 <= moment.uptime_s - self._tidied_s < _TIDY_S
        if due or self._is_large:
            # What was stored is stored; the bounds can wait.
            with contextlib.suppress(JournalError):
                self.tidy()

    def _select(self, rest: str, values: Sequence[Any]) -> list[Entry]:
        rows = self._store.rows(f"{_SELECT} {rest}", values)
        # A row that was damaged since the file was looked over is mended at the next start.
        return [to_entry(row[:-1], row[-1]) for row in rows if is_whole(row[:-1])]


def _insert_images(connection: sqlite3.Connection, number: int, pixels: bytes) -> None:
    row = (number, pixels, image_checksum(number, pixels))
    connection.execute("INSERT INTO images VALUES (?, ?, ?)", row)


def _next_number(connection: sqlite3.Connection, table: str) -> int:
    """Return the number after the largest that a row of the table ever had."""
    [(last,)] = connection.execute(
        "SELECT max(ifnull((SELECT seq FROM sqlite_sequence WHERE name = ?), 0), "
        f"ifnull((SELECT max(number) FROM {table}), 0))",
        (table,),
    )
    return int(last) + 1


def _bounds_us(day: date) -> tuple[int, int]:
    """Return when a day begins and ends where the machine stands, microseconds since 1970."""
    start = datetime.combine(day, time.min)
    try:
        return to_us(start.astimezone()), to_us((start + timedelta(days=1)).astimezone())
    except (OverflowError, ValueError):
        # The first and the last days of the calendar have no time elsewhere, and no reading.
        return 0, 0
