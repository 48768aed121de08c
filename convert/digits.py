"""The digits of a conversion: those that show the ranges and those that decide.

They are those of the model's training, divided as they were then, unless files are given.
"""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.calibrate import BOXES
from convert.source import Source, find_digits
from convert.variants import Options
from edge.card import sha256_of
from train.data import Examples
from train.errors import DataError
from train.material import Material, examples_of

_SIDE = 28
# Ranges from fewer are a matter of chance.
_LEAST_REPRESENTATIVE = 20
_LEAST_EVALUATED = 10
_MOST = 1_000_000
# What the images are called in an `.npz` file, and their labels: Keras's MNIST first.
_IMAGES = {
    "representative": ("x_train", "x", "images"),
    "eval": ("x_test", "x", "images"),
    "calibrate": ("x", "images"),
}
_LABELS = ("y_test", "y", "labels")
_ROWS = "rows"


@dataclass(frozen=True)
class Digits:
    """All that a conversion needs."""

    learnt: Examples | None
    """That the network learnt from; None where they are not known."""
    representative: NDArray[np.uint8] | None
    """`uint8 (n, 28, 28)`, to take the ranges from; None takes some of `learnt`."""
    holdout: Mapping[str, Examples]
    """Temperature and threshold are fitted on these."""
    rows: Mapping[str, NDArray[np.integer[Any]]]
    """Of those of `holdout` that were cut out of photos: the same number for digits of one row
    of boxes, `(n,)`."""
    test: Mapping[str, Examples]
    """These are counted, and decide nothing."""
    evaluation: Mapping[str, Examples]
    """These decide whether the file is good enough."""
    material: Material | None
    """Of the training, as it was divided; None where it is not known."""
    account: Mapping[str, str]
    """Names and SHA-256 of the files that were given, for the card."""


def gather_digits(
    source: Source,
    data_path: Path | None,
    stroke_paths: Sequence[Path],
    options: Options,
    quantized: bool,
) -> Digits:
    """Find the digits of the training and read the files that are given.

    Args:
        source: the model.
        data_path: MNIST; None asks the training's report, then Keras.
        stroke_paths: the stroke sets; none asks the training's report.
        options: name the files.
        quantized: whether some digits must show the ranges.

    Raises:
        DataError: they can't be had, or are of the wrong shape, range or number.
    """
    representative = evaluation = None
    account = {}
    if options.representative is not None:
        representative, _ = read_digits(options.representative, "representative")
        account["representative"] = _told(options.representative)
    if options.evaluation is not None:
        images, labels = read_digits(options.evaluation, "eval")
        evaluation = {options.evaluation.stem: Examples(images, labels)}
        account["eval"] = _told(options.evaluation)
    kept_apart, rows = {}, {}
    if (given := options.calibration) is not None:
        kept_apart[given.stem] = Examples(*read_digits(given, "calibrate"))
        if (told := read_rows(given)) is not None:
            rows[given.stem] = told
        account["calibrate"] = _told(given)
    try:
        material = find_digits(source, data_path, stroke_paths)
    except DataError:
        # What is given may be enough.
        named = data_path is not None or stroke_paths
        if named or evaluation is None or (quantized and representative is None):
            raise
        _require_names(options, evaluation, kept_apart)
        holdout = {**evaluation, **kept_apart}
        return Digits(None, representative, holdout, rows, evaluation, evaluation, None, account)
    _require_names(options, material.validation, kept_apart)
    holdout = {**material.validation, **kept_apart}
    return Digits(
        _shown(material),
        representative,
        holdout,
        rows,
        material.test,
        evaluation or holdout,
        material,
        account,
    )


def _require_names(options: Options, *sets: Mapping[str, Examples]) -> None:
    if taken := set.intersection(*(set(each) for each in sets)):
        raise DataError(
            f"{options.calibration}: another set is called {min(taken)} as well; rename the file "
            "for --calibrate"
        )


def read_digits(path: Path, use: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read an `.npz` file of digits.

    Args:
        path: of the file; the images are `x_train` or `x_test` as in Keras's MNIST, `x` or
            `images`: `uint8` 0 to 255 or `float` 0 to 1, `(n, 28, 28)`, `(n, 28, 28, 1)` or
            `(n, 784)`.
        use: `representative`, or `eval` or `calibrate`, for which the labels `y_test`, `y` or
            `labels` are needed: whole numbers 0 to 9.

    Returns:
        `uint8 (n, 28, 28)` and labels `uint8 (n,)`, which are empty of representative ones.

    Raises:
        DataError: the file is none of digits.
    """
    option = f"--{use}"
    arrays = _arrays(path, (*_IMAGES[use], *_LABELS), option)
    images = next((arrays[name] for name in _IMAGES[use] if name in arrays), None)
    if images is None:
        raise DataError(
            f"{path}: has no array called {' or '.join(_IMAGES[use])}; name the images so in the "
            f"file for {option}"
        )
    least = _LEAST_REPRESENTATIVE if use == "representative" else _LEAST_EVALUATED
    pixels = _pixels(images, path, option, least)
    if use == "representative":
        return pixels, np.zeros(0, np.uint8)
    labels = next((arrays[name] for name in _LABELS if name in arrays), None)
    if labels is None or labels.shape not in {(len(pixels),), (len(pixels), 1)}:
        raise DataError(
            f"{path}: has no label for each of its {len(pixels)} images; put them into an array "
            f"called {' or '.join(_LABELS)} for {option}"
        )
    if labels.dtype.kind not in "ui" or labels.min() < 0 or labels.max() > 9:
        raise DataError(f"{path}: its labels are not all whole numbers from 0 to 9; mend {option}")
    return pixels, labels.reshape(-1).astype(np.uint8)


def read_rows(path: Path) -> NDArray[np.integer[Any]] | None:
    """Read which row of boxes each digit of a file for `--calibrate` was cut out of.

    Args:
        path: of a file that `read_digits` took.

    Returns:
        `(n,)`, the same number for digits of one row; None where the file doesn't tell.

    Raises:
        DataError: the file tells it not of each digit, or of no row with five.
    """
    arrays = _arrays(path, (_ROWS, *_LABELS), "--calibrate")
    rows = arrays.pop(_ROWS, None)
    if rows is None:
        return None
    digits = next(arrays[name] for name in _LABELS if name in arrays)
    if rows.shape != (len(digits),) or not np.issubdtype(rows.dtype, np.integer):
        raise DataError(
            f"{path}: has no whole number for each of its {len(digits)} digits in the array called "
            f"{_ROWS}; write the file with python -m train cutouts"
        )
    if not (np.unique(rows, return_counts=True)[1] == BOXES).any():
        raise DataError(
            f"{path}: has no five digits of one row; cut some out of more photos for --calibrate"
        )
    return rows.astype(np.int64)


# A damaged archive fails in as many ways as it has parts. RuntimeError is what zipfile raises
# for one that is encrypted or packed in a way it does not know; of an array's header, which is
# written as Python is, NumPy lets tokenize's and the parser's complaints through.
_DAMAGES = (
    ValueError, KeyError, EOFError, AttributeError, TypeError, RuntimeError, MemoryError,
    SyntaxError, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def _arrays(path: Path, names: Sequence[str], option: str) -> dict[str, NDArray[np.generic]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            if not hasattr(archive, "files"):
                raise ValueError("one array, not an archive")
            return {name: archive[name] for name in names if name in archive.files}
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; check {option}") from error
    except OSError as error:
        raise DataError(
            f"{path}: can't be read ({error.strerror or error}); check {option}"
        ) from error
    except _DAMAGES as error:
        raise DataError(
            f"{path}: not an .npz file of arrays, or a damaged one; write it with "
            f"numpy.savez for {option}"
        ) from error


def _pixels(images: NDArray[np.generic], path: Path, option: str, least: int) -> NDArray[np.uint8]:
    if images.shape[1:] not in {(_SIDE, _SIDE), (_SIDE, _SIDE, 1), (_SIDE**2,)}:
        raise DataError(
            f"{path}: its images are {images.shape}, where (n, {_SIDE}, {_SIDE}) or "
            f"(n, {_SIDE**2}) is needed for {option}"
        )
    if not least <= len(images) <= _MOST:
        raise DataError(
            f"{path}: has {len(images)} images, where {least} to {_MOST:,} are needed for {option}"
        )
    if images.dtype.kind not in "buif":
        raise DataError(f"{path}: its images are {images.dtype}, not numbers; mend {option}")
    lowest, highest = float(images.min()), float(images.max())
    if images.dtype == np.uint8:
        fits, scaled = highest > 1, images
    elif images.dtype.kind == "f":
        # Written so that a NaN fits nowhere.
        fits = lowest >= 0 and 0 < highest <= 1
        scaled = np.rint(images.astype(np.float32) * 255) if fits else images
    else:
        fits, scaled = False, images
    if not fits:
        raise DataError(
            f"{path}: its images are {images.dtype} from {lowest:g} to {highest:g}, where uint8 "
            f"from 0 to 255 or float from 0 to 1 is needed for {option}"
        )
    return np.ascontiguousarray(scaled.astype(np.uint8).reshape(-1, _SIDE, _SIDE))


def _shown(material: Material) -> Examples:
    """Return digits that the network learnt from, in the shares in which there are such."""
    written = [examples_of(strokes.learnt) for strokes in material.strokes]
    return together([material.learnt, *written])


def together(sets: Sequence[Examples]) -> Examples:
    """Return several sets as one."""
    return Examples(
        np.concatenate([each.images for each in sets]),
        np.concatenate([each.labels for each in sets]),
    )


def _told(path: Path) -> str:
    return f"{path.name} sha256 {sha256_of(path.read_bytes())}"
