"""The real data that is measured: where it lies and what is true of it."""

from __future__ import annotations

import csv
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from train.data import hold_out, load
from train.material import Strokes, divide
from train.recipes import DEFAULT, RECIPES
from train.strokes import Stroke, StrokeDigit, load_strokes

ROOT = Path(__file__).parents[1]
STROKE_SETS = ("pendigits", "unipen")

Side = Literal["learnt", "validation", "test"]
"""Hands to learn from, to choose by, and to report on: nobody is on two of them."""

# A touchscreen's five boxes, screen px: x, y, width, height.
_BOXES = [[20 + 150 * k, 40, 130, 180] for k in range(5)]
# A digit's larger side as a part of its box, for touch recordings.
_SMALLEST, _LARGEST = 0.45, 0.85
_POINT_MS = 10


class Photo(NamedTuple):
    """A photo and the postcode in it."""

    path: Path
    postcode: str


class Touch(NamedTuple):
    """A touch recording and the postcode in it."""

    recording: dict[str, Any]
    postcode: str


def data_folder() -> Path:
    """Return where the real data lies: `$FIVEBOX_DATA`, else beside the project."""
    return Path(os.environ.get("FIVEBOX_DATA") or ROOT.parent / "shared" / "data")


def mnist_digits(
    side: Side, folder: Path | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return MNIST's digits of a side, `uint8 (n, 28, 28)`, and what they are.

    Args:
        side: the 10,000 of the `test`, or one part of the others as the bundled model's
            recipe divides them: `learnt` or `validation`.
        folder: of the data; None is `data_folder`.
    """
    recipe = RECIPES[DEFAULT]
    dataset = load("mnist", (folder or data_folder()) / "mnist.npz")
    examples = dataset.test
    if side != "test":
        known = dataset.train
        learnt, held = hold_out(known, recipe.held_out(len(known)), recipe.validation_seed)
        examples = learnt if side == "learnt" else held
    return examples.images, examples.labels


def box_strips() -> list[Photo]:
    """Return phone photos of five handwritten digits in ruled boxes."""
    folder = data_folder() / "box_strips"
    with (folder / "labels.csv").open(newline="") as file:
        return [Photo(folder / row["file"], row["postcode"]) for row in csv.DictReader(file)]


def envelopes() -> list[Photo]:
    """Return real envelopes with five printed orange boxes."""
    folder = data_folder() / "envelopes"
    labels = json.loads((folder / "labels.json").read_text("utf-8"))
    return [Photo(folder / label["file"], label["postcode"]) for label in labels]


def form_cells() -> list[Photo]:
    """Return scanned single boxes of forms; the postcode of each is one digit."""
    folder = data_folder() / "form_cells"
    with (folder / "labels.csv").open(newline="") as file:
        return [Photo(folder / row["file"], row["label"]) for row in csv.DictReader(file)]


def stroke_sides(name: str, folder: Path | None = None) -> Strokes:
    """Return a stroke set, `pendigits` or `unipen`, divided as for the bundled model."""
    path = (folder or data_folder()) / f"{name}_strokes.json.gz"
    return divide(load_strokes(path), RECIPES[DEFAULT])


def unseen_digits(name: str) -> Sequence[StrokeDigit]:
    """Return the pen digits of a set's test writers, by whom nothing was chosen.

    Args:
        name: of the set, `pendigits` or `unipen`.
    """
    return stroke_sides(name).test


def touch_recordings(digits: Sequence[StrokeDigit], count: int, seed: int) -> Iterator[Touch]:
    """Yield touch recordings, each of five random digits by one writer on a tablet.

    Args:
        digits: to take from; writers of fewer than five are left out.
        count: how many.
        seed: of the choice of writers, digits, sizes and places.
    """
    rng = np.random.default_rng(seed)
    by_writer = defaultdict(list)
    for digit in digits:
        by_writer[digit.writer].append(digit)
    writers = sorted(writer for writer, mine in by_writer.items() if len(mine) >= len(_BOXES))
    for _ in range(count):
        mine = by_writer[writers[rng.integers(len(writers))]]
        chosen = [mine[i] for i in rng.choice(len(mine), size=len(_BOXES), replace=False)]
        strokes: list[list[list[float]]] = []
        for digit, box in zip(chosen, _BOXES, strict=True):
            strokes.extend(_place(digit.strokes, box, rng))
        clock = 0
        for stroke in strokes:
            for point in stroke:
                clock += _POINT_MS
                point.append(clock)
        yield Touch({"boxes": _BOXES, "strokes": strokes}, "".join(str(d.label) for d in chosen))


def _place(
    strokes: Sequence[Stroke], box: list[int], rng: np.random.Generator
) -> list[list[list[float]]]:
    """Scale a digit into a box, as large and as far from its middle as people write."""
    x, y, width, height = box
    points = np.concatenate(strokes).astype(float)
    low, extent = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-6)
    scale = rng.uniform(_SMALLEST, _LARGEST) * min(width / extent[0], height / extent[1])
    room = np.array([width, height]) - extent * scale
    corner = np.array([x, y]) + room * rng.uniform(0.3, 0.7, 2)
    return [((stroke - low) * scale + corner).round(1).tolist() for stroke in strokes]
