"""The conversion from beginning to end: load, convert, run, compare, calibrate, write."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert import calibrate, verify
from convert.source import Source, find_digits, load_source, predict
from convert.tflite import to_tflite
from edge import files
from edge.card import ModelCard, card_path, sha256_of
from edge.classifier import Classifier
from edge.errors import OutputError
from train import plots
from train.augment import Distortion, distort
from train.data import Examples
from train.material import Material, examples_of
from train.report import NAME as REPORT_NAME
from train.sources import SOURCES

# How often each held-out digit counts, MNIST's bent anew each time.
DRAWS = 4
MNIST = "mnist"
POSTCODES = 500_000
_SEED = 0


@dataclass(frozen=True)
class Conversion:
    """What a conversion made, for whoever reports it."""

    path: Path
    """Of the `.tflite` file; its card lies beside it."""
    size: int
    """Bytes of the file."""
    holdout: Mapping[str, verify.Comparison]
    """Keras and converted model on the held-out digits of MNIST and of each stroke set."""
    test: Mapping[str, verify.Comparison]
    """And on the test digits."""
    card: ModelCard
    """As it was written."""


def convert(
    source_path: Path,
    target: Path,
    quantization: str,
    data_path: Path | None = None,
    stroke_paths: Sequence[Path] = (),
) -> Conversion:
    """Convert a Keras model to a `.tflite` file with its card.

    Args:
        source_path: the `.keras` or `.h5` file.
        target: the `.tflite` file to write; what is there is replaced, but only by a
            file that has passed.
        quantization: a key of `convert.tflite.QUANTIZATIONS`.
        data_path: MNIST; None asks the training's report, then Keras.
        stroke_paths: the stroke sets; none asks the training's report.

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
    material = find_digits(source, data_path, stroke_paths)
    distortion = source.recipe.distortion
    content = to_tflite(source.model, quantization, _shown(material), distortion)

    with files.staging(target.parent) as aside:
        staged = aside / target.name
        staged.write_bytes(content)
        # No card lies beside it yet, so these are the model's own bare scores.
        classifier = Classifier(staged)
        sides = {"holdout": material.validation, "test": material.test}
        # Once for all that is counted below.
        logits = {
            side: {name: verify.run(classifier, digits.images) for name, digits in sets.items()}
            for side, sets in sides.items()
        }
        holdout, test = (
            {
                name: verify.compare(
                    predict(source.model, digits.images), logits[side][name], digits.labels
                )
                for name, digits in sets.items()
            }
            for side, sets in sides.items()
        )
        overall = verify.together(holdout.values())
        verify.require_equal(overall)

        temperature, curve, calibration = _calibrate(
            classifier, material, logits["holdout"], distortion
        )
        reliability = {
            side: {
                name: (calibrate.calibrated(logits[side][name], temperature), digits.labels)
                for name, digits in sets.items()
            }
            for side, sets in sides.items()
        }
        calibration["expected_calibration_error"] = {
            side: {
                name: round(calibrate.expected_calibration_error(*each), 6)
                for name, each in sets.items()
            }
            for side, sets in reliability.items()
        }
        calibration["holdout_errors"] = {name: _errors(each) for name, each in holdout.items()}
        calibration["largest_difference"] = overall.largest_difference
        card = ModelCard(
            sha256=sha256_of(content),
            temperature=temperature,
            reject_threshold=curve[calibrate.ALLOWED_WRONG].threshold,
            reject_curve=[
                (allowed, point.threshold)
                for allowed, point in curve.items()
                if point.read_rate > 0
            ],
            architecture=_architecture(source),
            quantization=quantization,
            training=_training(source, material),
            test_errors=_errors(test[MNIST]),
            stroke_errors={name: _errors(test[name]) for name in test if name != MNIST},
            calibration=calibration,
            versions=_versions(),
        )
        staged_card, staged_picture = card_path(staged), picture_path(staged)
        staged_card.write_text(card.to_json(), "utf-8")
        plots.save(plots.reliability(reliability["holdout"]), staged_picture)
        files.publish(staged, staged_card, staged_picture)
    return Conversion(target, len(content), holdout, test, card)


def picture_path(model: Path) -> Path:
    """Return where the reliability diagram of a model lies: `NAME.reliability.png`."""
    return model.with_suffix(".reliability.png")


def _shown(material: Material) -> Examples:
    """Return digits that the network learnt from, in the shares in which there are such."""
    written = [examples_of(strokes.learnt) for strokes in material.strokes]
    return _together([material.learnt, *written])


def _require_place(source_path: Path, target: Path) -> None:
    """Look, before the work, that both files can be written where they belong."""
    files.make_folder(target.parent)
    for path in (target, card_path(target), picture_path(target)):
        if path.is_dir():
            raise OutputError(f"{path}: is a folder; give another name with -o")
    report = source_path.parent / REPORT_NAME
    if card_path(target).resolve() == report.resolve():
        raise OutputError(
            f"{target}: its card would replace the training's {report.name}; "
            "give another name with -o"
        )


def _calibrate(
    classifier: Classifier,
    material: Material,
    plain_logits: Mapping[str, NDArray[np.float32]],
    distortion: Distortion,
) -> tuple[float, dict[float, calibrate.Rejection], dict[str, Any]]:
    """Return temperature, error-reject curve and the card's account of them.

    The temperature is fitted on digits as they are, and so the confidence of those is
    right. The thresholds must hold for hands that were never seen. Strokes kept apart are
    of such hands; MNIST's digits kept apart may be of the same ones as those learnt from,
    and bending them stands for others.
    """
    rng = np.random.default_rng(_SEED)
    plain = _together(material.validation.values())
    logits = np.concatenate([plain_logits[name] for name in material.validation])
    temperature = round(calibrate.fit_temperature(logits, plain.labels), 4)

    unseen = _together(
        [
            Examples(distort(digits.images, distortion, rng) if name == MNIST else digits.images,
                     digits.labels)
            for _ in range(DRAWS)
            for name, digits in material.validation.items()
        ]
    )  # fmt: skip
    probabilities = calibrate.calibrated(verify.run(classifier, unseen.images), temperature)
    postcodes = calibrate.compose_postcodes(
        probabilities, unseen.labels, POSTCODES, rng, np.tile(np.arange(len(plain)), DRAWS)
    )
    points = calibrate.error_reject_curve(postcodes, calibrate.CURVE)
    curve = dict(zip(calibrate.CURVE, points, strict=True))
    rejection = curve[calibrate.ALLOWED_WRONG]
    account = {
        "temperature_of": len(plain),
        "negative_log_likelihood": {
            "before": round(calibrate.negative_log_likelihood(logits, plain.labels), 6),
            "after": round(calibrate.negative_log_likelihood(logits, plain.labels, temperature), 6),
        },
        "threshold_of": len(unseen),
        "threshold_errors": int(np.count_nonzero(probabilities.argmax(axis=1) != unseen.labels)),
        "postcodes": POSTCODES,
        "read_rate": rejection.read_rate,
        "wrong_rate": rejection.wrong_rate,
        "reject_curve": [
            {
                "allowed": allowed,
                "read_rate": point.read_rate,
                "wrong_rate": point.wrong_rate,
                "standard_error": point.standard_error,
                "wrong_digits": point.wrong_digits,
            }
            for allowed, point in curve.items()
        ],
        "seed": _SEED,
    }
    return temperature, curve, account


def _together(sets: Iterable[Examples]) -> Examples:
    listed = list(sets)
    return Examples(
        np.concatenate([each.images for each in listed]),
        np.concatenate([each.labels for each in listed]),
    )


def _errors(comparison: verify.Comparison) -> dict[str, dict[str, int]]:
    return {
        "float": {"errors": comparison.source_errors, "of": comparison.of},
        "converted": {"errors": comparison.converted_errors, "of": comparison.of},
    }


def _architecture(source: Source) -> str:
    """Return the layer widths, and the activation of the hidden layers."""
    layers = source.model.layers
    dense = [layer for layer in layers if type(layer).__name__ == "Dense"]
    widths = [int(np.prod(source.model.input_shape[1:])), *(layer.units for layer in dense)]
    # An activation may be a layer of its own, behind one that has none.
    hidden = layers[: layers.index(dense[-1])] if dense else []
    names = {layer.activation.__name__ for layer in hidden if hasattr(layer, "activation")}
    return " ".join(["-".join(map(str, widths)), *sorted(names - {"linear"})])


def _training(source: Source, material: Material) -> dict[str, Any]:
    """Return what the card tells of the training; no path of this machine is in it."""
    report: Mapping[str, Any] = source.training.report if source.training else {}
    names = [each.source.name for each in material.strokes]
    return {
        "model": {"file": source.path.name, "sha256": source.sha256},
        "data": {
            "name": material.dataset.path.name,
            "sha256": material.dataset.sha256,
            "train": len(material.learnt),
            "holdout": {
                "count": len(material.validation[MNIST]),
                "seed": source.recipe.validation_seed,
                "unseen": source.training is not None,
            },
            "test": len(material.dataset.test),
        },
        "strokes": [each.account() for each in material.strokes],
        "sources": [SOURCES[name] for name in (MNIST, *names) if name in SOURCES],
        "rounding": report.get("rounding"),
        "teachers": report.get("teachers"),
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
