from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.train.synthetic import GENTLY, draw_digits
from train.batches import Lessons
from train.convolution import build_convolutional, convolutional_recipe, dense_kernel, unfold
from train.data import Examples
from train.fit import fit
from train.network import build, scores
from train.recipe import Recipe

RECIPE = Recipe(
    name="small", summary="", hidden=(128, 64, 32), convolutional_epochs=2, distortion=GENTLY
)


@pytest.fixture(scope="module")
def digits():
    return Examples(*draw_digits(300, seed=1))


def test_a_dense_kernel_does_what_the_convolution_does():
    import keras

    rng = np.random.default_rng(0)
    filters = rng.normal(size=(3, 3, 2, 4)).astype(np.float32)
    image = rng.normal(size=(1, 9, 9, 2)).astype(np.float32)
    expected = np.asarray(keras.ops.conv(image, filters, strides=2, padding="valid"))
    got = image.reshape(1, -1) @ dense_kernel(filters, side=9, stride=2)
    assert np.allclose(got, expected.reshape(1, -1), atol=1e-5)


@pytest.mark.parametrize("hidden", [(64, 16), (128, 64, 32), (64, 32, 24, 16)])
def test_the_unfolded_network_computes_the_same(hidden, digits):
    recipe = replace(RECIPE, hidden=hidden)
    filters, plain = build_convolutional(recipe), build(recipe, (28, 28))
    plain.set_weights(unfold(filters))
    some = digits.images[:40]
    assert np.allclose(scores(filters, some), scores(plain, some), atol=1e-5)


def test_the_filters_learn(digits):
    recipe = convolutional_recipe(replace(RECIPE, convolutional_epochs=8, batch_size=32))
    network = build_convolutional(recipe)
    history = fit(network, Lessons(digits), digits.take(np.arange(100)), recipe)
    assert len(history) == 8
    assert history[-1].loss < history[0].loss / 2


def test_its_epochs_bend_the_digits_in_other_ways_than_the_perceptrons():
    shorter = convolutional_recipe(RECIPE)
    assert shorter.epochs == RECIPE.convolutional_epochs
    assert shorter.seed != RECIPE.seed
    assert shorter.distortion == RECIPE.distortion


@pytest.mark.parametrize(
    "change",
    [{"hidden": (100, 64)}, {"hidden": (128, 60)}, {"hidden": (128,)}, {"batch_norm": True},
     {"dataset": "cifar10"}],
)  # fmt: skip
def test_what_can_not_be_a_convolution_is_refused(change):
    with pytest.raises(ValueError, match="convolutional_epochs need"):
        replace(RECIPE, **change)
