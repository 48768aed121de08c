"""Small networks trained on drawn digits, converted by the tests in several ways."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from convert.prove import ENVIRONMENT_VARIABLE
from tests.train.synthetic import GENTLY, write_digits, write_handwriting
from train.recipe import Recipe
from train.run import train

RECIPE = Recipe(
    "postcode",
    "to be converted",
    hidden=(64, 32),
    optimizer="adamw",
    learning_rate=0.002,
    schedule="one-cycle",
    weight_decay=0.01,
    epochs=8,
    batch_size=32,
    validation=300,
    distortion=GENTLY,
)
MIXED = replace(RECIPE, stroke_drawings=2, stroke_bank=4)


@pytest.fixture(autouse=True)
def old_runtimes_aside(request, monkeypatch) -> None:
    """Leave the old runtimes to the tests of them, wherever there are some."""
    if request.module.__name__.rpartition(".")[2] != "test_old_runtimes":
        monkeypatch.setenv(ENVIRONMENT_VARIABLE, "/nowhere/python")


@pytest.fixture(scope="session")
def digits_file(tmp_path_factory) -> Path:
    """Return an `.npz` file of drawn digits."""
    return write_digits(tmp_path_factory.mktemp("data") / "digits.npz", train=1000, test=200)


@pytest.fixture(scope="session")
def pens_file(tmp_path_factory) -> Path:
    """Return a file of pen strokes with the name of a known set."""
    path = tmp_path_factory.mktemp("strokes") / "pendigits_strokes.json.gz"
    return write_handwriting(path, writers=8, each=3)


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory, digits_file) -> Path:
    """Return a folder as the training leaves it; not to be written to."""
    folder = tmp_path_factory.mktemp("trained")
    train(RECIPE, folder, digits_file)
    return folder


@pytest.fixture(scope="session")
def mixed_once(tmp_path_factory, digits_file, pens_file) -> Path:
    """Return the same of a network that learnt strokes as well."""
    folder = tmp_path_factory.mktemp("mixed")
    train(MIXED, folder, digits_file, [pens_file])
    return folder


@pytest.fixture
def build(trained_once, tmp_path) -> Path:
    """Return a test's own folder with `postcode.keras` and `report.json`."""
    return Path(shutil.copytree(trained_once, tmp_path / "build"))


@pytest.fixture
def mixed(mixed_once, tmp_path) -> Path:
    """Return the same with a network that learnt strokes as well."""
    return Path(shutil.copytree(mixed_once, tmp_path / "mixed"))
