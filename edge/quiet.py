"""Keeps native libraries from talking to the user."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator

# File descriptor 2 is the whole process's: two that put it back in the wrong order
# would leave it silenced.
_LOCK = threading.Lock()


@contextlib.contextmanager
def native_stderr_silenced() -> Iterator[None]:
    """Throw away what is written to standard error meanwhile, by C++ too.

    TensorFlow and its runtimes announce their settings there, past Python's
    `sys.stderr` and with no switch; their errors come as exceptions all the same.
    """
    with _LOCK:
        if sys.stderr is not None:
            sys.stderr.flush()
        try:
            before = os.dup(2)
        except OSError:
            # A service may run without standard error: nothing to keep quiet.
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        try:
            yield
        finally:
            os.dup2(before, 2)
            os.close(before)
