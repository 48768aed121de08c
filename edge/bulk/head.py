"""The way to a Ray cluster: to one that is there, or one that is started for the work."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any

from edge.errors import PackageMissingError, WorkerError
from edge.quiet import native_stderr_silenced

AUTO = "auto"

# Seconds within which the head must answer; Ray itself tries for minutes.
_CONNECT_S = 10.0
_LARGEST_PORT = 65_535


def import_ray(*parts: str) -> Any:
    """Import Ray and parts of it, and have it say no more than what goes wrong.

    Args:
        parts: modules that are needed beside it, `ray.data` for example.

    Raises:
        PackageMissingError: one is not installed.
    """
    # What goes wrong comes as an exception; Ray says a great deal beside.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        ray = importlib.import_module("ray")
        for part in parts:
            importlib.import_module(part)
    except ImportError as error:
        raise PackageMissingError(
            "work on a cluster needs Ray; run: pip install 'fivebox[cluster]', or leave "
            "--cluster out"
        ) from error
    return ray


@contextlib.contextmanager
def connected(ray: Any, address: str) -> Iterator[None]:
    """Lend the cluster; what was started for the work is ended with it.

    Args:
        ray: from `import_ray`.
        address: of the cluster's head, `host:port`; `auto` is the one that runs on this
            machine, or, where none does, one that is started.

    Raises:
        WorkerError: there is none, it can't be joined, or it gives up.
    """
    try:
        _connect(ray, address)
        yield
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1]
        raise WorkerError(f"the cluster gave up ({reason}); see Ray's own log") from error
    finally:
        ray.shutdown()


def _connect(ray: Any, address: str) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    for name in ("ray", "ray.data", "ray.tune"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if address != AUTO and "://" not in address:
        _knock(address)
    try:
        # Its libraries tell the terminal which log level they were given.
        with native_stderr_silenced():
            ray.init(address=address, **options)
        return
    # Ray has no error of its own for it: OSErrors, RuntimeErrors and ValueErrors are seen.
    except Exception as error:
        if address != AUTO:
            raise WorkerError(
                f"the cluster at {address} can't be joined ({_reason(error)}); run ray status on "
                "this machine, which must be one of its nodes"
            ) from error
        if not isinstance(error, ConnectionError):
            raise _not_started(error) from error
    try:
        with native_stderr_silenced():
            ray.init(include_dashboard=False, **options)
    except Exception as error:
        # As above.
        raise _not_started(error) from error


def _knock(address: str) -> None:
    """Try whether anything answers there."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > _LARGEST_PORT:
        raise WorkerError(f"{address!r} is no cluster's address; write HOST:PORT of its head")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_S).close()
    # UnicodeError: a name with an empty part or one that is too long.
    except (OSError, UnicodeError) as error:
        raise WorkerError(
            f"there is no cluster at {address} ({_reason(error)}); start one with ray start --head"
        ) from error


def _not_started(error: Exception) -> WorkerError:
    return WorkerError(
        f"no cluster could be started on this machine ({_reason(error)}); leave --cluster out, "
        "or give the address of one"
    )


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
