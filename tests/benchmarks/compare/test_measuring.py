from __future__ import annotations

import os
import sys
import textwrap

import pytest

from benchmarks.compare import measuring
from benchmarks.compare.items import Item
from benchmarks.compare.measuring import Counts, FailedError, MissingError

ITEMS = [
    Item("desk", "photo", "04524", "a.jpg", None),
    Item("desk", "photo", "06738", "b.jpg", None),
    Item("real", "photo", "11111", "c.jpg", None),
    Item("touch", "touch", "03187", "d.png", None),
]

# A worker that answers 04524 to all, ever more slowly, and notes how it was started.
FAKE = """
    import json, os, sys
    peer, way, path, *more = sys.argv[1:]
    log = open(os.path.join(os.path.dirname(__file__), "log"), "a")
    print(" ".join([peer, way, *more]), os.environ["OMP_NUM_THREADS"], file=log, flush=True)
    print(json.dumps({"first": {}, "cpu": 1.25}), flush=True)
    if "--first" in more: sys.exit()
    for number, item in enumerate(json.load(open(path)), 1):
        times = {"ms": 20 * number, "cpu": 10 * number}
        print(json.dumps({"guess": "04524", "is_sure": number != 3, **times}))
    print(json.dumps({"peak": 5e7, "installed": 3.2e8, "version": "1.2"}))
"""


@pytest.fixture
def fake(tmp_path):
    """Return a function that makes a command of a program."""

    def make(text):
        path = tmp_path / "fake.py"
        path.write_text(textwrap.dedent(text))
        return [sys.executable, str(path)]

    return make


def test_a_program_is_counted_set_by_set_and_timed_by_kind(fake, tmp_path):
    told = []
    one = measuring.measure("rapidocr", "row", ITEMS, fake(FAKE), told.append)
    assert (one.peer, one.way, one.version) == ("rapidocr", "row", "1.2")
    assert one.sets == {
        "desk": Counts(2, 1, 2, 1), "real": Counts(1, 0, 0, 0), "touch": Counts(1, 0, 1, 1),
    }  # fmt: skip
    assert one.ms["photo"]["p50"] == 20
    assert one.ms["touch"] == {"p50": 40, "p90": 40, "p99": 40}
    assert (one.peak_mb, one.installed_mb) == (50, 320)
    assert one.wall_ms["photo"]["p50"] == 40
    assert one.first_s == 1.25
    assert 0 < one.wall_first_s < 60
    assert told == [1, 2, 3, 4]


def test_each_start_is_a_process_of_its_own_on_one_core_with_one_thread(fake, tmp_path):
    measuring.measure("tesseract", "photo-line", ITEMS, fake(FAKE))
    core = max(os.sched_getaffinity(0))
    whole = f"tesseract photo-line --core {core}"
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines == [f"{whole} --first 1"] * measuring.STARTS + [f"{whole} 1"]


def test_a_program_that_is_missing_is_told(fake):
    command = fake("""
        import json, sys
        print(json.dumps({"missing": "Such is not installed; run: so"}))
        sys.exit(3)
    """)
    with pytest.raises(MissingError, match="Such is not installed; run: so"):
        measuring.measure("rapidocr", "row", ITEMS, command)


def test_a_program_that_breaks_off_is_told_with_its_last_words(fake):
    with pytest.raises(FailedError, match="ValueError: the last word"):
        measuring.measure("rapidocr", "row", ITEMS, fake("raise ValueError('the last word')"))
    with pytest.raises(FailedError, match="exit code 7"):
        measuring.measure("rapidocr", "row", ITEMS, fake("raise SystemExit(7)"))


def test_answers_that_are_too_few_are_no_result(fake):
    short = FAKE.replace("json.load(open(path))", "json.load(open(path))[1:]")
    with pytest.raises(FailedError, match="3 of 4"):
        measuring.measure("rapidocr", "row", ITEMS, fake(short))


def test_a_program_that_says_nothing_is_no_result(fake):
    with pytest.raises(FailedError, match="no answer"):
        measuring.measure("rapidocr", "row", ITEMS, fake(""))


def test_a_process_does_not_outlive_who_listens(fake, tmp_path):
    command = fake(f"""
        import json, os, sys, time
        print(json.dumps({{"first": {{}}, "cpu": 1}}), flush=True)
        if "--first" in sys.argv: sys.exit()
        open({str(tmp_path / "pid")!r}, "w").write(str(os.getpid()))
        print(json.dumps({{"ms": 1}}), flush=True)
        time.sleep(300)
    """)

    def interrupt(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measuring.measure("rapidocr", "row", ITEMS, command, interrupt)
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
