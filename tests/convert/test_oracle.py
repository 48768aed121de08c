"""Converted models against the textbook's forward computation, which shares no code with them."""

from __future__ import annotations

import numpy as np
import pytest

from convert.oracle import oracle_of, run_oracle
from convert.source import find_digits, load_source, predict
from convert.tflite import to_tflite, without_softmax
from edge.classifier import Classifier
from tests.train.synthetic import GENTLY
from train.forward import forward, matrices_of


@pytest.mark.parametrize(
    ("quantization", "largest"), [("none", 1e-4), ("float16", 0.02), ("int8", 0.5), ("int4", 2.5)]
)
def test_a_converted_model_gives_the_textbooks_scores(build, tmp_path, quantization, largest):
    source = load_source(build / "postcode.keras")
    material = find_digits(source, None)
    path = tmp_path / "m.tflite"
    path.write_bytes(to_tflite(source.model, quantization, material.learnt, GENTLY))
    images = material.dataset.test.images

    matrices = matrices_of(source.model.get_weights())
    pixels = images.reshape(len(images), -1) / 255
    scores = forward(matrices, pixels, "relu", output="identity")
    # Of a model that ends in a softmax the classifier knows the scores but for a constant,
    # and of the least probabilities only that they are small.
    got = Classifier(path).logits(images)
    told = got > got.max(axis=1, keepdims=True) - 10
    best = scores.argmax(axis=1)[:, None]
    below, expected = (each - np.take_along_axis(each, best, axis=1) for each in (got, scores))
    assert told.sum() > 4 * len(images)
    assert np.abs(below - expected)[told].max() < largest
    assert (got.argmax(axis=1) == scores.argmax(axis=1)).mean() > 0.97


@pytest.mark.parametrize(
    "hidden", ["relu", "tanh", "sigmoid", "softplus", "silu", "layers", "norm", "rescaled"]
)
def test_the_plain_computation_is_kerass_for_every_layer_it_knows(hidden):
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    rows = {
        "layers": [layers.Dense(12), layers.LeakyReLU(0.1), layers.Dropout(0.5)],
        "norm": [layers.Dense(12, use_bias=False), layers.BatchNormalization(), layers.ReLU()],
        "rescaled": [layers.Rescaling(2.0, -0.5), layers.Dense(12), layers.Activation("tanh")],
    }.get(hidden) or [layers.Dense(12, hidden)]
    model = keras.Sequential(
        [keras.Input((28, 28)), layers.Flatten(), *rows, layers.Dense(10), layers.Softmax()]
    )
    for layer in model.layers:
        if hidden == "norm" and isinstance(layer, layers.BatchNormalization):
            rng = np.random.default_rng(0)
            layer.set_weights([rng.uniform(0.5, 2, 12) for _ in layer.get_weights()])
    digits = np.random.default_rng(2).integers(0, 256, (20, 28, 28), np.uint8)
    # It must also know a model that was taken apart, as the conversion does.
    without_softmax(model)
    oracle = oracle_of(model)
    assert run_oracle(oracle, digits) == pytest.approx(predict(model, digits), abs=1e-5)


def test_what_it_does_not_know_it_does_not_compute():
    import keras
    from keras import layers

    pixels = keras.Input((784,))
    hidden = layers.Dense(10)(pixels)
    parted = keras.Model(pixels, layers.Add()([hidden, layers.Dense(10)(pixels)]))
    shared = layers.Dense(10)
    twice = keras.Model(pixels, shared(shared(hidden)))
    convolution = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Conv2D(2, 5), layers.Flatten(), layers.Dense(10)]
    )
    for model in (parted, twice, convolution):
        assert oracle_of(model) is None
