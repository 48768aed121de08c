"""The work on a Ray cluster of this machine: it is started for the tests, and ended."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections import Counter

import pytest

from edge.bulk import cluster
from edge.errors import OutputError, PackageMissingError, WorkerError
from tests.edge.bulk.readers import make_obedient, orders
from tests.edge.sources.shards import WANTED, write_pages, write_tar
from tests.nodes import Nodes, short_folder


def stored(folder):
    """Return the readings in all shards, by source."""
    if folder.suffix == ".parquet":
        import pyarrow.parquet

        rows = pyarrow.parquet.read_table(folder).to_pylist()
    else:
        lines = [line for path in folder.iterdir() for line in path.read_text().splitlines()]
        rows = [json.loads(line) for line in lines]
    return sorted(rows, key=lambda row: row["source"])


needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None,
    reason="ray, which runs the cluster, is not installed",
)

# Whatever Ray warns of and leaves behind is in a process of its own.
_READ = """
import json, sys
from pathlib import Path
from edge.bulk.cluster import read_on_cluster
from tests.edge.bulk.readers import make_obedient
address, out, *names = sys.argv[1:]
print(json.dumps(read_on_cluster(address, names, make_obedient, Path(out))))
"""


@pytest.fixture(scope="module")
def nodes():
    with short_folder() as folder, Nodes(3, folder) as nodes:
        yield nodes


def start(nodes, out, names):
    return subprocess.Popen(
        [sys.executable, "-c", _READ, nodes.address, str(out), *names],
        env=nodes.environment,
        cwd=out.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def counts_of(process):
    out, err = process.communicate()
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


@needs_ray
def test_each_input_is_in_the_shards_of_three_actors_once_and_poison_is_an_error(nodes, tmp_path):
    whats = [("answer", f"{number:05d}") for number in range(40)]
    whats[7], whats[30] = ("die", "SIGSEGV"), ("fail", "oops")
    names = [item.path for item in orders(tmp_path, *whats)]
    names += [str(write_tar(tmp_path / "a.tar", {"a.png": b"x", "b.png": b"y"}))]
    names += [str(write_pages(tmp_path / "scan.pdf", ["04524", "67381"])), "none.png"]
    out = tmp_path / "out.jsonl"
    counts = counts_of(start(nodes, out, names))
    rows = stored(out)
    inside = [f"{tmp_path}/a.tar#a.png", f"{tmp_path}/a.tar#b.png"]
    inside += [f"{tmp_path}/scan.pdf#1", f"{tmp_path}/scan.pdf#2"]
    assert [row["source"] for row in rows] == sorted([*names[:40], *inside, "none.png"])
    assert counts == Counter(row["status"] for row in rows)
    assert counts == {"accepted": 38, "error": 5, "no-boxes": 2}
    assert "SIGSEGV" in next(row for row in rows if row["source"] == names[7])["reason"]
    assert [path.name for path in tmp_path.glob("out*")] == [out.name]


@needs_ray
def test_a_cluster_that_is_not_there_is_one_sentence(tmp_path):
    out = tmp_path / "out.parquet"
    with pytest.raises(WorkerError, match="no cluster at 127"):
        cluster.read_on_cluster("127.0.0.1:9", ["a.png"], make_obedient, out)
    assert list(tmp_path.iterdir()) == []


@needs_ray
@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:", ":6379", "127.0.0.1:70000", "h:p"])
def test_what_is_no_address_is_one_sentence(tmp_path, address):
    with pytest.raises(WorkerError, match="is no cluster's address; write HOST:PORT"):
        cluster.read_on_cluster(address, ["a.png"], make_obedient, tmp_path / "out.parquet")


@needs_ray
def test_shards_are_not_written_over(tmp_path):
    out = tmp_path / "out.parquet"
    out.mkdir()
    with pytest.raises(OutputError, match="readings in it already"):
        cluster.read_on_cluster("auto", ["a.png"], make_obedient, out)


@needs_ray
def test_what_a_lost_node_had_to_do_is_done_by_the_others(nodes, tmp_path):
    names = [item.path for item in orders(tmp_path, *60 * [("sleep", 0.2)])]
    out = tmp_path / "out.parquet"
    process = start(nodes, out, names)
    # It has begun: the first shard is there.
    while process.poll() is None and not list(tmp_path.glob("out.parquet.partial/*")):
        time.sleep(0.05)
    assert process.poll() is None
    nodes.kill(2)
    assert counts_of(process) == {"rejected": 60}
    assert [row["source"] for row in stored(out)] == names


def test_without_ray_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(PackageMissingError, match="pip install"):
        cluster.read_on_cluster("auto", ["a.png"], make_obedient, tmp_path / "out.parquet")


def test_an_actor_hands_over_a_table_of_what_its_names_stand_for(tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    pytest.importorskip("pyarrow", reason="pyarrow, which holds the tables, is not installed")
    reader = cluster._Reader(make_obedient, str(tmp_path))
    shard = write_tar(tmp_path / "a.tar")
    names = [item.path for item in orders(tmp_path, ("answer", "04524"), ("die", "SIGKILL"))]
    try:
        # Two batches, one after the other, by the same actor.
        (table,) = reader({"name": [*names, "none.png", "0000.json"]})
        (more,) = reader({"name": [str(shard)]})
    finally:
        reader._pool.close()
    assert table["status"].to_pylist() == ["accepted", "error", "error", "accepted"]
    assert more["source"].to_pylist() == [f"{shard}#{name}" for name in WANTED]
