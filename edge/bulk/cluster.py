"""The same work on many machines: Ray Data schedules it, and does again what a node has lost.

Names are a dataset. Each actor has one process with a recogniser, which may die of an input:
the actor lives on, and so does the work. Folders and patterns are opened by who starts the work,
archives and documents by the actor that gets them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from edge.bulk.head import connected, import_ray
from edge.bulk.pool import Pool
from edge.bulk.sink import check_new, one_sentence
from edge.sources.inputs import list_files, list_inputs, open_documents

FORMATS = (".parquet", ".jsonl")

# Names that are done again where their node is lost before they are.
_BLOCK = 64
_BLOCKS_EACH = 4
# Names whose readings an actor hands over at once.
_BATCH = 16
_ASIDE = ".partial"
# Of a core, what an actor and a task that writes ask Ray for. There are as many actors as
# cores; were each given a whole one, an actor of a lost node would have to wait until those on
# the other nodes end, and they for it. So three of four nodes may be lost.
_SHARE = 0.25


def read_on_cluster(
    address: str,
    names: Iterable[str],
    make_recognizer: Callable[[], Any],
    output: Path,
    actors: int | None = None,
) -> Counter[str]:
    """Read what names stand for on a Ray cluster, and write a folder of shards.

    Args:
        address: of the cluster's head, `host:port`; `auto` is the one that runs on this
            machine, or, where none does, one that is started for this work.
        names: what `read` takes; each must mean the same on every node.
        make_recognizer: makes an actor's recogniser; must be importable on every node.
        output: a folder that all nodes share, its suffix one of `FORMATS`; there only when
            all is done.
        actors: at most; None takes the cluster's cores.

    Returns:
        How many readings have which status. Their order is not the names'.

    Raises:
        OutputError: the folder is there already or can't be written.
        PackageMissingError: Ray or PyArrow is not installed.
        WorkerError: the cluster can't be reached, or gives up.
    """
    ray = import_ray("ray.data", "pyarrow")
    check_new(output, False, output.exists())
    items = [{"name": name} for name in list_files(names)]
    aside = output.absolute().with_name(output.name + _ASIDE)
    is_parquet = output.suffix.lower() == ".parquet"
    with one_sentence(output):
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
    try:
        with connected(ray, address):
            if items:
                readings = _readings(ray, items, make_recognizer, actors)
                write = readings.write_parquet if is_parquet else readings.write_json
                write(str(aside), ray_remote_args={"num_cpus": _SHARE})
        counts = _count(aside, "parquet" if is_parquet else "json")
        with one_sentence(output):
            aside.replace(output)
        return counts
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _readings(
    ray: Any, items: list[dict[str, str]], make_recognizer: Callable[[], Any], actors: int | None
) -> Any:
    """Return the dataset of readings, of which nothing is read yet."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = sys.stderr is not None and sys.stderr.isatty()
    most = actors or max(1, int(ray.cluster_resources().get("CPU", 1)))
    # A name may stand for a whole shard: of a few names each is a block.
    blocks = max(-(-len(items) // _BLOCK), min(len(items), _BLOCKS_EACH * most))
    return ray.data.from_items(items, override_num_blocks=blocks).map_batches(
        _Reader,
        fn_constructor_args=(make_recognizer, str(Path.cwd())),
        batch_size=_BATCH,
        num_cpus=_SHARE,
        compute=ray.data.ActorPoolStrategy(size=min(most, blocks)),
    )


class _Reader:
    """What an actor does: names → a table of readings."""

    def __init__(self, make_recognizer: Callable[[], Any], folder: str) -> None:
        # Relative names are meant from where the command was given.
        with contextlib.suppress(OSError):
            os.chdir(folder)
        self._pool = Pool(make_recognizer, jobs=1, is_kept=True)

    def __call__(self, batch: dict[str, Any]) -> Iterator[Any]:
        import pyarrow  # type: ignore[import-untyped]

        from edge.bulk.table import row_of, schema

        names = [str(name) for name in batch["name"]]
        readings = self._pool.read(lambda count: open_documents(list_inputs(names), count))
        rows = [row_of(reading) for reading in readings]
        yield pyarrow.Table.from_pylist(rows, schema=schema(pyarrow))


def _count(folder: Path, kind: str) -> Counter[str]:
    import pyarrow.dataset  # type: ignore[import-untyped]

    shards = pyarrow.dataset.dataset(folder, format=kind)
    counts: Counter[str] = Counter()
    for batch in shards.to_batches(columns=["status"]) if shards.files else ():
        counts.update(batch["status"].to_pylist())
    return counts
