"""Readings as lines of JSON or rows of CSV, appended one by one."""

from __future__ import annotations

import csv
import io
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from edge.bulk.sink import Record, check_new, lock, one_sentence, printable, sync_folder
from edge.errors import OutputError
from edge.reading import Reading

COLUMNS = (
    "source", "status", "postcode", "guess", "confidence", "region", "reason", "elapsed_ms",
    "digits",
)  # fmt: skip
# Seconds of work that a power cut may cost.
_SYNC_EVERY = 1.0
# Bytes; a video's reading has no more than any other.
_LONGEST_TORN = 1_000_000


class Form(Protocol):
    """How a record is written."""

    head: bytes
    """What the file begins with."""

    def encode(self, reading: Reading) -> bytes:
        """Return a record, its end included."""

    def parse(self, record: bytes) -> Record | None:
        """Return what a record says; None where it is none."""

    def is_whole(self, lines: bytes) -> bool:
        """Tell whether lines are a record, or more must follow."""


class JsonForm:
    """The lines of `read --json`."""

    head = b""

    def encode(self, reading: Reading) -> bytes:
        """Return a line."""
        # A file's name may hold what is no character; JSON has an escape for it.
        return reading.to_json().encode("utf-8", "backslashreplace") + b"\n"

    def parse(self, record: bytes) -> Record | None:
        """Return what a line says."""
        try:
            fields = json.loads(record)
            return Record(printable(fields["source"]), str(fields["status"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def is_whole(self, lines: bytes) -> bool:
        """Tell whether the line has an end."""
        return lines.endswith(b"\n")


class CsvForm:
    """RFC 4180 with a line of names; `digits` is JSON, as in the lines."""

    head = (",".join(COLUMNS) + "\r\n").encode()

    def encode(self, reading: Reading) -> bytes:
        """Return a row; what is null stays empty."""
        fields = json.loads(reading.to_json())
        fields["digits"] = json.dumps(fields["digits"])
        text = io.StringIO(newline="")
        csv.writer(text).writerow([fields[name] for name in COLUMNS])
        return text.getvalue().encode("utf-8", "backslashreplace")

    def parse(self, record: bytes) -> Record | None:
        """Return what a row says."""
        try:
            (row,) = csv.reader(io.StringIO(record.decode(), newline=""), strict=True)
        except (ValueError, csv.Error):
            return None
        return Record(row[0], row[1]) if len(row) == len(COLUMNS) else None

    def is_whole(self, lines: bytes) -> bool:
        """Tell whether the row has an end: within quotes there may be line ends too."""
        return lines.endswith(b"\r\n") and lines.count(b'"') % 2 == 0


class _Place(NamedTuple):
    record: Record
    end: int


class LineSink:
    """A file that grows by a record at a time, each written whole.

    Args:
        path: of the file.
        form: of the records.
        is_resumed: see `open_sink`.
    """

    def __init__(self, path: Path, form: Form, is_resumed: bool) -> None:
        self._path, self._form = path, form
        with one_sentence(path):
            # Not emptied before it is known whether it may be.
            self._file: BinaryIO = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", 0)
        try:
            lock(self._file.fileno(), path)
            with one_sentence(path):
                size = os.fstat(self._file.fileno()).st_size
                check_new(path, is_resumed, size > len(form.head))
                self._end = self._settle(size)
                sync_folder(path.parent)
        except BaseException:
            self._file.close()
            raise
        self._whole = self._end
        self._synced = time.monotonic()

    def records(self) -> Iterator[Record]:
        """Yield what was in it when it was opened, or since `cut`."""
        for place in self._places(self._whole):
            yield place.record

    def cut(self, count: int) -> None:
        """Keep only so many records."""
        end = len(self._form.head)
        for number, place in enumerate(self._places(self._whole)):
            if number == count:
                break
            end = place.end
        with one_sentence(self._path):
            self._truncate(end)
        self._end = self._whole = end

    def add(self, reading: Reading) -> None:
        """Write a record; what is written of one that does not fit is taken back."""
        with one_sentence(self._path):
            try:
                self._write(self._form.encode(reading))
            except OSError:
                self._file.truncate(self._end)
                raise
            now = time.monotonic()
            if now - self._synced >= _SYNC_EVERY:
                os.fsync(self._file.fileno())
                self._synced = now

    def __enter__(self) -> LineSink:
        return self

    def __exit__(self, *_: object) -> None:
        with self._file, one_sentence(self._path):
            os.fsync(self._file.fileno())

    def _settle(self, size: int) -> int:
        """Take a torn record off the end, and return where the whole ones end."""
        head = self._form.head
        # Blocks that a power cut kept from being written read as zeros.
        there = os.pread(self._file.fileno(), len(head), 0).rstrip(b"\0")
        if there != head[: len(there)]:
            raise OutputError(
                f"{self._path}: its first line is not {head.decode().strip()}; name another file"
            )
        end = len(head) if len(there) == len(head) else 0
        for place in self._places(size):
            end = place.end
        self._truncate(end)
        self._end = end
        if end == 0:
            self._write(head)
        return self._end

    def _places(self, size: int) -> Iterator[_Place]:
        """Yield the whole records in so many bytes of the file."""
        with self._path.open("rb") as file:
            file.seek(len(self._form.head))
            number = 1
            while file.tell() < size:
                start = file.tell()
                lines = file.readline()
                while not self._form.is_whole(lines) and (more := file.readline()):
                    lines += more
                is_whole = self._form.is_whole(lines)
                record = self._form.parse(lines) if is_whole else None
                if record is None:
                    # The last may be torn; anything else is not ours to take off.
                    is_last = not file.read(1) and len(lines) < _LONGEST_TORN
                    if is_last:
                        return
                    raise OutputError(
                        f"{self._path}: what stands at byte {start}, after {number - 1} records, "
                        "is no reading; name another file"
                    )
                yield _Place(record, file.tell())
                number += 1

    def _truncate(self, end: int) -> None:
        self._file.truncate(end)
        self._file.seek(end)
        os.fsync(self._file.fileno())

    def _write(self, record: bytes) -> None:
        rest = memoryview(record)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._end += len(record)
