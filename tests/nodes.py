"""A Ray cluster on this machine, for tests: each node has a loopback address of its own."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Slow machines start a node in a minute.
_START_S = 300
_STORE = 100_000_000
# Ray gives a node half a minute to start, and a busy machine may need more.
_ATTEMPTS, _TOO_SLOW = 4, "timed out during startup"
# A node that is to find free ports itself waits for its slowest part, and not for long.
_PORTS = ("dashboard-agent-grpc-port", "dashboard-agent-listen-port", "metrics-export-port",
          "runtime-env-agent-port")  # fmt: skip


def settings(folder):
    """Return an environment in which Ray keeps to a folder and finds this working tree."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RAY_TMPDIR": str(folder),
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
    }


@contextlib.contextmanager
def short_folder():
    """Lend a folder whose path is short enough for sockets to lie in it."""
    folder = Path(tempfile.mkdtemp(prefix="fb", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_ports():
    """Return ports that nobody has, one for each of `_PORTS`."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in _PORTS]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Nodes:
    """Nodes with one core each, the first of which is the head; they end with the `with` block."""

    def __init__(self, count, folder):
        self.environment = settings(folder)
        self._folder, self._count = folder, count
        self._processes = {}
        self.address = None

    def __enter__(self):
        try:
            for number in range(self._count):
                self._start(number)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for number in self._processes:
            self.kill(number)

    def kill(self, number):
        """End all processes of a node at once."""
        process = self._processes[number]
        for pid in [*_below(process.pid), process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()

    def _start(self, number):
        where = (
            ["--head", "--port=0", "--include-dashboard=false"]
            if number == 0
            # The command must find its own node, the head, by its address.
            else [f"--address={self.address}", f"--node-ip-address=127.0.0.{number + 1}"]
        )
        for attempt in range(_ATTEMPTS):
            log = self._folder / f"node-{number}-{attempt}.log"
            if self._has_started(number, where, log):
                break
        else:
            told = log.read_text("utf-8", "replace")
            if _TOO_SLOW in told:
                pytest.skip("this machine is so busy that Ray gives up starting a node on it")
            raise AssertionError(told)
        if number == 0:
            known = self._folder / "ray" / "ray_current_cluster"
            self.address = known.read_text().strip()

    def _has_started(self, number, where, log):
        ports = [f"--{name}={port}" for name, port in zip(_PORTS, free_ports(), strict=True)]
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *where, *ports,
                 "--num-cpus=1", f"--object-store-memory={_STORE}", "--disable-usage-stats"],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            )  # fmt: skip
        self._processes[number] = process
        deadline = time.monotonic() + _START_S
        while process.poll() is None and time.monotonic() < deadline:
            if "Ray runtime started" in log.read_text("utf-8", "replace"):
                return True
            time.sleep(0.1)
        self.kill(number)
        return False


def _below(pid):
    """Return all that a process has started, and those that these have."""
    found = []
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found += [*_below(int(child)), int(child)]
    return found
