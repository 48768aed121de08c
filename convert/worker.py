"""Runs a `.tflite` file on digits in a process of its own: `python -m convert.worker`.

For runtimes that live in another environment, and for what only a fresh process can tell: its
peak memory. It needs numpy and one runtime, nothing else, so it also runs in Python 3.11 with
tflite-runtime 2.14 or TFLite Micro.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LITERT, OLD, MICRO = "ai-edge-litert", "tflite-runtime", "tflite-micro"
_MODULES = {LITERT: "ai_edge_litert.interpreter", OLD: "tflite_runtime.interpreter"}

_CHUNK = 1000
# Bytes for the activations of one digit; a network's widest layers take some thousand.
_ARENA = 4_000_000
_ROUNDS, _WARM_UP = 300, 50


def main(arguments: list[str]) -> int:
    """Run one of the commands.

    `score RUNTIME MODEL DIGITS.npy OUT.npy` writes logits `float32 (n, 10)`; `time MODEL`
    measures a classifier. Both print one line of JSON.
    """
    command, *rest = arguments
    if command == "score":
        runtime, model, digits, out = rest
        np.save(out, score(runtime, Path(model), np.load(digits)))
        print(json.dumps({"version": version(runtime)}))
    else:
        print(json.dumps(measure(Path(rest[0]))))
    return 0


def score(runtime: str, model: Path, digits: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the logits `float32 (n, 10)` that a runtime computes.

    Args:
        runtime: one of those named above.
        model: the file.
        digits: `uint8 (n, 28, 28)`.
    """
    if runtime == MICRO:
        return _score_micro(model, digits)
    from edge.classifier import Classifier

    classifier = Classifier(model, runtime=_MODULES[runtime])
    chunks = [digits[start : start + _CHUNK] for start in range(0, len(digits), _CHUNK)]
    return np.concatenate([classifier.logits(chunk) for chunk in chunks])


def measure(model: Path) -> dict[str, Any]:
    """Return times of one and of five digits, µs, and the peak memory of this process, bytes.

    Args:
        model: the file.
    """
    from edge.classifier import Classifier

    classifier = Classifier(model)
    digits = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    found: dict[str, Any] = {}
    for count in (1, 5):
        some = digits[:count]
        found[f"us_{count}"] = _percentiles(partial(classifier.probabilities, some))
    found["peak_bytes"] = _peak_bytes()
    return found


def _score_micro(model: Path, digits: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Run TFLite Micro, which takes one digit at a time."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(model.read_bytes(), arena_size=_ARENA)
    pixels, scores = interpreter.get_input_details(0), interpreter.get_output_details(0)
    shape = (1, *(int(length) for length in pixels["shape"][1:]))
    rows = []
    for digit in digits:
        row = digit.reshape(shape)
        if pixels["dtype"] == np.float32:
            row = row.astype(np.float32) / np.float32(255)
        interpreter.set_input(row, 0)
        interpreter.invoke()
        rows.append(interpreter.get_output(0)[0].astype(np.float32))
    found = np.array(rows, np.float32)
    rounding = scores["quantization_parameters"]
    if len(rounding["scales"]):
        steps = found - rounding["zero_points"][0]
        return np.asarray(steps * np.float32(rounding["scales"][0]), np.float32)
    if (found >= 0).all() and np.allclose(found.sum(axis=1), 1, atol=0.05):
        # As the classifier does with probabilities.
        return np.log(np.maximum(found, np.float32(1e-7)))
    return found


def _percentiles(work: Callable[[], object]) -> dict[str, float]:
    for _ in range(_WARM_UP):
        work()
    times = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        work()
        times.append(1e6 * (time.perf_counter() - start))
    p50, p99 = np.percentile(times, [50, 99]).tolist()
    return {"p50": p50, "p99": p99}


def _peak_bytes() -> int:
    """Return the most memory that this process ever held.

    Linux counts `ru_maxrss` on from the process that started this one; VmHWM is its own.
    """
    status: Sequence[str] = ()
    with contextlib.suppress(OSError):
        status = Path("/proc/self/status").read_text("utf-8").splitlines()
    for line in status:
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
