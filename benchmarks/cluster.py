"""A cluster of three nodes, one of which is killed half-way: `python -m benchmarks.cluster`.

Each node is a network namespace of this machine with an address of its own
(`benchmarks.nodes`). `python -m edge read --cluster` reads the samples, many times over, on
all three; when half is read, all processes of one node are killed at once. Every input must be
in the output once. Needs root and `fivebox[cluster]`. Writes `benchmarks/results/cluster.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FrameType
from typing import NoReturn

# So that `python benchmarks/cluster.py` finds the packages as `-m` does.
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.nodes import Nodes, NodesError
from benchmarks.reporting import machine
from edge.terminal import run_command

RESULTS = Path(__file__).parent / "results" / "cluster.json"
NODES = 3
# The node to lose; the first is the head, and the command's own.
LOST = 2
PORT = 6379
# Bytes of the store that a node's processes share; readings are small.
_STORE = 100_000_000
_START_S, _STARTED = 300.0, "Ray runtime started"
_LOOK_S = 0.2
# Ray gives a node half a minute to start, and a busy machine may need more.
_ATTEMPTS = 3
# A node that is to find free ports itself waits for its slowest part, and not for long.
_PORTS = ("--dashboard-agent-grpc-port=6381", "--dashboard-agent-listen-port=6382",
          "--metrics-export-port=6383", "--runtime-env-agent-port=6384")  # fmt: skip
SAMPLES = ("scan-strip.jpg", "touch-finger.json", "korean-red.jpg", "touch-stylus.json")


def write_inputs(folder: Path, count: int) -> list[str]:
    """Copy the samples until there are so many, and return their names."""
    names = []
    for number in range(count):
        sample = ROOT / "samples" / SAMPLES[number % len(SAMPLES)]
        path = folder / f"{number:06d}{sample.suffix}"
        shutil.copyfile(sample, path)
        names.append(str(path))
    return names


def tally(names: Iterable[str], sources: Iterable[str]) -> dict[str, int]:
    """Return how many inputs are in the output once, not at all and more often, and what isn't."""
    wanted, found = set(names), Counter(sources)
    return {
        "once": sum(found[name] == 1 for name in wanted),
        "missing": sum(name not in found for name in wanted),
        "twice": sum(found[name] > 1 for name in wanted),
        "unknown": sum(name not in wanted for name in found),
    }


def count_rows(folder: Path) -> int:
    """Return how many readings are in the shards that are whole already."""
    import pyarrow
    from pyarrow import parquet

    rows = 0
    for path in folder.glob("*.parquet"):
        try:
            rows += parquet.read_metadata(path).num_rows
        # One that is being written.
        except (pyarrow.ArrowException, OSError):
            continue
    return rows


def measure(count: int, is_unplugged: bool = False) -> dict[str, object]:
    """Read so many inputs on three nodes, lose one of them, and return what came of it.

    Args:
        count: of the inputs.
        is_unplugged: whether the node loses its network first, so that it can't even be heard
            to end: Ray then waits for minutes.
    """
    with Nodes(NODES) as nodes:
        scratch = nodes.folder.with_name(nodes.folder.name + "-work")
        scratch.mkdir()
        try:
            return _measure(nodes, scratch, count, is_unplugged)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _measure(nodes: Nodes, scratch: Path, count: int, is_unplugged: bool) -> dict[str, object]:
    from pyarrow import parquet

    names = write_inputs(scratch, count)
    listed, output = scratch / "names.txt", scratch / "out.parquet"
    listed.write_text("".join(f"{name}\n" for name in names))
    _start_nodes(nodes, scratch)
    head = f"{nodes.addresses[0]}:{PORT}"
    reading = [sys.executable, "-m", "edge", "read", "--cluster", head, "--from", str(listed),
               "--output", str(output)]  # fmt: skip
    start = time.monotonic()
    process = subprocess.Popen(
        nodes.inside(0, reading),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        aside = output.with_name(output.name + ".partial")
        while (before := count_rows(aside)) < count / 2:
            if process.poll() is not None:
                raise NodesError(f"the command ended too early: {process.communicate()[1].strip()}")
            time.sleep(_LOOK_S)
        lost_s = time.monotonic() - start
        if is_unplugged:
            nodes.unplug(LOST)
        nodes.kill(LOST)
        print(f"{before} of {count} read on {NODES} nodes; {nodes.addresses[LOST]} is lost")
        out, err = process.communicate()
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        raise NodesError(f"the command gave up: {err.strip()}")
    print(out.strip())
    sources = parquet.read_table(output, columns=["source"])["source"].to_pylist()
    return {
        "inputs": count,
        "nodes": list(nodes.addresses),
        "lost": nodes.addresses[LOST],
        "unplugged": is_unplugged,
        "read_when_lost": before,
        "lost_after_s": round(lost_s, 1),
        "seconds": round(time.monotonic() - start, 1),
        **tally(names, sources),
    }


def _start_nodes(nodes: Nodes, scratch: Path) -> None:
    """Start Ray on each node, and wait until all have joined."""
    # A secret of this run alone; else Ray would take one from the home folder or make it.
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)}
    ray = str(Path(sys.executable).with_name("ray"))
    head = f"{nodes.addresses[0]}:{PORT}"
    for number, address in enumerate(nodes.addresses):
        where = (
            ["--head", f"--port={PORT}", "--include-dashboard=false", f"--temp-dir={nodes.folder}"]
            if number == 0
            else [f"--address={head}"]
        )
        command = [ray, "start", "--block", *where, f"--node-ip-address={address}", "--num-cpus=1",
                   f"--object-store-memory={_STORE}", "--disable-usage-stats", *_PORTS]  # fmt: skip
        for attempt in range(_ATTEMPTS):
            log = scratch / f"node-{number}-{attempt}.log"
            nodes.start(number, command, log)
            if _has_started(nodes, number, log):
                break
        else:
            raise NodesError(
                f"node {number} did not start ({' '.join(log.read_text().split())[-200:]}); try a "
                "less busy machine"
            )


def _has_started(nodes: Nodes, number: int, log: Path) -> bool:
    """Wait until a node says that it has, and return whether it does."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and not nodes.has_ended(number):
        if _STARTED in log.read_text("utf-8", "replace"):
            return True
        time.sleep(_LOOK_S)
    return False


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what came of it and write the JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.cluster", description=str(__doc__).split("\n", 1)[0]
    )
    parser.add_argument("--inputs", type=int, default=480, help="(default: 480)")
    parser.add_argument(
        "--unplug", action="store_true", help="take the node's network first; takes minutes more"
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args(arguments)
    if options.inputs < 4 * NODES:
        parser.error(f"--inputs must be {4 * NODES} or more")

    def command() -> int:
        try:
            ray = version("ray")
        except PackageNotFoundError as error:
            raise NodesError("Ray is not here; run: pip install 'fivebox[cluster]'") from error
        result = {"machine": machine(), "ray": ray, **measure(options.inputs, options.unplug)}
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(result, indent=2) + "\n")
        is_whole = result["once"] == options.inputs and not result["unknown"]
        print(
            f"once {result['once']}, missing {result['missing']}, twice {result['twice']}, in "
            f"{result['seconds']} s{'' if is_whole else '  MISS'}"
        )
        return 0 if is_whole else 1

    signal.signal(signal.SIGTERM, _leave)
    return run_command("cluster", False, command)


def _leave(number: int, _: FrameType | None) -> NoReturn:
    """End as after an error, so that what was made is taken away."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
