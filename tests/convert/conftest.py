"""A small network trained on drawn digits, converted by the tests in several ways."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.train.synthetic import GENTLY, write_digits
from train.cli import run
from train.recipe import Recipe

RECIPE = Recipe(hidden=(64, 32), epochs=8, batch_size=32, holdout=300, distortion=GENTLY)


@pytest.fixture(scope="session")
def digits_file(tmp_path_factory) -> Path:
    """Return an `.npz` file of drawn digits."""
    return write_digits(tmp_path_factory.mktemp("data") / "digits.npz", train=1000, test=200)


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory, digits_file) -> Path:
    """Return a folder as the training leaves it; not to be written to."""
    folder = tmp_path_factory.mktemp("trained")
    run(RECIPE, digits_file, folder)
    return folder


@pytest.fixture
def build(trained_once, tmp_path) -> Path:
    """Return a test's own folder with `postcode.keras` and `report.json`."""
    return Path(shutil.copytree(trained_once, tmp_path / "build"))
