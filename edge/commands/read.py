"""`read`: photos, recordings, videos, documents, archives and lists of them → readings."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.commands.reader import EPILOG, add_reader, make_setup
from edge.output import JsonLines, Summary, Table

if TYPE_CHECKING:
    from edge.bulk.sink import Sink
    from edge.reading import Reading
    from edge.sources.inputs import Input

# Inputs that one process has read by the time that others have started.
_FEW = 8
# Names that are looked at before any is read, for the table's width.
_LOOKED_AT = 200


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "read",
        help="read photos, videos, scans, touch recordings (*.json), and folders and archives "
        "of them",
        description="Reads the postcode in each photo, each page of a TIFF or PDF, each touch "
        "recording (*.json), and on each envelope that a video shows.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="a photo, video, recording, TIFF or PDF (scan.pdf#3 is its third page), a folder, "
        "a pattern ('scans/**/*.jpg'), a tar or zip archive (shard.tar#a/b.jpg is a file in "
        "it), or an http(s) or s3 URL of one",
    )
    parser.add_argument(
        "--from",
        dest="listed_in",
        metavar="FILE",
        help="read the inputs that a file names, - for standard input: one a line, or ended "
        "by NUL as find -print0 writes them",
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON per input")
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=_jobs,
        help="processes that read at the same time (default: the cores that this process may "
        "use; 1 for a few inputs)",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=_output,
        help="write the readings to a .jsonl, .csv or .parquet file",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on where an earlier run with the same inputs and --output was stopped",
    )
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="read on a Ray cluster, auto or HOST:PORT of its head, which must find the inputs "
        "under the same names; --output becomes a folder of .parquet or .jsonl shards, in any "
        "order",
    )
    add_reader(parser)
    parser.add_argument(
        "--annotate", metavar="DIR", type=Path, help="write each input with what was read drawn in"
    )
    parser.add_argument("--debug", action="store_true", help="show where an error came from")
    parser.set_defaults(refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Read the inputs and return the exit code."""
    _check(options)
    if options.cluster:
        return _run_on_cluster(options)
    from edge.sources.inputs import list_inputs

    inputs = list_inputs(_names(options))
    looked_at, is_all = ([], False) if options.listed_in else _look_at(inputs)
    jobs = _choose_jobs(options, looked_at if is_all else None)
    with contextlib.ExitStack() as stack:
        sink, before = _open_sink(options, stack)
        sources = [item.source for item in looked_at] if is_all else None
        printer = _printer(options, sources, before)
        progress = stack.enter_context(_progress(options, before))
        readings = _readings(options, jobs, chain(looked_at, inputs), sink)
        failed = before["error"] > 0
        for reading in stack.enter_context(contextlib.closing(readings)):
            if sink is not None:
                sink.add(reading)
            printer.add(reading)
            progress.add(reading)
            failed |= reading.status == "error"
    printer.close()
    return 1 if failed else 0


def _check(options: argparse.Namespace) -> None:
    """End with the usage where the flags don't go together."""
    if bool(options.paths) == bool(options.listed_in):
        options.refuse("name inputs, or a list of them by --from FILE, and not both")
    if options.resume and not options.output:
        options.refuse("--resume goes on with the file that --output names; name it")
    if options.cluster and (options.resume or options.annotate or options.json):
        options.refuse("--cluster goes with --output alone, not with --resume, --json, --annotate")
    if options.cluster and (not options.output or options.output.suffix.lower() == ".csv"):
        options.refuse(
            "--cluster writes shards; name their folder by --output DIR.parquet or .jsonl"
        )
    if options.annotate and (options.jobs or 1) > 1:
        options.refuse("--annotate draws in one process; leave --jobs out")


def _run_on_cluster(options: argparse.Namespace) -> int:
    from edge.bulk.cluster import read_on_cluster

    setup = make_setup(options)
    # What is wrong with the model is told here and not by each actor.
    setup()
    counts = read_on_cluster(options.cluster, _names(options), setup, options.output, options.jobs)
    Summary(counts).close()
    return 1 if counts["error"] else 0


def _names(options: argparse.Namespace) -> Iterable[str]:
    if not options.listed_in:
        paths: list[str] = options.paths
        return paths
    from edge.bulk.names import names_from

    return names_from(options.listed_in)


def _look_at(inputs: Iterator[Input]) -> tuple[list[Input], bool]:
    """Take the first inputs; also return whether they are all."""
    looked_at: list[Input] = []
    for item in inputs:
        looked_at.append(item)
        # Contents of files would fill the memory.
        if len(looked_at) == _LOOKED_AT or item.carried:
            return looked_at, False
    return looked_at, True


def _choose_jobs(options: argparse.Namespace, inputs: Sequence[Input] | None) -> int:
    """Return how many processes read; `inputs` are all of them, None where there are more."""
    if options.jobs is not None:
        jobs: int = options.jobs
        return jobs
    if options.annotate:
        return 1
    from edge.bulk.cores import available_cores
    from edge.sources.files import has_pages

    is_short = inputs is not None and len(inputs) < _FEW
    if is_short and not any(has_pages(item.name) for item in inputs or ()):
        return 1
    return available_cores()


def _open_sink(
    options: argparse.Namespace, stack: contextlib.ExitStack
) -> tuple[Sink | None, Counter[str]]:
    """Return the output file, and the statuses of the readings that are in it."""
    if not options.output:
        return None, Counter()
    from edge.bulk.sink import open_sink, settle

    sink = stack.enter_context(open_sink(options.output, options.resume))
    return sink, settle(sink)


def _printer(
    options: argparse.Namespace, sources: Sequence[str] | None, before: Counter[str]
) -> JsonLines | Summary | Table:
    if options.json:
        return JsonLines()
    return Summary(before) if options.output else Table(sources)


def _progress(options: argparse.Namespace, before: Counter[str]) -> Any:
    """Return a bar; there is none among lines that are printed to the same terminal."""
    from edge.bulk.progress import Progress
    from edge.sources.inputs import list_inputs
    from edge.sources.remote import is_url

    are_printed = options.json or not options.output
    if are_printed and sys.stdout is not None and sys.stdout.isatty():
        return Progress(None, before, is_shown=False)
    listing: Callable[[], Iterable[object]] | None = None
    if options.listed_in:
        # Standard input can't be read twice.
        if Path(options.listed_in).is_file():
            listing = lambda: _names(options)  # noqa: E731
    elif not any(map(is_url, options.paths)):
        listing = lambda: list_inputs(_names(options))  # noqa: E731
    return Progress(listing, before)


def _readings(
    options: argparse.Namespace, jobs: int, inputs: Iterator[Input], sink: Sink | None
) -> Generator[Reading, None, None]:
    from edge.bulk.sink import not_done
    from edge.sources.inputs import open_documents

    def listing(count: Callable[[Input], int]) -> Iterator[Input]:
        opened = open_documents(inputs, count)
        return opened if sink is None else not_done(opened, sink, options.output)

    if jobs > 1:
        from edge.bulk.pool import Pool

        yield from Pool(make_setup(options), jobs).read(listing)
        return
    from edge.batch import read_all
    from edge.sources.load import count_pages

    yield from read_all(make_setup(options)(), listing(count_pages), options.annotate)


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _output(text: str) -> Path:
    from edge.bulk.sink import SUFFIXES

    if Path(text).suffix.lower() not in SUFFIXES:
        raise argparse.ArgumentTypeError(f"{text!r} does not end with {', '.join(SUFFIXES)}")
    return Path(text)
