"""Readings as a Parquet file: small files beside it that are put together at the end.

A Parquet file has its table of contents at its end and can't be gone on with. While the work
lasts, parts of it lie in `NAME.parquet.parts/`, each moved there whole; what was read since the
last is lost where the process is killed, and read again. The file itself is there when all is.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edge.bulk.sink import Record, check_new, lock, one_sentence, printable, sync_folder
from edge.errors import OutputError, PackageMissingError
from edge.reading import Reading

# A part holds so many readings, or those of so many seconds.
_PART_READINGS = 5_000
_PART_SECONDS = 10.0
# Of the file: what analytics engines like to read at once.
_ROW_GROUP = 65_536
_ASIDE = ".partial"


class ParquetSink:
    """A Parquet file with the fields of the JSON lines as columns.

    Args:
        path: of the file.
        is_resumed: see `sink.open_sink`.
    """

    def __init__(self, path: Path, is_resumed: bool) -> None:
        self._arrow, self._parquet = _pyarrow()
        self._schema = schema(self._arrow)
        self._path = path
        self._folder = path.with_name(path.name + ".parts")
        self._rows: list[dict[str, Any]] = []
        self._since = time.monotonic()
        with one_sentence(path):
            is_done = path.exists()
            check_new(path, is_resumed, is_done or self._folder.exists())
            if path.is_dir():
                raise OutputError(f"{path}: it is a folder; name a file")
            self._folder.mkdir(exist_ok=True)
            self._lock = os.open(self._folder, os.O_RDONLY)
        try:
            lock(self._lock, path)
            with one_sentence(path):
                self._parts = self._gather(is_done)
                # To be told now and not at the end.
                for part in self._parts:
                    self._check(part)
        except BaseException:
            os.close(self._lock)
            raise

    def records(self) -> Iterator[Record]:
        """Yield what was in it when it was opened, or since `cut`."""
        for part in list(self._parts):
            with self._parquet.ParquetFile(part) as file:
                for batch in file.iter_batches(columns=list(Record._fields)):
                    yield from map(Record, *(batch[name].to_pylist() for name in Record._fields))

    def cut(self, count: int) -> None:
        """Keep only so many records."""
        kept: list[Path] = []
        with one_sentence(self._path):
            for part in self._parts:
                table = self._parquet.read_table(part)
                if count == 0:
                    part.unlink()
                    continue
                if table.num_rows > count:
                    self._write_whole(table.slice(0, count), part)
                count -= min(count, table.num_rows)
                kept.append(part)
        self._parts = kept

    def add(self, reading: Reading) -> None:
        """Take a reading; it is written with others."""
        self._rows.append(row_of(reading))
        is_due = time.monotonic() - self._since >= _PART_SECONDS
        if is_due or len(self._rows) >= _PART_READINGS:
            self._flush()

    def __enter__(self) -> ParquetSink:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            self._flush()
            if kind is None and self._parts != [self._path]:
                self._put_together()
        finally:
            with contextlib.suppress(OSError):
                # Only where nothing is in it.
                self._folder.rmdir()
            os.close(self._lock)

    def _gather(self, is_done: bool) -> list[Path]:
        """Return the parts that an earlier process left; a finished file is the only one."""
        for aside in self._folder.glob(f"*{_ASIDE}"):
            aside.unlink()
        parts = sorted(self._folder.glob("*.parquet"))
        if not is_done:
            return parts
        # The file is put in its place only after all parts are in it.
        for part in parts:
            part.unlink()
        return [self._path]

    def _check(self, part: Path) -> None:
        try:
            names = self._parquet.read_schema(part).names
        except (self._arrow.ArrowInvalid, OSError) as error:
            raise OutputError(f"{part}: it is no Parquet file; name another file") from error
        if names != self._schema.names:
            raise OutputError(f"{self._path}: its columns are not of readings; name another file")

    def _flush(self) -> None:
        if self._rows:
            table = self._arrow.Table.from_pylist(self._rows, schema=self._schema)
            with one_sentence(self._path):
                if self._parts == [self._path]:
                    self._parts = [self._path.replace(self._folder / _part_name(0))]
                number = int(self._parts[-1].stem) + 1 if self._parts else 0
                part = self._folder / _part_name(number)
                self._write_whole(table, part)
            self._parts.append(part)
            self._rows = []
        self._since = time.monotonic()

    def _write_whole(self, table: Any, target: Path) -> None:
        aside = target.with_name(target.name + _ASIDE)
        self._parquet.write_table(table, aside)
        _move(aside, target)

    def _put_together(self) -> None:
        aside = self._folder / (self._path.name + _ASIDE)
        with one_sentence(self._path):
            with self._parquet.ParquetWriter(aside, self._schema) as writer:
                for table in self._row_groups():
                    writer.write_table(table, row_group_size=_ROW_GROUP)
            _move(aside, self._path)
            shutil.rmtree(self._folder)

    def _row_groups(self) -> Iterator[Any]:
        waiting: list[Any] = []
        for part in self._parts:
            with self._parquet.ParquetFile(part) as file:
                for batch in file.iter_batches(_ROW_GROUP):
                    waiting.append(self._arrow.Table.from_batches([batch]))
                    if sum(table.num_rows for table in waiting) >= _ROW_GROUP:
                        yield self._arrow.concat_tables(waiting)
                        waiting = []
        if waiting:
            yield self._arrow.concat_tables(waiting)


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise PackageMissingError(
            "a Parquet file can't be written without pyarrow; run: pip install "
            "'fivebox[archive]', or name a .jsonl or .csv file"
        ) from error
    return pyarrow, pyarrow.parquet


def schema(arrow: Any) -> Any:
    """Return the columns: the fields of the JSON line, in its order."""
    digit = arrow.struct(
        [
            ("digit", arrow.string()),
            ("confidence", arrow.float64()),
            ("box", arrow.list_(arrow.list_(arrow.float64()))),
        ]
    )
    text, number = arrow.string(), arrow.float64()
    return arrow.schema(
        [
            ("source", text),
            ("status", text),
            ("postcode", text),
            ("guess", text),
            ("confidence", number),
            ("digits", arrow.list_(digit)),
            ("region", text),
            ("reason", text),
            ("elapsed_ms", number),
        ]
    )


def row_of(reading: Reading) -> dict[str, Any]:
    """Return a reading's fields as `schema` has them."""
    fields = json.loads(reading.to_json())
    return {k: printable(v) if isinstance(v, str) else v for k, v in fields.items()}


def _part_name(number: int) -> str:
    return f"{number:09d}.parquet"


def _move(aside: Path, target: Path) -> None:
    """Move a file into its place, so that it is there whole or not at all."""
    handle = os.open(aside, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    aside.replace(target)
    sync_folder(target.parent)
