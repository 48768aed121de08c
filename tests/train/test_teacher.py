from __future__ import annotations

from dataclasses import replace

import numpy as np

from train.network import scores
from train.recipes import RECIPES
from train.teacher import build_teacher, describe_teacher

RECIPE = replace(RECIPES["postcode-teacher"], hidden=(16,))


def test_a_teacher_reads_pixels_as_a_perceptron_does_and_gives_probabilities():
    network = build_teacher(RECIPE)
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    shares = scores(network, images)
    assert shares.shape == (5, 10)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    assert network.get_layer("logits").units == 10


def test_the_seed_makes_the_first_weights():
    one, same, other = (
        build_teacher(replace(RECIPE, seed=seed)).get_weights()[0] for seed in (0, 0, 1)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_it_is_described_in_a_line():
    assert describe_teacher(RECIPE).endswith("-16-10 relu")
