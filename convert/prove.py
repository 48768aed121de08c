"""Runs a file in every runtime that it is meant for and compares what they say.

LiteRT and TensorFlow run in this process. tflite-runtime 2.14 and TFLite Micro need Python 3.11
and an older NumPy, so they live in an environment of their own (`make test-tflite-runtime`
makes it) and are run as a child process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert import runtimes, verify, worker
from convert.errors import ConversionError
from convert.flatbuffer import FlatModel
from convert.variants import Options, Variant
from edge.classifier import Classifier
from edge.interpreter import RUNTIMES
from train.data import Examples

_ROOT = Path(__file__).parents[1]
# Names the environment's Python.
ENVIRONMENT_VARIABLE = "FIVEBOX_TFLITE_RUNTIME"
_ENVIRONMENT = _ROOT / ".venv-tflite-runtime" / "bin" / "python"
_HOW = "make test-tflite-runtime makes its environment"
_TENSORFLOW = RUNTIMES[2]
_TIMEOUT_S = 600
# Which runtime must run a file for it.
_TARGETS = {"tflite-runtime": runtimes.OLD, "micro": runtimes.MICRO}
# How a Python says that a package is not there, and how `edge.interpreter` does.
_ABSENT = ("ModuleNotFoundError", "PackageNotFoundError", "no TFLite interpreter is installed")


@dataclass(frozen=True)
class Proof:
    """What one runtime says of the evaluation digits."""

    runtime: str
    """Its package."""
    version: str
    keras: verify.Comparison
    """Beside the Keras model."""
    oracle: verify.Comparison | None
    """Beside the plain NumPy computation; None where it does not know the model's layers."""


@dataclass(frozen=True)
class Expected:
    """What the evaluation digits should come to."""

    digits: Examples
    """All sets together."""
    keras: NDArray[np.float32]
    """`float32 (n, 10)` scores of the Keras model."""
    oracle: NDArray[np.float32] | None
    """The same of plain NumPy."""


def prove(
    path: Path,
    flat: FlatModel,
    expected: Expected,
    logits: NDArray[np.float32],
    variant: Variant,
    options: Options,
) -> tuple[list[Proof], dict[str, str]]:
    """Run a file everywhere and refuse it if a runtime that it is meant for says another thing.

    Args:
        path: of the file.
        flat: what is in it.
        expected: the digits, and what they should come to.
        logits: `float32 (n, 10)`, what the runtime that is installed here gave.
        variant: its limits.
        options: its target and the drop that is allowed.

    Returns:
        The proofs, and why other runtimes don't run it.

    Raises:
        ConversionError: a limit is passed, or a runtime that was asked for is not there.
    """
    cannot = runtimes.obstacles(flat)
    _require_target(flat, cannot, options)
    proofs = []
    for name, release, scores in (
        (worker.LITERT, _litert_version(), logits),
        (runtimes.TENSORFLOW, _tensorflow_version(), _run_here(path, expected.digits)),
    ):
        proofs.append(_proven(name, release, scores, expected, variant, options))
    for runtime, package in ((runtimes.OLD, worker.OLD), (runtimes.MICRO, worker.MICRO)):
        if runtime in cannot:
            continue
        asked_for = runtime == _TARGETS.get(options.target or "")
        try:
            release, scores = _run_aside(package, path, expected.digits.images)
            proofs.append(_proven(package, release, scores, expected, variant, options))
        except RuntimeAbsentError as error:
            if asked_for:
                raise ConversionError(f"the file can't be proven: {error}") from error
            cannot[runtime] = f"not run: {error}"
        except ConversionError as error:
            # Nobody asked for it, so the file may be kept; but nothing is claimed.
            if asked_for:
                raise
            cannot[runtime] = str(error)
    return proofs, cannot


class RuntimeAbsentError(Exception):
    """A runtime is not installed here; the message says which and what to do."""


def other_python() -> Path | None:
    """Return the Python that has tflite-runtime 2.14, or None."""
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    path = Path(named) if named else _ENVIRONMENT
    return path if path.is_file() else None


def _run_aside(
    package: str, path: Path, digits: NDArray[np.uint8]
) -> tuple[str, NDArray[np.float32]]:
    """Return a runtime's version and its logits, computed by another Python.

    Raises:
        RuntimeAbsentError: there is no such Python, or it has no such runtime.
        ConversionError: the runtime can't run the file.
    """
    python = other_python()
    if python is None:
        raise RuntimeAbsentError(f"{package} is not installed; {_HOW}")
    with tempfile.TemporaryDirectory() as folder:
        images, out = Path(folder, "digits.npy"), Path(folder, "logits.npy")
        np.save(images, digits)
        arguments = ["score", package, str(path.resolve()), str(images), str(out)]
        run = _run_worker(python, arguments)
        if run.returncode:
            last = (run.stderr.strip().splitlines() or ["it died"])[-1]
            if any(name in last for name in _ABSENT):
                raise RuntimeAbsentError(f"{package} is not installed; {_HOW}")
            raise ConversionError(f"{package} can't run the converted model ({last[:200]})")
        return json.loads(run.stdout.splitlines()[-1])["version"], np.load(out)


def measure(path: Path) -> dict[str, Any]:
    """Return times and peak memory of a file in a process of its own; see `convert.worker`."""
    run = _run_worker(Path(sys.executable), ["time", str(path.resolve())])
    if run.returncode:
        last = (run.stderr.strip().splitlines() or ["it died"])[-1]
        raise ConversionError(f"{path.name}: can't be timed ({last[:200]})")
    measured: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return measured


def _run_worker(python: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ) | {"PYTHONPATH": str(_ROOT)}
    try:
        return subprocess.run(
            [str(python), "-m", "convert.worker", *arguments],
            cwd=_ROOT, env=environment, capture_output=True, text=True, check=False,
            timeout=_TIMEOUT_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ConversionError(
            f"{python} took longer than {_TIMEOUT_S} seconds for the converted model"
        ) from error


def _run_here(path: Path, digits: Examples) -> NDArray[np.float32]:
    return verify.run(Classifier(path, runtime=_TENSORFLOW), digits.images)


def _proven(
    name: str,
    release: str,
    scores: NDArray[np.float32],
    expected: Expected,
    variant: Variant,
    options: Options,
) -> Proof:
    """Compare what a runtime says, and refuse the file where that is another thing."""
    labels, oracle = expected.digits.labels, expected.oracle
    proof = Proof(
        runtime=name,
        version=release,
        keras=verify.compare(expected.keras, scores, labels),
        oracle=None if oracle is None else verify.compare(oracle, scores, labels),
    )
    verify.require_equal(proof.keras, options.max_drop, name)
    verify.require_like(proof.keras, variant, name, "the Keras model")
    if proof.oracle is not None:
        verify.require_like(proof.oracle, variant, name, "plain NumPy")
    return proof


def _require_target(flat: FlatModel, cannot: Mapping[str, str], options: Options) -> None:
    """Look at the file before it is run: loading it in an old runtime proves nothing."""
    wanted = _TARGETS.get(options.target or "", "")
    if wanted in cannot:
        raise ConversionError(
            f"{wanted} can't run the converted model: {cannot[wanted]}; choose another --quantize "
            "or --target"
        )
    if options.target == "micro" and runtimes.has_unit_scales(flat):
        raise ConversionError(
            "the converted model has Dense layers with a scale per unit, which older TFLite "
            "Micro computes wrongly; choose another --quantize"
        )


def _litert_version() -> str:
    try:
        return version("ai-edge-litert")
    except PackageNotFoundError:
        return "?"


def _tensorflow_version() -> str:
    import tensorflow as tf

    return str(tf.__version__)
