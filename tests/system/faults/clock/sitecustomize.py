"""Makes the clock of a Python process jump: imported by Python itself where it is on its path.

The file that `FIVEBOX_TEST_CLOCK` names holds by how many seconds the wall clock is off, and
whether the kernel knows the clock to be right. Only this process is told; the monotonic clock
never jumps on any machine.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

_FILE = Path(os.environ["FIVEBOX_TEST_CLOCK"])
_time_ns, _localtime, _gmtime = time.time_ns, time.localtime, time.gmtime


def _setting():
    off_s, word = _FILE.read_text("ascii").split()
    return int(off_s), word == "right"


def time_ns():
    return _time_ns() + _setting()[0] * 10**9


time.time_ns = time_ns
time.time = lambda: time_ns() / 1e9
time.localtime = lambda seconds=None: _localtime(time.time() if seconds is None else seconds)
time.gmtime = lambda seconds=None: _gmtime(time.time() if seconds is None else seconds)

# What it imports is only the standard library's.
import edge.journal.clock  # noqa: E402

edge.journal.clock.clock_is_right = lambda: _setting()[1]
