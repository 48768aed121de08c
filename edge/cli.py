"""The command line: `python -m edge`, also installed as `fivebox`."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from edge.commands import read
from edge.commands.options import EPILOG, add_reader, make_recognizer
from edge.terminal import run_command


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    options = _parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file's name may hold what the terminal's encoding does not.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return run_command("fivebox", options.debug, lambda: _COMMANDS[options.command](options))
    except OSError as error:
        # What Python still wants to flush at exit must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            # Whoever reads our output, `head` say, has enough.
            return 0
        print(f"fivebox: the output can't be written ({error.strerror})", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fivebox", description="Reads handwritten five-digit postcodes."
    )
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", required=True
    )
    read.add_parser(commands)
    evaluate = commands.add_parser(
        "evaluate",
        help="read a folder whose postcodes are known, and tell how well",
        description="Reads the photos and touch recordings that labels.csv in a folder names "
        "(columns: file,postcode), tells how well, and writes report.json, readings.jsonl, "
        "the error-reject curve and a sheet of the failures.",
        epilog=EPILOG,
    )
    evaluate.add_argument("folder", type=Path, metavar="DIR", help="the inputs and labels.csv")
    evaluate.add_argument("--json", action="store_true", help="print the report as JSON")
    evaluate.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path("out/evaluate"),
        help="where the files go (default: %(default)s)",
    )
    add_reader(evaluate)
    evaluate.add_argument("--debug", action="store_true", help="show where an error came from")
    return parser


def _evaluate(options: argparse.Namespace) -> int:
    from edge.evaluate import evaluate

    report = evaluate(make_recognizer(options), options.folder, options.out)
    if options.json:
        print(report.to_json())
    else:
        print("\n".join(report.lines()))
        print(f"{'written to':22} {options.out}")
    return 1 if report.errors else 0


_COMMANDS = {"read": read.run, "evaluate": _evaluate}
