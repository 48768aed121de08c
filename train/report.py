"""What a training run leaves beside its model: `report.json`.

    model         file name and SHA-256 of the `.keras` file
    architecture  layer widths and activation
    recipe        every hyper-parameter, the seeds among them
    data          path as given, name, SHA-256, counts, which digits were held out
    epochs        loss and accuracies, one entry per epoch
    errors        n of N, on the held-out and on the test digits
    versions      of Python, numpy, TensorFlow and Keras
    seconds       the training took

`convert` reads it, to find the digits again and to fill in the model card.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edge.card import sha256_of
from train.data import Dataset
from train.fit import Epoch
from train.recipe import Recipe

NAME = "report.json"


def make_report(
    model: Path,
    recipe: Recipe,
    dataset: Dataset,
    history: Sequence[Epoch],
    errors: dict[str, dict[str, int]],
    seconds: float,
) -> dict[str, Any]:
    """Gather the report.

    Args:
        model: the `.keras` file as it was written.
        recipe: it was trained by.
        dataset: it was trained on.
        history: one record per epoch.
        errors: `{"holdout": {"errors": n, "of": N}, "test": {...}}`.
        seconds: the training took.

    Returns:
        What `report.json` holds.
    """
    import keras
    import tensorflow as tf

    return {
        "model": {"file": model.name, "sha256": sha256_of(model.read_bytes())},
        "architecture": recipe.architecture,
        "recipe": asdict(recipe),
        "data": {
            "path": str(dataset.path),
            "name": dataset.path.name,
            "sha256": dataset.sha256,
            "train": len(dataset.train) - recipe.holdout,
            "holdout": {"count": recipe.holdout, "seed": recipe.holdout_seed},
            "test": len(dataset.test),
        },
        "epochs": [asdict(epoch) for epoch in history],
        "errors": errors,
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "seconds": round(seconds, 1),
    }


def to_json(report: dict[str, Any]) -> str:
    """Return the text of `report.json`."""
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"
