"""All the images of a run, divided: to learn from, to decide on, to test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from train import data
from train.batches import Lessons
from train.data import Dataset, Examples, Extra
from train.drawing import Drawing, as_written, bank
from train.errors import DataError
from train.impostors import draw_impostors
from train.recipe import Recipe
from train.strokes import StrokeDigit, StrokeSet, load_strokes, split_by_writer

# Images of no digit that there are to choose from.
_IMPOSTOR_BANK = 20_000


@dataclass(frozen=True)
class Fold:
    """One part of a cross-validation."""

    index: int
    """From 0: which part is kept apart."""
    of: int
    """How many parts there are."""


@dataclass(frozen=True)
class Strokes:
    """A stroke set, divided by writer: nobody is on two sides."""

    source: StrokeSet
    learnt: Sequence[StrokeDigit]
    validation: Sequence[StrokeDigit]
    test: Sequence[StrokeDigit]

    def account(self) -> dict[str, Any]:
        """Return what the report says of it."""
        sides = {"train": self.learnt, "validation": self.validation, "test": self.test}
        return {
            "name": self.source.path.name,
            "sha256": self.source.sha256,
            "digits": {side: len(digits) for side, digits in sides.items()},
            "writers": {side: len({d.writer for d in digits}) for side, digits in sides.items()},
        }


@dataclass(frozen=True)
class Material:
    """What a run learns from and what it is measured on."""

    dataset: Dataset
    """As it was loaded."""
    learnt: Examples
    """The data set's images to learn from."""
    validation: Mapping[str, Examples]
    """Decisions are made on these: the data set's own under its name, then each stroke
    set's unseen writers, as the kiosk would draw them."""
    test: Mapping[str, Examples]
    """The same, but nothing is decided on these."""
    strokes: Sequence[Strokes] = ()
    """The stroke sets, divided."""
    extra: Sequence[Extra] = ()
    """Learnt from as `learnt` is, and never measured on."""


def gather(
    recipe: Recipe,
    data_path: Path | None = None,
    stroke_paths: Sequence[Path] = (),
    fold: Fold | None = None,
    extra_paths: Sequence[Path] = (),
) -> Material:
    """Load everything a recipe learns from, and divide it.

    Args:
        recipe: says what, and how much is kept apart.
        data_path: the data set's file; None takes Keras's copy.
        stroke_paths: stroke sets; without any, digits come from the data set alone.
        fold: part of a cross-validation to keep apart; None takes the recipe's share.
        extra_paths: digits that are learnt from and never measured on.

    Raises:
        DataError: something is missing, damaged, too small to be divided or of no use
            to the recipe.
    """
    if stroke_paths and not recipe.stroke_drawings:
        raise DataError(
            f"{recipe.name} draws no strokes; leave --strokes out, or train with --stroke-drawings"
        )
    extra = [data.load_extra(path) for path in extra_paths]
    dataset = data.load(recipe.dataset, data_path)
    if extra and extra[0].examples.images.shape[1:] != dataset.train.images.shape[1:]:
        raise DataError(
            f"{extra[0].path}: digits of 28×28 can't be mixed with {recipe.dataset}; leave --extra "
            "out"
        )
    if fold is None:
        count = recipe.held_out(len(dataset.train))
        learnt, held = data.hold_out(dataset.train, count, recipe.validation_seed)
    else:
        splits = data.folds(dataset.train, fold.of, recipe.validation_seed)
        learnt, held = next(split for k, split in enumerate(splits) if k == fold.index)
    sets = divided(stroke_paths, recipe)
    return Material(
        dataset=dataset,
        learnt=learnt,
        validation={recipe.dataset: held}
        | {each.source.name: examples_of(each.validation) for each in sets},
        test={recipe.dataset: dataset.test}
        | {each.source.name: examples_of(each.test) for each in sets},
        strokes=sets,
        extra=extra,
    )


def divided(stroke_paths: Sequence[Path], recipe: Recipe) -> list[Strokes]:
    """Load stroke sets and divide each by writer.

    Raises:
        DataError: one is missing, damaged or has the name of another.
    """
    sets: list[Strokes] = []
    for path in stroke_paths:
        source = load_strokes(path)
        if source.name in (recipe.dataset, *(each.source.name for each in sets)):
            raise DataError(f"{path}: another set is called {source.name} as well; rename one")
        sets.append(divide(source, recipe))
    return sets


def divide(source: StrokeSet, recipe: Recipe) -> Strokes:
    """Divide a stroke set by writer, by the recipe's share and seed."""
    writers = len({digit.writer for digit in source.digits})
    count = max(1, round(recipe.stroke_writers * writers))
    rest, test = split_by_writer(source.digits, count, recipe.validation_seed)
    learnt, validation = split_by_writer(rest, count, recipe.validation_seed)
    return Strokes(source, learnt, validation, test)


def examples_of(digits: Sequence[StrokeDigit]) -> Examples:
    """Draw stroke digits as the kiosk would see them."""
    return Examples(as_written(digits), np.array([d.label for d in digits], np.uint8))


def lessons_of(material: Material, recipe: Recipe) -> Lessons:
    """Return what a network learns from; drawing the strokes takes a minute or more."""
    digits = [digit for each in material.strokes for digit in each.learnt]
    examples = _joined([material.learnt, *(each.examples for each in material.extra)])
    extra = len(examples) - len(material.learnt)
    impostors = None
    if recipe.impostors:
        rng = np.random.default_rng(recipe.validation_seed)
        impostors = draw_impostors(_IMPOSTOR_BANK, material.learnt.images, rng)
    if not digits:
        return Lessons(examples, impostors=impostors, extra=extra)
    labels = np.array([digit.label for digit in digits], np.uint8)
    drawings = bank(digits, Drawing(), recipe.stroke_bank, recipe.validation_seed)
    return Lessons(examples, drawings, labels, impostors, extra)


def _joined(parts: Sequence[Examples]) -> Examples:
    if len(parts) == 1:
        return parts[0]
    return Examples(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )
