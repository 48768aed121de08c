"""How quickly the kiosk answers, and how much memory it takes: `python -m benchmarks.kiosk`.

The kiosk is started as on a Pi, its camera played from the samples, a page looking at events and
preview. The samples' touch recordings are sent to it one after another over one connection, as
the page does; what is timed is the whole POST: reading, and the journal's row synced to the disk
(SQLite, WAL, `synchronous=FULL`). Resident memory is looked at twenty times a second. Writes
`benchmarks/results/kiosk.json`.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# So that `python benchmarks/kiosk.py` finds the packages as `-m` does.
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.reporting import keep, machine, percentiles, positive, print_machine

RESULTS = Path(__file__).parent / "results" / "kiosk.json"
SAMPLES = ROOT / "samples"
OUT = ROOT / "out"
# What is asked for: pen-up to digits on the page, ms, of which the POST is most; MB.
MOST_MS = 60.0
MOST_MB = 140.0
# Between two people's postcodes there are seconds; this is enough that none waits.
_PAUSE_S = 0.05
_WARM = 20
# Between two looks at the memory: a frame's worth comes and goes within less than half a second.
_LOOK_S = 0.05


@dataclass(frozen=True)
class Kiosk:
    """A kiosk that serves."""

    process: subprocess.Popen[str]
    port: int

    @property
    def resident_mb(self) -> float:
        """Megabytes of its memory that are in RAM, shared libraries included."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (kilobytes,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
        return int(kilobytes.split()[1]) * 1024 / 1e6


@contextlib.contextmanager
def serving(source: str | None) -> Iterator[Kiosk]:
    """Serve a kiosk in a process of its own, its journal in a folder that is gone afterwards.

    Args:
        source: of the camera's frames; None serves without a camera.
    """
    # Not in the system's place for temporary files, which may be no disk at all.
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        camera = ["--no-camera"] if source is None else ["--source", source]
        process = subprocess.Popen(
            [sys.executable, "-m", "edge", "kiosk", "--port", "0", "--data", folder, *camera],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert process.stderr is not None
        try:
            said = process.stderr.readline()
            if not said.startswith("http://"):
                raise RuntimeError(said + process.stderr.read())
            yield Kiosk(process, int(said.strip().rstrip("/").rpartition(":")[2]))
        finally:
            process.terminate()
            process.communicate(timeout=30)


def time_posts(kiosk: Kiosk, count: int) -> list[float]:
    """Send touch recordings, and return how long each answer took, ms."""
    bodies = [path.read_bytes() for path in sorted(SAMPLES.glob("touch-*.json"))]
    connection = http.client.HTTPConnection("127.0.0.1", kiosk.port, timeout=30)
    times = []
    with contextlib.closing(connection):
        for number in range(_WARM + count):
            start = time.perf_counter()
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/api/v1/readings", bodies[number % len(bodies)], headers)
            answer = connection.getresponse()
            answer.read()
            took = 1000 * (time.perf_counter() - start)
            if answer.status != 201:
                raise RuntimeError(f"status {answer.status}")
            if number >= _WARM:
                times.append(took)
            time.sleep(_PAUSE_S)
    return times


def weigh(kiosk: Kiosk, seconds: float) -> list[float]:
    """Look at events and preview for a while, and return the resident memory meanwhile, MB."""
    found = []
    with contextlib.ExitStack() as open_streams:
        streams = []
        for name in ("events", "preview"):
            stream = socket.create_connection(("127.0.0.1", kiosk.port))
            open_streams.enter_context(stream)
            head = f"GET /api/v1/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
            stream.sendall(head.encode())
            stream.setblocking(False)
            streams.append(stream)
        end = time.monotonic() + seconds
        due = time.monotonic()
        while time.monotonic() < end:
            for stream in streams:
                with contextlib.suppress(BlockingIOError):
                    stream.recv(1 << 20)
            if time.monotonic() >= due:
                found.append(kiosk.resident_mb)
                due += _LOOK_S
            time.sleep(0.01)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures and write the JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.kiosk", description=str(__doc__).split("\n", 1)[0]
    )
    parser.add_argument("--posts", type=positive, default=300, help="(default: %(default)s)")
    parser.add_argument(
        "--minutes", type=float, default=5, help="of replay, for the memory (default: %(default)g)"
    )
    parser.add_argument("--fps", type=float, default=10, help="of replay (default: %(default)g)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args(argv)
    if options.minutes <= 0:
        parser.error("--minutes must be above 0")

    where = machine()
    print_machine(where)
    with serving(None) as kiosk:
        posts = percentiles(time_posts(kiosk, options.posts))
        idle = kiosk.resident_mb
    row = "  ".join(f"{name} {value:.1f}" for name, value in posts.items())
    print(f"POST, ms: {row}{'' if posts['p50'] <= MOST_MS else '  MISS'}")
    with serving(f"replay:{SAMPLES}?fps={options.fps:g}") as kiosk:
        weights = sorted(weigh(kiosk, 60 * options.minutes))
    memory = {
        "without_camera": round(idle, 1),
        "replay_p50": round(weights[len(weights) // 2], 1),
        "replay_p99": round(weights[len(weights) * 99 // 100], 1),
        "replay_max": round(weights[-1], 1),
        "minutes": options.minutes,
    }
    mark = "" if memory["replay_p99"] <= MOST_MB else "  MISS"
    print(f"resident, MB: {', '.join(f'{name} {value:g}' for name, value in memory.items())}{mark}")
    keep(options.out, {"machine": where, "post_ms": posts, "resident_mb": memory})
    return 0


if __name__ == "__main__":
    sys.exit(main())
