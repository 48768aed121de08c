from __future__ import annotations

import numpy as np
import pytest

from tests.train.synthetic import draw_digits
from train.network import build, count_errors, to_pixels, without_softmax


def test_layers_are_as_wide_as_asked_and_end_in_a_softmax_of_its_own():
    network = build((32, 16), seed=0)
    assert [tuple(weight.shape) for weight in network.weights] == [
        (784, 32),
        (32,),
        (32, 16),
        (16,),
        (16, 10),
        (10,),
    ]
    assert [layer.name for layer in network.layers][-2:] == ["logits", "probabilities"]
    digits, _ = draw_digits(20, seed=0)
    assert network.predict(to_pixels(digits), verbose=0).sum(axis=1) == pytest.approx(1)


def test_the_part_without_softmax_shares_the_weights():
    network = build((16,), seed=0)
    pixels = to_pixels(draw_digits(20, seed=0)[0])
    network.get_layer("logits").bias.assign(np.arange(10.0))
    logits = without_softmax(network).predict(pixels, verbose=0).astype(np.float64)
    powers = np.exp(logits)
    expected = powers / powers.sum(axis=1, keepdims=True)
    assert network.predict(pixels, verbose=0) == pytest.approx(expected, abs=1e-5)


def test_the_seed_decides_the_first_weights():
    first, again, other = (build((16,), seed).get_weights() for seed in (5, 5, 6))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_first_weights_keep_the_size_of_the_signal():
    weights = build((512, 512), seed=0).get_weights()
    # Normal, cut off at two standard deviations and widened to the same variance.
    assert weights[2].std() == pytest.approx(np.sqrt(2 / 512), rel=0.02)


def test_pixels_run_from_0_to_1():
    digits, _ = draw_digits(10, seed=0)
    pixels = to_pixels(digits)
    assert (pixels.shape, pixels.dtype) == ((10, 784), np.float32)
    assert (pixels.min(), pixels.max()) == (0, 1)


def test_errors_are_counted():
    network = build((4,), seed=0)
    network.set_weights([np.zeros_like(weight) for weight in network.get_weights()])
    network.get_layer("logits").bias.assign(np.eye(10)[3])
    images, _ = draw_digits(5, seed=0)
    assert count_errors(network, images, np.array([3, 3, 1, 3, 0], np.uint8)) == 2
