"""Converted models against the textbook's forward computation, which shares no code with them."""

from __future__ import annotations

import numpy as np
import pytest

from convert.source import find_digits, load_source
from convert.tflite import to_tflite
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
