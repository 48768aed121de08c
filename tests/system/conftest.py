"""The command line, run as people run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"

# Runs a command and prints, after all that it printed, its peak memory in KiB.
_MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


@dataclass(frozen=True)
class Run:
    """What one call of the command line left behind."""

    code: int
    out: str
    err: str
    seconds: float
    peak_mb: float

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


def environment(**changes: str) -> dict[str, str]:
    """Return an environment in which `python -m edge` finds this very working tree."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **changes}


@pytest.fixture(scope="session")
def fivebox():
    """Return a function that calls `python -m edge` and measures it."""

    def call(*arguments: object, **changes: str) -> Run:
        command = [sys.executable, "-m", "edge", *map(str, arguments)]
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", _MEASURE, *command],
            capture_output=True,
            text=True,
            errors="surrogateescape",
            env=environment(**changes),
            timeout=120,
        )
        out, peak = done.stdout.rstrip("\n").rpartition("\n")[::2]
        return Run(done.returncode, out, done.stderr, time.monotonic() - start, int(peak) / 1024)

    return call
