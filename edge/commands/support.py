"""`python -m edge support`: gather what helps to find a fault."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.commands.reader import add_config


def add_parser(commands: Any) -> None:
    """Add the command's parser to `commands`."""
    parser = commands.add_parser(
        "support",
        help="gather logs, settings, versions and figures into one file for who helps",
        description="Writes one .tar.gz with the doctor's findings, logs, settings, versions and "
        "figures. It holds no postcode that was read, no image and no secret; look into it before "
        "you send it.",
        epilog="exit code: 0, written; 1, it can't be written",
    )
    add_config(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="default: fivebox-support-DATE.tar.gz, here"
    )
    parser.add_argument("--debug", action="store_true", help="show where an error came from")


def run(options: argparse.Namespace) -> int:
    """Write the file."""
    import os
    import time

    from edge import support
    from edge.config_load import load
    from edge.doctor.examine import examine
    from edge.errors import ConfigError
    from edge.files import make_folder, publish, staging

    now_s = time.time()
    folder = f"fivebox-support-{support.stamp(now_s)}"
    out: Path = options.out or Path(f"{folder}.tar.gz")
    problem = ""
    try:
        settings = load(options.config, os.environ)
    except ConfigError as error:
        # Settings that can't be used are often what is wrong.
        problem = str(error)
        settings = load(default_file=None)
    make_folder(out.parent)
    parts = []
    for part in support.gather(settings, lambda: examine(options.config), problem):
        print(f"{part.name:14} {len(part.text):>9,} characters", flush=True)
        parts.append(part)
    with staging(out.parent) as aside:
        staged = aside / out.name
        staged.touch(0o600)
        staged.write_bytes(support.pack(parts, folder, now_s))
        publish(staged)
    print(f"written to {out}; look into it before you send it")
    return 0
