"""Turns the kiosk's other networks into their `.tflite` files and proves each equal to its source.

Beside the classifier there are the detector of boxes and the reader of pen trajectories. float32
throughout: they are small, and what the detector says of places is measured in parts of a pixel.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert import describe
from convert.errors import ConversionError, SourceError
from convert.tflite import to_tflite
from edge import files
from edge.card import ModelCard, card_path, sha256_of
from edge.classifier import CLASSES
from edge.detector import OUTPUTS, Detector
from edge.errors import OutputError
from edge.interpreter import make_interpreter
from edge.quiet import native_stderr_silenced
from edge.trajectory import FEATURES, TrajectoryClassifier
from train.augment import UNBENT
from train.quiet import import_tensorflow
from train.report import NAME as REPORT_NAME

MOST_DIFFERENCE = 1e-3
"""By which an output may differ from the Keras model's."""

# What a file is made for of the detector's pictures; `edge.detector` asks for other sizes.
_SIZE = (64, 64)
# And those on which the two are compared, px, with several pictures each.
_COMPARED, _PICTURES = ((96, 136), (160, 208)), 3
# Trajectories that the two are compared on.
_TRAJECTORIES = 64
_SEED = 0
_RUNTIME = "ai_edge_litert.interpreter"


@dataclass(frozen=True)
class Network:
    """One of the kiosk's networks that is no classifier of images."""

    name: str
    """What `python -m train NAME` and `python -m convert NAME` call it."""
    what: str
    """What it is, in words."""
    told: str
    """What it takes and gives, in words."""
    shapes: tuple[tuple[int | None, ...], tuple[int | None, ...]]
    """Of its one input and its one output; None is any number."""
    stem: str
    """What the network is called in the file."""
    taken: str
    """What the input is called in the file."""
    made_for: tuple[int, ...]
    """Shape of the input that the file is made for."""
    inputs: Callable[[np.random.Generator], Iterator[NDArray[np.float32]]]
    """Random ones of every shape that it is compared on."""
    open: Callable[[Path], Any]
    """Opens the file as the kiosk does."""


def _pictures(rng: np.random.Generator) -> Iterator[NDArray[np.float32]]:
    for size in _COMPARED:
        for _ in range(_PICTURES):
            yield rng.integers(0, 256, (1, *size, 3)).astype(np.float32)


def _trajectories(rng: np.random.Generator) -> Iterator[NDArray[np.float32]]:
    for count in (1, _TRAJECTORIES):
        yield rng.uniform(-1, 1, (count, FEATURES)).astype(np.float32)


DETECTOR = Network(
    name="detector",
    what="detector of boxes",
    told=f"of pictures of any size with {OUTPUTS} outputs",
    shapes=((None, None, None, 3), (None, None, None, OUTPUTS)),
    stem="boxes",
    taken="pixels",
    made_for=(1, *_SIZE, 3),
    inputs=_pictures,
    open=Detector,
)
TRAJECTORY = Network(
    name="trajectory",
    what="reader of pen trajectories",
    told=f"of {FEATURES} numbers with {CLASSES} outputs",
    shapes=((None, FEATURES), (None, CLASSES)),
    stem="trajectory",
    taken="features",
    made_for=(1, FEATURES),
    inputs=_trajectories,
    open=TrajectoryClassifier,
)
NETWORKS = {network.name: network for network in (DETECTOR, TRAJECTORY)}


@dataclass(frozen=True)
class NetworkConversion:
    """What a conversion made."""

    path: Path
    """Of the `.tflite` file; its card lies beside it."""
    size: int
    """Bytes of the file."""
    largest_difference: float
    """Between an output of the Keras model and of the file."""
    card: ModelCard
    """As it was written."""


def convert_network(
    network: Network,
    source: Path,
    target: Path,
    calibrated: Callable[[Path], Mapping[str, Any]] | None = None,
) -> NetworkConversion:
    """Convert a network to a `.tflite` file with its card.

    Args:
        network: which one it is.
        source: the `.keras` file, as `python -m train` writes it; where the `report.json`
            beside it is of this very file, the card tells of its training.
        target: the `.tflite` file to write; what is there is replaced, but only by a file
            that has passed.
        calibrated: returns fields of the card that are measured on the file that was made.

    Raises:
        SourceError: the Keras model is missing, damaged or another network.
        ConversionError: what was made says another thing than the model.
        OutputError: the files can't be written.
    """
    try:
        content = source.read_bytes()
    except FileNotFoundError as error:
        raise SourceError(
            f"{source}: no such file; python -m train {network.name} makes it"
        ) from error
    except OSError as error:
        raise SourceError(f"{source}: the file can't be read ({error.strerror})") from error
    training = _training(network, source, sha256_of(content))
    files.make_folder(target.parent)
    for path in (target, card_path(target)):
        if path.is_dir():
            raise OutputError(f"{path}: is a folder; give another name with -o")
        if path.resolve() in {source.resolve(), (source.parent / REPORT_NAME).resolve()}:
            raise OutputError(
                f"{target}: would replace the training's {path.name}; give another name with -o"
            )
    model = _load(network, source, content)
    made = _to_tflite(network, model)
    difference = _largest_difference(network, model, made, str(target))
    # Written so that a difference that is not a number is refused too.
    if not difference <= MOST_DIFFERENCE:
        raise ConversionError(
            f"an output of the converted {network.what} differs by {difference:.4g} from the Keras "
            f"model's, where {MOST_DIFFERENCE:g} is allowed, so it was not kept"
        )
    with files.staging(target.parent) as aside:
        staged = aside / target.name
        staged.write_bytes(made)
        card = ModelCard(
            sha256=sha256_of(made),
            architecture=str(training.pop("architecture", "")),
            quantization="float32",
            training=training,
            versions=describe.versions(),
            **(calibrated(staged) if calibrated else {}),
        )
        card_path(staged).write_text(card.to_json(), "utf-8")
        # As the kiosk will take it.
        network.open(staged)
        files.publish(staged, card_path(staged))
    return NetworkConversion(target, len(made), difference, card)


def _load(network: Network, source: Path, content: bytes) -> Any:
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
    if shapes != [*network.shapes]:
        raise SourceError(
            f"{source}: not a {network.what}: it is {network.told}; python -m train "
            f"{network.name} makes one"
        )
    return model


def _training(network: Network, source: Path, sha256: str) -> dict[str, Any]:
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
            **_material(report),
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
            f"{path}: not the report of a {network.name}'s training; train again or remove it"
        ) from error


def _material(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was learnt from; names alone, as cards are published."""
    if "strokes" not in report:
        return {"data": report["data"]}
    strokes = [{key: each[key] for key in each if key != "path"} for each in report["strokes"]]
    return {"strokes": strokes, "errors": report["errors"]}


def _to_tflite(network: Network, model: Any) -> bytes:
    import keras

    inputs = keras.Input(network.made_for[1:], batch_size=network.made_for[0], name=network.taken)
    # A name of its own goes into the file, and the same model is to give the same bytes.
    fixed = keras.Model(inputs, model(inputs, training=False), name=f"{network.stem}_fixed")
    return to_tflite(fixed, "none", None, UNBENT)


def _largest_difference(network: Network, model: Any, made: bytes, name: str) -> float:
    """Return by how much an output of the file differs on random inputs."""
    interpreter = make_interpreter(made, name, runtime=_RUNTIME)
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    found = []
    for inputs in network.inputs(np.random.default_rng(_SEED)):
        interpreter.resize_tensor_input(taken["index"], inputs.shape)
        with native_stderr_silenced():
            interpreter.allocate_tensors()
        interpreter.set_tensor(taken["index"], inputs)
        interpreter.invoke()
        said = interpreter.get_tensor(given["index"])
        found.append(np.abs(said - np.asarray(model(inputs, training=False))).max())
    # A maximum in Python would pass over what is not a number.
    return float(np.max(found))
