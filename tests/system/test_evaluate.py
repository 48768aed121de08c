"""`python -m edge evaluate`, run as people run it."""

from __future__ import annotations

import json

import pytest

from tests.system.conftest import SAMPLES


@pytest.fixture(scope="module")
def run(fivebox, tmp_path_factory):
    out = tmp_path_factory.mktemp("evaluate") / "out"
    return fivebox("evaluate", SAMPLES, "--out", out), out


def test_the_samples_are_told_as_n_of_n(run):
    done, out = run
    assert done.code == 0
    assert done.err == ""
    lines = done.out.splitlines()
    assert lines[0] == f"{SAMPLES}: 11 photos and recordings"
    assert "11 of 11" in lines[1]
    assert "0 of " in lines[3]
    assert lines[-1].endswith(str(out))


def test_the_files_are_there_and_agree(run):
    done, out = run
    report = json.loads((out / "report.json").read_text())
    readings = [json.loads(line) for line in (out / "readings.jsonl").read_text().splitlines()]
    assert report["total"] == len(readings) == 11
    assert report["accepted"] == sum(line["status"] == "accepted" for line in readings)
    assert f"{report['accepted']} of 11" in done.out
    assert (
        (out / "curve.png").read_bytes()[:4]
        == (out / "failures.png").read_bytes()[:4]
        == b"\x89PNG"
    )


def test_the_report_is_printed_as_json(fivebox, tmp_path):
    (tmp_path / "touch.json").write_bytes((SAMPLES / "touch-finger.json").read_bytes())
    (tmp_path / "labels.csv").write_text("file,postcode\ntouch.json,94625\n")
    done = fivebox("evaluate", tmp_path, "--json", "--out", tmp_path / "out")
    (line,) = done.lines
    assert (line["total"], line["right"]) == (1, 1)
    assert line == json.loads((tmp_path / "out" / "report.json").read_text())


def test_an_input_that_cannot_be_read_makes_the_code_1(fivebox, tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "labels.csv").write_text("file,postcode\ntext.jpg,94625\n")
    done = fivebox("evaluate", tmp_path, "--out", tmp_path / "out")
    assert (done.code, done.err) == (1, "")
    assert "error 1" in done.out


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (None, "labels.csv: there is no such file"),
        ("file,postcode\na.jpg,1\n", "line 2: '1' is not"),
    ],
)
def test_labels_that_cannot_be_used_are_one_line_on_stderr(fivebox, tmp_path, labels, words):
    if labels is not None:
        (tmp_path / "labels.csv").write_text(labels)
    done = fivebox("evaluate", tmp_path, "--out", tmp_path / "out")
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith(f"fivebox: {tmp_path}/labels.csv")
    assert words in done.err
