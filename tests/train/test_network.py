from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.train.synthetic import draw_digits
from train import forward
from train.network import architecture, build, scores, to_pixels, without_softmax
from train.recipe import ACTIVATIONS, Recipe

RECIPE = Recipe("to-be-tested", "", hidden=(32, 16))
SHAPE = (28, 28)


@pytest.fixture(scope="module")
def images():
    return draw_digits(20, seed=0)[0]


def saved_and_loaded(network, folder):
    import keras

    network.save(folder / "network.keras")
    return keras.saving.load_model(folder / "network.keras")


def test_layers_are_as_wide_as_asked_and_end_in_a_softmax_of_its_own(images):
    network = build(RECIPE, SHAPE)
    assert [tuple(weight.shape) for weight in network.weights] == [
        (784, 32),
        (32,),
        (32, 16),
        (16,),
        (16, 10),
        (10,),
    ]
    assert [layer.name for layer in network.layers][-2:] == ["logits", "probabilities"]
    assert scores(network, images).sum(axis=1) == pytest.approx(1)
    assert architecture(RECIPE, SHAPE) == "784-32-16-10 relu"


def test_colours_are_3072_pixels():
    recipe = replace(RECIPE, dataset="cifar10", activation="tanh")
    assert build(recipe, (32, 32, 3)).input_shape == (None, 3072)
    assert architecture(recipe, (32, 32, 3)) == "3072-32-16-10 tanh"


def test_the_part_without_softmax_shares_the_weights(images):
    network = build(RECIPE, SHAPE)
    network.get_layer("logits").bias.assign(np.arange(10.0))
    logits = scores(without_softmax(network), images).astype(np.float64)
    powers = np.exp(logits)
    expected = powers / powers.sum(axis=1, keepdims=True)
    assert scores(network, images) == pytest.approx(expected, abs=1e-5)


def test_the_seed_decides_the_first_weights():
    first, again, other = (
        build(replace(RECIPE, seed=seed), SHAPE).get_weights() for seed in (5, 5, 6)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_the_largest_seed_builds():
    recipe = replace(RECIPE, seed=2**32 - 1, dropout=0.5)
    assert np.isfinite(build(recipe, SHAPE).get_weights()[0]).all()


@pytest.mark.parametrize(("activation", "gain"), [("relu", 2), ("swish", 2), ("tanh", 1)])
def test_first_weights_keep_the_size_of_the_signal(activation, gain):
    weights = build(replace(RECIPE, hidden=(512, 512), activation=activation), SHAPE).get_weights()
    # Normal, cut off at two standard deviations and widened to the same variance; where
    # half of a signal is lost, twice the variance.
    assert weights[2].std() == pytest.approx(np.sqrt(gain / 512), rel=0.02)


@pytest.mark.parametrize(
    ("activation", "beta"), [*((name, 1.0) for name in ACTIVATIONS), ("swish", 0.4), ("swish", 2.5)]
)
def test_every_activation_computes_its_formula_also_when_saved_and_loaded(
    activation, beta, images, tmp_path
):
    network = build(replace(RECIPE, activation=activation, swish_beta=beta), SHAPE)
    # Larger ones than the first, so that signals reach where activations bend.
    network.set_weights([3 * weight for weight in network.get_weights()])
    matrices = forward.matrices_of(network.get_weights())
    formula = forward.swish(beta) if activation == "swish" else activation
    expected = forward.forward(matrices, to_pixels(images), formula, "softmax")
    assert scores(network, images) == pytest.approx(expected, abs=1e-4)
    loaded = saved_and_loaded(network, tmp_path)
    assert np.array_equal(scores(loaded, images), scores(network, images))


def test_the_beta_of_swish_changes_what_comes_out(images):
    one, other = (
        scores(build(replace(RECIPE, activation="swish", swish_beta=beta), SHAPE), images)
        for beta in (1.0, 2.5)
    )
    assert np.abs(one - other).max() > 0.01


def test_hidden_layers_are_normalised_before_their_activation(images, tmp_path):
    network = build(replace(RECIPE, batch_norm=True), SHAPE)
    names = [layer.name for layer in network.layers]
    assert names[1:4] == ["hidden_1", "norm_1", "relu_1"]
    # Scores are left alone.
    assert names[-2:] == ["logits", "probabilities"]
    assert sum(name.startswith("norm") for name in names) == 2

    import keras

    normalised = keras.Model(network.input, network.get_layer("norm_1").output)
    batch = np.asarray(normalised(to_pixels(images), training=True))
    # An output that is the same for all images has nothing to be divided by.
    varied = batch.std(axis=0) > 0.1
    assert varied.sum() > 20
    assert batch.mean(axis=0) == pytest.approx(0, abs=1e-4)
    assert batch.std(axis=0)[varied] == pytest.approx(1, abs=0.05)
    loaded = saved_and_loaded(network, tmp_path)
    assert np.array_equal(scores(loaded, images), scores(network, images))


def test_dropout_silences_its_share_while_training_and_nothing_afterwards(images, tmp_path):
    recipe = replace(RECIPE, hidden=(400,), activation="sigmoid", dropout=0.4)
    network, plain = build(recipe, SHAPE), build(replace(recipe, dropout=0), SHAPE)
    assert np.array_equal(scores(network, images), scores(plain, images))
    assert np.array_equal(scores(saved_and_loaded(network, tmp_path), images),
                          scores(plain, images))  # fmt: skip

    import keras

    hidden = keras.Model(network.input, network.get_layer("dropout_1").output)
    learning = np.asarray(hidden(to_pixels(images), training=True))
    reading = np.asarray(hidden(to_pixels(images), training=False))
    silent = learning == 0
    assert silent.mean() == pytest.approx(0.4, abs=0.03)
    # The others are louder by as much.
    assert learning[~silent] == pytest.approx((reading / 0.6)[~silent], rel=1e-5)


def test_a_bfloat16_network_has_the_weights_of_the_float32_one_and_float32_scores(images):
    recipe = replace(RECIPE, precision="bfloat16", batch_norm=True, dropout=0.1)
    exact, fast = build(recipe, SHAPE), build(recipe, SHAPE, "bfloat16")
    for one, other in zip(exact.weights, fast.weights, strict=True):
        assert (one.path, one.shape, other.dtype) == (other.path, other.shape, "float32")
        assert np.array_equal(one, other)
    assert fast.get_layer("hidden_1").compute_dtype == "bfloat16"
    assert fast.output.dtype == fast.get_layer("logits").output.dtype == "float32"
    assert scores(fast, images) == pytest.approx(scores(exact, images), abs=0.02)


def test_what_is_saved_is_float32_unless_it_is_asked_for():
    network = build(replace(RECIPE, precision="bfloat16"), SHAPE)
    assert {layer.compute_dtype for layer in network.layers} == {"float32"}


def test_pixels_run_from_0_to_1():
    digits, _ = draw_digits(10, seed=0)
    pixels = to_pixels(digits)
    assert (pixels.shape, pixels.dtype) == ((10, 784), np.float32)
    assert (pixels.min(), pixels.max()) == (0, 1)


def test_scores_of_many_images_are_those_of_each(images, monkeypatch):
    network = build(RECIPE, SHAPE)
    at_once = scores(network, images)
    assert (at_once.shape, at_once.dtype) == ((20, 10), np.float32)
    monkeypatch.setattr("train.network._CHUNK", 7)
    assert scores(network, images) == pytest.approx(at_once, abs=1e-6)
