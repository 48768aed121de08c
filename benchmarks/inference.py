"""The network alone, beside other runtimes: `python -m benchmarks.inference`.

Five digits, `uint8 (5, 28, 28)`, to five distributions, on one thread: this runtime with each
kind of file, ONNX Runtime float32 and int8, NumPy float32, and `keras.Model.predict`. All have
the same weights and take turns in the same run, so that they share what else the machine does;
of how many digits each says another thing than Keras is told beside. In its turn each is called
several times in a row: the first call finds the caches full of another's weights, as after a
camera's other work, and is told apart from those that are timed. Then the bare invoke of one
to eight digits, and whether a second thread is worth it at a camera's pace. Weights and digits
are drawn, of a network of the kiosk's shape, unless a Keras model and digits are given. Writes
`benchmarks/results/inference.json`.
"""

from __future__ import annotations

import os

# Before NumPy is imported: its BLAS asks only then.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# So that `python benchmarks/inference.py` finds the packages as `-m` does.
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np

from benchmarks import peers
from benchmarks.reporting import keep, machine, percentiles, print_machine
from convert.errors import ConversionError, SourceError
from convert.source import load_source
from convert.tflite import to_tflite
from convert.variants import Options
from edge.classifier import Classifier
from edge.interpreter import make_interpreter
from edge.quiet import native_stderr_silenced
from train.augment import Distortion
from train.data import load
from train.errors import DataError
from train.quiet import import_tensorflow

RESULTS = Path(__file__).parent / "results" / "inference.json"
SHAPE = (784, 1024, 512, 512, 10)
SEED = 3
BATCH = 5
OURS = ("int8", "float32", "float16", "dynamic", "int4")
# `none` is what the converter calls it.
_QUANTIZATIONS = {"float32": "none"}
# What is asked for.
MOST_BY_INVOKE = 1.5
LEAST_BY_PREDICT = 800

# Digits of one invoke, and the kinds whose bare invoke is measured with so many.
ROWS = tuple(range(1, 9))
ROW_KINDS = ("int8", "dynamic", "int4", "float32")
# Between two readings of a camera: long enough for a second thread to fall asleep.
PAUSE_S = 0.03
# What the kernels that XNNPACK and ONNX Runtime take depend on, as Linux names it.
INSTRUCTION_SETS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "asimddp", "i8mm")

_WARM_UP = 2
# Calls of one turn, of which the last are timed. How much of its weights the second finds in the
# processor's cache goes by who ran before; after five all that fits is there.
_IN_A_ROW, _TIMED = 10, 5
_DRAWN = 1000
_CHUNK = 1000
# Of the training's digits, to take the ranges from.
_SHOWN = 1000


def drawn_digits(count: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return `uint8 (count, 28, 28)` blobs as bright and as large as digits are."""
    rng = np.random.default_rng(SEED)
    rows, columns = np.mgrid[0:28, 0:28]
    digits = np.zeros((count, 28, 28), np.float64)
    for digit in digits:
        for x, y in rng.uniform(7, 21, (6, 2)):
            digit += np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 5)
    return (255 * np.minimum(digits, 1)).astype(np.uint8)


def drawn_model(shape: Sequence[int] = SHAPE) -> Any:
    """Return a Keras model with drawn weights, as large as those of a trained one."""
    import keras

    keras.utils.set_random_seed(SEED)
    layers = [keras.layers.Dense(units, "relu") for units in shape[1:-1]]
    last = keras.layers.Dense(shape[-1], "softmax")
    return keras.Sequential([keras.Input((shape[0],)), *layers, last])


def contestants(
    model: Any, folder: Path, shown: np.ndarray[Any, np.dtype[np.uint8]] | None = None
) -> tuple[dict[str, peers.Work], dict[str, Any], dict[str, str]]:
    """Build everything that is measured.

    Args:
        model: of Keras, Dense layers with ReLU and a softmax.
        folder: for the files, `KIND.tflite`.
        shown: `uint8 (n, 28, 28)`, digits to take the ranges from; None draws some.

    Returns:
        What takes digits and gives probabilities, by name; the interpreters of our own, to
        measure the bare invoke of; and why some are missing.
    """
    weights = [np.asarray(weight) for weight in model.get_weights()]
    if shown is None:
        shown = drawn_digits(100)
    works: dict[str, peers.Work] = {}
    invokes: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for kind in OURS:
        content = to_tflite(
            model, _QUANTIZATIONS.get(kind, kind), None, Distortion(), Options(target="litert"),
            shown,
        )  # fmt: skip
        path = folder / f"{kind}.tflite"
        path.write_bytes(content)
        classifier = Classifier(path)
        works[f"LiteRT {kind}"] = classifier.probabilities
        invokes[f"LiteRT {kind}"] = _invoke_of(classifier)
    works["LiteRT int8, 2 threads"] = Classifier(folder / "int8.tflite", threads=2).probabilities
    for name, make in (
        ("ONNX Runtime float32", lambda: peers.onnx_float32(weights)),
        ("ONNX Runtime int8", lambda: peers.onnx_int8(weights, shown)),
        ("ONNX Runtime int8, 7 bits",
         lambda: peers.onnx_int8(weights, shown, seven_bits=True)),
        ("NumPy float32", lambda: peers.numpy_float32(weights)),
        ("Keras predict", lambda: peers.keras_predict(model)),
    ):  # fmt: skip
        try:
            works[name] = make()
        except peers.MissingError as error:
            missing[name] = str(error)
    return works, invokes, missing


def measure(
    works: Mapping[str, peers.Work], invokes: Mapping[str, Any], rounds: int
) -> tuple[dict[str, list[float]], dict[str, list[float]], dict[str, list[float]]]:
    """Let them take turns.

    Returns:
        µs of the timed calls of the works and of the bare invokes, and of each turn's first call
        of a work.
    """
    digits = drawn_digits(BATCH)
    times: dict[str, list[float]] = {name: [] for name in works}
    bare: dict[str, list[float]] = {name: [] for name in invokes}
    first: dict[str, list[float]] = {name: [] for name in works}
    for number in range(_WARM_UP + rounds):
        for found, tasks in ((times, works), (bare, invokes)):
            for name, work in tasks.items():
                # `predict` takes longer than all others together, so fewer turns must do.
                if name == "Keras predict" and number % 10:
                    continue
                elapsed = _in_a_row((lambda w=work: w(digits)) if tasks is works else work)
                if number >= _WARM_UP:
                    found[name] += elapsed[-_TIMED:]
                    if tasks is works:
                        first[name].append(elapsed[0])
    return times, bare, first


def unlike_keras(
    works: Mapping[str, peers.Work], digits: np.ndarray[Any, np.dtype[np.uint8]]
) -> dict[str, float]:
    """Return the share of the digits of which each says another thing than `Keras predict`."""
    said = {
        name: np.concatenate(
            [work(digits[at : at + _CHUNK]).argmax(axis=1) for at in range(0, len(digits), _CHUNK)]
        )
        for name, work in works.items()
    }
    return {name: float((each != said["Keras predict"]).mean()) for name, each in said.items()}


def measure_rows(folder: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Return the middle µs of the bare invoke of each number of digits, by kind and number."""
    invokes = {(kind, rows): _bare(folder / f"{kind}.tflite", rows)
               for kind in ROW_KINDS for rows in ROWS}  # fmt: skip
    times: dict[tuple[str, int], list[float]] = {key: [] for key in invokes}
    for _ in range(rounds):
        for key, invoke in invokes.items():
            times[key] += _in_a_row(invoke)[-_TIMED:]
    return {
        kind: {str(rows): round(float(np.median(times[kind, rows])), 1) for rows in ROWS}
        for kind in ROW_KINDS
    }


def measure_threads(path: Path, rounds: int) -> dict[str, float]:
    """Return the middle µs of five digits after a pause, by the number of threads."""
    digits = drawn_digits(BATCH)
    times: dict[int, list[float]] = {1: [], 2: []}
    classifiers = {threads: Classifier(path, threads=threads) for threads in times}
    for number in range(rounds + 1):
        for threads, classifier in classifiers.items():
            time.sleep(PAUSE_S)
            start = time.perf_counter()
            classifier.probabilities(digits)
            # The first lays out the weights.
            if number:
                times[threads].append(1e6 * (time.perf_counter() - start))
    return {str(threads): round(float(np.median(each)), 1) for threads, each in times.items()}


def instruction_sets() -> list[str]:
    """Return which of `INSTRUCTION_SETS` this processor has, as far as Linux tells."""
    try:
        words = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return []
    return [name for name in INSTRUCTION_SETS if name in words]


def _in_a_row(work: Any) -> list[float]:
    """Return µs of each call of one turn."""
    elapsed = []
    for _ in range(_IN_A_ROW):
        start = time.perf_counter()
        work()
        elapsed.append(1e6 * (time.perf_counter() - start))
    return elapsed


def _invoke_of(classifier: Classifier) -> Any:
    """Return the bare invoke of a classifier's interpreter, with five digits in it.

    Its own: another's weights lie on other pages of memory, of which the processor's cache holds
    more or fewer at once, and an invoke takes up to twice as long by that alone.
    """
    classifier.probabilities(drawn_digits(BATCH))
    return classifier._interpreter.invoke


def _bare(path: Path, rows: int = BATCH) -> Any:
    interpreter = make_interpreter(path.read_bytes(), path.name)
    (pixels,) = interpreter.get_input_details()
    shape = [rows, *pixels["shape"][1:]]
    interpreter.resize_tensor_input(pixels["index"], shape)
    with native_stderr_silenced():
        interpreter.allocate_tensors()
    digits = drawn_digits(rows).reshape(shape)
    scaled = digits if pixels["dtype"] == np.uint8 else digits.astype(np.float32) / 255
    interpreter.set_tensor(pixels["index"], scaled)
    return interpreter.invoke


def judge(
    table: Mapping[str, Mapping[str, float]], bare: Mapping[str, Mapping[str, float]], shipped: str
) -> dict[str, float]:
    """Return the ratios that are asked for, of the middle times.

    Args:
        table: percentiles of digits to distributions, µs.
        bare: of the invokes alone.
        shipped: our own whose ratios they are.
    """
    ours = table[shipped]["p50"]
    fastest = min(times["p50"] for times in bare.values())
    others = {name: times["p50"] for name, times in table.items() if not name.startswith("LiteRT")}
    return {
        "by the fastest bare invoke": ours / fastest,
        "faster than the fastest peer": min(others.values()) / ours,
        "faster than predict": others["Keras predict"] / ours,
    }


def _digits_of(path: Path | None) -> tuple[Any, Any]:
    """Return digits to take the ranges from and digits to compare on, `uint8 (n, 28, 28)`."""
    if path is None:
        return None, drawn_digits(_DRAWN)
    data = load("mnist", path)
    return data.train.images[:_SHOWN], data.test.images


def main() -> int:
    """Print the tables and write the JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.inference", description=str(__doc__).split("\n", 1)[0]
    )
    parser.add_argument("--model", type=Path, help="a Keras model instead of drawn weights")
    parser.add_argument("--data", type=Path, help="MNIST's mnist.npz instead of drawn digits")
    parser.add_argument("--rounds", type=int, default=300, help="turns of each (default: 300)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args()
    if options.rounds < 10:
        parser.error("--rounds must be 10 or more")
    import_tensorflow()
    try:
        model = load_source(options.model).model if options.model else drawn_model()
        shown, compared = _digits_of(options.data)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            works, invokes, missing = contestants(model, folder, shown)
            unlike = unlike_keras(works, compared)
            times, bare_times, firsts = measure(works, invokes, options.rounds)
            by_rows = measure_rows(folder, max(options.rounds // 5, 10))
            paced = measure_threads(folder / "int8.tflite", max(options.rounds // 10, 10))
    except (SourceError, ConversionError, DataError) as error:
        print(f"inference: {error}", file=sys.stderr)
        return 1

    table = {name: percentiles(each) for name, each in times.items()}
    bare = {name: percentiles(each) for name, each in bare_times.items()}
    first = {name: percentiles(each) for name, each in firsts.items()}
    ratios = judge(table, bare, "LiteRT int8")
    where = machine() | {"instructions": instruction_sets()}
    print_machine(where)
    print(text(table, bare, first, unlike))
    for name, why in missing.items():
        print(f"{name:26} {why}")
    print(f"{'bare invoke of digits, µs':26}" + "".join(f"{rows:9}" for rows in ROWS))
    for kind, found in by_rows.items():
        print(f"LiteRT {kind:19}" + "".join(f"{found[str(rows)]:9.1f}" for rows in ROWS))
    print(
        f"LiteRT int8, every {1000 * PAUSE_S:.0f} ms: {paced['1']:.0f} µs on one thread, "
        f"{paced['2']:.0f} on two"
    )
    for name, limit, met in (
        ("by the fastest bare invoke", f"at most {MOST_BY_INVOKE:g}",
         ratios["by the fastest bare invoke"] <= MOST_BY_INVOKE),
        ("faster than the fastest peer", "above 1", ratios["faster than the fastest peer"] > 1),
        ("faster than predict", f"at least {LEAST_BY_PREDICT}",
         ratios["faster than predict"] >= LEAST_BY_PREDICT),
    ):  # fmt: skip
        print(f"{name:30} {ratios[name]:8.2f}× ({limit}){'' if met else '  MISS'}")
    result = {
        "machine": where,
        "rounds": options.rounds,
        "us": table,
        "bare_us": bare,
        "first_us": first,
        "bare_us_by_rows": by_rows,
        "paced_us_by_threads": paced,
        "unlike_keras": {"digits": len(compared), "share": unlike},
        "missing": missing,
        "ratios": {name: round(value, 3) for name, value in ratios.items()},
    }
    keep(options.out, result)
    return 0


def text(
    table: Mapping[str, Mapping[str, float]],
    bare: Mapping[str, Mapping[str, float]],
    first: Mapping[str, Mapping[str, float]],
    unlike: Mapping[str, float],
) -> str:
    """Return the table to print."""
    lines = [f"{'five digits, µs':26} {'p50':>9} {'p99':>9} {'bare p50':>9} {'first':>9} "
             f"{'digits/s':>9} {'unlike Keras':>13}"]  # fmt: skip
    for name, row in table.items():
        alone = f"{bare[name]['p50']:9.1f}" if name in bare else f"{'':9}"
        lines.append(
            f"{name:26} {row['p50']:9.1f} {row['p99']:9.1f} {alone} {first[name]['p50']:9.1f} "
            f"{BATCH * 1e6 / row['p50']:9.0f} {unlike[name]:13.2%}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
