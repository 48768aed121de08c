"""Finds what digits tell of the way up: `python -m benchmarks.way_up PHOTOS...`.

From folders of photos that `python -m benchmarks.envelopes --writers learnt` has written. The
digits are cut out as the reader does it, and classified upright and upside down; a logistic
regression of which is which gives the weights that `edge.orientation` has. Half of the photos
are to learn from; of the others it is told how many rows would be taken the wrong way, by these
weights and by how sure the classifier is of its likeliest digits.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# So that `python benchmarks/way_up.py` finds the packages as `-m` does.
sys.path.insert(0, str(Path(__file__).parents[1]))

from edge import Recognizer
from edge.crops import cut_digits
from edge.digits import normalise
from edge.orientation import LEAST, turned_ink
from edge.picture import Picture
from edge.strip import flatten
from train.cutouts import row_in
from train.errors import DataError
from train.photos import labelled

# Of the squares of the weights, beside the mean loss of a digit.
_DECAY = 1e-3
_ROUNDS = 50


class Seen(NamedTuple):
    """Digits of a row as the classifier saw them."""

    upright: NDArray[np.float32]
    """`(n, 10)` probabilities."""
    turned: NDArray[np.float32]
    """The same digits upside down."""


def rows_in(folder: Path, recognizer: Recognizer) -> Iterator[Seen]:
    """Yield what is seen of each row in a folder of labelled photos.

    Raises:
        DataError: its labels or a photo can't be read.
    """
    for photo in labelled([folder]):
        if photo.corners is None:
            continue
        picture = Picture.of(photo.image())
        row = row_in(photo, picture, recognizer)
        inks = [] if row is None else cut_digits(flatten(picture, row))
        written = [ink for ink in inks if ink is not None]
        if written:
            ways = written, [turned_ink(ink) for ink in written]
            upright, turned = (
                recognizer.classifier.probabilities(np.stack([*map(normalise, way)]))
                for way in ways
            )
            yield Seen(upright, turned)


def fit(rows: list[Seen]) -> NDArray[np.float64]:
    """Return the weights, `(10,)`, of a logistic regression, by Newton's method."""
    apart = np.concatenate([_apart(row) for row in rows])
    weights = np.zeros(apart.shape[1])
    for _ in range(_ROUNDS):
        sure = 1 / (1 + np.exp(-(apart @ weights)))
        slope = apart.T @ (sure - 1) / len(apart) + _DECAY * weights
        curve = (apart.T * (sure * (1 - sure))) @ apart / len(apart)
        weights = weights - np.linalg.solve(curve + _DECAY * np.eye(len(weights)), slope)
    return weights


def _apart(row: Seen) -> NDArray[np.float64]:
    """Return how much more each logarithm is upright than upside down, `(n, 10)`."""
    upright, turned = (np.log(way.astype(np.float64) + LEAST) for way in row)
    return upright - turned


def main() -> int:
    """Print the weights, and how many rows they take the wrong way."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.way_up", description=str(__doc__).split("\n", 1)[0]
    )
    parser.add_argument("photos", type=Path, nargs="+", help="folders with labels.csv")
    parser.add_argument("--model", type=Path, help="(default: the bundled one)")
    options = parser.parse_args()
    recognizer = Recognizer(options.model)
    try:
        rows = [row for folder in options.photos for row in rows_in(folder, recognizer)]
    except DataError as error:
        print(f"way_up: {error}", file=sys.stderr)
        return 1
    learnt, others = rows[::2], rows[1::2]
    if not others:
        print("way_up: no rows in these photos; render some with digits", file=sys.stderr)
        return 1
    weights = fit(learnt)
    by_weights = sum(float((_apart(row) @ weights).sum()) <= 0 for row in others)
    by_likeliest = sum(
        float(np.log(row.upright.max(axis=1) / row.turned.max(axis=1)).sum()) <= 0 for row in others
    )
    print("weights  ", " ".join(f"{weight:.2f}" for weight in weights))
    print(f"by the weights     {by_weights} of {len(others)} rows the wrong way")
    print(f"by the likeliest   {by_likeliest} of {len(others)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
