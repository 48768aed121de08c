from __future__ import annotations

import json

import pytest

from benchmarks import archive
from benchmarks.archive import Memory, Timing
from tests.conftest import ROOT


@pytest.fixture
def names(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text(f"{ROOT / 'samples' / 'scan-strip.jpg'}\n" * 3)
    return path


def test_each_way_is_run_in_each_round(names, monkeypatch):
    runs = []
    monkeypatch.setattr(
        archive, "time_list", lambda _, *way: runs.append(way) or Timing(len(runs), 1.0)
    )
    times = archive.time_ways(names, rounds=2)
    assert runs == [*archive.WAYS.values()] * 2
    assert [each.seconds for each in times["--jobs 2, 2 cores"]] == [4, 8]


@pytest.mark.parametrize("arguments", [None, ["--jobs", "1"], ["--jobs", "2"]])
def test_a_run_takes_time_and_processor_time(names, arguments):
    timing = archive.time_list(names, 1, arguments)
    assert timing.seconds > 0.1
    # All that its processes have worked counts, and on one core it is no more than there was.
    assert 0.1 < timing.busy_s < 1.2 * timing.seconds


def test_a_run_that_fails_is_told(tmp_path):
    with pytest.raises(archive.subprocess.CalledProcessError):
        archive.time_list(tmp_path / "none.txt", 1, ["--jobs", "1"])


def test_the_memory_of_both_kinds_of_processes_is_measured(tmp_path):
    few, many = archive.measure_memory(tmp_path, 5), archive.measure_memory(tmp_path, 300)
    assert (few.inputs, many.inputs) == (5, 300)
    # Who hands out the work has no image library; a worker has.
    assert 10 < many.own_mb < 60 < many.worker_mb < 250
    assert many.own_mb < few.own_mb + 10
    assert many.busy_s > few.busy_s > 0


def test_handing_out_is_what_more_inputs_take_more():
    memory = [Memory(10, 20.0, 80.0, 0.2), Memory(1010, 20.0, 80.0, 0.7)]
    assert archive.handing_ms(memory) == pytest.approx(0.5)


def test_the_size_of_a_reading_is_measured_in_each_format(names, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow, which writes Parquet, is not installed")
    sizes = archive.measure_output(names, tmp_path)
    assert set(sizes) == {"jsonl", "csv", "parquet"}
    size = (tmp_path / "out.jsonl").stat().st_size
    assert sizes["jsonl"] == pytest.approx(size / 3, abs=0.1)


def test_the_middle_round_is_told_and_the_quickest_compared():
    times = {
        "loop": [Timing(4.0, 3.0), Timing(2.0, 2.0), Timing(9.0, 9.0)],
        "one": [Timing(5.0, 4.0), Timing(5.0, 2.1), Timing(5.0, 5.0)],
    }
    table = archive.summarize(times, 8)
    assert table["loop"] == {"seconds": 4.0, "per_second": 2.0, "busy_ms": 375.0}
    assert archive.overhead(times, "one", "loop") == pytest.approx(0.05)


def test_a_hundred_million_scans_take_as_much_more_as_there_are_more():
    result = {
        "ways": {"plain loop, 1 core": {"busy_ms": 36.0}},
        "scans": {"decode_ms": 3.6, "bytes": 200_000},
        "handing_ms": 0.36,
        "bytes_per_reading": {"jsonl": 700.0, "parquet": 300.0},
    }
    assert archive.scale(result, 100_000_000) == {
        "scans": 100_000_000,
        "core_hours": 1000,
        "decode_core_hours": 100,
        "handing_core_hours": 10,
        "input_tb": 20,
        "jsonl_gb": 70,
        "parquet_gb": 30,
    }


def test_what_is_missed_is_marked_and_written(tmp_path, monkeypatch, capsys):
    out = tmp_path / "archive.json"
    (tmp_path / "a.jpg").write_bytes((ROOT / "samples" / "scan-strip.jpg").read_bytes())
    seconds = {way: [Timing(4.0, 4.0)] for way in archive.WAYS}
    seconds["--jobs 1, 1 core"] = [Timing(4.4, 4.4)]
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path))
    monkeypatch.setattr(archive.os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(archive, "_write_scans", lambda *_: [tmp_path / "a.jpg"])
    monkeypatch.setattr(archive, "time_ways", lambda *_: seconds)
    monkeypatch.setattr(archive, "measure_output", lambda *_: {"jsonl": 700.0})
    monkeypatch.setattr(
        archive, "measure_memory", lambda _, count: Memory(count, 20.0 + count / 10, 80.0, count)
    )
    monkeypatch.setattr("sys.argv", ["archive", "--out", str(out), "--count", "1"])
    assert archive.main() == 0
    printed = capsys.readouterr().out
    assert printed.count("MISS") == 3
    written = json.loads(out.read_text())
    assert (written["speedup"], written["overhead"]) == (1.1, 0.1)
    assert written["speedup_on_same_cores"] == 1
    assert written["at_scale"]["jsonl_gb"] == 70
    assert written["scans"]["bytes"] == (tmp_path / "a.jpg").stat().st_size


def test_without_the_data_it_says_where_they_were_looked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path / "nowhere"))
    monkeypatch.setattr("sys.argv", ["archive"])
    assert archive.main() == 1
    assert str(tmp_path / "nowhere") in capsys.readouterr().err
