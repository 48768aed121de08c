"""Keeps a process small that works on pictures for weeks."""

from __future__ import annotations

import contextlib
import ctypes
import os

# Of glibc's malloc.h.
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3
_ARENA_MAX = -8
# Larger blocks, and all pictures are, go back to the system as soon as they are free.
_LARGE_BYTES = 256 * 1024


def keep_small() -> None:
    """Let freed memory go back to the system; called before anything large is imported.

    glibc gives each thread a heap of its own, and keeps in it what was freed of blocks as
    large as those that were freed before (mallopt(3)): of a few pictures in flight in each
    of ten threads. That made 160 MB where 130 do, for 1 % of the time. Another C
    library is left as it is.
    """
    # numpy's OpenBLAS has buffers for each of its threads, and nothing here multiplies.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for setting, value in (
            (_ARENA_MAX, 1),
            (_MMAP_THRESHOLD, _LARGE_BYTES),
            (_TRIM_THRESHOLD, _LARGE_BYTES),
        ):
            mallopt(setting, value)
