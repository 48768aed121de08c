"""Turns the detector of boxes into its `.tflite` file and proves the two equal.

float32 throughout: it is small, and what it says of places is measured in parts of a pixel.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convert import describe
from convert.errors import ConversionError, SourceError
from convert.tflite import to_tflite
from edge import files
from edge.card import ModelCard, card_path, sha256_of
from edge.detector import OUTPUTS, Detector
from edge.errors import OutputError
from edge.interpreter import make_interpreter
from edge.quiet import native_stderr_silenced
from train.augment import UNBENT
from train.quiet import import_tensorflow
from train.report import NAME as REPORT_NAME

MOST_DIFFERENCE = 1e-3
"""By which an output may differ from the Keras model's."""

# Height and width that the file is made for; `edge.detector` asks for others.
_SIZE = (64, 64)
# And those on which the two are compared, px, with several pictures each.
_COMPARED, _PICTURES = ((96, 136), (160, 208)), 3
_SEED = 0
_RUNTIME = "ai_edge_litert.interpreter"


@dataclass(frozen=True)
class DetectorConversion:
    """What a conversion made."""

    path: Path
    """Of the `.tflite` file; its card lies beside it."""
    size: int
    """Bytes of the file."""
    largest_difference: float
    """Between an output of the Keras model and of the file."""
    card: ModelCard
    """As it was written."""


def convert_detector(source: Path, target: Path) -> DetectorConversion:
    """Convert a detector to a `.tflite` file with its card.

    Args:
        source: the `.keras` file, as `train.detecting` writes it; where the `report.json`
            beside it is of this very file, the card tells of its training.
        target: the `.tflite` file to write; what is there is replaced, but only by a file
            that has passed.

    Raises:
        SourceError: the Keras model is missing, damaged or no detector.
        ConversionError: what was made says another thing than the model.
        OutputError: the files can't be written.
    """
    try:
        content = source.read_bytes()
    except FileNotFoundError as error:
        raise SourceError(f"{source}: no such file; python -m train detector makes it") from error
    except OSError as error:
        raise SourceError(f"{source}: the file can't be read ({error.strerror})") from error
    training = _training(source, sha256_of(content))
    files.make_folder(target.parent)
    for path in (target, card_path(target)):
        if path.is_dir():
            raise OutputError(f"{path}: is a folder; give another name with -o")
        if path.resolve() in {source.resolve(), (source.parent / REPORT_NAME).resolve()}:
            raise OutputError(
                f"{target}: would replace the training's {path.name}; give another name with -o"
            )
    model = _load(source, content)
    made = _to_tflite(model)
    difference = _largest_difference(model, made, str(target))
    # Written so that a difference that is not a number is refused too.
    if not difference <= MOST_DIFFERENCE:
        raise ConversionError(
            f"an output of the converted detector differs by {difference:.4g} from the Keras "
            f"model's, where {MOST_DIFFERENCE:g} is allowed, so it was not kept"
        )
    card = ModelCard(
        sha256=sha256_of(made),
        architecture=str(training.pop("architecture", "")),
        quantization="float32",
        training=training,
        versions=describe.versions(),
    )
    with files.staging(target.parent) as aside:
        staged = aside / target.name
        staged.write_bytes(made)
        card_path(staged).write_text(card.to_json(), "utf-8")
        # As the kiosk will take it.
        Detector(staged)
        files.publish(staged, card_path(staged))
    return DetectorConversion(target, len(made), difference, card)


def _load(source: Path, content: bytes) -> Any:
    # Of such a file Keras says that it was not found.
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise SourceError(f"{source}: not a Keras model, or a truncated one; save it again")
    # Not before the file is there: it takes seconds.
    import_tensorflow()
    import keras

    try:
        model = keras.saving.load_model(source, compile=False)
    # What Keras raises depends on which byte is wrong: a dozen kinds have been seen.
    except Exception as error:
        raise SourceError(
            f"{source}: not a Keras model, or a damaged one; save it again"
        ) from error
    inputs, outputs = getattr(model, "inputs", None) or (), getattr(model, "outputs", None) or ()
    shapes = [tuple(tensor.shape) for tensor in (*inputs, *outputs)]
    if shapes != [(None, None, None, 3), (None, None, None, OUTPUTS)]:
        raise SourceError(
            f"{source}: not a detector of boxes: it is of pictures of any size with {OUTPUTS} "
            "outputs; python -m train detector makes one"
        )
    return model


def _training(source: Path, sha256: str) -> dict[str, Any]:
    """Return what the card tells of the training: all that the report beside the model says."""
    path = source.parent / REPORT_NAME
    training: dict[str, Any] = {"model": {"file": source.name, "sha256": sha256}}
    try:
        report: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
        if report["model"]["sha256"] != sha256:
            return training
        first, last = report["epochs"][0], report["epochs"][-1]
        return training | {
            "architecture": report["architecture"],
            "weights": report["weights"],
            "data": report["data"],
            "recipe": report["recipe"],
            "loss": {"first": first["loss"], "last": last["loss"]},
            "validation_loss": {
                "first": first["validation_loss"],
                "last": last["validation_loss"],
            },
            "seconds": report["seconds"],
            "versions": report["versions"],
        }
    except FileNotFoundError:
        return training
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise SourceError(
            f"{path}: not the report of a detector's training; train again or remove it"
        ) from error


def _to_tflite(model: Any) -> bytes:
    import keras

    pixels = keras.Input((*_SIZE, 3), batch_size=1, name="pixels")
    # A name of its own goes into the file, and the same model is to give the same bytes.
    fixed = keras.Model(pixels, model(pixels, training=False), name="boxes_fixed")
    return to_tflite(fixed, "none", None, UNBENT)


def _largest_difference(model: Any, made: bytes, name: str) -> float:
    """Return by how much an output of the file differs on random pictures."""
    rng = np.random.default_rng(_SEED)
    found = []
    for size in _COMPARED:
        interpreter = make_interpreter(made, name, runtime=_RUNTIME)
        (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
        interpreter.resize_tensor_input(taken["index"], (1, *size, 3))
        with native_stderr_silenced():
            interpreter.allocate_tensors()
        for _ in range(_PICTURES):
            picture = rng.integers(0, 256, (1, *size, 3)).astype(np.float32)
            interpreter.set_tensor(taken["index"], picture)
            interpreter.invoke()
            said = interpreter.get_tensor(given["index"])
            found.append(np.abs(said - np.asarray(model(picture, training=False))).max())
    # A maximum in Python would pass over what is not a number.
    return float(np.max(found))
