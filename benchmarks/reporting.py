"""What every benchmark does beside measuring: it asks, names the machine, and keeps figures."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.datasets import data_folder
from edge.benchmark import processor


def positive(text: str) -> int:
    """Return a count that was asked for, as a type for `argparse`.

    Raises:
        argparse.ArgumentTypeError: it is no whole number from 1.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(text)


def has_data(program: str) -> bool:
    """Return whether the folder of real data is there, and say so on standard error if not."""
    folder = data_folder()
    if not folder.is_dir():
        print(f"{program}: no data in {folder}; name its folder in FIVEBOX_DATA", file=sys.stderr)
        return False
    return True


def percentiles(times: Iterable[float]) -> dict[str, float]:
    """Return the middle, the 90th and the 99th percentile."""
    p50, p90, p99 = np.percentile(list(times), [50, 90, 99]).round(3).tolist()
    return {"p50": p50, "p90": p90, "p99": p99}


def machine() -> dict[str, Any]:
    """Return what times depend on, as far as the machine tells."""
    return {
        "processor": processor(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "governor": _content("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "opencv": cv2.__version__,
    }


def print_machine(where: Mapping[str, Any]) -> None:
    """Print a machine in one line."""
    print(", ".join(f"{name} {value}" for name, value in where.items() if value is not None))


def print_limit(what: str, value: float, most: float, unit: str) -> None:
    """Print a figure beside the most that it may be."""
    mark = "" if value <= most else "  MISS"
    print(f"{what:36} {value:8.2f}{unit} (at most {most:g}{unit}){mark}")


def keep(path: Path, result: Mapping[str, Any]) -> None:
    """Write figures as JSON, and make the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _content(path: str) -> str | None:
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError:
        return None
