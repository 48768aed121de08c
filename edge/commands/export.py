"""`python -m edge export`: what people corrected, as digits to learn from."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from edge.commands.places import JOURNAL, data_folder
from edge.commands.reader import add_config
from edge.errors import OutputError


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "export",
        help="write the digits that people corrected, to train with",
        description="Writes the digits of the journal's corrected readings as a training set, "
        "which python -m train --extra takes. Only of a kiosk that keeps images "
        "(--keep-images) there are any.",
    )
    parser.add_argument(
        "--reviewed", type=Path, metavar="OUT.npz", required=True,
        help="file to write: images uint8 (n, 28, 28) and labels uint8 (n,)",
    )  # fmt: skip
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help=f"the journal's folder (default: {data_folder()})"
    )
    add_config(parser)
    parser.add_argument("--debug", action="store_true", help="show where an error came from")


def run(options: argparse.Namespace) -> int:
    """Write the file."""
    out: Path = options.reviewed
    if out.suffix != ".npz":
        raise OutputError(f"{out}: the file's name must end in .npz")
    from edge.config_load import load
    from edge.journal import Journal
    from edge.reviewed import digits_of, write

    folder = load(
        options.config, os.environ, {"journal.folder": options.data}
    ).config.journal.folder
    with Journal(data_folder(folder) / JOURNAL, read_only=True) as journal:
        found = digits_of(journal.reviewed())
    write(out, found)
    print(f"{len(found.labels)} digits of {found.readings} readings in {out}")
    return 0
