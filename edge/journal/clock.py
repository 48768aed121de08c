"""What time it is, and whether the machine knows.

A Raspberry Pi before the fifth has no clock that runs without power: until the network has
set it, it tells a time of the past. So a moment is kept three times: as wall time, as time since
this boot, which never jumps, and with whether the wall time could be trusted.
"""

from __future__ import annotations

import ctypes
import functools
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# The state `adjtimex` returns for a clock that nothing keeps right (adjtimex(2)).
_TIME_ERROR = 5
# More than the 208 bytes of `struct timex` on 64-bit Linux.
_TIMEX_BYTES = 256


@dataclass(frozen=True)
class Moment:
    """When something happened."""

    wall_us: int
    """Microseconds since 1970, UTC, as the machine's clock told."""
    clock_is_right: bool
    """Whether that clock was known to be right."""
    boot_id: str
    """The kernel's own name for the time since it started."""
    uptime_s: float
    """Seconds since the machine started, sleep included; never jumps."""


def now() -> Moment:
    """Return this moment."""
    return Moment(
        wall_us=time.time_ns() // 1000,
        clock_is_right=clock_is_right(),
        boot_id=_boot_id(),
        uptime_s=time.clock_gettime(time.CLOCK_BOOTTIME),
    )


def clock_is_right() -> bool:
    """Tell whether something keeps the machine's clock right: NTP, GPS or a host.

    The kernel is asked (`adjtimex` with nothing to set, which any user may): every program
    that disciplines the clock, systemd-timesyncd, chrony and ntpd alike, tells it so, the
    kernel doubts by itself once that is hours ago, and setting the clock by hand takes the
    trust away at once. The file that systemd-timesyncd leaves does none of this.
    """
    adjtimex = _adjtimex()
    if adjtimex is None:
        return False
    state = adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return 0 <= state != _TIME_ERROR


@functools.cache
def _adjtimex() -> Callable[[object], int] | None:
    if sys.platform != "linux":
        return None
    try:
        function: Callable[[object], int] = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
    return function


@functools.cache
def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except (OSError, ValueError):
        return "unknown"
