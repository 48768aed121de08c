"""Bad inputs: a sentence that names the file and says what is wrong; the others are read."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from edge.card import ModelCard
from edge.classifier import BUNDLED_MODEL
from tests.edge.drawing import recording
from tests.system.conftest import SAMPLES, environment

JPEG = (SAMPLES / "scan-strip.jpg").read_bytes()
GOOD = SAMPLES / "touch-finger.json"
GOOD_POSTCODE = "94625"


def png(width, height, compressed):
    """Write a grey PNG whose header may promise more than its data hold."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", compressed) + chunk(b"IEND", b"")


def touch(**changes):
    return json.dumps({**recording("04524"), **changes}).encode()


def enormous():
    """Return a PNG of 30,000 × 30,000 px in less than a megabyte."""
    packer = zlib.compressobj(9)
    rows = bytes(30_001 * 100)
    data = b"".join(packer.compress(rows) for _ in range(300)) + packer.flush()
    return png(30_000, 30_000, data)


BAD = {
    "missing.jpg": (None, "no such file"),
    "missing.json": (None, "no such file"),
    "empty.jpg": (b"", "empty"),
    "empty.json": (b"", "empty"),
    "text.jpg": (b"This is a text.\n" * 40, "not an image"),
    "truncated.jpg": (JPEG[: len(JPEG) // 2], "damaged or cut short"),
    "truncated.png": (png(400, 300, zlib.compress(bytes(401 * 300))[:20]), "damaged or cut short"),
    "header-only.png": (png(400, 300, b"")[:33], "not an image"),
    "one-pixel.png": (png(1, 1, zlib.compress(b"\0\0")), "1×1 px"),
    "enormous.png": (enormous(), "too large"),
    "needle.png": (png(12_000, 9, zlib.compress(bytes(12_001 * 9))), "too small"),
    "four-boxes.json": (touch(boxes=[[0, 0, 9, 9]] * 4), "5 boxes; this one has 4"),
    "nan.json": (touch(strokes=[[[1, 2], [float("nan"), 3]]]), "stroke 1"),
    "infinite.json": (touch(boxes=[[0, 0, float("inf"), 9]] * 5), "box 1"),
    "long-number.json": (touch(strokes=[[[1, 10**400]]]), "stroke 1"),
    "million.json": (touch(strokes=[[[1, 1]] * 1_000_000]), "larger than 4 MB"),
    "many-points.json": (touch(strokes=[[[1, 1]] * 200_000]), "200,000 points"),
    "labels.json": (b'[{"file": "a.jpg", "postcode": "04524"}]', '"boxes" and "strokes"'),
    "number.json": (b"5", '"boxes" and "strokes"'),
    "deep.json": (b"[" * 500_000, "not JSON"),
    "cut.json": (touch()[:200], "not JSON"),
    "binary.json": (b"\xff\xfe\x00\x01", "not JSON"),
    "image.json": (JPEG, "not JSON"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    for name, (content, _) in BAD.items():
        if content is not None:
            (folder / name).write_bytes(content)
    (folder / "no-inputs").mkdir()
    return folder


@pytest.fixture(scope="module")
def run(fivebox, folder):
    return fivebox("read", *(folder / name for name in BAD), GOOD, "--json")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_input_is_one_line_with_the_reason(run, folder, name):
    lines = [line for line in run.lines if line["source"] == str(folder / name)]
    assert len(lines) == 1
    assert lines[0]["status"] == "error"
    assert BAD[name][1] in lines[0]["reason"]
    assert "\n" not in lines[0]["reason"]
    assert (lines[0]["postcode"], lines[0]["guess"], lines[0]["digits"]) == (None, None, [])


def test_the_input_after_all_the_bad_ones_is_read(run):
    assert len(run.lines) == len(BAD) + 1
    assert run.lines[-1]["postcode"] == GOOD_POSTCODE
    assert run.code == 1
    assert run.err == ""


def test_the_table_has_a_row_for_each_with_the_same_words(fivebox, folder):
    table = fivebox("read", *(folder / name for name in BAD), GOOD)
    rows = table.out.splitlines()
    for name, (_, words) in BAD.items():
        assert [words in row for row in rows if f"/{name} " in row] == [True], name
    assert f"{len(BAD) + 1} read: 1 accepted, {len(BAD)} error" in rows[-1]
    assert table.code == 1
    assert table.err == ""


def test_an_enormous_picture_is_refused_fast_and_in_little_memory(fivebox, folder):
    run = fivebox("read", folder / "enormous.png", "--json")
    assert run.lines[0]["status"] == "error"
    assert run.seconds < 10
    assert run.peak_mb < 150, f"{run.peak_mb:.0f} MB"


@pytest.mark.parametrize("name", ["million.json", "deep.json", "many-points.json"])
def test_an_enormous_recording_is_refused_fast_and_in_little_memory(fivebox, folder, name):
    run = fivebox("read", folder / name, "--json")
    assert run.lines[0]["status"] == "error"
    assert run.seconds < 10
    assert run.peak_mb < 150, f"{run.peak_mb:.0f} MB"


@pytest.mark.parametrize("size", [(30_000, 12), (40, 60_000)])
def test_a_picture_far_longer_than_wide_is_read_like_any_other(fivebox, tmp_path, size):
    path = tmp_path / "long.png"
    width, height = size
    path.write_bytes(png(width, height, zlib.compress((b"\0" + b"\xf0" * width) * height)))
    run = fivebox("read", path, GOOD, "--json", "--annotate", tmp_path / "out")
    assert run.err == ""
    assert [line["status"] for line in run.lines] == ["no-boxes", "accepted"]


def test_an_empty_folder_an_empty_path_and_a_name_too_long_are_bad_inputs(fivebox, folder):
    run = fivebox("read", folder / "no-inputs", "", "x" * 300 + ".jpg", GOOD, "--json")
    assert run.err == ""
    assert [line["status"] for line in run.lines] == ["error", "error", "error", "accepted"]
    assert (run.lines[1]["source"], run.lines[1]["reason"]) == (
        "",
        "the path is empty; name a photo, a video or a recording",
    )


def truncated(path):
    path.write_bytes(BUNDLED_MODEL.read_bytes()[:100_000])
    return "copy it again"


def text(path):
    path.write_text("This is a text, not a model.\n")
    return "not a TFLite model"


def empty(path):
    path.touch()
    return "not a TFLite model"


def missing(path):
    return "no such model file"


def of_another_shape(path):
    # One ReLU on four numbers.
    shutil.copyfile(Path(__file__).parent / "other-shape.tflite", path)
    return "not a digit model"


def with_another_card(path):
    shutil.copyfile(BUNDLED_MODEL, path)
    path.with_suffix(".json").write_text(ModelCard("0" * 64).to_json())
    return "SHA-256"


def with_a_broken_card(path):
    shutil.copyfile(BUNDLED_MODEL, path)
    path.with_suffix(".json").write_text('{"sha256": ')
    return "model card can't be read"


@pytest.mark.parametrize(
    "make",
    [truncated, text, empty, missing, of_another_shape, with_another_card, with_a_broken_card],
)
def test_a_model_that_cannot_be_used_is_one_line_on_stderr(fivebox, tmp_path, make):
    model = tmp_path / "m.tflite"
    words = make(model)
    run = fivebox("read", GOOD, "--json", "--model", model)
    assert run.code == 1
    assert run.out == ""
    assert len(run.err.splitlines()) == 1
    assert str(tmp_path / "m.") in run.err
    assert words in run.err


def test_a_directory_that_cannot_be_used_is_one_line_on_stderr(fivebox, tmp_path):
    codes = tmp_path / "codes.txt"
    codes.write_text("04524\nSeoul\n")
    run = fivebox("read", GOOD, "--json", "--directory", codes)
    assert (run.code, run.out) == (1, "")
    assert run.err == (
        f"fivebox: {codes}, line 2: 'Seoul' is not one to five digits; "
        "write one postcode or prefix a line\n"
    )


@pytest.mark.parametrize("place", ["file", "file/below/it"])
def test_a_folder_for_pictures_that_cannot_be_made_is_one_line_on_stderr(fivebox, tmp_path, place):
    (tmp_path / "file").write_text("in the way")
    run = fivebox("read", GOOD, "--json", "--annotate", tmp_path / place)
    assert run.code == 1
    assert len(run.err.splitlines()) == 1
    assert str(tmp_path / place) in run.err
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("options", [["--json"], []])
def test_output_that_cannot_be_written_is_one_line_on_stderr(options):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "edge", "read", GOOD, *options],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr
