"""One program in a process of its own: `python -m benchmarks.compare.worker PEER WAY ITEMS`.

Prints a line of JSON for the first answer, then one for each item, and last one with what
the process took. Imports nothing that the program itself doesn't: its memory is measured.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.compare.footprint import peak_bytes
from benchmarks.compare.items import load_items

MISSING = 3
"""The exit code where the program is not there; the line printed says what to do."""


def main() -> int:
    """Read all items, or only the first; see the module."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare.worker")
    parser.add_argument("peer")
    parser.add_argument("way")
    parser.add_argument("items", type=Path)
    parser.add_argument("--first", action="store_true", help="only the first answer")
    parser.add_argument("--core", type=int, help="to run on, with all threads")
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    # Whatever libraries print goes where errors go; lines of ours alone are the answer.
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)

    items = load_items(options.items)
    module = importlib.import_module(f"benchmarks.compare.readers.{options.peer}")
    try:
        read = module.open_reader(options.way)
    except (ImportError, ValueError) as error:
        _print(lines, missing=str(error))
        return MISSING
    # Who is given rows has work to do only where there is one.
    whole = [item for item in items if item.row is not None] or items
    _print(lines, first=asdict(read(whole[0])), cpu=round(time.process_time(), 3))
    if options.first:
        return 0
    # The first recording takes other ways through the program than the first photo.
    for kind in ("photo", "touch"):
        for item in [item for item in whole if item.kind == kind][:1]:
            read(item)
    for item in items:
        start, worked = time.perf_counter(), time.process_time()
        answer = read(item)
        cpu = 1000 * (time.process_time() - worked)
        elapsed = 1000 * (time.perf_counter() - start)
        _print(lines, **asdict(answer), ms=round(elapsed, 3), cpu=round(cpu, 3))
    peak = peak_bytes()
    _print(lines, peak=peak, installed=module.installed_bytes(), version=module.version())
    return 0


def _print(lines: Any, **fields: Any) -> None:
    lines.write(json.dumps(fields, ensure_ascii=False) + "\n")
    lines.flush()


if __name__ == "__main__":
    sys.exit(main())
