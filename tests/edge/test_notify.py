"""What the service manager hears, over a real datagram socket."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.notify import READY, STOPPING, WATCHDOG, notify, watchdog_s

ROOT = Path(__file__).parents[2]


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        path = str(tmp_path / "notify")
        listening.bind(path)
        listening.settimeout(5)
        yield listening, path


def test_the_manager_hears_each_state_as_a_datagram_of_its_own(
    manager: tuple[socket.socket, str],
) -> None:
    listening, path = manager
    for state in (READY, WATCHDOG, STOPPING, "STATUS=카메라가 없습니다"):
        notify(state, {"NOTIFY_SOCKET": path})
        assert listening.recv(4096) == state.encode()


def test_a_socket_that_is_no_file_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        name = f"fivebox-test-{os.getpid()}"
        listening.bind(f"\0{name}")
        listening.settimeout(5)
        notify(READY, {"NOTIFY_SOCKET": f"@{name}"})
        assert listening.recv(4096) == b"READY=1"


def test_the_environment_of_the_process_is_meant(manager: tuple[socket.socket, str]) -> None:
    listening, path = manager
    subprocess.run(
        [sys.executable, "-c", "from edge.notify import notify; notify('READY=1')"],
        check=True,
        cwd=ROOT,
        env={**os.environ, "NOTIFY_SOCKET": path},
    )
    assert listening.recv(4096) == b"READY=1"


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:3", "/nowhere/at/all"])
def test_without_a_manager_nothing_happens(address: str) -> None:
    notify(READY, {"NOTIFY_SOCKET": address})


def test_a_manager_that_does_not_listen_stops_nobody(manager: tuple[socket.socket, str]) -> None:
    _, path = manager
    start = time.monotonic()
    # Its queue is full sooner or later (net.unix.max_dgram_qlen), and nothing raises.
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as filler:
        filler.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                filler.sendto(b"x", path)
    notify(WATCHDOG, {"NOTIFY_SOCKET": path})
    assert time.monotonic() - start < 5


def test_no_socket_stays_open(manager: tuple[socket.socket, str]) -> None:
    _, path = manager
    before = _open_files()
    for _ in range(20):
        notify(WATCHDOG, {"NOTIFY_SOCKET": "/nowhere/at/all"})
    notify(WATCHDOG, {"NOTIFY_SOCKET": path})
    assert _open_files() == before


def test_the_watchdog_is_told_in_seconds() -> None:
    assert watchdog_s({"WATCHDOG_USEC": "30000000"}) == 30.0
    assert watchdog_s({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": str(os.getpid())}) == 1.5


def test_another_process_is_watched_not_this_one() -> None:
    assert watchdog_s({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getppid())}) is None


@pytest.mark.parametrize("limit", ["", "0", "-5", "soon", "1e6"])
def test_without_a_limit_nothing_is_watched(limit: str) -> None:
    assert watchdog_s({"WATCHDOG_USEC": limit}) is None
    assert watchdog_s({}) is None


@given(st.dictionaries(st.sampled_from(["WATCHDOG_USEC", "WATCHDOG_PID"]), st.text(max_size=20)))
def test_whatever_the_environment_holds_a_limit_is_positive(environ: dict[str, str]) -> None:
    limit = watchdog_s(environ)
    assert limit is None or limit > 0
