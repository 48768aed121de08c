"""Finds the reject thresholds of touch recordings, which two networks read together.

They are found as those of a classifier are (`convert.describe`), on each stroke set's writers
that were kept apart, and the highest are taken. These are few hands; what they wrote is turned,
slanted and bent, anew each time, which stands for others.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from convert import describe
from convert.errors import SourceError
from edge.classifier import Classifier
from edge.trajectory import TrajectoryClassifier, paths, pooled
from train.material import divided, examples_of
from train.recipes import DEFAULT, RECIPES
from train.report import NAME as REPORT_NAME
from train.strokes import StrokeDigit
from train.trajectory.paths import Variation, bent, strokes_of

_SEED = 0


def calibrate_touch(
    source: Path, stroke_paths: Sequence[Path], classifier: Path | None, made: Path
) -> dict[str, Any]:
    """Return the card's fields about thresholds of a reader of trajectories.

    Args:
        source: the `.keras` file that it was made of.
        stroke_paths: the stroke sets; none asks the report beside the source.
        classifier: the file of the classifier whose answer is pooled with it; None takes the
            bundled one.
        made: the `.tflite` file.

    Raises:
        DataError: the strokes can't be had.
        ModelError: the classifier can't be had.
        SourceError: nothing tells where the strokes are.
    """
    image, way = Classifier(classifier), TrajectoryClassifier(made)
    rng = np.random.default_rng(_SEED)
    kept = {}
    for each in divided(stroke_paths or _told(source), RECIPES[DEFAULT]):
        written = _bent(each.validation, rng)
        examples = examples_of(written)
        together = pooled(
            image.probabilities(examples.images),
            way.probabilities([digit.strokes for digit in written]),
        )
        origins = np.arange(len(written)) % len(each.validation)
        kept[each.source.name] = describe.Kept(together, examples.labels, origins)
    curve, account = describe.strictest(kept, rng)
    with_classifier = {"file": image.path.name, "sha256": image.card.sha256 if image.card else None}
    return {
        **describe.thresholds_of(curve),
        "calibration": {"pooled_with": with_classifier, **account, "seed": _SEED},
    }


def _bent(digits: Sequence[StrokeDigit], rng: np.random.Generator) -> list[StrokeDigit]:
    """Return digits as other hands might have written them, each `describe.DRAWS` times."""
    written = paths([digit.strokes for digit in digits])
    return [
        replace(digit, strokes=tuple(strokes_of(way)))
        for _ in range(describe.DRAWS)
        for digit, way in zip(digits, bent(written, Variation(), rng), strict=True)
    ]


def _told(source: Path) -> list[Path]:
    """Return where the report beside a model says that its strokes are."""
    report = source.parent / REPORT_NAME
    try:
        return [Path(each["path"]) for each in json.loads(report.read_text("utf-8"))["strokes"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"{report}: does not tell which strokes were learnt from; name them with --strokes"
        ) from error
