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

# More than any library has to say; what is beyond is not looked at.
_MOST_HEARD = 65_536


@contextlib.contextmanager
def native_stderr_silenced() -> Iterator[None]:
    """Throw away what is written to standard error meanwhile, by C++ too.

    TensorFlow and its runtimes announce their settings there, past Python's
    `sys.stderr` and with no switch; their errors come as exceptions all the same.
    """
    with _LOCK:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            with _standard_error_to(nowhere):
                yield
        finally:
            os.close(nowhere)


@contextlib.contextmanager
def native_stderr_heard() -> Iterator[list[str]]:
    """Listen to what is written to standard error meanwhile, which nobody else hears.

    libjpeg tells only there that a picture is damaged, and gives what it made of it.

    Yields:
        A list that holds the lines written, once the block is left without an error.
        It stays empty where the process has no standard error.
    """
    heard: list[str] = []
    with _LOCK:
        paper = os.memfd_create("stderr")
        try:
            with _standard_error_to(paper):
                yield heard
            text = os.pread(paper, _MOST_HEARD, 0)
            heard.extend(text.decode("utf-8", "replace").splitlines())
        finally:
            os.close(paper)


@contextlib.contextmanager
def _standard_error_to(target: int) -> Iterator[None]:
    if sys.stderr is not None:
        sys.stderr.flush()
    try:
        before = os.dup(2)
    except OSError:
        # A service may run without standard error: nothing to keep quiet.
        yield
        return
    os.dup2(target, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
