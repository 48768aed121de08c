"""How many cores this process may use, which may be fewer than the machine has."""

from __future__ import annotations

import os
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")


def available_cores(cgroups: Path = _CGROUPS) -> int:
    """Return the cores that the scheduler and the control group give, at least 1.

    Args:
        cgroups: where control groups are mounted; a container finds its own limits there
            (cgroup v2 `cpu.max`, v1 `cpu.cfs_quota_us`).
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        cores = os.cpu_count() or 1
    quota = _quota(cgroups)
    # Half a core more than whole ones is not worth a process.
    return max(1, cores if quota is None else min(cores, int(quota)))


def _quota(cgroups: Path) -> float | None:
    """Return the cores' worth of time in each period; None where there is no limit."""
    for files in (["cpu.max"], ["cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"]):
        try:
            words = " ".join((cgroups / name).read_text("ascii") for name in files).split()
            share, period = int(words[0]), int(words[1])
        except (OSError, ValueError, IndexError):
            # Not this version, or `max`.
            continue
        if share > 0 and period > 0:
            return share / period
    return None
