"""The command line: `python -m edge`, also installed as `fivebox`."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge.commands import camera, config, doctor, form, model, support
from edge.commands.reader import add_reader
from edge.output import JsonLines, Table
from edge.terminal import run_command

if TYPE_CHECKING:
    from edge.recognizer import Recognizer

_EPILOG = """\
exit code: 0, every input was processed; 1, some input was an error; 2, wrong usage
"""


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
    read = commands.add_parser(
        "read",
        help="read photos, folders of them, videos, and touch recordings (*.json)",
        description="Reads the postcode in each photo, each photo in a folder, each touch "
        "recording (*.json), and on each envelope that a video shows.",
        epilog=_EPILOG,
    )
    read.add_argument(
        "paths", nargs="+", metavar="PATH", help="a photo, folder, video or recording"
    )
    read.add_argument("--json", action="store_true", help="print one line of JSON per input")
    add_reader(read)
    read.add_argument(
        "--annotate", metavar="DIR", type=Path, help="write each input with what was read drawn in"
    )
    read.add_argument("--debug", action="store_true", help="show where an error came from")
    evaluate = commands.add_parser(
        "evaluate",
        help="read a folder whose postcodes are known, and tell how well",
        description="Reads the photos and touch recordings that labels.csv in a folder names "
        "(columns: file,postcode), tells how well, and writes report.json, readings.jsonl, "
        "the error-reject curve and a sheet of the failures.",
        epilog=_EPILOG,
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
    for command in _MODULES.values():
        command.add_parser(commands)
    return parser


def _recognizer(options: argparse.Namespace) -> Recognizer:
    # numpy, OpenCV and the interpreter are imported only now: `--help` needs none.
    from edge.recognizer import Recognizer

    return Recognizer(options.model, options.directory, options.max_error)


def _read(options: argparse.Namespace) -> int:
    from edge.batch import read_all
    from edge.sources.files import expand

    recognizer = _recognizer(options)
    paths = list(expand(options.paths))
    printer = JsonLines() if options.json else Table([str(path) for path in paths])
    failed = False
    for reading in read_all(recognizer, paths, options.annotate):
        printer.add(reading)
        failed |= reading.status == "error"
    printer.close()
    return 1 if failed else 0


def _evaluate(options: argparse.Namespace) -> int:
    from edge.evaluate import evaluate

    report = evaluate(_recognizer(options), options.folder, options.out)
    if options.json:
        print(report.to_json())
    else:
        print("\n".join(report.lines()))
        print(f"{'written to':22} {options.out}")
    return 1 if report.errors else 0


_MODULES = {
    "camera": camera,
    "config": config,
    "doctor": doctor,
    "form": form,
    "model": model,
    "support": support,
}
_COMMANDS = {
    "read": _read,
    "evaluate": _evaluate,
    **{name: module.run for name, module in _MODULES.items()},
}
