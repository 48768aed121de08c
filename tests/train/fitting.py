"""Trains a small network and keeps its weights: `python -m tests.train.fitting FILE.npz`.

In a process of its own, as Keras runs on one library in a process: `KERAS_BACKEND`.
"""

from __future__ import annotations

import sys

import numpy as np

from tests.train.synthetic import GENTLY, draw_digits
from train.batches import Lessons
from train.data import Examples
from train.fit import fit
from train.network import build
from train.recipe import Recipe

RECIPE = Recipe("test", "to be tested", hidden=(32,), optimizer="adamw", learning_rate=0.002,
                schedule="one-cycle", weight_decay=0.01, average=0.9, batch_size=32, epochs=3,
                distillation=0.5, batch_norm=True, distortion=GENTLY)  # fmt: skip


def main(path: str) -> None:
    """Train a network, then a second that learns from it too, and keep what came out."""
    import keras

    lessons, validation = Lessons(Examples(*draw_digits(300, 1))), Examples(*draw_digits(100, 2))
    teacher, pupil = build(RECIPE, (28, 28)), build(RECIPE, (28, 28))
    # First weights are each library's own; these are the same in both.
    rng = np.random.default_rng(0)
    first = [rng.normal(0, 0.05, w.shape) if w.ndim > 1 else w for w in pupil.get_weights()]
    for network in (teacher, pupil):
        network.set_weights(first)
    fit(teacher, lessons, validation, RECIPE)
    history = fit(pupil, lessons, validation, RECIPE, teachers=[teacher])
    losses = np.array([[epoch.loss, epoch.accuracy, epoch.validation_loss] for epoch in history])
    weights = {f"weight_{k}": weight for k, weight in enumerate(pupil.get_weights())}
    np.savez(path, library=keras.backend.backend(), losses=losses, **weights)


if __name__ == "__main__":
    main(sys.argv[1])
