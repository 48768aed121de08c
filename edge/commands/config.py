"""`python -m edge config`: the settings in force, and where each comes from."""

from __future__ import annotations

import argparse
from typing import Any

from edge.commands.reader import add_config


def add_parser(commands: Any) -> None:
    """Add the command's parser to `commands`."""
    parser = commands.add_parser(
        "config",
        help="print the settings in force, and where each comes from",
        description="Prints the settings in force and where each comes from: a default, the "
        "file and its line, the environment. Secrets are hidden.",
        epilog="exit code: 0, they can be used; 2, they can't",
    )
    add_config(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--json", action="store_true", help="print them as JSON")
    what.add_argument("--example", action="store_true", help="print a file to start from instead")
    what.add_argument(
        "--docs", action="store_true", help="print the manual's page of settings instead"
    )
    parser.add_argument("--debug", action="store_true", help="show where an error came from")


def run(options: argparse.Namespace) -> int:
    """Print the settings."""
    import json
    import os

    from edge import config_docs
    from edge.config_load import load

    if options.docs:
        print(config_docs.page(), end="")
    elif options.example:
        print(config_docs.example(), end="")
    else:
        settings = load(options.config, os.environ)
        if options.json:
            print(json.dumps(config_docs.as_json(settings), indent=2, ensure_ascii=False))
        else:
            print(config_docs.in_force(settings))
    return 0
