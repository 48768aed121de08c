"""Flags that several subcommands share, and what becomes of them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.recognizer import Recognizer

EPILOG = """\
exit code: 0, every input was processed; 1, some input was an error; 2, wrong usage
"""


def add_reader(parser: argparse.ArgumentParser) -> None:
    """Add what decides how inputs are read."""
    parser.add_argument("--model", metavar="M.tflite", help="instead of the bundled model")
    parser.add_argument(
        "--directory",
        metavar="CODES.txt",
        help="accept only these postcodes: a file with one, or the first digits of some, a line "
        "(and after a comma the region's name); or kr, us, fr, de, which are built in "
        "(a file of that name is written ./kr)",
    )
    parser.add_argument(
        "--max-error",
        metavar="SHARE",
        type=_share,
        help="of the accepted postcodes at most this share may be wrong, for example 0.001 "
        "(default: the model's own threshold, made for 0.01)",
    )


def make_recognizer(options: argparse.Namespace) -> Recognizer:
    """Return the recogniser that `add_reader`'s flags ask for."""
    # numpy, OpenCV and the interpreter are imported only now: `--help` needs none.
    from edge.recognizer import Recognizer

    return Recognizer(options.model, options.directory, options.max_error)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0 and below 1")
    return share
