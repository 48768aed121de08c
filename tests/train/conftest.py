"""A small network trained once, for the tests that look at what a run leaves."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.train.synthetic import write_digits
from train.cli import main

# Numbers with which any recipe learns the drawn digits, in seconds.
QUICK = ["--hidden", "24", "--epochs", "3", "--batch-size", "32", "--learning-rate", "0.005",
         "--validation", "60"]  # fmt: skip


@dataclass(frozen=True)
class Finished:
    """A run that the command line has made."""

    command: list[str]
    """Its arguments."""
    folder: Path
    """Of the run; not to be written to."""
    printed: str
    """What it said."""


@pytest.fixture(scope="session")
def digits_file(tmp_path_factory) -> Path:
    """Return an `.npz` file of drawn digits."""
    return write_digits(tmp_path_factory.mktemp("data") / "digits.npz", train=360, test=80)


@pytest.fixture(scope="session")
def finished(tmp_path_factory, digits_file) -> Finished:
    """Return a finished run of the textbook's deep network, made smaller."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    command = ["--recipe", "dmlp", "--data", str(digits_file), "--out", str(folder), *QUICK]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(command) == 0
    return Finished(command, folder, out.getvalue())
