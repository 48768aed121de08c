"""Tells the service manager how the program is, as sd_notify(3) does it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

READY = "READY=1"
WATCHDOG = "WATCHDOG=1"
STOPPING = "STOPPING=1"

# A manager whose queue is full longer than that doesn't hear us, and we must go on.
_SEND_S = 1.0


def notify(state: str, environ: Mapping[str, str] = os.environ) -> None:
    """Tell the service manager; where there is none, or it doesn't listen, do nothing.

    Args:
        state: `READY`, `WATCHDOG`, `STOPPING`, or any other assignment of sd_notify(3), for
            example `STATUS=no camera`; several of them a line each.
        environ: the environment; `NOTIFY_SOCKET` says where the manager listens.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if address.startswith("@"):
        # A socket that is no file.
        address = "\0" + address[1:]
    elif not address.startswith("/"):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.settimeout(_SEND_S)
        try:
            sender.sendto(state.encode(), address)
        except OSError:
            # Who is not heard is ended by the manager; a kiosk doesn't end itself for it.
            return


def watchdog_s(environ: Mapping[str, str] = os.environ) -> float | None:
    """Return within how many seconds the manager wants `WATCHDOG` again; None where it doesn't.

    Whoever tells it after half of that is on time (sd_watchdog_enabled(3)).

    Args:
        environ: the environment; `WATCHDOG_USEC` holds microseconds, `WATCHDOG_PID` the process
            that is meant.
    """
    meant = environ.get("WATCHDOG_PID", "")
    if meant and meant != str(os.getpid()):
        return None
    try:
        limit_us = int(environ.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return limit_us / 1e6 if limit_us > 0 else None
