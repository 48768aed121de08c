"""What the commands that read have in common: their flags, and the settings under them."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.bulk.worker import Setup
    from edge.config import Config
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
    add_config(parser)


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add what names the settings' file."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the settings (default: what FIVEBOX_CONFIG names, else /etc/fivebox/fivebox.toml "
        "where it is there)",
    )


def load_config(options: argparse.Namespace) -> Config:
    """Return the settings of file and environment; flags go before them.

    Raises:
        ConfigError: they can't be used.
    """
    from edge.config_load import load

    return load(options.config, os.environ).config


def make_setup(options: argparse.Namespace, installed: Path | None = None) -> Setup:
    """Return how to make the recogniser that flags and settings ask for, here or elsewhere.

    Args:
        options: of `add_reader`.
        installed: the model where neither names one; None takes the bundled one.
    """
    from edge.bulk.worker import Setup

    reader = load_config(options).reader
    return Setup(
        model=options.model or _text(reader.model or installed),
        directory=options.directory or _text(reader.directory),
        max_error=reader.max_error if options.max_error is None else options.max_error,
        xnnpack=reader.xnnpack,
    )


def make_recognizer(options: argparse.Namespace, installed: Path | None = None) -> Recognizer:
    """Return the recogniser that flags and settings ask for; see `make_setup`."""
    return make_setup(options, installed)()


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0 and below 1")
    return share
