"""Full disks and folders that can't be written: one sentence, exit code 1, nothing half written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import disks

ROOT = Path(__file__).parents[2]
# Files may not grow beyond so many bytes, as on a disk that is full by then. TensorFlow's own
# temporary files go elsewhere and may.
_LIMITED = """
import resource, sys
from convert import tflite
from convert.cli import main
right = tflite.to_tflite
def then_full(*arguments):
    content = right(*arguments)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
    return content
import convert.convert
convert.convert.to_tflite = then_full
sys.exit(main(sys.argv[2:]))
"""


def names(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# Before the model is written, before the card, and before the picture.
@pytest.mark.parametrize("limit", [1000, 60_000])
def test_on_a_full_disk_nothing_is_half_written_and_the_earlier_files_stay(build, tmp_path, limit):
    target = tmp_path / "out" / "m.tflite"
    target.parent.mkdir()
    for name in ("m.tflite", "m.json", "m.md"):
        (target.parent / name).write_text("earlier")
    before = names(target.parent)
    arguments = [str(build / "postcode.keras"), "-o", str(target), "--c-array"]
    run = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(limit), *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 1, run.stderr
    lines = [line for line in run.stderr.splitlines() if line.startswith("convert: ")]
    assert len(lines) == 1
    assert "can't be written (File too large)" in lines[0]
    assert "Traceback" not in run.stderr
    assert names(target.parent) == before


@pytest.fixture
def tiny_disk(tmp_path):
    """Return a folder on a disk of 64 KiB."""
    with disks.small(tmp_path / "disk", "64k") as folder:
        yield folder


def test_a_disk_that_is_too_small_is_one_sentence(build, tiny_disk, capsys):
    from convert.cli import main

    arguments = [str(build / "postcode.keras"), "-o", str(tiny_disk / "m.tflite")]
    assert main([*arguments, "--quantize", "none"]) == 1
    err = capsys.readouterr().err
    assert "can't be written (No space left on device)" in err
    assert list(tiny_disk.iterdir()) == []


def test_a_folder_that_can_not_be_written_is_one_sentence(build, tmp_path, capsys):
    from convert.cli import main

    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):
        # To the superuser all folders are open; one below a file is none to anybody.
        folder = tmp_path / "file"
        folder.write_text("x")
    assert main([str(build / "postcode.keras"), "-o", str(folder / "m.tflite")]) == 1
    assert f"{folder}: can't be written" in capsys.readouterr().err
