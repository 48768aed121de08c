"""Whose digits are written: real pen strokes and MNIST's, of hands of one side of the data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import STROKE_SETS, Side, mnist_digits, stroke_sides
from samples.handwriting import smooth_curve
from train.strokes import StrokeDigit

# Of the envelopes, written with a pen on a tablet; the others are MNIST's.
_BY_PEN = 0.5
# A hand's digits of one label are taken from so many of MNIST's that are most like it.
_LIKE_HAND = 25
# What is wider than this by its height is a part of a digit: its writer stopped.
_WIDEST = 2.0
# Weights of MNIST's mean grey against its slant, for digits that one hand might have written.
_GREY_WEIGHT = 4.0


@dataclass(frozen=True)
class Glyph:
    """One written digit, as strokes or as an image."""

    label: int
    """0 to 9."""
    strokes: tuple[NDArray[np.float64], ...] = ()
    """Each `(n, 2)`, n ≥ 2, y down, in any unit; empty where there is an image."""
    image: NDArray[np.uint8] | None = None
    """`(28, 28)`, white ink on black, or None."""


@dataclass(frozen=True)
class Writers:
    """The hands of one side of the data: to choose thresholds by, or to measure on."""

    tablets: tuple[tuple[tuple[StrokeDigit, ...], ...], ...]
    """By stroke set and writer."""
    images: NDArray[np.uint8]
    """`(n, 28, 28)`, MNIST's."""
    labels: NDArray[np.uint8]
    """`(n,)`."""
    traits: NDArray[np.float32]
    """`(n, 2)`: each image's slant and mean grey, weighted to be compared."""

    def write(self, rng: np.random.Generator, count: int = 5) -> list[Glyph]:
        """Return random digits by one hand."""
        if self.tablets and (not len(self.labels) or rng.random() < _BY_PEN):
            written = self.tablets[rng.integers(len(self.tablets))]
            return self._strokes(written[rng.integers(len(written))], rng, count)
        return self._images(rng, count)

    def _strokes(
        self, mine: Sequence[StrokeDigit], rng: np.random.Generator, count: int
    ) -> list[Glyph]:
        by_label = defaultdict(list)
        for digit in mine:
            by_label[digit.label].append(digit)
        labels = sorted(by_label)
        glyphs = []
        for _ in range(count):
            options = by_label[labels[rng.integers(len(labels))]]
            digit = options[rng.integers(len(options))]
            lines = tuple(smooth_line(stroke) for stroke in digit.strokes)
            glyphs.append(Glyph(digit.label, lines))
        return glyphs

    def _images(self, rng: np.random.Generator, count: int) -> list[Glyph]:
        wanted = self.traits[rng.integers(len(self.traits))]
        apart = np.abs(self.traits - wanted).sum(axis=1)
        glyphs = []
        known = np.unique(self.labels)
        for label in known[rng.integers(0, len(known), count)].tolist():
            places = np.flatnonzero(self.labels == label)
            like = places[np.argsort(apart[places], kind="stable")[:_LIKE_HAND]]
            glyphs.append(Glyph(label, image=self.images[like[rng.integers(len(like))]]))
        return glyphs


def load_writers(side: Side, folder: Path | None = None) -> Writers:
    """Return the writers of one side of all data there is.

    Args:
        side: `learnt`, `validation`, to choose by, or `test`, to report.
        folder: of the data; None is `benchmarks.datasets.data_folder`.
    """
    tablets = []
    for name in STROKE_SETS:
        tablets.append(_by_writer(getattr(stroke_sides(name, folder), side)))
    images, labels = mnist_digits(side, folder)
    return gathered(tablets, images, labels)


def gathered(
    tablets: Sequence[Sequence[Sequence[StrokeDigit]]],
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
) -> Writers:
    """Return writers of these digits; sets without any are left out."""
    kept = tuple(tuple(tuple(mine) for mine in writers) for writers in tablets if writers)
    return Writers(kept, images, labels, _traits(images))


def smooth_line(stroke: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the curve through a stroke's points; a dot becomes a line of no length.

    Args:
        stroke: `float32 (n, 2)`, n ≥ 1.

    Returns:
        `float64 (m, 2)`, m ≥ 2.
    """
    points = np.asarray(stroke, np.float64)
    moved = np.ones(len(points), bool)
    moved[1:] = np.abs(np.diff(points, axis=0)).sum(axis=1) > 0
    points = points[moved]
    if len(points) == 1:
        return np.repeat(points, 2, axis=0)
    # A tablet's points lie close together where it samples fast.
    return smooth_curve(points, 2 if len(points) > 40 else 5)


def _by_writer(digits: Sequence[StrokeDigit]) -> list[tuple[StrokeDigit, ...]]:
    """Return the digits of each writer of at least five."""
    found = defaultdict(list)
    for digit in digits:
        width, height = np.ptp(np.concatenate(digit.strokes), axis=0)
        if width <= _WIDEST * height:
            found[digit.writer].append(digit)
    return [tuple(found[writer]) for writer in sorted(found) if len(found[writer]) >= 5]


def _traits(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return each image's slant (shear by its second moments) and weighted mean grey."""
    ink = images.reshape(len(images), 28, 28).astype(np.float32) / 255
    total = np.maximum(ink.sum(axis=(1, 2)), 1e-6)
    y, x = np.mgrid[0:28, 0:28].astype(np.float32)
    cy, cx = (ink * y).sum(axis=(1, 2)) / total, (ink * x).sum(axis=(1, 2)) / total
    dy, dx = y - cy[:, None, None], x - cx[:, None, None]
    slant = (ink * dx * dy).sum(axis=(1, 2)) / np.maximum((ink * dy * dy).sum(axis=(1, 2)), 1e-6)
    return np.stack([slant, _GREY_WEIGHT * ink.mean(axis=(1, 2))], axis=1)
