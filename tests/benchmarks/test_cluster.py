from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from benchmarks import cluster, nodes
from benchmarks.nodes import Nodes, NodesError


def namespaces():
    return [name for name in nodes._namespaces() if f"-{os.getpid()}-" in name]


@pytest.fixture
def pair(tmp_path):
    """Lend two machines of which nothing is to be left, or skip where none can be made."""
    try:
        with Nodes(2) as pair:
            for number in range(2):
                pair.start(number, ["sleep", "600"], tmp_path / f"{number}.log")
            for number in range(2):
                wait_for_start(pair, number)
            yield pair
    except NodesError as error:
        pytest.skip(str(error))


def wait_for_start(pair, number):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if "sleep" in told(pair, number, "cat", "/proc/1/comm"):
                return
        except (OSError, IndexError):
            pass
        time.sleep(0.05)
    raise AssertionError("it did not start")


# Takes whoever comes.
SERVER = """
import socket
server = socket.create_server(("0.0.0.0", 7))
while True:
    server.accept()
"""


def told(pair, number, *command):
    done = subprocess.run(pair.inside(number, command), capture_output=True, text=True)
    return done.stdout


def test_each_node_has_an_address_a_folder_and_processes_of_its_own(pair):
    for number, address in enumerate(pair.addresses):
        assert f"inet {address}/24" in told(pair, number, "ip", "address", "show", "up0")
        assert told(pair, number, "find", str(pair.folder)).split() == [str(pair.folder)]
        told(pair, number, "touch", str(pair.folder / f"of-{number}"))
    # It is the machine's own folder that stays empty.
    assert list(pair.folder.iterdir()) == []
    assert told(pair, 0, "ls", str(pair.folder)).split() == ["of-0"]


def test_they_reach_each_other_until_one_is_unplugged_and_nothing_is_left(tmp_path):
    try:
        with Nodes(2) as pair:
            pair.start(0, ["sleep", "600"], tmp_path / "0.log")
            pair.start(1, ["python3", "-c", SERVER], tmp_path / "1.log")
            knock = f"import socket; socket.create_connection(('{pair.addresses[1]}', 7), 5)"
            deadline = time.monotonic() + 60
            while True:
                try:
                    done = subprocess.run(pair.inside(0, ["python3", "-c", knock]))
                except (OSError, IndexError):
                    done = None
                if done is not None and done.returncode == 0:
                    break
                assert time.monotonic() < deadline
                time.sleep(0.1)
            pair.unplug(1)
            assert subprocess.run(pair.inside(0, ["python3", "-c", knock])).returncode
            pair.kill(1)
            assert pair.has_ended(1)
            assert not pair.has_ended(0)
            assert len(namespaces()) == 3
            first = nodes._child_of(pair._processes[0].pid)
    except NodesError as error:
        pytest.skip(str(error))
    assert namespaces() == []
    assert not Path(f"/proc/{first}").exists()
    assert not pair.folder.exists()


def test_who_is_not_root_is_told_so_in_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(nodes.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(nodes.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(cluster, "version", lambda name: "2.60")
    monkeypatch.setattr(cluster.signal, "signal", lambda *_: None)
    assert cluster.main([]) == 1
    err = capsys.readouterr().err
    assert "made by root only" in err
    assert len(err.splitlines()) == 1


def test_without_ip_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(nodes.shutil, "which", lambda name: None if name == "ip" else name)
    with pytest.raises(NodesError, match="need ip; run: apt-get install iproute2"), Nodes(1):
        pass


def test_without_ray_it_says_what_to_install(monkeypatch, capsys):
    def missing(name):
        raise cluster.PackageNotFoundError(name)

    monkeypatch.setattr(cluster, "version", missing)
    monkeypatch.setattr(cluster.signal, "signal", lambda *_: None)
    assert cluster.main([]) == 1
    assert "pip install 'fivebox[cluster]'" in capsys.readouterr().err


def test_inputs_are_counted_that_are_there_once_not_at_all_or_twice():
    assert cluster.tally(["a", "b", "c", "d"], ["d", "a", "b", "b", "x"]) == {
        "once": 2,
        "missing": 1,
        "twice": 1,
        "unknown": 1,
    }


def test_rows_are_counted_in_shards_that_are_whole(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow, which reads shards, is missing")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"source": ["a", "b"]}), tmp_path / "0.parquet")
    (tmp_path / "1.parquet").write_bytes((tmp_path / "0.parquet").read_bytes()[:40])
    (tmp_path / "2.parquet").touch()
    assert cluster.count_rows(tmp_path) == 2
    assert cluster.count_rows(tmp_path / "none") == 0


@pytest.mark.parametrize(("once", "code"), [(12, 0), (11, 1)])
def test_what_came_of_it_is_written_and_a_lost_input_is_a_failure(
    tmp_path, monkeypatch, capsys, once, code
):
    measured = {"once": once, "missing": 12 - once, "twice": 0, "unknown": 0, "seconds": 3.0}
    monkeypatch.setattr(cluster, "version", lambda name: "2.60")
    monkeypatch.setattr(cluster, "measure", lambda count, is_unplugged: measured)
    monkeypatch.setattr(cluster.signal, "signal", lambda *_: None)
    out = tmp_path / "results" / "cluster.json"
    assert cluster.main(["--inputs", "12", "--out", str(out)]) == code
    written = json.loads(out.read_text())
    assert (written["ray"], written["once"]) == ("2.60", once)
    assert ("MISS" in capsys.readouterr().out) is bool(code)
