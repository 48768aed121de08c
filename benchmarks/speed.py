"""How long a reading takes, stage by stage, on one core: `python -m benchmarks.speed`.

Times rendered JPEG photos of 1640×1232 from file to `Reading` and touch recordings, beside
`cv2.imdecode` alone on the same files in the same run, and measures the peak memory of a
process that reads one photo of 12 megapixels. Writes `benchmarks/results/speed.json`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np

# So that `python benchmarks/speed.py` finds the packages as `-m` does.
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import datasets, envelopes
from benchmarks.reporting import (
    has_data,
    keep,
    machine,
    percentiles,
    positive,
    print_limit,
    print_machine,
)
from edge import Recognizer
from edge.boxes import find_boxes
from edge.crops import cut_digits
from edge.sources.images import load_picture
from edge.strip import flatten

RESULTS = Path(__file__).parent / "results" / "speed.json"
SEED = 21
# What is asked for.
MOST_RATIO = 2.0
MOST_TOUCH_MS = 1.5
MOST_MB = 160

STAGES = ("decode", "find", "cut", "classify", "decide")
# Of a Raspberry Pi's HQ camera.
_LARGE = (4056, 3040)
# Readings before the clock counts: caches and the interpreter warm up.
_WARM_UP = 3

# Reads a photo with `edge` alone and prints the most memory that it ever held, kB. Linux
# counts `ru_maxrss` on from the process that started this one; VmHWM is its own.
_PEAK = """
import resource, sys
from pathlib import Path
from edge import Recognizer
from edge.sources.images import load_picture
from edge.strip import flatten
Recognizer().read(load_picture(Path(sys.argv[1])))
try:
    status = Path("/proc/self/status").read_text()
    print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
except (OSError, StopIteration):
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(most // 1024 if sys.platform == "darwin" else most)
"""

_T = TypeVar("_T")


class Clock:
    """Milliseconds that things took, by name."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = defaultdict(list)

    def __call__(self, name: str, work: Callable[[], _T]) -> _T:
        """Do some work and note how long it took."""
        start = time.perf_counter()
        done = work()
        self.times[name].append(1000 * (time.perf_counter() - start))
        return done


def time_stages(recognizer: Recognizer, path: Path, clock: Clock) -> None:
    """Read a photo as `Recognizer.read` does, and time each stage; later ones need boxes.

    What is decoded only because a stage looks closely counts as that stage's.
    """
    picture = clock("decode", lambda: load_picture(path))
    boxes = clock("find", lambda: find_boxes(picture))
    if boxes is None:
        return
    inks = clock("cut", lambda: cut_digits(flatten(picture, boxes.row)))
    seen = clock("classify", lambda: recognizer.observe_row(inks, boxes.corners, 1.0))
    clock("decide", lambda: recognizer.decide(seen))


def time_photos(recognizer: Recognizer, paths: Sequence[Path], rounds: int) -> Clock:
    """Time photos from file to reading, stage by stage, and their decoding alone, in turns."""
    for path in paths[:_WARM_UP]:
        recognizer.read(load_picture(path))
    clock = Clock()
    for _ in range(rounds):
        for path in paths:
            content = np.frombuffer(path.read_bytes(), np.uint8)
            clock("imdecode alone", lambda c=content: cv2.imdecode(c, cv2.IMREAD_COLOR))
            clock("total", lambda p=path: recognizer.read(load_picture(p)))
            time_stages(recognizer, path, clock)
    return clock


def time_touch(recognizer: Recognizer, recordings: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return how long each touch recording took, ms."""
    for recording in recordings[:_WARM_UP]:
        recognizer.read_strokes(recording)
    clock = Clock()
    for recording in recordings:
        clock("touch", lambda r=recording: recognizer.read_strokes(r))
    return clock.times["touch"]


def peak_megabytes(photo: Path) -> float:
    """Return the peak memory of a process that does nothing but read one photo, MB."""
    found = subprocess.run(
        [sys.executable, "-c", _PEAK, str(photo)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return int(found.stdout) * 1024 / 1e6


def _write_photos(folder: Path, grade: str, count: int) -> list[Path]:
    paths = []
    for number, photo in enumerate(envelopes.photos(grade, count, SEED, "validation")):
        paths.append(folder / f"{number:04d}.jpg")
        paths[-1].write_bytes(photo.jpeg)
    return paths


def _write_large(folder: Path, path: Path) -> Path:
    """Write a photo enlarged to 12 megapixels."""
    large = cv2.resize(cv2.imread(str(path)), _LARGE, interpolation=cv2.INTER_CUBIC)
    target = folder / "large.jpg"
    cv2.imwrite(str(target), large, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return target


def main() -> int:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed", description=str(__doc__).split("\n", 1)[0]
    )
    parser.add_argument("--model", help="instead of the bundled model")
    parser.add_argument("--grade", choices=envelopes.SETS, default="desk", help="(default: desk)")
    parser.add_argument("--count", type=positive, default=40, help="photos (default: 40)")
    parser.add_argument("--rounds", type=positive, default=3, help="over all photos (default: 3)")
    parser.add_argument("--touch", type=positive, default=200, help="recordings (default: 200)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args()
    if not has_data("speed"):
        return 1

    cv2.setNumThreads(1)
    recognizer = Recognizer(options.model)
    recordings = [
        each.recording
        for each in datasets.touch_recordings(
            datasets.unseen_digits(datasets.STROKE_SETS[0]), options.touch, SEED
        )
    ]
    with tempfile.TemporaryDirectory() as scratch:
        paths = _write_photos(Path(scratch), options.grade, options.count)
        clock = time_photos(recognizer, paths, options.rounds)
        touched = time_touch(recognizer, recordings)
        megabytes = peak_megabytes(_write_large(Path(scratch), paths[0]))

    where = machine()
    print_machine(where)
    table = {name: percentiles(clock.times[name]) for name in STAGES if clock.times[name]}
    table |= {name: percentiles(clock.times[name]) for name in ("total", "imdecode alone")}
    table["touch"] = percentiles(touched)
    print(f"{'ms':16} {'p50':>9} {'p90':>9} {'p99':>9} {'readings':>9}")
    for name, row in table.items():
        count = len(touched) if name == "touch" else len(clock.times[name])
        print(f"{name:16} " + " ".join(f"{v:9.2f}" for v in row.values()) + f" {count:9}")
    ratio = table["total"]["p50"] / table["imdecode alone"]["p50"]
    print_limit("file to reading, by imdecode alone", ratio, MOST_RATIO, "×")
    print_limit("touch recording", table["touch"]["p50"], MOST_TOUCH_MS, " ms")
    print_limit("peak memory, 12 megapixels", megabytes, MOST_MB, " MB")
    result = {
        "machine": where,
        "photos": {"grade": options.grade, "count": options.count, "rounds": options.rounds},
        "ms": table,
        "ratio": round(ratio, 3),
        "peak_mb": round(megabytes, 1),
    }
    keep(options.out, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
