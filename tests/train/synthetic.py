"""Digits drawn for the tests: printed ones, each bent a little in its own way."""

from __future__ import annotations

from pathlib import Path

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
