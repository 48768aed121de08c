"""The Keras model that is to be converted, checked, with the report of its training."""

from __future__ import annotations

import io
import json
import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.errors import SourceError
from convert.savedmodel import is_saved_model, load_saved_model
from edge.card import sha256_of
from train import data
from train.errors import DataError
from train.material import Material, gather
from train.quiet import import_tensorflow
from train.recipe import Recipe
from train.recipes import DEFAULT, RECIPES
from train.report import NAME as REPORT_NAME
from train.report import recipe_of

SUFFIXES = (".keras", ".h5", ".hdf5")

_SIDE = 28
_CLASSES = 10
_CHUNK = 1000

# How Keras 3 says so, of .keras files and of .h5 files.
_UNKNOWN_LAYER = re.compile(r"Could not locate class '([^']+)'|Unknown (?:layer|object):? '?(\w+)")


@dataclass(frozen=True)
class Training:
    """What the report beside a model says of its training."""

    report: Mapping[str, Any]
    """All of it, as `train.report` wrote it."""
    recipe: Recipe
    """The network was trained by."""
    data_path: Path
    """Where the digits were."""
    data_sha256: str
    """Of their file."""
    strokes: Mapping[str, Path]
    """Where the stroke sets were, by the SHA-256 of their files."""


@dataclass(frozen=True)
class Source:
    """A Keras digit model and what is known of its training."""

    path: Path
    """Of the model's file."""
    sha256: str
    """Of the model's file, lower-case hexadecimal."""
    model: Any
    """The `keras.Model`: `float32`, 0 to 1, in; `(n, 10)` out."""
    training: Training | None
    """None where no report of this very file lies beside it."""
    ranged: Any | None = None
    """The same with the ranges that its activations were rounded to in training; None where
    they were not."""
    per_layer: bool = False
    """Whether its weights were rounded in training with one scale per layer."""

    def model_for(self, quantization: str) -> Any:
        """Return the model that a variant is made of and compared with.

        What rounds its activations to 8 bits keeps the ranges they were trained with.
        """
        return self.ranged if self.ranged is not None and quantization == "int8" else self.model

    @property
    def recipe(self) -> Recipe:
        """It was trained by; without a report, the one whose division of the digits is taken."""
        return self.training.recipe if self.training else RECIPES[DEFAULT]


def load_source(path: Path) -> Source:
    """Load a Keras model and check that it reads digits.

    Args:
        path: a `.keras` or `.h5` file, or a SavedModel folder.

    Returns:
        The model, with the report of its training where there is one.

    Raises:
        SourceError: the file is missing or damaged, or the model is none of digits.
    """
    if path.is_dir():
        return _load_folder(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise SourceError(f"{path}: no such file; python -m train makes a model") from error
    except OSError as error:
        raise SourceError(f"{path}: the file can't be read ({error.strerror})") from error
    if path.suffix not in SUFFIXES:
        raise SourceError(
            f"{path}: not the name of a Keras model; give a file that ends in .keras or .h5"
        )
    # Of such a file Keras says that it was not found.
    if path.suffix == ".keras" and not zipfile.is_zipfile(io.BytesIO(content)):
        raise SourceError(
            f"{path}: not a Keras model, or a truncated one (it is no whole archive); save it again"
        )
    # Not before the file is there: it takes seconds.
    import_tensorflow()
    import keras

    try:
        with warnings.catch_warnings():
            # Keras 2 wrote the shape of the input into the first layer.
            warnings.filterwarnings("ignore", "Do not pass an `input_shape`")
            model = keras.saving.load_model(path, compile=False)
    # What Keras raises depends on which byte is wrong: a dozen kinds have been seen.
    except Exception as error:
        if unknown := _UNKNOWN_LAYER.search(str(error)):
            raise SourceError(
                f"{path}: the model has a layer that Keras does not know, "
                f"{unknown[1] or unknown[2]}; build it of Keras's own layers, or export "
                "it as a SavedModel folder"
            ) from error
        raise SourceError(
            f"{path}: not a Keras model, or a damaged one ({_first_line(error)}); save it again"
        ) from error
    _check(model, path)
    sha256 = sha256_of(content)
    return Source(path, sha256, model, _training(path, sha256))


def _load_folder(path: Path) -> Source:
    if not is_saved_model(path):
        raise SourceError(
            f"{path}: the folder can't be read as a SavedModel: it has no saved_model.pb; give a "
            ".keras or .h5 file"
        )
    import_tensorflow()
    plain, ranged, per_layer = load_saved_model(path, str(path))
    _check(plain, path)
    return Source(path, _sha256_of_folder(path), plain, None, ranged, per_layer)


def _sha256_of_folder(path: Path) -> str:
    """Return the SHA-256 of the list of all its files' names and SHA-256."""
    files = sorted(each for each in path.rglob("*") if each.is_file())
    lines = [f"{sha256_of(each.read_bytes())}  {each.relative_to(path)}\n" for each in files]
    return sha256_of("".join(lines).encode())


def find_digits(
    source: Source, data_path: Path | None, stroke_paths: Sequence[Path] = ()
) -> Material:
    """Load the digits that the model was trained on, divided as they were then.

    Args:
        source: the model; its training says where the digits were.
        data_path: where they are now; None asks the report, then Keras.
        stroke_paths: where the stroke sets are now; none asks the report.

    Returns:
        The digits. For a model without a report the production recipe's division is
        taken, so its training may have seen what is kept apart.

    Raises:
        DataError: they can't be found, or are others than those of the report.
    """
    training, recipe = source.training, source.recipe
    if training is None:
        return gather(_that_fits(recipe, data_path), data_path, stroke_paths)
    if data_path is None and training.data_path.exists():
        data_path = training.data_path
    material = gather(recipe, data_path, stroke_paths or tuple(training.strokes.values()))
    if material.dataset.sha256 != training.data_sha256:
        raise DataError(
            f"{material.dataset.path}: not the digits that {source.path.name} was trained on "
            f"(another SHA-256 than in {REPORT_NAME}); pass those with --data"
        )
    if {each.source.sha256 for each in material.strokes} != set(training.strokes):
        raise DataError(
            f"{source.path}: the stroke sets are not those that it was trained on (another "
            f"SHA-256 than in {REPORT_NAME}); pass those with --strokes"
        )
    return material


def predict(model: Any, digits: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Run the Keras model.

    Args:
        model: of a `Source`.
        digits: `uint8 (n, 28, 28)`.

    Returns:
        `float32 (n, 10)`: what the model gives, probabilities or logits.
    """
    pixels = to_pixels(digits, model.input_shape)
    return np.asarray(model.predict(pixels, batch_size=_CHUNK, verbose=0), np.float32)


def to_pixels(digits: NDArray[np.uint8], input_shape: tuple[int | None, ...]) -> NDArray[Any]:
    """Return digits in the shape a model takes them, `float32`, 0 to 1."""
    return digits.reshape(-1, *input_shape[1:]).astype(np.float32) / np.float32(255)


def _check(model: Any, path: Path) -> None:
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not inputs or not outputs:
        raise SourceError(f"{path}: the model has no fixed input; build it before it is saved")
    shapes = [tuple(tensor.shape) for tensor in (*inputs, *outputs)]
    fits = (
        len(inputs) == len(outputs) == 1
        and shapes[0][1:] in {(_SIDE**2,), (_SIDE, _SIDE), (_SIDE, _SIDE, 1)}
        and shapes[1][1:] == (_CLASSES,)
    )
    if not fits:
        raise SourceError(
            f"{path}: not a digit model: its inputs and outputs are {shapes}, where "
            f"(n, {_SIDE**2}) in and (n, {_CLASSES}) out is needed"
        )
    for weight in model.weights:
        if not np.isfinite(np.asarray(weight)).all():
            raise SourceError(
                f"{path}: the weights in {weight.path} are not all finite numbers; train it again"
            )


def _that_fits(recipe: Recipe, data_path: Path | None) -> Recipe:
    """Return a recipe that keeps at most a quarter apart, so that some are left to show ranges."""
    count = len(data.load(recipe.dataset, data_path).train)
    return replace(recipe, validation=min(recipe.held_out(count) / count, 0.25))


def _training(model: Path, sha256: str) -> Training | None:
    path = model.parent / REPORT_NAME
    try:
        report = json.loads(path.read_text("utf-8"))
        if report["model"]["sha256"] != sha256:
            return None
        recipe, described = recipe_of(report), report["data"]
        if recipe.dataset != "mnist":
            raise ValueError(f"it was trained on {recipe.dataset}")
        return Training(
            report=report,
            recipe=recipe,
            data_path=Path(described["path"]),
            data_sha256=described["sha256"],
            strokes={each["sha256"]: Path(each["path"]) for each in report["strokes"]},
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"{path}: not a training report ({_first_line(error)}); train again or remove it"
        ) from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:120]}" if lines else type(error).__name__
