"""Digits drawn for the tests: printed ones, each bent a little in its own way."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from train.augment import Distortion, distort

GENTLY = Distortion(rotation=8, scale=0.1, shear=0.1, shift=1, elastic_alpha=15)


def draw_digits(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return `uint8 (count, 28, 28)` digits and their labels `uint8 (count,)`."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 10).astype(np.uint8)
    rng.shuffle(labels)
    printed = np.zeros((10, 28, 28), np.uint8)
    for digit in range(10):
        cv2.putText(
            printed[digit], str(digit), (5, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 255, 2, cv2.LINE_AA
        )
    return distort(printed[labels], GENTLY, rng), labels


def write_digits(path: Path, train: int = 700, test: int = 200) -> Path:
    """Write digits to learn from and to test, as Keras ships MNIST."""
    x_train, y_train = draw_digits(train, seed=1)
    x_test, y_test = draw_digits(test, seed=2)
    np.savez_compressed(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return path


def draw_colours(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return `uint8 (count, 32, 32, 3)` images and their labels: where, and in which colour,
    a square lies in the noise.
    """
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 10).astype(np.uint8)
    rng.shuffle(labels)
    images = rng.integers(0, 60, (count, 32, 32, 3), np.uint8)
    for image, label in zip(images, labels.tolist(), strict=True):
        top = 2 + 7 * (label // 3)
        image[top : top + 7, 10:22, label % 3] += 180
    return images, labels


def write_colours(path: Path, train: int = 300, test: int = 60) -> Path:
    """Write images as Keras gives CIFAR-10: labels in a column."""
    x_train, y_train = draw_colours(train, seed=1)
    x_test, y_test = draw_colours(test, seed=2)
    np.savez_compressed(
        path, x_train=x_train, y_train=y_train[:, None], x_test=x_test, y_test=y_test[:, None]
    )
    return path


# Ways of a pen through a box of 1 × 1, y down; a 4 and a 7 take two strokes.
_HANDWRITTEN = (
    (((0.5, 0), (0.2, 0.2), (0.2, 0.8), (0.5, 1), (0.8, 0.8), (0.8, 0.2), (0.5, 0)),),
    (((0.3, 0.3), (0.5, 0), (0.5, 1)),),
    (((0.2, 0.2), (0.5, 0), (0.8, 0.3), (0.2, 1), (0.8, 1)),),
    (((0.2, 0), (0.8, 0.1), (0.4, 0.4), (0.8, 0.7), (0.5, 1), (0.2, 0.9)),),
    (((0.4, 0), (0.2, 0.6), (0.8, 0.6)), ((0.6, 0.3), (0.6, 1))),
    (((0.8, 0), (0.3, 0), (0.3, 0.4), (0.8, 0.6), (0.6, 1), (0.2, 0.9)),),
    (((0.6, 0), (0.2, 0.6), (0.4, 1), (0.7, 0.8), (0.5, 0.5), (0.2, 0.7)),),
    (((0.2, 0), (0.8, 0), (0.4, 1)), ((0.3, 0.5), (0.7, 0.5))),
    (((0.7, 0.1), (0.3, 0.2), (0.7, 0.8), (0.4, 1), (0.3, 0.8), (0.7, 0.2), (0.6, 0)),),
    (((0.7, 0.3), (0.4, 0.4), (0.4, 0.1), (0.7, 0), (0.7, 0.4), (0.6, 1)),),
)


def handwriting(writers: int = 3, each: int = 2, seed: int = 0) -> list[dict[str, Any]]:
    """Return `each` times the ten digits of each of `writers` as JSON has them.

    Every writer has a slant of their own, every digit a few shaky points.
    """
    rng = np.random.default_rng(seed)
    found = []
    for writer in range(1, writers + 1):
        slant = np.array([[1, 0], [rng.uniform(-0.3, 0.3), 1]])
        for label in list(range(10)) * each:
            ways = [np.array(way) @ slant for way in _HANDWRITTEN[label]]
            shaky = [200 * (way + rng.normal(0, 0.02, way.shape)) for way in ways]
            strokes = [way.round(1).tolist() for way in shaky]
            found.append({"label": label, "writer": writer, "strokes": strokes})
    return found


def write_handwriting(path: Path, writers: int = 3, each: int = 2, seed: int = 0) -> Path:
    """Write stroke digits to learn from, as JSON packed with gzip."""
    path.write_bytes(gzip.compress(json.dumps(handwriting(writers, each, seed)).encode(), mtime=0))
    return path


def one_hot(classes, confidence):
    """Return `float32 (n, 10)` probabilities: so sure of these classes, the rest spread out."""
    classes, confidence = np.asarray(classes), np.asarray(confidence, np.float32)
    probabilities = np.repeat((1 - confidence)[:, None] / 9, 10, axis=1).astype(np.float32)
    probabilities[np.arange(len(classes)), classes] = confidence
    return probabilities
