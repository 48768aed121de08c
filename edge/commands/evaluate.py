"""`python -m edge evaluate`: inputs whose postcodes are known → how well they are read."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.commands.reader import EPILOG, add_reader, make_recognizer


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "evaluate",
        help="read a folder whose postcodes are known, and tell how well",
        description="Reads the photos and touch recordings that labels.csv in a folder names "
        "(columns: file,postcode), tells how well, and writes report.json, readings.jsonl, "
        "the error-reject curve and a sheet of the failures.",
        epilog=EPILOG,
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="the inputs and labels.csv")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=Path("out/evaluate"),
        help="where the files go (default: %(default)s)",
    )
    add_reader(parser)
    parser.add_argument("--debug", action="store_true", help="show where an error came from")


def run(options: argparse.Namespace) -> int:
    """Read the folder and tell how well that went."""
    from edge.evaluate import evaluate

    report = evaluate(make_recognizer(options), options.folder, options.out)
    if options.json:
        print(report.to_json())
    else:
        print("\n".join(report.lines()))
        print(f"{'written to':22} {options.out}")
    return 1 if report.errors else 0
