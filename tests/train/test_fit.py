from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.train.synthetic import GENTLY, draw_digits
from train.data import Digits
from train.fit import ahead, batches, fit, one_cycle
from train.network import build
from train.recipe import Recipe

RECIPE = Recipe(hidden=(32,), epochs=6, batch_size=32, holdout=100, distortion=GENTLY)


@pytest.fixture(scope="module")
def digits():
    return Digits(*draw_digits(600, seed=1)), Digits(*draw_digits(100, seed=2))


def trained(recipe, digits, **callbacks):
    network = build(recipe.hidden, recipe.seed)
    history = fit(network, *digits, recipe, **callbacks)
    return network.get_weights(), history


def test_it_learns_to_tell_digits_apart(digits):
    _, history = trained(RECIPE, digits)
    assert [epoch.epoch for epoch in history] == [1, 2, 3, 4, 5, 6]
    assert history[-1].loss < history[0].loss / 2
    assert history[-1].holdout_accuracy > 0.95


def test_the_same_seed_gives_the_same_weights_and_another_does_not(digits):
    short = replace(RECIPE, epochs=2)
    first, again, other = (
        trained(recipe, digits)[0] for recipe in (short, short, replace(short, seed=1))
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_every_step_and_epoch_is_reported(digits):
    steps, epochs = [], []
    _, history = trained(
        replace(RECIPE, epochs=2), digits, on_step=steps.append, on_epoch=epochs.append
    )
    per_epoch = math.ceil(600 / 32)
    assert [step.step for step in steps] == list(range(1, 2 * per_epoch + 1))
    assert {step.steps for step in steps} == {2 * per_epoch}
    assert [step.epoch for step in steps] == [1] * per_epoch + [2] * per_epoch
    assert epochs == history
    assert steps[-1].loss == history[-1].loss


def test_weight_decay_shrinks_the_weights(digits):
    short = replace(RECIPE, epochs=2)
    free, _ = trained(replace(short, weight_decay=0), digits)
    held, _ = trained(replace(short, weight_decay=1), digits)
    assert np.linalg.norm(held[0]) < 0.98 * np.linalg.norm(free[0])


def test_the_learning_rate_rises_to_its_peak_and_falls_to_almost_nothing():
    rates = [one_cycle(progress, 1.0, 0.3) for progress in np.linspace(0, 1, 101)]
    assert rates[0] == pytest.approx(1 / 25)
    assert rates[30] == pytest.approx(1)
    assert rates[100] == pytest.approx(1 / 250_000)
    assert rates[:31] == sorted(rates[:31])
    assert rates[30:] == sorted(rates[30:], reverse=True)


def test_an_epoch_holds_every_digit_once_in_an_order_of_its_own(digits):
    unbent = replace(RECIPE, distortion=replace(GENTLY, rotation=0, scale=0, shear=0, shift=0,
                                                elastic_alpha=0))  # fmt: skip
    learnt, _ = digits
    orders = []
    for epoch in (1, 2):
        pixels, labels = zip(*(batch() for batch in batches(learnt, epoch, unbent)), strict=True)
        assert [len(some) for some in labels] == [32] * 18 + [24]
        images = np.rint(np.concatenate(pixels) * 255).astype(np.uint8)
        orders.append([image.tobytes() for image in images])
    assert sorted(orders[0]) == sorted(image.tobytes() for image in learnt.images)
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]


def test_digits_are_bent_anew_in_every_epoch_and_alike_in_whatever_order(digits):
    learnt, _ = digits
    first, second = list(batches(learnt, 1, RECIPE)), list(batches(learnt, 2, RECIPE))
    forwards = [batch()[0] for batch in first]
    backwards = [batch()[0] for batch in reversed(first)][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(forwards, backwards, strict=True))
    seen = {row.tobytes() for pixels in forwards for row in pixels}
    assert not seen & {row.tobytes() for batch in second for row in batch()[0]}


def test_batches_made_ahead_come_in_order_and_their_errors_arrive():
    def task(n):
        if n == 7:
            raise ValueError("seven")
        return n

    got = []

    def work():
        got.extend(ahead((lambda n=n: task(n)) for n in range(20)))

    assert list(ahead((lambda n=n: n) for n in range(20))) == list(range(20))
    with pytest.raises(ValueError, match="seven"):
        work()
