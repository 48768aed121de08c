"""Asks the kiosk of this machine: `ask.py ready SECONDS | write RECORDING | has ID`.

Runs with the system's Python, beside the kiosk and not in its environment.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from pathlib import Path
from typing import Any

_PORT = 8080
_ANSWER_S = 60.0
_PAUSE_S = 0.5


def ask(method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    """Return status and JSON of an answer; OSError or HTTPException where none came."""
    asking = http.client.HTTPConnection("127.0.0.1", _PORT, timeout=_ANSWER_S)
    try:
        asking.request(method, path, body, {"Content-Type": "application/json"})
        answer = asking.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        asking.close()


def is_ready(limit_s: float) -> bool:
    """Wait until the kiosk says that it is ready; False where it doesn't in so many seconds."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        try:
            if ask("GET", "/health")[1]["ready"]:
                return True
        except (OSError, http.client.HTTPException, ValueError):
            pass
        time.sleep(_PAUSE_S)
    return False


def main(arguments: list[str]) -> int:
    """Ask one thing; 1 where the answer is no."""
    what, value = arguments
    if what == "ready":
        return 0 if is_ready(float(value)) else 1
    if what == "write":
        status, reading = ask("POST", "/api/v1/readings", Path(value).read_bytes())
        if status == 201:
            print(reading["id"])
        return 0 if status == 201 else 1
    return 0 if ask("GET", f"/api/v1/readings/{value}")[0] == 200 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
