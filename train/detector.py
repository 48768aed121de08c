"""The network that detects rows of five boxes, and what its mistakes cost.

It is fully convolutional and looks at every fourth pixel each way (`edge.detector` tells what
its outputs are). Two strided convolutions halve the picture twice; seven blocks, each a
depthwise convolution and one of 1×1 beside what went in (He et al. 2016), look further and
further around by leaving pixels out (Yu & Koltun 2016, "Multi-Scale Context Aggregation by
Dilated Convolutions"): in the end 199 pixels each way.

All is in Keras's own operations, so that it runs on TensorFlow and on JAX.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from edge.detector import BOX_UNIT, OUTPUTS, ROW_UNIT, STRIDE
from edge.row import COUNT

FIRST, WIDTH, LAST = 12, 32, 48
"""Channels of the first convolution, of all after it, and of what the outputs are made of."""
SPREADS = ((5, 1), (3, 2), (3, 4), (3, 2), (3, 8), (3, 4), (5, 1))
"""Side of each block's kernel, and its dilation."""

# A place is a box's, or a row's, if it is so near to the middle: shares of the box's width and
# height. Those a little further off are neither right nor wrong.
_BOX_WITHIN, _BOX_BEYOND = 0.22, 0.42
_ROW_WITHIN, _ROW_BEYOND = 0.3, 0.5
# And the nearest place to a middle is always one, as if it were so near.
_NEAREST = 0.05
# Where the boxes of a crop without a row are put: far from every place, and not flat.
_NOWHERE = -1e4 + np.array([[0, 0], [9, 0], [9, 9], [0, 9]], np.float32)
# Against division by nothing, px.
_TINY, _LITTLE = 1e-6, 1e-3
_MOST_FILL = 2.0

# Focal loss (Lin et al. 2017): places that are clear already count little, and so does each of
# the many where nothing is.
_FOCUS, _ELSEWHERE = 1.5, 0.25
# What the four parts of the loss weigh, and of each output its error.
_BOX_ODDS, _ROW_ODDS = 2.0, 3.0
_BOX_WEIGHTS = np.array([1.5, 1.5, 2, 2, 2, 2], np.float32)
_ROW_WEIGHTS = np.array([1, 1, 5, 5, 2, 2, 2], np.float32)
_BOX, _ROW = slice(1, 7), slice(8, 15)
_BOX_AT, _ROW_AT = 0, 7

_MOMENTUM = 0.97


class Shifts(keras.layers.Layer):
    """A depthwise convolution without bias, as a sum of shifted pictures.

    XLA makes one kernel of the sum, which on a GPU is many times as fast as its depthwise
    convolution with holes. Its weights are those of `keras.layers.DepthwiseConv2D`.

    Args:
        side: of the kernel, odd.
        dilation: pixels from one of its taps to the next.
        initializer: of the kernel.
    """

    def __init__(self, side: int, dilation: int, initializer: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.side, self.dilation, self.initializer = side, dilation, initializer

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the kernel, `(side, side, channels, 1)`."""
        self.kernel = self.add_weight(
            shape=(self.side, self.side, shape[-1], 1), initializer=self.initializer, name="kernel"
        )

    def call(self, pictures: Any) -> Any:
        """Return the pictures convolved, `(n, h, w, channels)` as they are."""
        reach = self.side // 2 * self.dilation
        height, width = pictures.shape[1:3]
        padded = ops.pad(pictures, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
        total = 0
        for i, j in itertools.product(range(self.side), repeat=2):
            down, right = i * self.dilation, j * self.dilation
            part = padded[:, down : down + height, right : right + width]
            total = total + part * self.kernel[i, j, :, 0]
        return total


def build(side: int | None = None, seed: int = 0, shifts: bool = False) -> keras.Model:
    """Build the network.

    Args:
        side: of the pictures it takes, px; None takes any, also such as are no squares.
        seed: of its first weights.
        shifts: whether depthwise convolutions are `Shifts`; these need a `side`.

    Returns:
        A model of `float32 (n, side, side, 3)`, BGR, 0 to 255, to `float32 (n, side / STRIDE,
        side / STRIDE, OUTPUTS)`. Its weights are of the same shapes and order in any case.
    """
    layers = keras.layers
    seeds = itertools.count(seed * 1000)

    def drawn() -> Any:
        return keras.initializers.GlorotUniform(seed=next(seeds) % 2**31)

    def mixed(signal: Any, channels: int, kernel: int, stride: int, name: str) -> Any:
        """Convolve, normalise and cut off below 0."""
        signal = layers.Conv2D(
            channels,
            kernel,
            strides=stride,
            padding="same",
            use_bias=False,
            kernel_initializer=drawn(),
            name=name,
        )(signal)
        signal = layers.BatchNormalization(momentum=_MOMENTUM, name=f"{name}_norm")(signal)
        return layers.ReLU(name=f"{name}_relu")(signal)

    # Names go into the converted file: those that Keras makes up count models, call by call.
    pixels = keras.Input((side, side, 3), name="pixels")
    signal = layers.Rescaling(1 / 64, offset=-2.0, name="scaled")(pixels)
    signal = mixed(signal, FIRST, 3, 2, "halved")
    signal = mixed(signal, WIDTH, 3, 2, "quartered")
    for place, (kernel, dilation) in enumerate(SPREADS, start=1):
        name = f"spread_{place}"
        spread = (
            Shifts(kernel, dilation, drawn(), name=name)
            if shifts
            else layers.DepthwiseConv2D(
                kernel,
                padding="same",
                dilation_rate=dilation,
                use_bias=False,
                depthwise_initializer=drawn(),
                name=name,
            )
        )(signal)
        spread = layers.BatchNormalization(momentum=_MOMENTUM, name=f"{name}_norm")(spread)
        spread = mixed(spread, WIDTH, 1, 1, f"mixed_{place}")
        signal = layers.Add(name=f"added_{place}")([signal, spread])
    signal = mixed(signal, LAST, 1, 1, "gathered")
    said = layers.Conv2D(OUTPUTS, 1, kernel_initializer=drawn(), name="rows")(signal)
    return keras.Model(pixels, said, name="boxes")


def architecture() -> str:
    """Return what the network is, for its card."""
    spreads = ", ".join(f"{side}x{side} by {dilation}" for side, dilation in SPREADS)
    return (
        f"convolutional, stride {STRIDE}: {FIRST}, {WIDTH}, {len(SPREADS)} residual depthwise "
        f"blocks of {WIDTH} ({spreads}), {LAST}, {OUTPUTS} relu"
    )


class Targets(NamedTuple):
    """What is to be said of some crops, `g` places each way."""

    there: Any
    """`float32 (n, g, g, 2)`: 1 where a box's middle is, and where a row's is; else 0."""
    told: Any
    """`float32 (n, g, g, 2)`: 0 where `there` is neither right nor wrong, else 1."""
    box: Any
    """`float32 (n, g, g, 6)`: outputs 1 to 6 for the nearest box."""
    row: Any
    """`float32 (n, g, g, 7)`: outputs 8 to 14 for the row."""


def targets(corners: Any, places: int) -> Targets:
    """Return what the network is to say.

    Args:
        corners: `float32 (n, 5, 4, 2)` px, of each box from the top left one clockwise; NaN
            where there is no row.
        places: that the network speaks of, each way.
    """
    at = (np.arange(places, dtype=np.float32) + 0.5) * STRIDE - 0.5
    grid = ops.convert_to_tensor(np.stack(np.meshgrid(at, at), axis=-1))
    corners = ops.where(ops.isnan(corners), ops.convert_to_tensor(_NOWHERE), corners)
    middles = ops.mean(corners, axis=2)
    widths = (corners[:, :, 1] + corners[:, :, 2] - corners[:, :, 0] - corners[:, :, 3]) / 2
    heights = (corners[:, :, 2] + corners[:, :, 3] - corners[:, :, 0] - corners[:, :, 1]) / 2

    # Of each place its way from each box's middle, px, and in the box's widths and heights.
    way = grid[None, None] - _at_all(middles)
    areas = _at_all(widths[..., 0] * heights[..., 1] - widths[..., 1] * heights[..., 0])
    across = _cross(way, _at_all(heights)) / areas
    down = -_cross(way, _at_all(widths)) / areas
    off = ops.maximum(ops.abs(across), ops.abs(down))
    nearest = ops.max(ops.abs(way), axis=-1) <= STRIDE / 2 + _LITTLE
    off = ops.where(nearest, ops.minimum(off, _NEAREST), off)

    of_nearest = ops.moveaxis(ops.one_hot(ops.argmin(off, axis=1), COUNT), -1, 1)[..., None]
    box = ops.concatenate(
        [
            -ops.sum(of_nearest * way, axis=1) / STRIDE,
            ops.sum(of_nearest * _at_all(_doubled(widths)), axis=1) / BOX_UNIT,
            ops.sum(of_nearest * _at_all(_doubled(heights)), axis=1) / BOX_UNIT,
        ],
        axis=-1,
    )

    pitch = (middles[:, -1] - middles[:, 0]) / (COUNT - 1)
    middle = (middles[:, 0] + middles[:, -1]) / 2
    fill = ops.mean(_length(widths), axis=1) / (_length(pitch) + _LITTLE)
    lying = ops.concatenate(
        [
            _doubled(pitch * COUNT) / ROW_UNIT,
            _doubled(ops.mean(heights, axis=1)) / BOX_UNIT,
            ops.clip(fill, 0, _MOST_FILL)[:, None],
        ],
        axis=-1,
    )
    step = (middle[:, None, None] - grid[None]) / STRIDE
    row = ops.concatenate([step, lying[:, None, None] + ops.zeros_like(step[..., :1])], axis=-1)

    box_off, row_off = ops.min(off, axis=1), off[:, COUNT // 2]
    is_box, is_row = box_off < _BOX_WITHIN, row_off < _ROW_WITHIN
    there = ops.stack([is_box, is_row], axis=-1)
    told = ops.stack(
        [
            ops.logical_or(is_box, box_off > _BOX_BEYOND),
            ops.logical_or(is_row, row_off > _ROW_BEYOND),
        ],
        axis=-1,
    )
    return Targets(ops.cast(there, "float32"), ops.cast(told, "float32"), box, row)


def loss(corners: Any, said: Any) -> Any:
    """Return what the network's mistakes cost, a scalar.

    Focal loss for where boxes and rows are, and absolute errors of how they lie where they
    are, each by how many places there are of them.

    Args:
        corners: as `targets` takes them.
        said: `float32 (n, g, g, OUTPUTS)`, by the network.
    """
    wanted = targets(corners, said.shape[1])
    odds = ops.stack([said[..., _BOX_AT], said[..., _ROW_AT]], axis=-1)
    there, told = wanted.there, wanted.told
    entropy = ops.softplus(odds) - odds * there
    probability = ops.sigmoid(odds)
    right = there * probability + (1 - there) * (1 - probability)
    focal = told * entropy * (1 - right) ** _FOCUS * (_ELSEWHERE + (1 - _ELSEWHERE) * there)
    boxes, rows = ops.sum(there[..., 0]) + 1, ops.sum(there[..., 1]) + 1
    box = there[..., :1] * ops.abs(said[..., _BOX] - wanted.box) * _BOX_WEIGHTS
    row = there[..., 1:] * ops.abs(said[..., _ROW] - wanted.row) * _ROW_WEIGHTS
    return (
        _BOX_ODDS * ops.sum(focal[..., 0]) / boxes
        + ops.sum(box) / boxes
        + _ROW_ODDS * ops.sum(focal[..., 1]) / rows
        + ops.sum(row) / rows
    )


def _at_all(values: Any) -> Any:
    """Return `(n, 5, …)` as `(n, 5, 1, 1, …)`, to be the same at all places."""
    return values[:, :, None, None]


def _cross(a: Any, b: Any) -> Any:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _length(vectors: Any) -> Any:
    return ops.sqrt(ops.sum(vectors**2, axis=-1))


def _doubled(vectors: Any) -> Any:
    """Return vectors of twice the angle and the same length."""
    x, y = vectors[..., 0], vectors[..., 1]
    long = (_length(vectors) + _TINY)[..., None]
    return ops.stack([x**2 - y**2, 2 * x * y], axis=-1) / long
