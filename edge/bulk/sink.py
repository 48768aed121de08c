"""Files that readings are written to, record by record, and that can be gone on with."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from edge.errors import OutputError
from edge.reading import Reading
from edge.sources.files import is_video
from edge.sources.inputs import Input

SUFFIXES = (".jsonl", ".csv", ".parquet")


class Record(NamedTuple):
    """What tells a reading in a file from the others, and how it went."""

    source: str
    status: str


class Sink(Protocol):
    """A file of readings in the inputs' order.

    As a context it keeps what was added, and is complete where the context ends well.
    """

    def records(self) -> Iterator[Record]:
        """Yield what was in it when it was opened, or since `cut`."""

    def cut(self, count: int) -> None:
        """Keep only so many records."""

    def add(self, reading: Reading) -> None:
        """Write a reading; raises OutputError where it can't be written."""

    def __enter__(self) -> Sink: ...

    def __exit__(self, kind: object, *_: object) -> None: ...


def open_sink(path: Path, is_resumed: bool) -> Sink:
    """Open a file to write readings to; its suffix tells the format.

    Args:
        path: ends with one of `SUFFIXES`.
        is_resumed: whether to go on after what is in it; a record that was cut short by the
            end of its writer, and is not whole, is taken off.

    Raises:
        OutputError: it can't be written, there is something in it already, or another
            program writes to it.
        PackageMissingError: what the format needs is not installed.
    """
    # Each format only when it is asked for: PyArrow takes 60 MB.
    if path.suffix.lower() == ".parquet":
        from edge.bulk.table import ParquetSink

        return ParquetSink(path, is_resumed)
    from edge.bulk.lines import CsvForm, JsonForm, LineSink

    return LineSink(path, CsvForm() if path.suffix.lower() == ".csv" else JsonForm(), is_resumed)


def settle(sink: Sink) -> Counter[str]:
    """Take off what may be half an input, and count the statuses of what remains.

    A video gives several readings; it can't be told whether the last in the file had more
    to give, so it is read again.
    """
    counts, last, run = _survey(sink)
    if last is not None and is_video(Path(last)):
        sink.cut(counts.total() - run)
        counts, _, _ = _survey(sink)
    return counts


def not_done(inputs: Iterator[Input], sink: Sink, path: Path) -> Iterator[Input]:
    """Yield the inputs whose readings are not in a file yet; it was `settle`d.

    Both are gone through side by side, however many there are.

    Raises:
        OutputError: its readings are not of these inputs.
    """
    records = sink.records()
    record = next(records, None)
    last_film: str | None = None
    for item in inputs:
        source = printable(item.source)
        if item.is_film and source == last_film:
            # The same video twice in turn: its readings can't be told apart.
            continue
        if record is None:
            yield item
            yield from inputs
            return
        if record.source != source:
            raise OutputError(
                f"{path}: after what is done comes {record.source} in it, and {source} among "
                "the inputs; give the inputs that it was begun with, or another file"
            )
        record = next(records, None)
        last_film = source if item.is_film else None
        while record is not None and record.source == last_film:
            record = next(records, None)
    if record is not None:
        raise OutputError(
            f"{path}: it has readings of more inputs than there are now, {record.source} next; "
            "give the inputs that it was begun with, or another file"
        )


def printable(text: str) -> str:
    """Return a name as UTF-8 can hold it; of a file's name, that may be no text at all."""
    return text.encode("utf-8", "backslashreplace").decode()


def check_new(path: Path, is_resumed: bool, is_there: bool) -> None:
    """Raise OutputError where something is there that nobody asked to go on with."""
    if is_there and not is_resumed:
        raise OutputError(
            f"{path}: there are readings in it already; go on with them by --resume, or name "
            "another file"
        )


def lock(handle: int, path: Path) -> None:
    """Keep others from writing the same file, until the handle is closed.

    Raises:
        OutputError: another program does.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OutputError(
            f"{path}: another program is writing to it; wait for it, or name another file"
        ) from error
    except OSError:
        # A file system that knows no locks.
        return


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder survive a power cut, where it can be done."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def one_sentence(path: Path) -> Iterator[None]:
    """Turn what the system says about writing into an OutputError."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(
            f"{path}: it can't be written ({error.strerror or error}); make room or name "
            "another file"
        ) from error


def _survey(sink: Sink) -> tuple[Counter[str], str | None, int]:
    """Return the statuses, the last source, and how many records at the end are of it."""
    counts: Counter[str] = Counter()
    last, run = None, 0
    for source, status in sink.records():
        counts[status] += 1
        last, run = source, run + 1 if source == last else 1
    return counts, last, run
