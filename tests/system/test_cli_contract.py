"""The command line's contract: other people's scripts call it."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading

import pytest

from edge.sources.images import load_image
from tests.edge.drawing import recording
from tests.system.conftest import SAMPLES, environment

KEYS = [
    "source", "status", "postcode", "guess", "confidence", "digits", "region", "reason",
    "elapsed_ms",
]  # fmt: skip
TRUTH = {
    row["file"]: row["postcode"]
    for row in csv.DictReader((SAMPLES / "labels.csv").read_text().splitlines())
}
TOUCH = SAMPLES / "touch-finger.json"


def hashes(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder of inputs as people have them, other files among them."""
    folder = tmp_path_factory.mktemp("inputs")
    for name in TRUTH:
        shutil.copyfile(SAMPLES / name, folder / name)
    labels = [{"file": name, "postcode": code} for name, code in TRUTH.items()]
    (folder / "labels.json").write_text(json.dumps(labels))
    (folder / "labels.csv").write_text("file,postcode\n")
    (folder / "README.txt").write_text("samples")
    return folder


@pytest.fixture(scope="module")
def all_read(fivebox, folder, tmp_path_factory):
    """Read the whole folder once, with annotated pictures."""
    out = tmp_path_factory.mktemp("annotated") / "deep" / "out"
    before = hashes(folder)
    run = fivebox("read", folder, "--json", "--annotate", out)
    assert hashes(folder) == before, "inputs were written to"
    return run, out


def by_name(run):
    return {line["source"].rpartition("/")[2]: line for line in run.lines}


def test_a_folder_gives_one_line_per_input_by_name(all_read, folder):
    run, _ = all_read
    assert run.code == 0
    assert [line["source"] for line in run.lines] == [str(folder / name) for name in sorted(TRUTH)]


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_a_sample_is_read_and_accepted(all_read, name):
    line = by_name(all_read[0])[name]
    assert (line["status"], line["postcode"]) == ("accepted", TRUTH[name]), line["guess"]


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_a_line_has_exactly_the_fields_of_the_contract(all_read, name):
    line = by_name(all_read[0])[name]
    assert list(line) == KEYS
    assert line["status"] in {"accepted", "rejected"}
    assert len(line["digits"]) == 5
    for digit in line["digits"]:
        assert list(digit) == ["digit", "confidence", "box"]
        assert digit["digit"] in "0123456789"
        assert 0 <= digit["confidence"] <= 1
        assert [len(corner) for corner in digit["box"]] == [2] * 4
    assert line["guess"] == "".join(digit["digit"] for digit in line["digits"])
    assert 0 <= line["confidence"] <= 1
    assert line["region"] is None
    assert line["elapsed_ms"] > 0


def test_every_input_has_an_annotated_picture(all_read):
    _, out = all_read
    assert {path.name for path in out.iterdir()} == {
        f"{name.rpartition('.')[0]}.read.jpg" for name in TRUTH
    }
    for path in out.iterdir():
        assert 480 <= load_image(path).shape[1] <= 1600


def test_inputs_are_read_in_the_order_given(fivebox, folder):
    names = ["touch-stylus.json", "none.jpg", "touch-finger.json", "touch-stylus.json"]
    run = fivebox("read", *(folder / name for name in names), "--json")
    assert [line["source"] for line in run.lines] == [str(folder / name) for name in names]
    assert [line["status"] == "error" for line in run.lines] == [False, True, False, False]
    assert run.code == 1


def test_a_relative_path_is_told_as_it_was_given(folder):
    done = subprocess.run(
        [sys.executable, "-m", "edge", "read", "./touch-finger.json", "--json"],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=folder,
    )
    assert json.loads(done.stdout)["source"] in {"./touch-finger.json", "touch-finger.json"}


def test_without_boxes_the_status_is_no_boxes_and_the_code_0(fivebox, tmp_path):
    blank = tmp_path / "blank.bmp"
    blank.write_bytes(bmp(200, 100))
    run = fivebox("read", blank, "--json")
    (line,) = run.lines
    assert list(line) == KEYS
    assert (line["status"], line["reason"]) == ("no-boxes", "no-boxes")
    assert (line["postcode"], line["guess"], line["digits"]) == (None, None, [])
    assert run.code == 0


def bmp(width, height):
    """Return a white picture."""
    size = width * height * 3
    header = b"BM" + (54 + size).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    info = (40).to_bytes(4, "little") + width.to_bytes(4, "little") + height.to_bytes(4, "little")
    return header + info + b"\1\0\x18\0" + bytes(24) + b"\xff" * size


def test_a_blank_box_is_rejected_with_its_digit_null(fivebox, tmp_path):
    path = tmp_path / "four.json"
    path.write_text(json.dumps(recording("04 24")))
    (line,) = fivebox("read", path, "--json").lines
    assert (line["status"], line["reason"]) == ("rejected", "blank-box")
    assert (line["postcode"], line["guess"]) == (None, None)
    assert [digit["digit"] for digit in line["digits"]] == ["0", "4", None, "2", "4"]


def test_a_directory_rejects_what_is_not_in_it(fivebox, tmp_path):
    codes = tmp_path / "codes.txt"
    codes.write_text("00000\n")
    run = fivebox("read", TOUCH, "--json", "--directory", codes)
    (line,) = run.lines
    assert (line["status"], line["reason"]) == ("rejected", "not-in-directory")
    assert (line["postcode"], line["guess"]) == (None, TRUTH[TOUCH.name])
    assert run.code == 0


def test_a_directory_that_is_built_in_names_the_region(fivebox):
    (line,) = fivebox("read", TOUCH, "--json", "--directory", "de").lines
    assert list(line) == KEYS
    assert (line["postcode"], line["region"]) == (TRUTH[TOUCH.name], "Passau")


def test_a_smaller_largest_error_accepts_no_more(fivebox, folder):
    accepted = [
        {line["source"] for line in fivebox("read", folder, "--json", *options).lines
         if line["status"] == "accepted"}
        for options in (["--max-error", "0.001"], [], ["--max-error", "0.05"])
    ]  # fmt: skip
    assert accepted[0] < accepted[1] <= accepted[2]


@pytest.mark.parametrize("share", ["0", "1", "two"])
def test_a_largest_error_that_is_no_share_is_wrong_usage(fivebox, share):
    run = fivebox("read", TOUCH, "--max-error", share)
    assert run.code == 2
    assert run.out == ""
    assert "--max-error" in run.err
    assert "Traceback" not in run.err


def test_without_json_there_is_a_table(fivebox, folder):
    run = fivebox("read", TOUCH, folder / "none.jpg")
    header, first, second, _, count = run.out.splitlines()
    assert header.split() == ["file", "postcode", "confidence", "status", "ms"]
    assert TRUTH[TOUCH.name] in first
    assert "error" in second
    assert "no such file" in second
    assert count == "2 read: 1 accepted, 1 error"


def test_a_folder_without_inputs_is_an_error_that_says_so(fivebox, tmp_path):
    (tmp_path / "notes.txt").write_text("nothing to read")
    run = fivebox("read", tmp_path, "--json")
    (line,) = run.lines
    assert (line["source"], line["status"]) == (str(tmp_path), "error")
    assert "no photos" in line["reason"]
    assert run.code == 1


@pytest.mark.parametrize("arguments", [[], ["read"], ["read", TOUCH, "--colour"], ["write", TOUCH]])
def test_wrong_usage_is_2_with_the_usage_and_no_traceback(fivebox, arguments):
    run = fivebox(*arguments)
    assert run.code == 2
    assert run.out == ""
    assert "usage: fivebox" in run.err
    assert "Traceback" not in run.err


def test_a_reader_that_has_enough_is_no_error(folder):
    command = [sys.executable, "-m", "edge", "read", *[str(TOUCH)] * 50, "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert json.loads(process.stdout.readline())["postcode"]
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 0
    assert "Traceback" not in err
    assert "Broken" not in err


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "</dev/null", "<&- >&- 2>&-"])
def test_it_reads_with_any_stream_closed(tmp_path, closed):
    command = f'"$0" -m edge read "$1" "$2" --json --annotate "$3" {closed}'
    photo = SAMPLES / "korean-red.jpg"
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, TOUCH, photo, tmp_path], env=environment(), timeout=60
    )
    assert done.returncode == 0
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("options", [["--json"], []])
def test_a_line_is_out_before_the_next_input_is_there(tmp_path, options):
    late = tmp_path / "late.json"
    os.mkfifo(late)
    command = [sys.executable, "-m", "edge", "read", str(TOUCH), str(late), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        guard = threading.Timer(60, process.kill)
        guard.start()
        if not options:
            process.stdout.readline()
        assert TRUTH[TOUCH.name] in process.stdout.readline()
        late.write_text(TOUCH.read_text())
        assert TRUTH[TOUCH.name] in process.stdout.readline()
        process.stdout.read()
        guard.cancel()
    assert process.returncode == 0


@pytest.mark.parametrize("options", [["--json"], []])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_names_in_any_script_and_in_none_are_printed(fivebox, tmp_path, options, encoding):
    korean, broken = tmp_path / "봉투.json", os.fsencode(tmp_path) + b"/\xff.json"
    for path in (os.fsencode(korean), broken):
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(TOUCH.read_bytes())
    run = fivebox("read", korean, os.fsdecode(broken), *options, PYTHONIOENCODING=encoding)
    assert run.err == ""
    assert run.code == 0
    assert run.out.count(TRUTH[TOUCH.name]) >= 2
