from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from benchmarks.compare.items import Item, save_items
from benchmarks.compare.worker import MISSING
from tests.conftest import ROOT

PHOTO = ROOT / "samples" / "scan-strip.jpg"
TOUCH = ROOT / "samples" / "touch-stylus.json"


@pytest.fixture
def items(tmp_path):
    recording = json.loads(TOUCH.read_text())
    save_items(
        tmp_path / "items.json",
        [
            Item("real", "photo", "16098", str(PHOTO), None),
            Item("touch", "touch", "03187", "none.png", "none.png", (), recording),
            Item("real", "photo", "16098", str(TOUCH), None),
        ],
    )
    return tmp_path / "items.json"


def work(peer, way, items, *more, modules=None):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.compare.worker", peer, way, str(items), *more],
        cwd=ROOT, capture_output=True, text=True,
        env=os.environ | ({"PYTHONPATH": str(modules)} if modules else {}),
    )  # fmt: skip
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_it_prints_the_first_answer_then_all_then_what_it_took(items):
    core = max(os.sched_getaffinity(0))
    code, lines = work("fivebox", "photo", items, "--core", str(core))
    assert code == 0
    first, *answers, last = lines
    # The first with a row is the first to be read, for who is given rows.
    assert first["first"] == {"guess": "03187", "is_sure": True}
    assert 0.1 < first["cpu"] < 30
    assert [answer["guess"] for answer in answers] == ["16098", "03187", None]
    assert [answer["is_sure"] for answer in answers][1:] == [True, False]
    assert all(0 < answer["cpu"] <= 1.1 * answer["ms"] + 1 for answer in answers)
    # Of a process that reads with this program and nothing else.
    assert 30e6 < last["peak"] < 200e6
    assert 100e6 < last["installed"] < 600e6
    assert last["version"]


def test_asked_for_the_first_answer_it_gives_no_other(items):
    code, lines = work("fivebox", "photo", items, "--first")
    assert (code, len(lines)) == (0, 1)
    assert lines[0]["first"]["guess"] == "03187"


def test_a_program_that_is_not_installed_is_told_in_a_sentence(items, tmp_path):
    (tmp_path / "rapidocr.py").write_text("raise ImportError('none here')")
    (tmp_path / "onnxruntime.py").write_text("")
    code, lines = work("rapidocr", "photo", items, modules=tmp_path)
    assert code == MISSING
    [line] = lines
    assert "RapidOCR is not installed" in line["missing"]
    assert "make compare" in line["missing"]


def test_what_libraries_print_does_not_get_among_the_answers(items, tmp_path):
    (tmp_path / "rapidocr.py").write_text(
        "import os\nprint('a banner')\nos.write(1, b'another')\nraise ImportError('none here')"
    )
    (tmp_path / "onnxruntime.py").write_text("")
    _, lines = work("rapidocr", "photo", items, modules=tmp_path)
    assert [list(line) for line in lines] == [["missing"]]
