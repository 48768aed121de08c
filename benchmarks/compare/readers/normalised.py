"""The textbook's network with our digits before it: what normalising alone is worth.

Five crops are cut out at the places of the boxes, and the digit in each is scaled and centred
as MNIST's were (`edge.digits`). Network and all else are those of `textbook`.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from benchmarks.compare.items import Answer, Item
from benchmarks.compare.readers import Read
from benchmarks.compare.readers.textbook import installed_bytes, load_network, predict, version
from edge.digits import SIDE, extract

__all__ = ["installed_bytes", "open_reader", "reader_with", "version"]


def open_reader(way: str) -> Read:
    """Return the function that reads rows whose boxes are known; raises as the textbook's."""
    return reader_with(load_network())


def reader_with(model: Any) -> Read:
    """Return the function that reads rows with a model, `float32 (n, 784)` to `(n, 10)`."""

    def read(item: Item) -> Answer:
        if item.row is None:
            return Answer(None, False)
        row = np.asarray(cv2.imread(item.row, cv2.IMREAD_GRAYSCALE), np.uint8)
        found = [extract(row[y : y + height, x : x + width]) for x, y, width, height in item.boxes]
        blank = np.zeros((SIDE, SIDE), np.uint8)
        digits = np.stack([blank if digit is None else digit for digit in found])
        return Answer(predict(model, digits), True)

    return read
