"""The bundled recogniser, and tiny models of many kinds."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from edge import Recognizer

settings.register_profile("unhurried", deadline=None, max_examples=60)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def recognizer():
    return Recognizer()


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory):
    """Return a folder of models, each one layer with the weights in `weights.npz`."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("tensorflow, which makes the models, is not installed")
    folder = tmp_path_factory.mktemp("models")
    program = Path(__file__).parent / "make_models.py"
    made = subprocess.run([sys.executable, program, folder], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr[-2000:]
    return folder
