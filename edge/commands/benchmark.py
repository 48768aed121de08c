"""`python -m edge benchmark`: how fast does this machine read?"""

from __future__ import annotations

import argparse
import sys

from edge.commands.reader import EPILOG, add_reader, make_recognizer

_MOST_SECONDS = 3600.0


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "benchmark",
        help="time how fast this machine reads",
        description="Times the classifier, a touch recording and a photo that are built in, or "
        "inputs of your own, on one core; and how long a new process takes to its first reading.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", help="what `read` takes, instead of what is built in"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=2.0,
        help="for each row of the table (default: %(default)g)",
    )
    add_reader(parser)
    parser.add_argument("--debug", action="store_true", help="show where an error came from")


def run(options: argparse.Namespace) -> int:
    """Time, and print the table."""
    import cv2

    from edge.benchmark import benchmark
    from edge.sources.inputs import list_inputs, open_documents
    from edge.sources.load import count_pages

    cv2.setNumThreads(1)
    recognizer = make_recognizer(options)
    inputs = list(open_documents(list_inputs(options.paths), count_pages))
    if options.paths and not inputs:
        print("fivebox: there is nothing to read in what was named", file=sys.stderr)
        return 1
    report = benchmark(recognizer, inputs, options.seconds)
    print(report.to_json() if options.json else "\n".join(report.lines()))
    for error in report.errors:
        print(f"fivebox: {error}", file=sys.stderr)
    return 1 if report.errors else 0


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _MOST_SECONDS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number above 0 and up to {_MOST_SECONDS:g}"
        )
    return seconds
