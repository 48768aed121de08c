"""The program that the textbook's chapter ends with: a deep perceptron behind five red boxes.

Its boxes are known, as they are drawn by itself; what is in each is shrunk to 28×28 as it
stands, neither centred nor brought to one size, and Keras predicts all five at once. It
answers always. The network is the recipe `dmlp`, trained on MNIST as the chapter does.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.compare.footprint import packages_bytes
from benchmarks.compare.items import Answer, Item
from benchmarks.compare.readers import Read
from edge.errors import ModelError, PackageMissingError

MODEL = Path("build") / "compare" / "dmlp" / "dmlp.keras"
_SIDE = 28


def open_reader(way: str) -> Read:
    """Return the function that reads rows whose boxes are known.

    Raises:
        PackageMissingError: TensorFlow is not installed.
        ModelError: the network was not trained yet.
    """
    return reader_with(load_network())


def load_network() -> Any:
    """Return the chapter's network; raises as `open_reader` does."""
    if not MODEL.is_file():
        raise ModelError(
            f"{MODEL}: no such file; train it with "
            f"python -m train --recipe dmlp --out {MODEL.parent}"
        )
    try:
        import keras
    except ImportError as error:
        raise PackageMissingError(f"Keras is not installed ({error}); run: make compare") from error
    return keras.models.load_model(MODEL)


def reader_with(model: Any) -> Read:
    """Return the function that reads rows with a model, `float32 (n, 784)` to `(n, 10)`."""

    def read(item: Item) -> Answer:
        if item.row is None:
            return Answer(None, False)
        row = np.asarray(cv2.imread(item.row, cv2.IMREAD_GRAYSCALE), np.uint8)
        return Answer(predict(model, as_seen(row, item.boxes)), True)

    return read


def predict(model: Any, digits: NDArray[np.uint8]) -> str:
    """Return what the network takes images for, `uint8 (n, 28, 28)`, white ink on black."""
    pixels = digits.reshape(-1, _SIDE * _SIDE).astype(np.float32) / 255
    return "".join(map(str, model.predict(pixels, verbose=0).argmax(axis=1).tolist()))


def as_seen(
    row: NDArray[np.uint8], boxes: Sequence[tuple[int, int, int, int]]
) -> NDArray[np.uint8]:
    """Return what the network is shown, `uint8 (n, 28, 28)`, white ink on black.

    Args:
        row: `uint8 (h, w)`, black ink on white.
        boxes: x, y, width, height of each, px. The book's are square; one that is not is
            laid in the middle of a white square, or its digit would be out of shape.
    """
    seen = []
    for x, y, width, height in boxes:
        side = max(width, height)
        square = np.full((side, side), 255, np.uint8)
        part = row[y : y + height, x : x + width]
        top, left = (side - height) // 2, (side - width) // 2
        square[top : top + part.shape[0], left : left + part.shape[1]] = part
        seen.append(255 - cv2.resize(square, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC))
    return np.stack(seen)


def version() -> str:
    """Return the versions that its answers depend on."""
    import keras
    import tensorflow as tf

    return f"Keras {keras.__version__}, TensorFlow {tf.__version__}"


def installed_bytes() -> int:
    """Return the size of its packages and its network."""
    packages = [_tensorflow(), "opencv-python-headless"]
    return packages_bytes(packages) + MODEL.stat().st_size


def _tensorflow() -> str:
    """Return which of its packages is installed, which depends on the processor."""
    try:
        distribution("tensorflow-cpu")
    except PackageNotFoundError:
        return "tensorflow"
    return "tensorflow-cpu"
