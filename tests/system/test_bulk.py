"""Bulk work as people run it: lists, several processes, output files, kills and Ctrl-C."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest

from tests.edge.sources.shards import POSTCODES, WANTED, write_pages, write_tar, write_zip
from tests.system.conftest import SAMPLES, environment

TOUCH = SAMPLES / "touch-finger.json"
POSTCODE = "94625"
# Parquet's parts are made small, so that there is something to go on with in seconds.
SMALL_PARTS = (
    "import sys, edge.bulk.table as table; table._PART_READINGS = 7;"
    "from edge.cli import main; sys.exit(main(sys.argv[1:]))"
)


def start(*arguments, code=None, **options):
    """Start the command line in a session of its own, so that all it starts can be found."""
    program = ["-c", code] if code else ["-m", "edge"]
    return subprocess.Popen(
        [sys.executable, *program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
        # What is started in the background of a shell would not hear of Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        **options,
    )


def members_of(session):
    """Return the processes of a session that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        # Field 3 is the state, field 6 the session (proc(5)).
        if int(fields[3]) == session and fields[0] not in "ZX":
            found.append(int(stat.parent.name))
    return found


def wait_for_end_of(session):
    deadline = time.monotonic() + 15
    while members_of(session) and time.monotonic() < deadline:
        time.sleep(0.05)
    return members_of(session)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder of 120 touch recordings, two of them damaged, and a photo between."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(120):
        shutil.copyfile(TOUCH, folder / f"{number:03d}.json")
    (folder / "040.json").write_text('{"boxes": [], "strokes": []}')
    (folder / "080.json").write_text("{")
    shutil.copyfile(SAMPLES / "form-joined.jpg", folder / "060.jpg")
    return folder


def expected(folder):
    names = sorted(path.name for path in folder.iterdir())
    errors = {"040.json", "080.json"}
    return [(str(folder / name), "error" if name in errors else "accepted") for name in names]


def stored(path):
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    elif path.suffix == ".csv":
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
    else:
        import pyarrow.parquet

        rows = pyarrow.parquet.read_table(path).to_pylist()
    return [(row["source"], row["status"]) for row in rows]


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_any_number_of_processes_prints_the_same(fivebox, folder, jobs):
    run = fivebox("read", folder, "--json", "--jobs", jobs)
    assert [(line["source"], line["status"]) for line in run.lines] == expected(folder)
    assert run.code == 1
    assert run.err == ""


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_an_output_file_has_every_reading_and_standard_output_the_counts(
    fivebox, folder, tmp_path, kind
):
    path = tmp_path / f"out.{kind}"
    run = fivebox("read", folder, "--output", path)
    assert stored(path) == expected(folder)
    assert (run.code, run.out, run.err) == (1, "121 read: 119 accepted, 2 error", "")
    again = fivebox("read", folder, "--output", path)
    assert (again.code, again.out) == (1, "")
    assert "--resume" in again.err
    done = fivebox("read", folder, "--output", path, "--resume")
    assert (done.code, done.out) == (run.code, run.out)
    assert stored(path) == expected(folder)


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_after_kill_9_at_any_moment_the_same_command_ends_with_each_input_once(
    folder, tmp_path, kind, jobs
):
    path = tmp_path / f"out.{kind}"
    chance = random.Random(f"{kind}{jobs}")
    command = ["read", folder, "--output", path, "--resume", "--jobs", jobs]
    kills = 0
    for _ in range(6):
        process = start(*command, code=SMALL_PARTS)
        # When it has begun to write, and from then on at any moment.
        deadline = time.monotonic() + 60
        before = _bytes_in(tmp_path)
        while _bytes_in(tmp_path) == before and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        time.sleep(chance.choice([0, 0.002, 0.01, 0.03]))
        process.kill()
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
        # What it had started ends by itself.
        assert wait_for_end_of(process.pid) == []
    assert kills >= 1
    last = start(*command, code=SMALL_PARTS)
    out, err = last.communicate(timeout=120)
    assert (last.returncode, err) == (1, "")
    assert out == "121 read: 119 accepted, 2 error\n"
    assert stored(path) == expected(folder)
    assert [left.name for left in tmp_path.iterdir()] == [path.name]


def _bytes_in(folder):
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_is_one_line_keeps_what_was_read_and_leaves_no_process(tmp_path, jobs):
    late = tmp_path / "late.json"
    os.mkfifo(late)
    path = tmp_path / "out.parquet"
    names = [TOUCH, TOUCH, late]
    process = start("read", *names, "--json", "--jobs", jobs, "--output", path)
    for _ in range(2):
        assert POSTCODE in process.stdout.readline()
    assert len(members_of(process.pid)) > jobs - 1
    # A terminal sends it to all processes in the foreground.
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "\nfivebox: stopped\n")
    assert wait_for_end_of(process.pid) == []
    late.unlink()
    shutil.copyfile(TOUCH, late)
    done = start("read", *names, "--output", path, "--resume")
    out, err = done.communicate(timeout=60)
    assert (out, err) == ("3 read: 3 accepted\n", "")
    assert [source for source, _ in stored(path)] == list(map(str, names))


def test_names_from_standard_input_are_read_as_they_come():
    with start("read", "--from", "-", "--json", "--jobs", "2", stdin=subprocess.PIPE) as process:
        guard = threading.Timer(60, process.kill)
        guard.start()
        for name in (TOUCH, "none.jpg", TOUCH):
            process.stdin.write(f"{name}\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["source"] == str(name)
        out, err = process.communicate(timeout=30)
        guard.cancel()
    assert (process.returncode, out, err) == (1, "", "")


@pytest.mark.parametrize("mark", ["\n", "\0"])
def test_names_in_a_file_are_read(fivebox, folder, tmp_path, mark):
    names = [f"{folder}/{number:03d}.json" for number in (3, 1, 2, 3)]
    path = tmp_path / "names"
    path.write_text(mark.join(names))
    run = fivebox("read", "--from", path, "--json")
    assert [line["source"] for line in run.lines] == names
    assert (run.code, run.err) == (0, "")


def test_archives_documents_and_patterns_are_read(fivebox, tmp_path):
    write_tar(tmp_path / "a.tar")
    write_tar(tmp_path / "b.tgz", mode="w:gz")
    write_zip(tmp_path / "c.zip")
    write_pages(tmp_path / "scan.pdf", ["04524", "67381"])
    write_pages(tmp_path / "scan.tif", ["04524", "67381"])
    run = fivebox("read", f"{tmp_path}/*", f"{tmp_path}/scan.pdf#2", "--json", "--jobs", 2)
    names = [f"{each}#{name}" for each in ("a.tar", "b.tgz", "c.zip") for name in WANTED]
    names += ["scan.pdf#1", "scan.pdf#2", "scan.tif#1", "scan.tif#2", "scan.pdf#2"]
    assert [line["source"] for line in run.lines] == [f"{tmp_path}/{name}" for name in names]
    codes = POSTCODES * 3 + ["04524", "67381"] * 2 + ["67381"]
    assert [line["postcode"] for line in run.lines] == codes
    assert (run.code, run.err) == (0, "")


def test_pages_and_members_are_annotated_each_under_its_name(fivebox, tmp_path):
    write_tar(tmp_path / "a.tar")
    write_pages(tmp_path / "scan.pdf", ["04524", "67381"])
    out = tmp_path / "out"
    run = fivebox("read", tmp_path, "--annotate", out)
    assert run.code == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "b.read.jpg", "d.read.jpg", "scan-page-1.read.jpg", "scan-page-2.read.jpg",
        "touch.read.jpg",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        ["--from", "-", TOUCH],
        [TOUCH, "--resume"],
        [TOUCH, "--jobs", "0"],
        [TOUCH, "--jobs", "two"],
        [TOUCH, "--jobs", "2", "--annotate", "out"],
        [TOUCH, "--output", "out.xlsx"],
    ],
)
def test_flags_that_do_not_go_together_are_wrong_usage(fivebox, arguments):
    run = fivebox("read", *arguments)
    assert (run.code, run.out) == (2, "")
    assert "usage: fivebox read" in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_model_that_is_not_there_is_one_line_and_no_process_is_left(folder, tmp_path, jobs):
    path = tmp_path / "out.csv"
    process = start("read", folder, "--model", "none.tflite", "--jobs", jobs, "--output", path)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.startswith("fivebox: none.tflite: ")
    assert len(err.splitlines()) == 1
    assert wait_for_end_of(process.pid) == []


def test_a_reader_that_has_enough_leaves_no_process(folder):
    with start("read", folder, "--json", "--jobs", 2) as process:
        assert json.loads(process.stdout.readline())["postcode"] == POSTCODE
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0
    assert wait_for_end_of(process.pid) == []


def test_a_terminal_shows_how_far_it_is(folder, tmp_path):
    pytest.importorskip("tqdm", reason="tqdm, which draws the bar, is not installed")
    ours, theirs = os.openpty()
    # 24 rows of 120 columns.
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    path = tmp_path / "out.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "read", str(folder), "--output", str(path)],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment(),
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65_536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(ours)
    process.communicate(timeout=60)
    assert b"121/121" in shown
    assert b"accepted 119, rejected 0, errors 2" in shown
