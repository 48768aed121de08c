"""Waiting for what other threads and processes do."""

from __future__ import annotations

import time

PATIENCE_S = 20


def until(is_so, what="it"):
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, f"after {PATIENCE_S} s {what} has not come"
        time.sleep(0.01)
