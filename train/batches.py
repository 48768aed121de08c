"""What is learnt from, batch by batch: shuffled and bent anew in every epoch."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.augment import UNBENT, distort
from train.data import Examples
from train.network import to_pixels
from train.recipe import Recipe

Batch = tuple[NDArray[np.float32], NDArray[np.int64]]

# Batches that are bent ahead of the step that needs them.
_AHEAD = 6


@dataclass(frozen=True)
class Lessons:
    """All that a network learns from."""

    examples: Examples
    """Images that are seen once in an epoch."""
    drawings: NDArray[np.uint8] | None = None
    """`(copies, m, 28, 28)`: drawings of stroke digits (`train.drawing.bank`); an epoch takes
    some copies of each."""
    drawn_labels: NDArray[np.uint8] | None = None
    """`(m,)`, 0 to 9."""

    def take(self, index: NDArray[np.int64], copies: NDArray[np.int64]) -> Examples:
        """Return the images at these places: examples first, drawings after them.

        Args:
            index: `(b,)`; from `len(examples)` on it counts stroke digits, round by round.
            copies: `(b,)`, which drawing of a stroke digit to take.
        """
        if self.drawings is None or self.drawn_labels is None:
            return self.examples.take(index)
        written = index < len(self.examples)
        drawn = (index[~written] - len(self.examples)) % len(self.drawn_labels)
        images = np.empty((len(index), *self.examples.images.shape[1:]), np.uint8)
        labels = np.empty(len(index), np.uint8)
        images[written] = self.examples.images[index[written]]
        labels[written] = self.examples.labels[index[written]]
        images[~written] = self.drawings[copies[~written], drawn]
        labels[~written] = self.drawn_labels[drawn]
        return Examples(images, labels)

    def count(self, recipe: Recipe) -> int:
        """Return how many images an epoch has."""
        drawn = 0 if self.drawn_labels is None else len(self.drawn_labels)
        return len(self.examples) + recipe.stroke_drawings * drawn


def steps_per_epoch(lessons: Lessons, recipe: Recipe) -> int:
    """Return how many batches an epoch has."""
    return math.ceil(lessons.count(recipe) / recipe.batch_size)


def batches(lessons: Lessons, epoch: int, recipe: Recipe) -> Iterator[Callable[[], Batch]]:
    """Yield an epoch's batches as functions still to be called, in any thread.

    Each batch has a random generator of its own, so that neither the order nor the
    thread in which they are called changes what comes out, and an epoch can be begun
    without those before it.

    Args:
        lessons: to learn from.
        epoch: from 1; the order and the bends are another in each.
        recipe: `batch_size`, `stroke_drawings`, `distortion` and `seed` of it.

    Yields:
        Functions that return `float32 (b, pixels)` and labels `int64 (b,)`.
    """
    count = lessons.count(recipe)
    rng = np.random.default_rng([recipe.seed, epoch])
    order = rng.permutation(count)
    kinds = 1 if lessons.drawings is None else len(lessons.drawings)
    copies = rng.integers(kinds, size=count)

    def batch(start: int) -> Batch:
        some = slice(start, start + recipe.batch_size)
        taken = lessons.take(order[some], copies[some])
        images = taken.images
        if recipe.distortion != UNBENT:
            rng = np.random.default_rng([recipe.seed, epoch, start])
            images = distort(images, recipe.distortion, rng)
        return to_pixels(images), taken.labels.astype(np.int64)

    for start in range(0, count, recipe.batch_size):
        yield functools.partial(batch, start)


def ahead(tasks: Iterable[Callable[[], Batch]]) -> Iterator[Batch]:
    """Call the tasks in another thread, a few ahead of the one whose result is yielded."""
    with ThreadPoolExecutor(max_workers=1) as worker:
        waiting = []
        for task in tasks:
            waiting.append(worker.submit(task))
            if len(waiting) > _AHEAD:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()
