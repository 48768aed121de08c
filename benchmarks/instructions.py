"""Which variant ships, by accuracy and speed: `python -m benchmarks.instructions TABLE.json`.

TABLE is the `NAME.variants.json` that `python -m convert MODEL -o NAME.tflite --quantize all`
writes, with the files beside it: accuracy on the digits that the training kept apart, and how
long five digits take on this machine. To it comes how many instructions an invoke of five digits
takes on the cores of a Raspberry Pi, counted under qemu-user. Writes
`benchmarks/results/instructions.json`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

# So that `python benchmarks/instructions.py` finds the packages as `-m` does.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import emulator
from convert.verify import ALLOWED_LOSS

RESULTS = Path(__file__).parent / "results" / "instructions.json"
ROOT = Path("/var/tmp/fivebox-arm64/trixie")
BATCH = 5
ROWS = (1, 4, 5, 8)
INVOKE = Path(__file__).parent / "arm64" / "invoke.py"
# Invokes before those that count: the first lays out the weights.
_BEFORE = 2
_TIMES = 10


def per_invoke(board: emulator.Emulator, core: emulator.Core, path: Path, rows: int) -> int:
    """Return the instructions of one invoke: what more invokes take more, divided by how many."""
    few, many = (
        board.count(core, INVOKE, [str(path), str(rows), str(times)])
        for times in (_BEFORE, _BEFORE + _TIMES)
    )
    return round((many - few) / _TIMES)


def choose(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the variant to ship.

    Of those that lose at most `convert.verify.ALLOWED_LOSS` of their accuracy, it is the one
    whose costs, each beside the cheapest, have the smallest geometric mean: microseconds here
    and instructions on each core.

    Args:
        rows: `variant`, `of`, `errors`, `source_errors`, `us` and `instructions` by core.
    """
    able = [row for row in rows if row["errors"] - row["source_errors"] <= ALLOWED_LOSS * row["of"]]

    def costs(row: Mapping[str, Any]) -> list[float]:
        return [row["us"], *row["instructions"].values()]

    least = [min(each) for each in zip(*map(costs, able), strict=True)]

    def mean(row: Mapping[str, Any]) -> float:
        return math.prod(cost / best for cost, best in zip(costs(row), least, strict=True))

    return str(min(able, key=mean)["variant"])


def kept_variants(path: Path) -> list[dict[str, Any]]:
    """Read the variants that were kept of a table, with the paths of their files.

    Raises:
        EmulatorError: it is none, or a file is not there.
    """
    try:
        rows = [row for row in json.loads(path.read_text("utf-8")) if not row["refused"]]
        found = [
            {key: row[key] for key in ("variant", "bytes", "of", "errors", "source_errors")}
            | {"us": row["us_5"]["p50"]}
            for row in rows
        ]
    except OSError as error:
        raise emulator.EmulatorError(f"{path}: can't be read ({error.strerror})") from error
    except (ValueError, TypeError, KeyError) as error:
        raise emulator.EmulatorError(
            f"{path}: not a table of variants; name the .variants.json that python -m convert "
            "--quantize all writes"
        ) from error
    name = path.name.removesuffix(".variants.json")
    for row in found:
        file = path.with_name(f"{name}-{row['variant']}.tflite").absolute()
        if not file.is_file():
            raise emulator.EmulatorError(f"{file}: is not beside its table; convert again")
        row["path"] = file
    if not found:
        raise emulator.EmulatorError(f"{path}: no variant was kept, so there is none to choose")
    return found


def text(rows: Sequence[Mapping[str, Any]], chosen: str) -> str:
    """Return the table to print."""
    cores = list(rows[0]["instructions"])
    head = f"{'':10} {'wrong':>12} {'bytes':>10} {'x86 µs':>8} "
    lines = [head + " ".join(f"{core:>28}" for core in cores)]
    for row in rows:
        counts = " ".join(f"{row['instructions'][core]:>28,}" for core in cores)
        wrong = f"{row['errors']:,} of {row['of']:,}"
        lines.append(
            f"{row['variant']:10} {wrong:>12} {row['bytes']:>10,} {row['us']:>8.0f} {counts}"
        )
    return "\n".join([*lines, f"by both, {chosen} ships"])


def main() -> int:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.instructions", description=str(__doc__).split("\n", 1)[0]
    )
    parser.add_argument("table", type=Path, help="NAME.variants.json, its files beside it")
    parser.add_argument("--root", type=Path, default=ROOT, help=f"arm64 system (default: {ROOT})")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args()
    packages = f"ai-edge-litert=={version('ai-edge-litert')} numpy"
    try:
        rows = kept_variants(options.table)
        with tempfile.TemporaryDirectory() as folder:
            board = emulator.prepare(options.root, Path(folder), packages)
            for row in rows:
                row["instructions"] = {
                    core.name: per_invoke(board, core, row["path"], BATCH)
                    for core in emulator.CORES
                }
                print(f"{row['variant']} is counted", file=sys.stderr)
            chosen = choose(rows)
            shipped = next(row for row in rows if row["variant"] == chosen)
            tiles = {
                core.name: {
                    str(count): per_invoke(board, core, shipped["path"], count) for count in ROWS
                }
                for core in emulator.CORES
            }
    except emulator.EmulatorError as error:
        print(f"instructions: {error}", file=sys.stderr)
        return 1
    for row in rows:
        del row["path"]
    print(text(rows, chosen))
    for name, counts in tiles.items():
        told = ", ".join(f"{rows}: {count:,}" for rows, count in counts.items())
        print(f"{chosen} on {name}, instructions by digits of an invoke: {told}")
    result = {
        "packages": packages,
        "variants": rows,
        "chosen": chosen,
        "rows_of_the_chosen": tiles,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
