"""Waits until the kiosk answers, and prints the address of its page."""

from __future__ import annotations

import http.client
import os
import sys
import time
from urllib.parse import quote

from edge.config import Kiosk
from edge.config_load import load, secret
from edge.errors import ConfigError

_PAUSE_S = 0.5
_ANSWER_S = 2.0
# An address to listen on that is none to call.
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def is_live(host: str, port: int, token: str | None) -> bool:
    """Tell whether the kiosk answers; one without a camera does, and its page says so."""
    connection = http.client.HTTPConnection(host, port, timeout=_ANSWER_S)
    try:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request("GET", "/health", headers=headers)
        return connection.getresponse().status in (200, 503)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def page(kiosk: Kiosk, token: str | None) -> str:
    """Return the address of the page, as this machine's own browser calls it."""
    host = called(kiosk.host)
    shown = f"[{host}]" if ":" in host else host
    asked = f"?token={quote(token)}" if token else ""
    return f"http://{shown}:{kiosk.port}/{asked}"


def called(host: str) -> str:
    """Return the address by which a kiosk is called that listens on `host`."""
    return _ANYWHERE.get(host, host)


def main() -> int:
    """Wait as long as it takes: the service manager ends what takes too long."""
    try:
        kiosk = load(environ=os.environ).config.kiosk
        token = secret(kiosk, "token")
    except ConfigError as error:
        print(f"fivebox: {error}", file=sys.stderr)
        return error.exit_code
    while not is_live(called(kiosk.host), kiosk.port, token):
        time.sleep(_PAUSE_S)
    print(page(kiosk, token))
    return 0


if __name__ == "__main__":
    sys.exit(main())
