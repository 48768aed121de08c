"""This program beside others: `python -m benchmarks.compare`, or `make compare`.

All read the same photos and touch recordings, each in a process of its own on one core, whose
time is what counts; see `benchmarks.compare.inputs` and `.readers`. Results go to
`benchmarks/results/compare.json`, each as soon as it is known, and a picture of them to
`docs/images/compare.png`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks import datasets
from benchmarks.compare import inputs, table
from benchmarks.compare.items import Item
from benchmarks.compare.measuring import FailedError, MissingError, measure
from benchmarks.compare.peers import PEERS
from benchmarks.compare.results import Results, load_results, save_results, shown
from benchmarks.reporting import machine, positive
from train.errors import DataError

RESULTS = datasets.ROOT / "benchmarks" / "results" / "compare.json"
PICTURE = datasets.ROOT / "docs" / "images" / "compare.png"
WORK = datasets.ROOT / "build" / "compare"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write JSON and picture."""
    options = _options(arguments)
    if options.show is not None:
        return _show(options.out or RESULTS, options.show)
    folder = datasets.data_folder()
    if not folder.is_dir():
        return _fail(f"no data in {folder}; name its folder in FIVEBOX_DATA")
    try:
        items = inputs.prepare(WORK / "inputs", options.limit, options.jobs)
    except (DataError, OSError) as error:
        return _fail(str(error))
    # A part of the items is a look at them and no result.
    out = options.out or (None if options.limit else RESULTS)
    results, kept = Results(inputs.fingerprint(items), (), machine()), None
    if out is not None and (options.resume or options.peers):
        kept = load_results(out)
        if kept is not None and kept.items == results.items:
            results = kept
        elif out.exists():
            print(f"compare: {out} is of other inputs; it is made anew", file=sys.stderr)
    done = {(one.peer, one.way) for one in results.measured} if options.resume else set()
    results, missing = _measure_all(items, options.peers or PEERS, done, results, out)
    if not results.measured:
        return _fail("nothing was measured")
    print()
    print(*table.terminal(shown(results)), sep="\n")
    # A picture without one of them would look whole.
    if out is not None and {one.peer for one in results.measured} == set(PEERS):
        _draw(results, options.picture or PICTURE)
    return 1 if options.peers and missing else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare", description=str(__doc__).split("\n", 1)[0]
    )
    parser.add_argument(
        "--peers", type=_names, metavar="A,B",
        help=f"only these, others as they were measured before; of {', '.join(PEERS)}",
    )  # fmt: skip
    parser.add_argument(
        "--resume", action="store_true", help="leave out what the results have already"
    )
    parser.add_argument(
        "--limit", type=positive, metavar="N", help="of each set, for a quick look; written nowhere"
    )
    parser.add_argument(
        "--jobs", type=positive, default=os.cpu_count() or 1,
        help="processes that render photos (default: one for each core)",
    )  # fmt: skip
    parser.add_argument(
        "--show", choices=("table", *table.LANGUAGES),
        help="only print the results that there are: for a terminal, or for a README",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, help=f"where the JSON goes (default: {RESULTS.name})")
    parser.add_argument("--picture", type=Path, help="where the picture goes")
    return parser.parse_args(arguments)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in PEERS:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(PEERS)}")
    return names


def _measure_all(
    items: Sequence[Item],
    names: Iterable[str],
    done: set[tuple[str, str]],
    results: Results,
    out: Path | None,
) -> tuple[Results, list[str]]:
    """Measure programs in all ways; returns the results and the programs that are missing."""
    missing = []
    print(f"{len(items)} inputs")
    print(next(table.terminal([])))
    for name in names:
        for way in PEERS[name].ways:
            if (name, way) in done:
                continue
            start = time.monotonic()
            try:
                one = measure(name, way, items, progress=_progress(f"{name} {way}", len(items)))
            except MissingError as error:
                print(f"compare: {name}: {error}", file=sys.stderr)
                missing.append(name)
                break
            except FailedError as error:
                print(f"compare: {name} {way}: broke off: {error}", file=sys.stderr)
                missing.append(name)
                break
            print(f"{table.row(one)}   {time.monotonic() - start:.0f} s", flush=True)
            results = results.with_one(one)
            if out is not None:
                save_results(out, results)
    return results, missing


def _progress(what: str, total: int) -> Callable[[int], None]:
    """Return what tells on a terminal how far a program is."""
    if not sys.stderr.isatty():
        return lambda done: None

    def tell(done: int) -> None:
        print(f"\r{what}: {done} of {total}", end="\r" if done == total else "", file=sys.stderr)

    return tell


def _show(path: Path, how: str) -> int:
    results = load_results(path)
    if results is None:
        return _fail(f"{path}: no results; make compare measures them")
    rows = shown(results)
    print(*(table.terminal(rows) if how == "table" else table.markdown(rows, how)), sep="\n")
    return 0


def _draw(results: Results, path: Path) -> None:
    from benchmarks.compare import picture

    picture.save(picture.draw(shown(results)), path)
    print(f"\npicture: {path}")


def _fail(message: str) -> int:
    print(f"compare: {message}", file=sys.stderr)
    return 1
