"""What is learnt from, batch by batch: shuffled and bent anew in every epoch or round."""

from __future__ import annotations

import functools
import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from train.augment import UNBENT, distort
from train.data import IMPOSTOR, Examples
from train.recipe import Recipe


class Batch(NamedTuple):
    """What one step learns from."""

    pixels: NDArray[np.uint8]
    """`(b, pixels)`."""
    labels: NDArray[np.int64]
    """`(b,)`, 0 to 9, or `train.data.IMPOSTOR`."""
    answers: NDArray[np.float32] | None = None
    """`(b, 10)`: the teachers' softened probabilities, where they have answered before."""
    taught: NDArray[np.bool_] | None = None
    """`(b,)`: of which images teachers are imitated, where it is not of all."""


ROUND = np.dtype([("pixels", np.uint8, 784), ("label", np.uint8), ("answers", np.float16, 10)])
"""One bent image of a round that is kept: with its label, and its teachers' answers."""

# One core learns, the others bend; the order of the batches does not hang on how many.
_BENDERS = max(1, (os.cpu_count() or 1) - 1)
# Batches that are bent ahead of the step that needs them.
_AHEAD = 5 + _BENDERS


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
    impostors: NDArray[np.uint8] | None = None
    """`(k, 28, 28)`: images of no digit (`train.impostors`); an epoch takes some of them."""
    extra: int = 0
    """How many of the examples, the last ones, stand beside the data set's: an epoch may take some
    of them, and their labels may be learnt alone, as the recipe says."""

    def take(self, index: NDArray[np.int64], copies: NDArray[np.int64]) -> Examples:
        """Return the images at these places: examples first, drawings, then impostors.

        Args:
            index: `(b,)`; from `len(examples)` on it counts stroke digits, drawing by
                drawing; -1 is an impostor.
            copies: `(b,)`, which drawing of a stroke digit to take, or which impostor.
        """
        images = np.empty((len(index), *self.examples.images.shape[1:]), np.uint8)
        labels = np.full(len(index), IMPOSTOR, np.uint8)
        written = (index >= 0) & (index < len(self.examples))
        images[written] = self.examples.images[index[written]]
        labels[written] = self.examples.labels[index[written]]
        if self.drawings is not None and self.drawn_labels is not None:
            is_drawn = index >= len(self.examples)
            drawn = (index[is_drawn] - len(self.examples)) % len(self.drawn_labels)
            images[is_drawn] = self.drawings[copies[is_drawn] % len(self.drawings), drawn]
            labels[is_drawn] = self.drawn_labels[drawn]
        if self.impostors is not None:
            images[index < 0] = self.impostors[copies[index < 0] % len(self.impostors)]
        return Examples(images, labels)

    def taught(self, index: NDArray[np.int64], recipe: Recipe) -> NDArray[np.bool_] | None:
        """Return of which images, as `take` takes them, teachers are imitated; None of all."""
        if recipe.imitate_extra or not self.extra:
            return None
        return (index < len(self.examples) - self.extra) | (index >= len(self.examples))

    def count(self, recipe: Recipe) -> int:
        """Return how many images an epoch has."""
        return (
            len(self.examples)
            - self.extra
            + self._extra(recipe)
            + self._drawn(recipe)
            + self._impostors(recipe)
        )

    def places(self, recipe: Recipe, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the places of all images of an epoch, as `take` takes them.

        Args:
            recipe: says how many of each kind there are.
            rng: chooses extra ones where not all are taken.
        """
        every, some = len(self.examples), self._extra(recipe)
        extra = np.arange(every - self.extra, every)
        if some < self.extra:
            extra = rng.choice(extra, some, replace=False)
        return np.concatenate([
            np.arange(every - self.extra),
            extra,
            np.arange(every, every + self._drawn(recipe)),
            np.full(self._impostors(recipe), -1),
        ])  # fmt: skip

    def _extra(self, recipe: Recipe) -> int:
        return min(self.extra, recipe.extra_digits or self.extra)

    def _drawn(self, recipe: Recipe) -> int:
        return 0 if self.drawn_labels is None else recipe.stroke_drawings * len(self.drawn_labels)

    def _impostors(self, recipe: Recipe) -> int:
        return 0 if self.impostors is None else recipe.impostors


@dataclass(frozen=True)
class Rounds:
    """Lessons that were bent and answered before (`train.rounds`), for some epochs in turn."""

    kept: Sequence[NDArray[np.void]]
    """Of each round `(count,)` of `ROUND`."""

    def count(self, recipe: Recipe) -> int:
        """Return how many images an epoch has."""
        return len(self.kept[0])

    def batches(self, number: int, recipe: Recipe) -> Iterator[Callable[[], Batch]]:
        """Yield a round's batches in the order in which they were made."""
        round_ = self.kept[number - 1]

        def batch(start: int) -> Batch:
            # One copy out of the file, then views.
            some = np.array(round_[start : start + recipe.batch_size])
            answers = some["answers"].astype(np.float32)
            return Batch(some["pixels"], some["label"].astype(np.int64), answers)

        for start in range(0, len(round_), recipe.batch_size):
            yield functools.partial(batch, start)


def steps_per_epoch(lessons: Lessons | Rounds, recipe: Recipe) -> int:
    """Return how many batches an epoch has."""
    return math.ceil(lessons.count(recipe) / recipe.batch_size)


def batches(lessons: Lessons | Rounds, epoch: int, recipe: Recipe) -> Iterator[Callable[[], Batch]]:
    """Yield an epoch's batches as functions still to be called, in any thread.

    Each batch has a random generator of its own, so that neither the order nor the
    thread in which they are called changes what comes out, and an epoch can be begun
    without those before it. Where a recipe has rounds, an epoch's images are those of a
    round, whatever the recipe's seed, and only the order of the batches is the epoch's own.

    Args:
        lessons: to learn from.
        epoch: from 1; the order and the bends are another in each.
        recipe: `batch_size`, `stroke_drawings`, `distortion`, `rounds` and seeds of it.

    Yields:
        Functions that return a batch.
    """
    if not recipe.rounds and isinstance(lessons, Lessons):
        yield from _batches(lessons, epoch, recipe, recipe.seed)
        return
    number = (epoch - 1) % recipe.rounds + 1
    made = list(round_in_order(lessons, number, recipe))
    for place in np.random.default_rng([recipe.seed, epoch]).permutation(len(made)):
        yield made[place]


def round_in_order(
    lessons: Lessons | Rounds, number: int, recipe: Recipe
) -> Iterator[Callable[[], Batch]]:
    """Yield a round's batches, not shuffled among each other; see `batches`.

    Args:
        lessons: to learn from.
        number: of the round, from 1.
        recipe: with rounds.
    """
    if isinstance(lessons, Rounds):
        return lessons.batches(number, recipe)
    return _batches(lessons, number, recipe, recipe.validation_seed)


def _batches(
    lessons: Lessons, number: int, recipe: Recipe, seed: int
) -> Iterator[Callable[[], Batch]]:
    count = lessons.count(recipe)
    rng = np.random.default_rng([seed, number])
    order = lessons.places(recipe, rng)[rng.permutation(count)]
    copies = rng.integers(2**31, size=count)

    def batch(start: int) -> Batch:
        some = slice(start, start + recipe.batch_size)
        taken = lessons.take(order[some], copies[some])
        images = taken.images
        if recipe.distortion != UNBENT:
            rng = np.random.default_rng([seed, number, start])
            images = distort(images, recipe.distortion, rng)
        labels = taken.labels.astype(np.int64)
        return Batch(
            images.reshape(len(images), -1), labels, taught=lessons.taught(order[some], recipe)
        )

    for start in range(0, count, recipe.batch_size):
        yield functools.partial(batch, start)


def ahead(tasks: Iterable[Callable[[], Batch]]) -> Iterator[Batch]:
    """Call the tasks in other threads, a few ahead of the one whose result is yielded."""
    with ThreadPoolExecutor(max_workers=_BENDERS) as workers:
        waiting: deque[Future[Batch]] = deque()
        for task in tasks:
            waiting.append(workers.submit(task))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        for future in waiting:
            yield future.result()
