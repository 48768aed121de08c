"""Machines on this machine: network namespaces with an address each, joined by a bridge.

Each is a process tree with a network, process numbers and a folder of its own, so that
with its first process all of it ends. Needs root and iproute2. The bridge is in a
namespace too: the network of the machine itself is left alone.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from edge.errors import FiveboxError

_PREFIX = "fivebox"
_NEEDED = ("ip", "unshare", "nsenter", "setpriv", "mount")
# A private network (RFC 1918); the last address is that of a router that nobody is.
_NETWORK, _ROUTER = "10.77.0", 254
_PATIENCE_S = 5.0


class NodesError(FiveboxError):
    """No network namespaces can be made here."""


class Nodes:
    """Some machines, all of which are gone after the `with` block.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self.addresses = tuple(f"{_NETWORK}.{number + 1}" for number in range(count))
        self._names = [f"{_PREFIX}-{os.getpid()}-{number}" for number in range(count)]
        self._switch = f"{_PREFIX}-{os.getpid()}-switch"
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Nodes:
        _check()
        _sweep()
        with contextlib.ExitStack() as stack:
            # Short, as sockets lie in it, whose paths may have 107 characters.
            self.folder = Path(tempfile.mkdtemp(prefix="fb", dir="/tmp"))
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            for name in (self._switch, *self._names):
                stack.callback(_remove, name)
            stack.callback(self._end)
            self._join()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, number: int, command: Sequence[str], log: Path) -> None:
        """Start a machine whose first process runs a command; `folder` is empty there."""
        inside = f'mount -t tmpfs fivebox {self.folder} && exec "$@"'
        with log.open("wb") as file:
            self._processes[number] = subprocess.Popen(
                [
                    # However this process ends, the machine ends with it.
                    *("setpriv", "--pdeathsig", "KILL"),
                    *("ip", "netns", "exec", self._names[number]),
                    *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
                    *("sh", "-c", inside, "sh", *command),
                ],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def inside(self, number: int, command: Sequence[str]) -> list[str]:
        """Return the command line that runs a command in a machine that was started."""
        first = _child_of(self._processes[number].pid)
        spaces = ["--net", "--mount", "--pid"]
        return ["setpriv", "--pdeathsig", "KILL", "nsenter", f"--target={first}", *spaces,
                "--wd=.", *command]  # fmt: skip

    def has_ended(self, number: int) -> bool:
        """Tell whether a machine's first process has."""
        return self._processes[number].poll() is not None

    def unplug(self, number: int) -> None:
        """Take the network from a machine: nobody hears of it any more."""
        _ip("netns", "exec", self._names[number], "ip", "link", "set", "up0", "down")

    def kill(self, number: int) -> None:
        """End all processes of a machine at once, as when it loses power."""
        process = self._processes[number]
        with contextlib.suppress(ProcessLookupError, IndexError, OSError):
            os.kill(_child_of(process.pid), signal.SIGKILL)
        try:
            # Its parent buries it.
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _end(self) -> None:
        for number in self._processes:
            self.kill(number)

    def _join(self) -> None:
        """Make the namespaces, and plug each into the bridge."""
        _ip("netns", "add", self._switch)
        _ip("-n", self._switch, "link", "add", "bridge", "type", "bridge")
        _ip("-n", self._switch, "link", "set", "bridge", "up")
        for number, (name, address) in enumerate(zip(self._names, self.addresses, strict=True)):
            _ip("netns", "add", name)
            _ip("-n", self._switch, "link", "add", f"port{number}", "type", "veth",
                "peer", "name", "up0", "netns", name)  # fmt: skip
            _ip("-n", self._switch, "link", "set", f"port{number}", "master", "bridge", "up")
            _ip("-n", name, "address", "add", f"{address}/24", "dev", "up0")
            _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", name, "link", "set", "up0", "up")
            # Programs ask for the way to the world to learn their own address.
            _ip("-n", name, "route", "add", "default", "via", f"{_NETWORK}.{_ROUTER}")


def _check() -> None:
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing:
        raise NodesError(
            f"network namespaces need {', '.join(missing)}; run: apt-get install iproute2 "
            "util-linux"
        )
    if os.geteuid() != 0:
        raise NodesError("network namespaces are made by root only; run this with sudo")


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NodesError(
            f"no network namespaces can be made here ({reason}); a container needs CAP_SYS_ADMIN "
            "and CAP_NET_ADMIN for it"
        )


def _remove(name: str) -> None:
    subprocess.run(["ip", "netns", "delete", name], capture_output=True)


def _sweep() -> None:
    """Remove the namespaces of runs that were killed."""
    for name in _namespaces():
        owner = re.fullmatch(rf"{_PREFIX}-(\d+)-\w+", name)
        if owner and not Path("/proc", owner[1]).exists():
            _remove(name)


def _namespaces() -> Iterator[str]:
    done = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True)
    for line in done.stdout.splitlines():
        yield line.split()[0]


def _child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
