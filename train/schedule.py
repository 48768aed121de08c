"""How the learning rate goes up and down over a training."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises in a line while a cosine takes it down.

    Args:
        peak: what the cosine begins with.
        steps: of the whole training.
        warmup: share of them on which it rises.
        least: share of the peak that is left in the end.
    """

    def __init__(self, peak: float, steps: int, warmup: float, least: float) -> None:
        self.peak, self.steps, self.warmup, self.least = peak, steps, warmup, least

    def __call__(self, step: Any) -> Any:
        """Return the rate of a step, from 0."""
        done = ops.cast(step, "float32") / self.steps
        fallen = (1 + ops.cos(np.pi * done)) / 2 * (1 - self.least) + self.least
        return self.peak * ops.minimum(1.0, done / self.warmup) * fallen

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {
            "peak": self.peak,
            "steps": self.steps,
            "warmup": self.warmup,
            "least": self.least,
        }
