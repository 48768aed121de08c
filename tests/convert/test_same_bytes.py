"""The same model and digits give the same files on every Python that there are packages for."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from convert.prove import ENVIRONMENT_VARIABLE
from convert.variants import VARIANTS

ROOT = Path(__file__).parents[2]
VERSIONS = ("3.11", "3.12", "3.13")
# Of an environment's own Python, where it is not `.venv-VERSION/bin/python`.
NAMED = "FIVEBOX_PYTHON_{}"
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def python_of(version: str) -> str:
    """Return the Python of an environment with the converter, or skip with the reason."""
    if version == HERE:
        return sys.executable
    variable = NAMED.format(version.replace(".", "_"))
    python = os.environ.get(variable) or str(ROOT / f".venv-{version}" / "bin" / "python")
    if shutil.which(python) is None:
        pytest.skip(
            f"there is no environment with Python {version}: scripts/test-pythons makes it, "
            f"or name one in {variable}"
        )
    told = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    assert told == version, f"{python} is Python {told}"
    return python


def files_by(python: str, build: Path, folder: Path) -> dict[str, str]:
    """Convert with a Python in a process of its own; the SHA-256 of each file."""
    environment = {**os.environ, ENVIRONMENT_VARIABLE: "/nowhere/python"}
    # What Python itself shuffles must not decide.
    environment.pop("PYTHONHASHSEED", None)
    done = subprocess.run(
        [python, "-m", "convert", str(build / "postcode.keras"), "--quantize", "all",
         "-o", str(folder / "m.tflite"), "--c-array"],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = [*folder.glob("*.tflite"), *folder.glob("*.h")]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in made}


@pytest.fixture(scope="module")
def here(trained_once, tmp_path_factory):
    return files_by(sys.executable, trained_once, tmp_path_factory.mktemp("here"))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_python_writes_the_same_bytes(version, here, trained_once, tmp_path):
    there = files_by(python_of(version), trained_once, tmp_path)
    assert set(here) == {f"m-{name}{end}" for name in VARIANTS for end in (".tflite", ".h")}
    assert there == here
