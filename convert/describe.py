"""What the model card tells: architecture, training, calibration, versions."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convert import calibrate, verify
from convert.digits import Digits, together
from convert.source import Source
from edge.classifier import Classifier
from train.augment import Distortion, distort
from train.data import Examples
from train.sources import SOURCES

# How often each of MNIST's held-out digits counts, bent anew each time.
DRAWS = 4
MNIST = "mnist"
POSTCODES = 500_000
_SEED = 0


def calibrate_model(
    classifier: Classifier,
    holdout: Mapping[str, Examples],
    rows: Mapping[str, NDArray[np.integer[Any]]],
    plain_logits: Mapping[str, NDArray[np.float32]],
    distortion: Distortion,
) -> tuple[float, dict[float, calibrate.Rejection], dict[str, Any]]:
    """Return temperature, error-reject curve and the card's account of them.

    The temperature is fitted on digits as they are, and so the confidence of those is right;
    but not on those that were cut out of photos, some of which show nothing of their digit:
    no hand is hard to read because a photo is. The thresholds must hold for hands that were
    never seen. Strokes kept apart are of such hands; MNIST's digits kept apart may be of the same
    ones as those learnt from, and bending them stands for others. And they must hold whatever
    a kiosk reads: of the thresholds of all sets the highest is taken. Where there are rows of
    photos, though, strokes have no threshold of their own: the photos show the same hands as a
    camera does, and of a touchscreen the thresholds of `convert.touch` hold as well.

    Args:
        classifier: the converted model, without a card.
        holdout: digits that were kept apart, by their sets' names.
        rows: of sets that were cut out of photos, which row each digit is of, `(n,)`.
        plain_logits: `float32 (n, 10)` of each set.
        distortion: how MNIST's digits are bent.
    """
    plain = [name for name in holdout if name not in rows]
    labels = together([holdout[name] for name in plain]).labels
    logits = np.concatenate([plain_logits[name] for name in plain])
    temperature = round(calibrate.fit_temperature(logits, labels), 4)

    rng = np.random.default_rng(_SEED)
    kept = {}
    for name, digits in holdout.items():
        if name == MNIST:
            bent = _bent(digits, distortion, rng)
            said, origins = verify.run(classifier, bent.images), np.arange(len(bent)) % len(digits)
            kept[name] = Kept(calibrate.calibrated(said, temperature), bent.labels, origins)
        elif name in rows or not rows:
            sure = calibrate.calibrated(plain_logits[name], temperature)
            kept[name] = Kept(sure, digits.labels, rows=rows.get(name))
    curve, account = strictest(kept, rng)
    fitted = {
        "temperature_of": len(labels),
        "negative_log_likelihood": {
            "before": round(calibrate.negative_log_likelihood(logits, labels), 6),
            "after": round(calibrate.negative_log_likelihood(logits, labels, temperature), 6),
        },
    }
    return temperature, curve, fitted | account | {"seed": _SEED}


class Kept(NamedTuple):
    """Digits of one kind that were kept apart, n of them."""

    probabilities: NDArray[np.float32]
    """`(n, 10)`, calibrated."""
    labels: NDArray[np.uint8]
    """`(n,)`"""
    origins: NDArray[np.int64] | None = None
    """`(n,)`, the same number for pictures of one and the same digit; None where each is
    another."""
    rows: NDArray[np.integer[Any]] | None = None
    """`(n,)`, the same number for digits of one row of boxes; None where they were in none."""

    def postcodes(self, rng: np.random.Generator) -> calibrate.Postcodes:
        """Return the rows' postcodes, or as many as one likes composed of the digits."""
        if self.rows is not None:
            return calibrate.postcodes_of_rows(self.probabilities, self.labels, self.rows)
        return calibrate.compose_postcodes(
            self.probabilities, self.labels, POSTCODES, rng, self.origins
        )


def strictest(
    sets: Mapping[str, Kept], rng: np.random.Generator
) -> tuple[dict[float, calibrate.Rejection], dict[str, Any]]:
    """Return the error-reject curve that holds for each set, and the card's account of it.

    Args:
        sets: digits of each kind, by name; of all thresholds the highest is taken.
        rng: composes postcodes of them.
    """
    postcodes = {name: each.postcodes(rng) for name, each in sets.items()}
    curves = {
        name: calibrate.error_reject_curve(each, calibrate.CURVE)
        for name, each in postcodes.items()
    }
    curve, decisive = {}, {}
    for place, allowed in enumerate(calibrate.CURVE):
        name = max(curves, key=lambda name: curves[name][place].threshold)
        curve[allowed], decisive[allowed] = curves[name][place], name
    threshold = curve[calibrate.ALLOWED_WRONG].threshold
    accepted = {name: each.accepted(threshold) for name, each in postcodes.items()}
    return curve, {
        "threshold_of": {name: len(each.labels) for name, each in sets.items()},
        "threshold_errors": {
            name: int(np.count_nonzero(each.probabilities.argmax(axis=1) != each.labels))
            for name, each in sets.items()
        },
        "postcodes": {name: len(each.culprit) for name, each in postcodes.items()},
        "read_rate": {name: read for name, (read, _) in accepted.items()},
        "wrong_rate": {name: wrong for name, (_, wrong) in accepted.items()},
        "reject_curve": [
            {
                "allowed": allowed,
                "set": decisive[allowed],
                "read_rate": point.read_rate,
                "wrong_rate": point.wrong_rate,
                "standard_error": point.standard_error,
                "wrong_digits": point.wrong_digits,
            }
            for allowed, point in curve.items()
        ],
    }


def thresholds_of(curve: Mapping[float, calibrate.Rejection]) -> dict[str, Any]:
    """Return the card's fields that an error-reject curve gives; a share none is read at is not
    there."""
    return {
        "reject_threshold": curve[calibrate.ALLOWED_WRONG].threshold,
        "reject_curve": [
            (allowed, point.threshold) for allowed, point in curve.items() if point.read_rate > 0
        ],
    }


def _bent(digits: Examples, distortion: Distortion, rng: np.random.Generator) -> Examples:
    return together(
        [Examples(distort(digits.images, distortion, rng), digits.labels) for _ in range(DRAWS)]
    )


def errors_of(comparison: verify.Comparison) -> dict[str, dict[str, int]]:
    """Return the errors of both models as the card has them."""
    return {
        "float": {"errors": comparison.source_errors, "of": comparison.of},
        "converted": {"errors": comparison.converted_errors, "of": comparison.of},
    }


def architecture_of(source: Source) -> str:
    """Return the layer widths, and the activation of the hidden layers."""
    layers = source.model.layers
    dense = [layer for layer in layers if type(layer).__name__ == "Dense"]
    widths = [int(np.prod(source.model.input_shape[1:])), *(layer.units for layer in dense)]
    # An activation may be a layer of its own, behind one that has none.
    hidden = layers[: layers.index(dense[-1])] if dense else []
    names = {layer.activation.__name__ for layer in hidden if hasattr(layer, "activation")}
    return " ".join(["-".join(map(str, widths)), *sorted(names - {"linear"})])


def training_of(source: Source, digits: Digits) -> dict[str, Any]:
    """Return what the card tells of the training; no path of this machine is in it."""
    report: Mapping[str, Any] = source.training.report if source.training else {}
    account: dict[str, Any] = {
        "model": {"file": source.path.name, "sha256": source.sha256},
        "data": None,
        "strokes": [],
        "sources": [],
    }
    if (material := digits.material) is not None:
        account["data"] = {
            "name": material.dataset.path.name,
            "sha256": material.dataset.sha256,
            "train": len(material.learnt),
            "holdout": {
                "count": len(material.validation[MNIST]),
                "seed": source.recipe.validation_seed,
                "unseen": source.training is not None,
            },
            "test": len(material.dataset.test),
        }
        account["strokes"] = [each.account() for each in material.strokes]
        names = [MNIST, *(each.source.name for each in material.strokes)]
        account["sources"] = [SOURCES[name] for name in names if name in SOURCES]
    if extra := report.get("extra"):
        account["extra"] = [
            {name: value for name, value in each.items() if name != "path"} for each in extra
        ]
    if digits.account:
        account["given"] = dict(digits.account)
    return account | {
        name: report.get(name) for name in ("rounding", "teachers", "recipe", "versions")
    }


def versions() -> dict[str, str]:
    """Return the versions of what converts, by package."""
    import keras
    import tensorflow as tf

    found = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
    # Another interpreter may stand in for it (`edge.interpreter`).
    with contextlib.suppress(PackageNotFoundError):
        found["ai-edge-litert"] = version("ai-edge-litert")
    return found
