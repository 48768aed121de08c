"""The conversion from beginning to end: load, convert, run, compare, calibrate, write."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from convert import calibrate, verify
from convert.source import REPORT_NAME, Material, Source, find_digits, load_source, predict
from convert.tflite import to_tflite
from edge.card import ModelCard, card_path, sha256_of
from edge.classifier import Classifier
from edge.errors import OutputError
from train import files
from train.augment import Distortion, distort

# Bent anew each time, the held-out digits stand for hands that were never seen; as
# they are, nearly all are read with certainty and there is little to learn from.
DRAWS = 4
POSTCODES = 20_000
_SEED = 0


@dataclass(frozen=True)
class Conversion:
    """What a conversion made, for whoever reports it."""

    path: Path
    """Of the `.tflite` file; its card lies beside it."""
    size: int
    """Bytes of the file."""
    holdout: verify.Comparison
    """Keras and converted model on the held-out digits."""
    test: verify.Comparison
    """And on the test digits."""
    card: ModelCard
    """As it was written."""


def convert(
    source_path: Path, target: Path, quantization: str, data_path: Path | None = None
) -> Conversion:
    """Convert a Keras model to a `.tflite` file with its card.

    Args:
        source_path: the `.keras` or `.h5` file.
        target: the `.tflite` file to write; what is there is replaced, but only by a
            file that has passed.
        quantization: a key of `convert.tflite.QUANTIZATIONS`.
        data_path: MNIST; None asks the training's report, then Keras.

    Returns:
        What was made.

    Raises:
        SourceError: the Keras model is missing, damaged or no digit model.
        DataError: the digits can't be had.
        ConversionError: the converted model is not equal to its source.
        OutputError: the files can't be written.
    """
    source = load_source(source_path)
    _require_place(source_path, target)
    material = find_digits(source, data_path)
    distortion = source.training.distortion if source.training else Distortion()
    content = to_tflite(source.model, quantization, material.learnt, distortion)

    with files.staging(target.parent) as aside:
        staged = aside / target.name
        staged.write_bytes(content)
        # No card lies beside it yet, so these are the model's own bare scores.
        classifier = Classifier(staged)
        holdout, test = (
            verify.compare(
                predict(source.model, digits.images),
                verify.run(classifier, digits.images),
                digits.labels,
            )
            for digits in (material.held_out, material.dataset.test)
        )
        verify.require_equal(holdout)

        temperature, threshold, calibration = _calibrate(classifier, material, distortion)
        calibration["holdout_errors"] = _errors(holdout)
        calibration["largest_difference"] = holdout.largest_difference
        card = ModelCard(
            sha256=sha256_of(content),
            temperature=temperature,
            reject_threshold=threshold,
            architecture=_architecture(source),
            quantization=quantization,
            training=_training(source, material),
            test_errors=_errors(test),
            calibration=calibration,
            versions=_versions(),
        )
        staged_card = card_path(staged)
        staged_card.write_text(card.to_json(), "utf-8")
        files.publish(staged, staged_card)
    return Conversion(target, len(content), holdout, test, card)


def _require_place(source_path: Path, target: Path) -> None:
    """Look, before the work, that both files can be written where they belong."""
    files.make_folder(target.parent)
    for path in (target, card_path(target)):
        if path.is_dir():
            raise OutputError(f"{path}: is a folder; give another name with -o")
    report = source_path.parent / REPORT_NAME
    if card_path(target).resolve() == report.resolve():
        raise OutputError(
            f"{target}: its card would replace the training's {report.name}; "
            "give another name with -o"
        )


def _calibrate(
    classifier: Classifier, material: Material, distortion: Distortion
) -> tuple[float, float, dict[str, Any]]:
    """Return temperature, reject threshold and the card's account of them."""
    rng = np.random.default_rng(_SEED)
    bent = np.concatenate(
        [distort(material.held_out.images, distortion, rng) for _ in range(DRAWS)]
    )
    labels = np.tile(material.held_out.labels, DRAWS)
    logits = verify.run(classifier, bent)

    temperature = round(calibrate.fit_temperature(logits, labels), 4)
    probabilities = calibrate.calibrated(logits, temperature)
    rejection = calibrate.find_threshold(
        *calibrate.compose_postcodes(probabilities, labels, POSTCODES, rng)
    )
    account = {
        "digits": "held out, bent as in training",
        "of": len(labels),
        "errors": int(np.count_nonzero(logits.argmax(axis=1) != labels)),
        "negative_log_likelihood": _before_and_after(
            calibrate.negative_log_likelihood(logits, labels),
            calibrate.negative_log_likelihood(logits, labels, temperature),
        ),
        "expected_calibration_error": _before_and_after(
            calibrate.expected_calibration_error(calibrate.calibrated(logits, 1.0), labels),
            calibrate.expected_calibration_error(probabilities, labels),
        ),
        "postcodes": POSTCODES,
        "read_rate": rejection.read_rate,
        "wrong_rate": rejection.wrong_rate,
        "seed": _SEED,
    }
    return temperature, rejection.threshold, account


def _before_and_after(before: float, after: float) -> dict[str, float]:
    return {"before": round(before, 6), "after": round(after, 6)}


def _errors(comparison: verify.Comparison) -> dict[str, dict[str, int]]:
    return {
        "float": {"errors": comparison.source_errors, "of": comparison.of},
        "converted": {"errors": comparison.converted_errors, "of": comparison.of},
    }


def _architecture(source: Source) -> str:
    """Return the layer widths, and the activation if the hidden layers share one."""
    dense = [layer for layer in source.model.layers if type(layer).__name__ == "Dense"]
    widths = [int(np.prod(source.model.input_shape[1:])), *(layer.units for layer in dense)]
    activations = {layer.activation.__name__ for layer in dense[:-1]}
    return " ".join(["-".join(map(str, widths)), *sorted(activations)])


def _training(source: Source, material: Material) -> dict[str, Any]:
    """Return what the card tells of the training; no path of this machine is in it."""
    report: Mapping[str, Any] = source.training.report if source.training else {}
    return {
        "model": {"file": source.path.name, "sha256": source.sha256},
        "data": {
            "name": material.dataset.path.name,
            "sha256": material.dataset.sha256,
            "train": len(material.learnt),
            "holdout": {
                "count": len(material.held_out),
                "seed": material.holdout_seed,
                "unseen": material.unseen,
            },
            "test": len(material.dataset.test),
        },
        "recipe": report.get("recipe"),
        "versions": report.get("versions"),
    }


def _versions() -> dict[str, str]:
    import keras
    import tensorflow as tf

    versions = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
    # Another interpreter may stand in for it (`edge.interpreter`).
    with contextlib.suppress(PackageNotFoundError):
        versions["ai-edge-litert"] = version("ai-edge-litert")
    return versions
