"""Waits until the kiosk answers, and prints the address of its page."""

from __future__ import annotations

import math
import os
import sys
from urllib.parse import quote

from edge.config import Kiosk
from edge.config_load import load, secret
from edge.errors import ConfigError
from edge.health import called, wait_live


def page(kiosk: Kiosk, token: str | None) -> str:
    """Return the address of the page, as this machine's own browser calls it."""
    host = called(kiosk.host)
    shown = f"[{host}]" if ":" in host else host
    asked = f"?token={quote(token)}" if token else ""
    return f"http://{shown}:{kiosk.port}/{asked}"


def main() -> int:
    """Wait as long as it takes: the service manager ends what takes too long."""
    try:
        kiosk = load(environ=os.environ).config.kiosk
        token = secret(kiosk, "token")
    except ConfigError as error:
        print(f"fivebox: {error}", file=sys.stderr)
        return error.exit_code
    wait_live(kiosk.host, kiosk.port, token, math.inf)
    print(page(kiosk, token))
    return 0


if __name__ == "__main__":
    sys.exit(main())
