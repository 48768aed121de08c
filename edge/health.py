"""Asks a kiosk whether it lives, from the same machine."""

from __future__ import annotations

import http.client
import time

_PAUSE_S = 0.5
_ANSWER_S = 2.0
# An address to listen on that is none to call.
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def called(host: str) -> str:
    """Return the address by which a kiosk is called that listens on `host`."""
    return _ANYWHERE.get(host, host)


def is_live(host: str, port: int, token: str | None) -> bool:
    """Tell whether a kiosk answers; one without a camera does, and its page says so.

    Args:
        host: that it listens on.
        port: TCP.
        token: that it demands; None for none.
    """
    connection = http.client.HTTPConnection(called(host), port, timeout=_ANSWER_S)
    try:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request("GET", "/health", headers=headers)
        return connection.getresponse().status in (200, 503)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_live(host: str, port: int, token: str | None, limit_s: float) -> bool:
    """Wait until a kiosk answers; False where it doesn't within `limit_s` seconds."""
    end = time.monotonic() + limit_s
    while not is_live(host, port, token):
        if time.monotonic() >= end:
            return False
        time.sleep(_PAUSE_S)
    return True
