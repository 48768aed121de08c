"""The sheet of images that a model reads worst: data in, a matplotlib figure out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from train.plots import DPI, INK, LARGE, SMALL, VERMILLION

# The sheet, px: about this wide, and a tile's image at least so large.
_SHEET_WIDTH = 1340
_TILE = 104
_TITLE_HEIGHT = 60
_GAP = 20
# Of the small font, px: a line's height, and the average width of a name's characters.
_LINE = 19
_CHARACTER = 9


def worst_order(
    probabilities: NDArray[np.float32], labels: NDArray[np.uint8], count: int
) -> NDArray[np.int64]:
    """Choose the images that were read worst.

    Args:
        probabilities: `float32 (n, k)`.
        labels: `uint8 (n,)`.
        count: how many at most.

    Returns:
        `int64 (min(count, n),)`, indices, worst first: the wrong ones by how sure the
        model was of the wrong class, then the right ones with the least probability.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    # The last key is the first to decide.
    return np.lexsort((np.where(right, confidence, -confidence), right))[:count]


def worst(
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    count: int = 40,
    class_names: Sequence[str] = tuple("0123456789"),
) -> Figure:
    """Lay out the images that were read worst, each with what it is, was read as and how surely.

    Args:
        images: `uint8 (n, h, w)`, or `(n, h, w, 3)` RGB.
        labels: `uint8 (n,)`.
        probabilities: `float32 (n, k)`.
        count: how many images at most.
        class_names: of the k classes.

    Returns:
        A sheet of tiles, in the order of `worst_order`; wrong ones have a coloured text.
    """
    chosen = worst_order(probabilities, labels, count)
    read = probabilities.argmax(axis=1)
    # Only short names stand in one line with the probability.
    longest = max(map(len, class_names), default=0)
    between, lines = (" ", 1) if longest <= 2 else ("\n", 2)
    characters = longest + len(", 0.00") if lines == 2 else 2 * longest + len(" → , 0.00")

    # A whole number of dots for each pixel, or some pixels come out wider than others.
    h, w = images.shape[1:3]
    zoom = max(1, math.ceil(_TILE / max(h, w)))
    height, width = zoom * h, zoom * w
    pitch_x = max(width, characters * _CHARACTER) + _GAP
    pitch_y = height + lines * _LINE + _GAP
    columns = max(1, min(len(chosen), (_SHEET_WIDTH - _GAP) // pitch_x))
    rows = math.ceil(len(chosen) / columns)

    # Everything stands on one panel that is measured in the picture's dots, from the top left.
    sheet = (max(columns, 4) * pitch_x + _GAP, _TITLE_HEIGHT + rows * pitch_y)
    figure = Figure((sheet[0] / DPI, sheet[1] / DPI), dpi=DPI, facecolor="w")
    axes = figure.add_axes((0, 0, 1, 1))
    wrong = int(np.count_nonzero(read[chosen] != labels[chosen]))
    axes.text(
        _GAP, _TITLE_HEIGHT / 2, f"Worst {len(chosen)} of {len(labels):,}, {wrong} of them wrong",
        va="center", fontsize=LARGE, color=INK,
    )  # fmt: skip
    for place, index in enumerate(chosen):
        row, column = divmod(place, columns)
        left = _GAP + column * pitch_x + (pitch_x - _GAP - width) // 2
        top = _TITLE_HEIGHT + row * pitch_y
        axes.imshow(
            images[index], cmap="gray", vmin=0, vmax=255, interpolation="nearest",
            extent=(left, left + width, top + height, top),
        )  # fmt: skip
        true, taken = class_names[labels[index]], class_names[read[index]]
        axes.text(
            left + width / 2, top + height + 4,
            f"{true} →{between}{taken}, {probabilities[index].max():.2f}",
            ha="center", va="top", fontsize=SMALL, parse_math=False,
            color=INK if read[index] == labels[index] else VERMILLION,
        )  # fmt: skip
    axes.set(xlim=(0, sheet[0]), ylim=(sheet[1], 0))
    axes.set_axis_off()
    return figure
