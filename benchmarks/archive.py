"""How fast an archive is read by several processes: `python -m benchmarks.archive`.

Reads rendered scans by `python -m edge read` as people call it, start and all: by the plain
loop of the library, by one process and by two, in turns. Measures what handing out the work
costs, the memory as the inputs grow, and the size of what is written, and says what a hundred
million scans would take (`docs/scale.md`). Takes some ten minutes. Writes
`benchmarks/results/archive.json`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

# So that `python benchmarks/archive.py` finds the packages as `-m` does.
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import envelopes
from benchmarks.reporting import has_data, keep, machine, positive

RESULTS = Path(__file__).parent / "results" / "archive.json"
SEED = 22
# What is asked for.
LEAST_SPEEDUP = 1.85
MOST_OVERHEAD = 0.03
MOST_GROWTH_MB = 10.0
# What the arithmetic is done for.
MANY_SCANS = 100_000_000
# Scans whose readings tell how large readings are.
SIZED = 40
TOUCH = ROOT / "samples" / "touch-finger.json"
# Cores of each way to read, and the command's arguments; None is the plain loop.
WAYS: dict[str, tuple[int, list[str] | None]] = {
    "plain loop, 1 core": (1, None),
    "--jobs 1, 1 core": (1, ["--jobs", "1"]),
    "--jobs 1, 2 cores": (2, ["--jobs", "1"]),
    "--jobs 2, 2 cores": (2, ["--jobs", "2"]),
}

# The loop that a user of the library would write.
_LOOP = """
import sys
from pathlib import Path
from edge import Recognizer
from edge.sources.images import load_picture
recognizer = Recognizer()
for name in Path(sys.argv[1]).read_text().splitlines():
    print(recognizer.read(load_picture(Path(name))).to_json(), flush=True)
"""

# Runs the command and prints its own peak memory and its largest worker's, kB, and its own
# processor time beyond starting, s, to standard error.
_MEASURED = """
import resource, sys
from edge.cli import main
start = resource.getrusage(resource.RUSAGE_SELF)
main(sys.argv[1:])
own, theirs = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
status = open("/proc/self/status").read().splitlines()
peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
busy = own.ru_utime + own.ru_stime - start.ru_utime - start.ru_stime
print(peak, theirs.ru_maxrss, busy, file=sys.stderr)
"""


@dataclass(frozen=True)
class Timing:
    """What one run over a list took."""

    seconds: float
    """From its start to its end."""
    busy_s: float
    """Processor time of all its processes."""


@dataclass(frozen=True)
class Memory:
    """What a run over many inputs held."""

    inputs: int
    own_mb: float
    """Peak of the process that hands out the work."""
    worker_mb: float
    """Peak of the largest worker."""
    busy_s: float
    """Processor time of the process that hands out the work."""


def time_list(names: Path, cores: int, arguments: Sequence[str] | None) -> Timing:
    """Read what a list names, on so many cores, and tell how long it took."""
    if arguments is None:
        command = [sys.executable, "-c", _LOOP, str(names)]
    else:
        reading = ["-m", "edge", "read", "--json", "--from", str(names)]
        command = [sys.executable, *reading, *arguments]
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    start = time.perf_counter()
    process = subprocess.Popen(
        ["taskset", "--cpu-list", ",".join(map(str, allowed)), *command],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Timing(time.perf_counter() - start, usage.ru_utime + usage.ru_stime)


def time_ways(names: Path, rounds: int) -> dict[str, list[Timing]]:
    """Read a list each way, in turns."""
    times: dict[str, list[Timing]] = defaultdict(list)
    for _ in range(rounds):
        for way, (cores, arguments) in WAYS.items():
            times[way].append(time_list(names, cores, arguments))
    return dict(times)


def measure_memory(folder: Path, count: int) -> Memory:
    """Read so many touch recordings by two processes, and tell what was held."""
    names = folder / f"{count}.txt"
    with names.open("w") as file:
        file.writelines(f"{TOUCH}\n" for _ in range(count))
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, "read", "--json", "--jobs", "2", "--from", str(names)],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    own, worker, busy_s = map(float, done.stderr.split())
    return Memory(
        count, round(own * 1024 / 1e6, 1), round(worker * 1024 / 1e6, 1), round(busy_s, 4)
    )


def handing_ms(memory: Sequence[Memory]) -> float:
    """Return the processor time that handing out takes for each input more, ms."""
    few, many = memory[0], memory[-1]
    return 1000 * (many.busy_s - few.busy_s) / max(1, many.inputs - few.inputs)


def measure_output(names: Path, folder: Path) -> dict[str, float]:
    """Return the bytes that a reading takes in each format."""
    count = len(names.read_text().splitlines())
    sizes = {}
    for suffix in ("jsonl", "csv", "parquet"):
        path = folder / f"out.{suffix}"
        subprocess.run(
            [sys.executable, "-m", "edge", "read", "--from", str(names), "--output", str(path)],
            cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        sizes[suffix] = round(path.stat().st_size / count, 1)
    return sizes


def decode_ms(paths: Sequence[Path]) -> float:
    """Return how long decoding alone takes, the mean over all photos, ms on one core."""
    cv2.setNumThreads(1)
    contents = [np.frombuffer(path.read_bytes(), np.uint8) for path in paths]
    cv2.imdecode(contents[0], cv2.IMREAD_COLOR)
    start = time.perf_counter()
    for content in contents:
        cv2.imdecode(content, cv2.IMREAD_COLOR)
    return 1000 * (time.perf_counter() - start) / len(contents)


def summarize(times: dict[str, list[Timing]], count: int) -> dict[str, dict[str, float]]:
    """Return of each way the middle of its rounds."""
    table = {}
    for way, rounds in times.items():
        seconds = float(np.median([each.seconds for each in rounds]))
        busy_s = float(np.median([each.busy_s for each in rounds]))
        table[way] = {
            "seconds": round(seconds, 3),
            "per_second": round(count / seconds, 3),
            "busy_ms": round(1000 * busy_s / count, 3),
        }
    return table


def overhead(times: dict[str, list[Timing]], way: str, than: str) -> float:
    """Return how much more processor time one way takes than another, as a share.

    Of each the round that was disturbed least counts: other programs only ever add time.
    """
    least = [min(each.busy_s for each in times[name]) for name in (way, than)]
    return least[0] / least[1] - 1


def scale(result: Mapping[str, Any], scans: int = MANY_SCANS) -> dict[str, float]:
    """Return what so many scans would take, from what one was measured to take.

    Args:
        result: as it is written: `ways`, `scans`, `handing_ms`, `bytes_per_reading`.
        scans: how many.

    Returns:
        Hours of one core, and bytes in units of 10⁹ and 10¹².
    """
    hours = scans / 1000 / 3600
    sizes = result["bytes_per_reading"]
    return {
        "scans": scans,
        "core_hours": round(hours * result["ways"]["plain loop, 1 core"]["busy_ms"], 1),
        "decode_core_hours": round(hours * result["scans"]["decode_ms"], 1),
        "handing_core_hours": round(hours * result["handing_ms"], 1),
        "input_tb": round(scans * result["scans"]["bytes"] / 1e12, 2),
        **{f"{name}_gb": round(scans * size / 1e9, 1) for name, size in sizes.items()},
    }


def main() -> int:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.archive", description=str(__doc__).split("\n", 1)[0]
    )
    parser.add_argument("--grade", choices=envelopes.SETS, default="scan", help="(default: scan)")
    parser.add_argument("--count", type=positive, default=360, help="scans (default: 360)")
    parser.add_argument("--rounds", type=positive, default=2, help="over all of them (default: 2)")
    parser.add_argument(
        "--many",
        type=positive,
        default=20_000,
        help="inputs for the memory (default: 20000)",
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args()
    if not has_data("archive"):
        return 1
    if len(os.sched_getaffinity(0)) < 2:
        print("archive: two processes need two cores, and this one may use one", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        paths = _write_scans(folder, options.grade, options.count)
        names = folder / "names.txt"
        names.write_text("".join(f"{path}\n" for path in paths))
        times = time_ways(names, options.rounds)
        few = folder / "few.txt"
        few.write_text("".join(f"{path}\n" for path in paths[:SIZED]))
        sizes = measure_output(few, folder)
        memory = [measure_memory(folder, n) for n in (max(1, options.many // 100), options.many)]
        input_bytes = sum(path.stat().st_size for path in paths) / len(paths)
        decoding = decode_ms(paths)

    table = summarize(times, options.count)
    one, one_on_two, two = (min(t.seconds for t in times[way]) for way in tuple(WAYS)[1:])
    result: dict[str, Any] = {
        "machine": machine(),
        "scans": {
            "grade": options.grade, "count": options.count, "rounds": options.rounds,
            "bytes": round(input_bytes), "decode_ms": round(decoding, 3),
        },
        "ways": table,
        "speedup": round(one / two, 3),
        "speedup_on_same_cores": round(one_on_two / two, 3),
        "overhead": round(overhead(times, "--jobs 1, 1 core", "plain loop, 1 core"), 4),
        "memory": [asdict(each) for each in memory],
        "handing_ms": round(handing_ms(memory), 4),
        "bytes_per_reading": sizes,
    }  # fmt: skip
    result["at_scale"] = scale(result)
    _print(result, memory)
    keep(options.out, result)
    return 0


def _write_scans(folder: Path, grade: str, count: int) -> list[Path]:
    paths = []
    for number, scan in enumerate(envelopes.photos(grade, count, SEED, "validation")):
        paths.append(folder / f"{number:04d}.jpg")
        paths[-1].write_bytes(scan.jpeg)
    return paths


def _print(result: dict[str, Any], memory: Sequence[Memory]) -> None:
    told = result["machine"].items()
    print(", ".join(f"{name} {value}" for name, value in told if value is not None))
    scans = result["scans"]
    print(
        f"{scans['count']} scans of {scans['bytes'] / 1e6:.2f} MB, decoding alone "
        f"{scans['decode_ms']:.1f} ms"
    )
    print(f"{'':20} {'seconds':>9} {'scans/s':>9} {'core ms':>9}")
    for way, row in result["ways"].items():
        print(f"{way:20} {row['seconds']:9.2f} {row['per_second']:9.2f} {row['busy_ms']:9.2f}")
    print(f"{'inputs':>20} {'own MB':>9} {'worker MB':>9}  (touch recordings)")
    for each in memory:
        print(f"{each.inputs:20} {each.own_mb:9.1f} {each.worker_mb:9.1f}")
    print(f"handing out an input: {result['handing_ms']:.3f} ms of one core")
    sizes = ", ".join(f"{name} {size:.0f}" for name, size in result["bytes_per_reading"].items())
    print(f"bytes of a reading: {sizes}")
    print(f"{MANY_SCANS:,} scans:")
    for name, value in result["at_scale"].items():
        print(f"{name:>20} {value:12,.1f}")
    growth = memory[-1].own_mb - memory[0].own_mb
    print(f"2 processes, by 1 on both cores: {result['speedup_on_same_cores']:.2f}×")
    _print_limit("2 processes, by 1", result["speedup"], LEAST_SPEEDUP, "×", is_least=True)
    _print_limit("--jobs 1, more than the loop", 100 * result["overhead"], 100 * MOST_OVERHEAD, "%")
    _print_limit("memory, more for 100 × the inputs", growth, MOST_GROWTH_MB, " MB")


def _print_limit(what: str, value: float, limit: float, unit: str, is_least: bool = False) -> None:
    is_kept = value >= limit if is_least else value <= limit
    mark = "" if is_kept else "  MISS"
    word = "at least" if is_least else "at most"
    print(f"{what:36} {value:8.2f}{unit} ({word} {limit:g}{unit}){mark}")


if __name__ == "__main__":
    sys.exit(main())
