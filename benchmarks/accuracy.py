"""How much is read right, on real input and rendered photos: `python -m benchmarks.accuracy`.

Prints counts (n of N) and percent beside the floor of each figure, marks what misses it, and
writes all to `benchmarks/results/accuracy.json`. Photos of envelopes are rendered from
digits of writers on whom nothing was chosen (see `benchmarks.envelopes`), touch recordings
are composed of the same writers' strokes. Exit code 1: some figure misses its floor.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

# So that `python benchmarks/accuracy.py` finds the packages as `-m` does.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import datasets, envelopes
from benchmarks.datasets import STROKE_SETS
from benchmarks.reporting import has_data, keep, positive
from benchmarks.scores import FLOORS, HEADER, Score, score
from edge import InputError, Reading, Recognizer
from edge.sources.images import load_image, load_picture
from train.material import examples_of

__all__ = ["SETS", "STROKE_SETS", "Score", "measure", "mnist", "photos", "score", "touch"]

RESULTS = Path(__file__).parent / "results" / "accuracy.json"
TOUCH_COUNT = 500
TOUCH_SEED = 20
RENDERED_COUNT = 300
RENDERED_SEED = 20


def mnist(recognizer: Recognizer, count: int | None = None) -> Score:
    """Score the classifier alone on MNIST's test digits."""
    images, labels = datasets.mnist_digits("test")
    return _digits(recognizer, "MNIST digits", images[:count], labels[:count])


def pen_digits(recognizer: Recognizer, name: str, count: int | None = None) -> Score:
    """Score the classifier alone on a set's unseen writers, as the kiosk draws their strokes."""
    examples = examples_of(datasets.unseen_digits(name)[:count])
    return _digits(recognizer, f"{name} digits", examples.images, examples.labels)


def _digits(
    recognizer: Recognizer, name: str, images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> Score:
    right = int((recognizer.classifier.probabilities(images).argmax(axis=1) == labels).sum())
    return Score(name, len(labels), right)


def photos(recognizer: Recognizer, name: str, listed: Iterable[datasets.Photo]) -> Score:
    """Score whole photos."""

    def read(photo: datasets.Photo) -> Reading:
        try:
            return recognizer.read(load_picture(photo.path))
        except InputError as error:
            return Reading("error", reason=str(error))

    return score(name, ((read(photo), photo.postcode) for photo in listed))


def cells(recognizer: Recognizer, name: str, listed: Iterable[datasets.Photo]) -> Score:
    """Score boxes that are cut out already, one digit each; nobody accepts single digits."""
    counted = score(
        name,
        ((recognizer.read_boxes([load_image(cell.path)]), cell.postcode) for cell in listed),
    )
    return Score(name, counted.total, counted.right)


def rendered(
    recognizer: Recognizer, name: str, count: int = RENDERED_COUNT, jobs: int = 1
) -> Score:
    """Score rendered photos of test writers; see `benchmarks.envelopes`.

    Args:
        recognizer: reads them.
        name: one of `benchmarks.envelopes.SETS`.
        count: how many.
        jobs: processes that render.
    """
    made = envelopes.photos(name, count, RENDERED_SEED, "test", jobs=jobs)
    return score(name, ((recognizer.read(photo.image), photo.postcode) for photo in made))


def touch(
    recognizer: Recognizer, name: str, count: int = TOUCH_COUNT, seed: int = TOUCH_SEED
) -> Score:
    """Score touch recordings of a set's unseen writers."""
    return score(f"{name} touch", _touched(recognizer, [name], count, seed))


def all_touch(recognizer: Recognizer, count: int | None = None) -> Score:
    """Score touch recordings of all unseen writers, of each set as many."""
    each = TOUCH_COUNT if count is None else -(-count // len(STROKE_SETS))
    return score("touch", _touched(recognizer, STROKE_SETS, each, TOUCH_SEED))


def _touched(
    recognizer: Recognizer, names: Iterable[str], count: int, seed: int
) -> Iterable[tuple[Reading, str]]:
    for name in names:
        for touched in datasets.touch_recordings(datasets.unseen_digits(name), count, seed):
            yield recognizer.read_strokes(touched.recording), touched.postcode


_Measure = Callable[[Recognizer, int | None, int], Score]


def _rendered(name: str) -> _Measure:
    return lambda r, count, jobs: rendered(r, name, count or RENDERED_COUNT, jobs)


SETS: MappingProxyType[str, _Measure] = MappingProxyType(
    {
        "mnist": lambda r, count, _: mnist(r, count),
        **{name: lambda r, count, _, name=name: pen_digits(r, name, count) for name in STROKE_SETS},
        **{name: _rendered(name) for name in ("scan", "desk", "hard", "odd")},
        "envelopes": lambda r, count, _: photos(
            r, "envelopes", islice(datasets.envelopes(), count)
        ),
        "box_strips": lambda r, count, _: photos(
            r, "box_strips", islice(datasets.box_strips(), count)
        ),
        "form_cells": lambda r, count, _: cells(
            r, "form_cells", islice(datasets.form_cells(), count)
        ),
        "touch": lambda r, count, _: all_touch(r, count),
        **{name: _rendered(name) for name in ("negatives", "odd_negatives")},
    }
)
"""What is measured, by name: takes the recogniser, how many inputs (None: all) and how many
processes may render."""


def measure(
    recognizer: Recognizer,
    names: Iterable[str] = tuple(SETS),
    count: int | None = None,
    jobs: int = 1,
) -> Iterable[Score]:
    """Yield the score of each set as soon as it is known."""
    for name in names:
        yield SETS[name](recognizer, count, jobs)


def main() -> int:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy", description=str(__doc__).split("\n", 1)[0]
    )
    parser.add_argument("--model", help="instead of the bundled model")
    parser.add_argument(
        "--only", nargs="+", choices=SETS, metavar="NAME", help=f"of {', '.join(SETS)}"
    )
    parser.add_argument("--count", type=positive, help="of each set, for a quick look")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1,
        help="processes that render photos (default: one for each core)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path,
        help="where the JSON goes (default: benchmarks/results; a part of the sets goes nowhere)",
    )  # fmt: skip
    options = parser.parse_args()
    if not has_data("accuracy"):
        return 1
    recognizer = Recognizer(options.model)
    print(HEADER)
    scores = []
    for each in measure(recognizer, options.only or SETS, options.count, options.jobs):
        print(each.row.rstrip(), flush=True)
        scores.append(each)
    card = recognizer.classifier.card
    result = {
        "model_sha256": card.sha256 if card else None,
        "machine": platform.machine(),
        "python": platform.python_version(),
        "touch_seed": TOUCH_SEED,
        "rendered_seed": RENDERED_SEED,
        "scores": [asdict(each) | {"missed": list(each.missed)} for each in scores],
        "floors": {name: asdict(floor) for name, floor in FLOORS.items()},
    }
    partly = options.only is not None or options.count is not None
    out = options.out or (None if partly else RESULTS)
    if out is not None:
        keep(out, result)
    missed = [f"{each.name} ({', '.join(each.missed)})" for each in scores if each.missed]
    if missed:
        print(f"accuracy: below the floor: {'; '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
