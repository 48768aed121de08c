"""What command lines say: an error of ours is one line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable

from edge.errors import FiveboxError


def run_command(
    program: str, debug: bool, command: Callable[[], int], stopped: str = "stopped"
) -> int:
    """Run a command and return its exit code.

    Args:
        program: named at the head of an error's line.
        debug: whether to let errors through, traceback and all.
        command: does the work and returns 0, or 1 where some of it failed.
        stopped: what to say after Ctrl-C.

    Returns:
        The command's own code; the error's `exit_code`; 130 after Ctrl-C.
    """
    try:
        return command()
    except FiveboxError as error:
        if debug:
            raise
        say(f"{program}: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        if debug:
            raise
        say(f"\n{program}: {stopped}")
        return 130


def say(line: str) -> None:
    """Write a line to standard error.

    In one piece, where `print` writes the text and then its end: lines that several threads
    say at the same time stay lines.
    """
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
