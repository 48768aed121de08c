from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from edge.cli import main
from tests.edge.drawing import row

ROOT = Path(__file__).parents[3]


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, postcode in enumerate(("04524", "67381")):
        image = row(postcode, box=(50, 64), pitch=64, at=(150, 150), size=(640, 360))[0]
        cv2.imwrite(str(folder / f"{number}.png"), image)
    return folder


def camera(*arguments):
    return main(["camera", *map(str, arguments)])


def test_each_reading_is_a_row_and_then_they_are_counted(photos, capfd):
    assert camera("--source", f"{photos}?hold=0.5") == 0
    out, err = capfd.readouterr()
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["file", "postcode", "confidence", "status", "ms"]
    assert [each[1] for each in rows[1:3]] == ["04524", "67381"]
    assert rows[-1] == ["2", "read:", "2", "accepted"]
    assert err.splitlines() == ["fivebox: camera starting", "fivebox: camera live"]


def test_with_json_each_reading_is_a_line_as_of_read(photos, capfd):
    uri = f"replay:{photos}?hold=0.5"
    assert camera("--source", uri, "--json", "--until-read", 3) == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [line["postcode"] for line in lines] == ["04524", "67381", "04524"]
    assert {line["source"] for line in lines} == {uri}
    assert all(line["elapsed_ms"] > 0 for line in lines)
    assert all(len(line["digits"]) == 5 for line in lines)


def test_it_stops_after_so_many_seconds(photos, capfd):
    start = time.monotonic()
    assert camera("--source", f"replay:{photos}", "--seconds", 0.3) == 0
    assert time.monotonic() - start < 5
    assert capfd.readouterr().out


def test_with_a_directory_only_postcodes_that_exist_are_accepted(photos, tmp_path, capfd):
    codes = tmp_path / "codes.txt"
    codes.write_text("67381,There\n")
    source = f"{photos}?hold=0.5"
    assert camera("--source", source, "--directory", codes, "--json") == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(each["postcode"], each["region"]) for each in lines if each["postcode"]] == [
        ("67381", "There")
    ]


def test_what_happens_to_the_camera_is_said_once_each(photos, capfd):
    uri = f"replay:{photos}?hold=9&fail=unplug@0.3s-0.6s"
    assert camera("--source", uri, "--seconds", 2.5, "--json") == 0
    err = capfd.readouterr().err.splitlines()
    assert err[:3] == [
        "fivebox: camera starting",
        "fivebox: camera live",
        "fivebox: camera unplugged: reconnecting",
    ]
    assert err[-1] == "fivebox: camera live"
    assert len(err) == len(set(err)) + 1


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        ("nothing-here", 1, "there is no such file"),
        ("replay:nothing-here", 1, "there is no such file"),
        ("usb:0", 2, "no source of the kind 'usb'"),
        ("webcam:0?fps=0", 2, "fps is a number from 0.1 to 240"),
        ("replay:.?fail=explode@1s", 2, "no failure 'explode'"),
    ],
)
def test_a_source_that_is_none_is_one_sentence(source, code, words, capfd):
    assert camera("--source", source) == code
    err = capfd.readouterr().err.splitlines()
    assert err[-1].startswith("fivebox: ")
    assert words in err[-1]
    assert len(err) <= 2


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["--source", "x", "--seconds", "0"],
        ["--source", "x", "--seconds", "nan"],
        ["--source", "x", "--until-read", "0"],
        ["--source", "x", "--until-read", "1.5"],
    ],
)
def test_wrong_usage_is_said_by_the_parser(wrong, capfd):
    with pytest.raises(SystemExit) as caught:
        camera(*wrong)
    assert caught.value.code == 2
    assert "usage" in capfd.readouterr().err


# A webcam in a child process: OpenCV's capture, and what it does to the device is written down.
_CHILD = """
import sys, time
from pathlib import Path
import cv2, numpy as np
from edge.sources import webcam
from edge.cli import main

log = open(sys.argv[2], "a", buffering=1)

class Capture:
    def __init__(self, path, backend):
        log.write("opened\\n")
    def isOpened(self): return True
    def set(self, name, value): return True
    def get(self, name): return 30.0
    frames = 0
    def read(self):
        self.frames += 1
        # As inside of a driver that never answers again.
        time.sleep(60 if sys.argv[3] == "hang" and self.frames > 30 else 0.01)
        return True, image
    def release(self): log.write("released\\n")

image = cv2.imread(sys.argv[1])
webcam.check = lambda name, path: None
webcam.cv2.VideoCapture = Capture
if sys.argv[3] == "crash":
    import edge.output
    def fail(*_): raise RuntimeError("a bug")
    edge.output.JsonLines.add = fail
sys.exit(main(["camera", "--source", "webcam:0", "--json"]))
"""


@contextlib.contextmanager
def child(photos, folder, how="well"):
    log = folder / "log"
    process = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(photos / "0.png"), str(log), how],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        yield process, log
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well_and_the_camera_is_let_go(photos, tmp_path, number):
    with child(photos, tmp_path) as (process, log):
        assert json.loads(process.stdout.readline())["postcode"] == "04524"
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 0, err
    assert out == ""
    assert "Traceback" not in err
    assert log.read_text().split() == ["opened", "released"]


def test_a_camera_that_hangs_does_not_hold_the_end_up(photos, tmp_path):
    with child(photos, tmp_path, "hang") as (process, _):
        assert json.loads(process.stdout.readline())["postcode"] == "04524"
        for line in process.stderr:
            if "sends no pictures" in line:
                break
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
        assert time.monotonic() - start < 10
        assert process.returncode == 0
    assert "Traceback" not in err


def test_a_crash_lets_the_camera_go_too(photos, tmp_path):
    with child(photos, tmp_path, "crash") as (process, log):
        _, err = process.communicate(timeout=30)
        assert process.returncode == 1
    assert "a bug" in err
    assert log.read_text().split() == ["opened", "released"]


def test_whoever_reads_the_output_may_have_enough(photos, tmp_path):
    with child(photos, tmp_path) as (process, log):
        process.stdout.readline()
        process.stdout.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert log.read_text().split() == ["opened", "released"]
