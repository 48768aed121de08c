"""The command line: `python -m edge`, also installed as `fivebox`."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from edge.commands import (
    benchmark,
    camera,
    config,
    doctor,
    evaluate,
    export,
    form,
    kiosk,
    model,
    pad,
    read,
    support,
)
from edge.terminal import run_command

_COMMANDS = {
    "read": read,
    "camera": camera,
    "kiosk": kiosk,
    "pad": pad,
    "form": form,
    "evaluate": evaluate,
    "export": export,
    "model": model,
    "benchmark": benchmark,
    "config": config,
    "doctor": doctor,
    "support": support,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    options = _parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file's name may hold what the terminal's encoding does not.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        command = _COMMANDS[options.command]
        return run_command("fivebox", options.debug, lambda: command.run(options))
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
    for command in _COMMANDS.values():
        command.add_parser(commands)
    return parser
