"""Files of readings: whatever a killed writer leaves, the same readings are in it once."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import random
import resource
import signal
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.bulk import lines, table
from edge.bulk.sink import not_done, open_sink, settle
from edge.errors import OutputError, PackageMissingError
from edge.reading import Digit, Reading
from edge.sources.inputs import Input

KINDS = ("jsonl", "csv", "parquet")
DIGITS = (
    Digit("0", 0.99, ((1.0, 2.0), (3.0, 2.0), (3.0, 5.0), (1.0, 5.0))),
    Digit(None, 0.5, None),
)
KOREAN = Reading(
    "accepted", "a.jpg", "04524", "04524", 0.99, DIGITS, "서울특별시 / Seoul", None, 12.3
)
READINGS = [
    KOREAN,
    Reading("rejected", "b, c.jpg", None, "04524", 0.5, DIGITS, reason="low-confidence"),
    Reading("error", 'new\nline "quoted".jpg', reason='it is "no image", or\r\nnone'),
    Reading("no-boxes", "봉투.jpg", reason="no-boxes"),
    Reading("accepted", "film.mp4", "67381", "67381", 0.9, elapsed_ms=1.0),
    Reading("accepted", "film.mp4", "04524", "04524", 0.9, elapsed_ms=2.0),
    Reading("error", "\udcff.jpg", reason="no such file"),
    KOREAN,
    KOREAN,
]
SOURCES = [reading.source for reading in READINGS]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(table, "_PART_READINGS", 2)
    monkeypatch.setattr(table, "_ROW_GROUP", 4)


@pytest.fixture(params=KINDS)
def path(request, tmp_path):
    if request.param == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow, which writes Parquet, is not installed")
    return tmp_path / f"out.{request.param}"


def result_of(source):
    """Return the readings of an input: a video has several."""
    return list(dict.fromkeys(reading for reading in READINGS if reading.source == source)) or [
        Reading("error", source, reason="none")
    ]


INPUTS = [*dict.fromkeys(SOURCES), "a.jpg", "a.jpg"]


def read_into(sink, path, sources):
    """Read what is not in the file yet, as the command does; return what was read for it."""
    settle(sink)
    read = []
    for item in not_done((Input(source, source) for source in sources), sink, path):
        read.append(item.source)
        for reading in result_of(item.source):
            sink.add(reading)
    return read


def write(path, sources=INPUTS, is_resumed=False):
    with open_sink(path, is_resumed) as sink:
        return read_into(sink, path, sources)


def stored(path):
    """Return the fields of the JSON lines that a file holds."""
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            row["digits"] = json.loads(row["digits"])
            row |= {name: float(row[name]) for name in ("confidence", "elapsed_ms")}
            row |= {k: row[k] or None for k in ("postcode", "guess", "region", "reason")}
        return rows
    import pyarrow.parquet

    return pyarrow.parquet.read_table(path).to_pylist()


def expected(readings, path):
    fields = [json.loads(reading.to_json()) for reading in readings]
    if path.suffix != ".jsonl":
        for each in fields:
            each["source"] = each["source"].encode("utf-8", "backslashreplace").decode()
    return fields


def test_what_was_written_is_the_fields_of_the_json_line(path):
    write(path)
    assert stored(path) == expected(READINGS, path)
    assert [other.name for other in path.parent.iterdir()] == [path.name]


def test_no_readings_are_a_file_without_any(path):
    write(path, [])
    assert stored(path) == []


def test_a_file_that_has_readings_is_not_written_over(path):
    write(path)
    before = path.read_bytes()
    with pytest.raises(OutputError, match="--resume"):
        open_sink(path, False)
    assert path.read_bytes() == before


def test_what_is_done_is_not_done_again(path):
    write(path)
    before = path.read_bytes()
    assert write(path, is_resumed=True) == []
    assert path.read_bytes() == before
    assert [other.name for other in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("done", range(len(READINGS) + 1))
def test_work_that_was_stopped_goes_on_where_it_was(path, done):
    with contextlib.suppress(KeyboardInterrupt), open_sink(path, False) as sink:
        for reading in READINGS[:done]:
            sink.add(reading)
        raise KeyboardInterrupt
    read = write(path, is_resumed=True)
    assert stored(path) == expected(READINGS, path)
    # Nothing is read again but a video that may have had more to give.
    film = INPUTS.index("film.mp4")
    assert read == INPUTS[film if done in (film + 1, film + 2) else done - (done > film) :]


@pytest.mark.parametrize("more", [["z.jpg"], ["film.mp4"], ["a.jpg", "z.jpg"]])
def test_a_file_that_was_complete_takes_more_inputs(path, more):
    write(path)
    assert write(path, INPUTS + more, is_resumed=True) == more
    readings = [reading for source in more for reading in result_of(source)]
    assert stored(path) == expected(READINGS + readings, path)


def test_a_video_twice_in_turn_is_read_twice(path):
    sources = ["film.mp4", "film.mp4", "a.jpg"]
    write(path, sources)
    assert write(path, sources, is_resumed=True) == []
    assert write(path, [*sources, "b, c.jpg"], is_resumed=True) == ["b, c.jpg"]
    assert len(stored(path)) == 6


def test_other_inputs_are_an_error_and_change_nothing(path):
    write(path, INPUTS[:4])
    before = path.read_bytes()
    with pytest.raises(OutputError, match=r"b, c\.jpg in it, and other\.jpg among"):
        write(path, [INPUTS[0], "other.jpg", *INPUTS[2:]], is_resumed=True)
    with pytest.raises(OutputError, match="more inputs than there are now"):
        write(path, INPUTS[:2], is_resumed=True)
    assert path.read_bytes() == before
    assert [left.name for left in path.parent.iterdir()] == [path.name]


def test_the_statuses_of_what_is_done_are_counted(path):
    write(path)
    with open_sink(path, True) as sink:
        assert settle(sink) == {"accepted": 5, "rejected": 1, "error": 2, "no-boxes": 1}


def test_two_cannot_write_the_same_file(path):
    with open_sink(path, False) as sink:
        sink.add(READINGS[0])
        with pytest.raises(OutputError, match="another program is writing"):
            open_sink(path, True)


def test_a_place_that_cannot_be_written_is_one_sentence(path):
    for bad in (path.parent / "none" / path.name, path):
        if bad == path:
            path.mkdir()
        with pytest.raises(OutputError) as caught:
            open_sink(bad, False)
        assert len(str(caught.value).splitlines()) == 1
        assert str(bad) in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_something_else_is_left_alone(tmp_path, kind):
    path = tmp_path / f"out.{kind}"
    path.write_text("name,age\nsomebody,33\nelse,44\n")
    before = path.read_bytes()
    with pytest.raises(OutputError, match="name another file"):
        write(path, is_resumed=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_that_ends_anywhere_is_gone_on_with(tmp_path, kind, data):
    path = tmp_path / f"out.{kind}"
    path.unlink(missing_ok=True)
    write(path)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    # Blocks that were never written read as zeros after a power cut.
    path.write_bytes(whole[:cut] + bytes(data.draw(st.sampled_from([0, 0, 512]))))
    write(path, is_resumed=True)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_each_record_is_in_the_file_as_soon_as_it_is_added(tmp_path, kind):
    path = tmp_path / f"out.{kind}"
    with open_sink(path, False) as sink:
        for number, reading in enumerate(READINGS, 1):
            sink.add(reading)
            assert len(stored(path)) == number


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_records_are_synced_and_not_each_of_them(tmp_path, kind, monkeypatch):
    synced = []
    monkeypatch.setattr(lines.os, "fsync", lambda handle: synced.append(handle))
    clock = iter(range(100))
    monkeypatch.setattr(lines.time, "monotonic", lambda: 0.4 * next(clock))
    with open_sink(tmp_path / f"out.{kind}", False) as sink:
        synced.clear()
        for reading in READINGS:
            sink.add(reading)
        assert 2 <= len(synced) < len(READINGS)
        before = len(synced)
    assert len(synced) == before + 1


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_of_a_record_that_does_not_fit_nothing_stays(tmp_path, kind):
    path = tmp_path / f"out.{kind}"
    write(path, INPUTS[:2])
    size = path.stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, limits[1]))
    try:
        with pytest.raises(OutputError, match="can't be written"):
            write(path, is_resumed=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.stat().st_size == size
    assert len(stored(path)) == 2


class _KilledError(BaseException):
    """Stands for the end of the process: nothing is put in order after it."""


@pytest.mark.parametrize("seed", range(25))
def test_a_parquet_file_survives_the_end_of_its_writer_at_any_step(tmp_path, monkeypatch, seed):
    pytest.importorskip("pyarrow", reason="pyarrow, which writes Parquet, is not installed")
    chance = random.Random(seed)
    path = tmp_path / "out.parquet"
    real_replace, real_rmtree, real_unlink = (
        table.Path.replace, table.shutil.rmtree, table.Path.unlink,
    )  # fmt: skip
    steps = {"left": 0}

    def dying(real):
        def step(*args, **options):
            # Before it is done, and after.
            steps["left"] -= 1
            if steps["left"] == 0:
                raise _KilledError
            done = real(*args, **options)
            steps["left"] -= 1
            if steps["left"] == 0:
                raise _KilledError
            return done

        return step

    monkeypatch.setattr(table.Path, "replace", dying(real_replace))
    monkeypatch.setattr(table.Path, "unlink", dying(real_unlink))
    monkeypatch.setattr(table.shutil, "rmtree", dying(real_rmtree))
    for _ in range(40):
        steps["left"] = chance.randint(1, 9)
        sink = None
        try:
            sink = open_sink(path, True)
            read_into(sink, path, INPUTS)
            sink.__exit__(None, None, None)
            break
        except _KilledError:
            with contextlib.suppress(OSError, AttributeError):
                os.close(sink._lock)
    assert stored(path) == expected(READINGS, path)
    assert [other.name for other in tmp_path.iterdir()] == [path.name]


def test_a_parquet_file_has_large_row_groups_however_small_its_parts(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "out.parquet"
    write(path)
    groups = parquet.ParquetFile(path).metadata
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [4, 4, 1]


def test_without_pyarrow_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(PackageMissingError, match="pip install"):
        open_sink(tmp_path / "out.parquet", False)
    assert list(tmp_path.iterdir()) == []
