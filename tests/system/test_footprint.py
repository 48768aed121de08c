"""What the Pi has to carry: which modules are imported, and how much memory a reading takes."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.system.conftest import SAMPLES, environment

HEAVY = {"tensorflow", "keras", "tf_keras", "train", "convert"}
PHOTO = SAMPLES / "korean-red.jpg"


def packages_after(code: str) -> set[str]:
    """Return the top-level packages that a fresh Python has imported after some code."""
    report = "\nimport json, sys\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code + report],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
        timeout=60,
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    "module",
    ["edge", "edge.recognizer", "edge.cli", "edge.batch", "edge.classifier", "edge.annotate"],
)
def test_no_part_of_the_runtime_imports_the_workshop(module):
    assert packages_after(f"import {module}") & HEAVY == set()


@pytest.mark.parametrize("module", ["edge", "edge.cli", "edge.errors", "edge.reading"])
def test_the_package_alone_imports_neither_numpy_nor_opencv(module):
    assert packages_after(f"import {module}") & {"numpy", "cv2", "PIL", "ai_edge_litert"} == set()


def test_a_reading_runs_on_litert_alone():
    found = packages_after(f"from edge.cli import main\nmain(['read', {str(PHOTO)!r}])")
    assert "ai_edge_litert" in found
    # Pillow is for the stranger kinds of image files.
    assert found & (HEAVY | {"tflite_runtime", "PIL"}) == set()


def test_reading_one_photo_cold_takes_less_than_120_mb(fivebox):
    run = fivebox("read", PHOTO)
    assert run.code == 0
    assert "04524" in run.out
    assert run.peak_mb < 120, f"{run.peak_mb:.0f} MB"


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_photo_of_12_megapixels_takes_less_than_160_mb(fivebox, tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "large.jpg"
    with Image.open(PHOTO) as photo:
        photo.resize((4000, 3000), Image.Resampling.BICUBIC).save(path, quality=90, exif=exif)
    run = fivebox("read", path)
    assert run.code == 0
    assert "04524" in run.out
    assert run.peak_mb < 160, f"{run.peak_mb:.0f} MB"


@pytest.mark.parametrize("orientation", [1, 6])
def test_nor_where_the_boxes_are_so_small_that_all_of_it_is_decoded(fivebox, tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "large.jpg"
    grain = np.random.default_rng(0).integers(60, 130, (3000, 4000, 3), np.uint8)
    with Image.open(PHOTO) as photo, Image.fromarray(grain) as desk:
        desk.paste(photo.resize((1200, 900), Image.Resampling.LANCZOS), (1500, 1100))
        desk.save(path, quality=90, exif=exif)
    run = fivebox("read", path)
    assert run.code == 0
    assert "04524" in run.out
    assert run.peak_mb < 160, f"{run.peak_mb:.0f} MB"


def test_many_photos_take_hardly_more_memory_than_one(fivebox):
    one, many = fivebox("read", PHOTO), fivebox("read", *[PHOTO] * 3)
    assert many.peak_mb < one.peak_mb + 20
