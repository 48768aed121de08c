from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from train.data import IMPOSTOR
from train.losses import imitation_losses, loss_to_learn, losses_of, softened
from train.recipe import Recipe


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("kind", ["mse", "cross-entropy"])
def test_the_loss_is_the_one_that_keras_computes_of_the_probabilities(kind):
    import keras

    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (50, 10)).astype(np.float32)
    labels = rng.integers(10, size=50)
    probabilities = keras.ops.softmax(logits)
    if kind == "mse":
        expected = keras.losses.MeanSquaredError()(np.eye(10)[labels], probabilities)
    else:
        expected = keras.losses.SparseCategoricalCrossentropy()(labels, probabilities)
    assert np.mean(losses_of(logits, labels, kind)) == pytest.approx(float(expected), rel=1e-5)


def test_the_loss_of_huge_scores_is_finite():
    logits = np.array([[1e4] + [0.0] * 9], np.float32)
    assert float(losses_of(logits, np.array([1]), "cross-entropy")[0]) == pytest.approx(1e4)


def test_imitation_is_the_cross_entropy_of_softened_answers():
    rng = np.random.default_rng(0)
    logits, *wanted = rng.normal(size=(3, 5, 10)).astype(np.float32) * 3
    shares = (softmax(wanted[0] / 4) + softmax(wanted[1] / 4)) / 2
    answers = softmax(logits / 4)
    expected = -(shares * np.log(answers)).sum(axis=1).mean() * 16
    said = softened(wanted, 4.0)
    np.testing.assert_allclose(said, shares, rtol=1e-5)
    assert np.mean(imitation_losses(logits, said, 4.0)) == pytest.approx(expected, rel=1e-5)


def test_of_an_impostor_all_classes_are_wanted_alike():
    logits = np.zeros((2, 10), np.float32)
    logits[1, 3] = 5
    labels = np.array([IMPOSTOR, IMPOSTOR])
    even, sure = np.asarray(losses_of(logits, labels, "cross-entropy")).tolist()
    assert even == pytest.approx(np.log(10), rel=1e-5)
    assert sure > even + 1


def test_a_teacher_that_is_wrong_is_imitated_or_not_as_the_recipe_says():
    logits = np.zeros((3, 10), np.float32)
    logits[:, 1] = 2
    labels = np.array([1, 2, IMPOSTOR])
    # Of the first it is right, of the second wrong, and of the third there is no right.
    answers = np.full((3, 10), 0.05, np.float32)
    answers[:, 1] = 0.55
    own = np.asarray(losses_of(logits, labels, "cross-entropy"))
    imitated = np.asarray(imitation_losses(logits, answers, 3.0))
    recipe = Recipe(name="any", summary="", distillation=0.75, softness=3.0)
    mixed = 0.25 * own + 0.75 * imitated
    assert float(loss_to_learn(logits, labels, answers, recipe)) == pytest.approx(
        mixed.mean(), rel=1e-5
    )
    mixed[1] = own[1]
    recipe = replace(recipe, imitate_mistakes=False)
    assert float(loss_to_learn(logits, labels, answers, recipe)) == pytest.approx(
        mixed.mean(), rel=1e-5
    )
    assert float(loss_to_learn(logits, labels, None, recipe)) == pytest.approx(own.mean(), rel=1e-5)


def test_teachers_are_imitated_of_what_they_teach_alone():
    rng = np.random.default_rng(1)
    logits, said = rng.normal(size=(2, 4, 10)).astype(np.float32)
    labels, taught = np.array([1, 2, 3, IMPOSTOR]), np.array([True, False, True, False])
    answers = np.asarray(softened([said], 2.0))
    recipe = Recipe(name="any", summary="", distillation=0.75, softness=2.0)
    own = np.asarray(losses_of(logits, labels, "cross-entropy"))
    imitated = np.asarray(imitation_losses(logits, answers, 2.0))
    expected = np.where(taught, 0.25 * own + 0.75 * imitated, own).mean()
    found = float(loss_to_learn(logits, labels, answers, recipe, taught))
    assert found == pytest.approx(expected, rel=1e-5)
