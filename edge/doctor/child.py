"""Runs what may crash or hang in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PACKAGES = Path(__file__).parents[2]
# More than any child has to say.
_MOST_SAID = 20_000


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int | None
    """Its exit code, or minus the signal that ended it; None where it took too long."""
    out: str
    """What it wrote to standard output."""
    error: str
    """The last line that it wrote to standard error; "" for none."""

    @property
    def how(self) -> str:
        """How it ended, in words that follow "it"."""
        if self.code is None:
            return "hangs"
        if self.code >= 0:
            return f"ends with {self.error or f'exit code {self.code}'}"
        try:
            name = signal.Signals(-self.code).name
        except ValueError:
            name = f"signal {-self.code}"
        return f"dies by {name}"


def run_module(module: str, arguments: Sequence[str], limit_s: float) -> Ended:
    """Run one of our modules with this Python and wait for its end.

    Args:
        module: for example `edge.doctor.sample`.
        arguments: given to it.
        limit_s: seconds after which it and its children are killed.
    """
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(_PACKAGES), *([before] if before else [])])
    return run([sys.executable, "-m", module, *arguments], limit_s, {"PYTHONPATH": path})


def run(command: Sequence[str], limit_s: float, environ: dict[str, str] | None = None) -> Ended:
    """Run a command and wait for its end; see `run_module`.

    Args:
        command: the program and its arguments.
        limit_s: seconds.
        environ: variables that are added.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(environ or {})},
            # To be killed with all its children, which may hold the pipes open.
            start_new_session=True,
        )
    except OSError as error:
        return Ended(127, "", error.strerror or str(error))
    with process:
        try:
            out, told = process.communicate(timeout=limit_s)
            code: int | None = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, told = process.communicate()
            code = None
    lines = told.decode("utf-8", "replace").strip().splitlines()
    return Ended(code, out.decode("utf-8", "replace")[:_MOST_SAID], lines[-1] if lines else "")
