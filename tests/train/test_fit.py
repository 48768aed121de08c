from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.train.synthetic import GENTLY, draw_colours, draw_digits
from train.batches import ROUND, Lessons, Rounds, round_in_order
from train.checkpoint import Checkpoint, Progressed
from train.data import Examples
from train.errors import CheckpointError
from train.fit import evaluate, fit, make_optimizer, one_cycle
from train.losses import softened
from train.network import build, scores, to_pixels, without_softmax
from train.recipe import Recipe

RECIPE = Recipe(
    "test",
    "to be tested",
    hidden=(32,),
    optimizer="adamw",
    learning_rate=0.002,
    schedule="one-cycle",
    weight_decay=0.01,
    batch_size=32,
    epochs=6,
    distortion=GENTLY,
)
SHAPE = (28, 28)


@pytest.fixture(scope="module")
def digits():
    return Lessons(Examples(*draw_digits(600, seed=1))), Examples(*draw_digits(100, seed=2))


@pytest.fixture(scope="module")
def few(digits):
    """Return a fifth of the digits to learn from, and others to decide on."""
    return Lessons(digits[0].examples.take(np.arange(120))), digits[1]


@pytest.fixture(scope="module")
def misleading(few):
    """Return the same with wrong labels kept apart: whoever learns gets worse from the start."""
    learnt, validation = few
    return learnt, Examples(validation.images, (validation.labels + 1) % 10)


def trained(recipe, digits, **more):
    network = build(recipe, SHAPE, recipe.precision)
    history = fit(network, *digits, recipe, **more)
    return network.get_weights(), history


def same(some, others):
    return all(np.array_equal(a, b) for a, b in zip(some, others, strict=True))


def linear_network():
    import keras

    pixels = keras.Input((784,))
    logits = keras.layers.Dense(10, name="logits")(pixels)
    return keras.Model(pixels, keras.layers.Softmax()(logits))


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_it_learns_to_tell_digits_apart(digits):
    _, history = trained(RECIPE, digits)
    assert [epoch.epoch for epoch in history] == [1, 2, 3, 4, 5, 6]
    assert history[-1].loss < history[0].loss / 2
    assert history[-1].validation_accuracy > 0.95


def test_the_same_seed_gives_the_same_weights_and_another_does_not(few):
    short = replace(RECIPE, epochs=2, dropout=0.2)
    first, again, other = (
        trained(recipe, few)[0] for recipe in (short, short, replace(short, seed=1))
    )
    assert same(first, again)
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


def test_an_epochs_figures_are_those_of_the_network_at_its_end(few):
    short = replace(RECIPE, epochs=1, average=0.5)
    network = build(short, SHAPE)
    (epoch,) = fit(network, *few, short)
    right = scores(network, few[1].images).argmax(axis=1) == few[1].labels
    assert epoch.validation_accuracy == right.mean()
    loss, accuracy = evaluate(without_softmax(network), few[1], short.loss)
    assert (epoch.validation_loss, epoch.validation_accuracy) == (loss, accuracy)


def test_colours_are_learnt(few):
    lessons = Lessons(Examples(*draw_colours(200, seed=1)))
    validation = Examples(*draw_colours(50, seed=2))
    recipe = replace(RECIPE, dataset="cifar10", epochs=4)
    network = build(recipe, (32, 32, 3))
    assert fit(network, lessons, validation, recipe)[-1].validation_accuracy > 0.9


def test_stroke_digits_are_learnt_beside_the_examples():
    images, labels = draw_digits(300, seed=1)
    low = labels < 5
    lessons = Lessons(
        Examples(images[low], labels[low]), images[None, ~low].repeat(2, axis=0), labels[~low]
    )
    steps = []
    recipe = replace(RECIPE, stroke_drawings=2, learning_rate=0.01, epochs=3)
    validation = Examples(*draw_digits(100, seed=2))
    _, history = trained(recipe, (lessons, validation), on_step=steps.append)
    assert len(steps) == 3 * math.ceil((150 + 2 * 150) / 32)
    # Half of them are known from strokes alone.
    assert history[-1].validation_accuracy > 0.9


def test_weight_decay_shrinks_what_is_multiplied_and_nothing_else():
    import keras

    recipe = replace(RECIPE, batch_norm=True, weight_decay=0.5, learning_rate=0.1)
    network = build(recipe, SHAPE)
    for weight in network.trainable_variables:
        weight.assign(np.ones(weight.shape))
    optimizer = make_optimizer(recipe)
    nothing = [keras.ops.zeros(weight.shape) for weight in network.trainable_variables]
    optimizer.apply(nothing, network.trainable_variables)
    for weight in network.trainable_variables:
        shrunk = 1 - 0.1 * 0.5 if weight.name == "kernel" else 1
        assert np.asarray(weight) == pytest.approx(shrunk), weight.path


def test_the_recipes_optimizer_is_taken_at_its_rate():
    kinds = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"}
    for name, kind in kinds.items():
        optimizer = make_optimizer(replace(RECIPE, optimizer=name, learning_rate=0.03))
        assert type(optimizer).__name__ == kind
        assert float(optimizer.learning_rate) == pytest.approx(0.03)


def test_the_learning_rate_rises_to_its_peak_and_falls_to_almost_nothing():
    rates = [one_cycle(progress, 1.0, 0.3) for progress in np.linspace(0, 1, 101)]
    assert rates[0] == pytest.approx(1 / 25)
    assert rates[30] == pytest.approx(1)
    assert rates[100] == pytest.approx(1 / 250_000)
    assert rates[:31] == sorted(rates[:31])
    assert rates[30:] == sorted(rates[30:], reverse=True)


def test_a_constant_rate_stays_and_one_cycle_begins_low(few):
    # One step of all images: at a 25th of the rate it goes a 25th of the way.
    step = replace(RECIPE, optimizer="sgd", epochs=1, batch_size=120, weight_decay=0)
    start = build(step, SHAPE).get_weights()
    constant, _ = trained(replace(step, schedule="constant"), few)
    cycle, _ = trained(step, few)
    for before, far, near in zip(start, constant, cycle, strict=True):
        assert near - before == pytest.approx((far - before) / 25, abs=1e-6)


@pytest.mark.parametrize("kind", ["mse", "cross-entropy"])
def test_a_step_of_plain_descent_goes_against_the_gradient_at_the_learning_rate(kind, few):
    lessons, validation = few
    recipe = Recipe("sgd", "", optimizer="sgd", learning_rate=0.5, loss=kind, epochs=1,
                    batch_size=120)  # fmt: skip
    network = linear_network()
    start = network.get_weights()
    fit(network, lessons, validation, recipe)

    x = to_pixels(lessons.examples.images).astype(np.float64)
    wanted = np.eye(10)[lessons.examples.labels]
    p = softmax(x @ start[0] + start[1])
    if kind == "cross-entropy":
        by_logits = (p - wanted) / 120
    else:
        by_output = 2 * (p - wanted) / (120 * 10)
        by_logits = p * (by_output - (by_output * p).sum(axis=1, keepdims=True))
    kernel, bias = network.get_weights()
    assert kernel == pytest.approx(start[0] - 0.5 * x.T @ by_logits, abs=1e-6)
    assert bias == pytest.approx(start[1] - 0.5 * by_logits.sum(axis=0), abs=1e-6)


def test_the_last_smaller_batch_counts_by_its_images(few):
    lessons, validation = few
    # A rate at which nothing moves: the epoch's figures are those of one network.
    recipe = Recipe("sgd", "", optimizer="sgd", learning_rate=1e-12, epochs=1, batch_size=50)
    network = linear_network()
    (epoch,) = fit(network, lessons, validation, recipe)
    loss, accuracy = evaluate(without_softmax(network), lessons.examples, recipe.loss)
    assert epoch.loss == pytest.approx(loss, rel=1e-5)
    assert epoch.accuracy == pytest.approx(accuracy)


def test_training_stops_when_nothing_gets_better_and_returns_the_best_weights(misleading):
    constant = replace(RECIPE, schedule="constant")
    weights, history = trained(replace(constant, patience=2), misleading)
    assert [epoch.epoch for epoch in history] == [1, 2, 3]
    losses = [epoch.validation_loss for epoch in history]
    assert losses[0] == min(losses)
    one_epoch, _ = trained(replace(constant, epochs=1), misleading)
    assert same(weights, one_epoch)


def test_patience_lasts_as_long_as_it_gets_better_and_no_patience_for_ever(few, misleading):
    constant = replace(RECIPE, schedule="constant", epochs=4)
    assert len(trained(replace(constant, patience=1), few)[1]) == 4
    weights, history = trained(constant, misleading)
    assert len(history) == 4
    assert same(weights, trained(constant, few)[0])


def test_the_network_that_is_kept_is_the_running_average_of_the_weights(few):
    averaged = replace(RECIPE, epochs=2, average=0.9)
    network = build(averaged, SHAPE)
    mean = network.get_weights()

    def follow(step):
        for average, weight in zip(mean, network.get_weights(), strict=True):
            average -= 0.1 * (average - weight)

    history = fit(network, *few, averaged, on_step=follow)
    last, plain = trained(replace(averaged, average=0), few)
    for expected, weight in zip(mean, network.get_weights(), strict=True):
        assert weight == pytest.approx(expected, abs=1e-5)
    assert not np.array_equal(network.get_weights()[0], last[0])
    # What is learnt is learnt by the weights themselves, what is decided by their average.
    assert [epoch.loss for epoch in history] == [epoch.loss for epoch in plain]
    assert history[-1].validation_loss != plain[-1].validation_loss


class Killed(BaseException):
    pass


def broken_off(recipe, digits, checkpoint, step):
    """Train until an exception comes out of a step, counted from 1."""

    def stop(done):
        if done.step == step:
            raise Killed

    with pytest.raises(Killed):
        trained(recipe, digits, checkpoint=checkpoint, on_step=stop)


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(replace(RECIPE, average=0.9, precision="bfloat16"), id="adamw and average"),
        pytest.param(replace(RECIPE, dropout=0.3, batch_norm=True), id="dropout and norm"),
        pytest.param(replace(RECIPE, optimizer="sgd", loss="mse", schedule="constant"), id="sgd"),
    ],
)
def test_a_run_that_was_broken_off_goes_on_to_the_very_same_weights(recipe, few, tmp_path):
    recipe = replace(recipe, epochs=4)
    whole, whole_history = trained(recipe, few)
    checkpoint = Checkpoint(tmp_path / "checkpoint.npz", "run")
    # 4 steps make an epoch: in the midst of the third.
    broken_off(recipe, few, checkpoint, step=10)
    steps, epochs = [], []
    weights, history = trained(
        recipe, few, checkpoint=checkpoint, on_step=steps.append, on_epoch=epochs.append
    )
    assert [step.step for step in steps] == list(range(9, 17))
    assert history == epochs == whole_history
    assert same(weights, whole)


def test_a_run_that_stopped_early_remembers_its_best_weights_when_it_goes_on(misleading, tmp_path):
    recipe = replace(RECIPE, patience=3, schedule="constant", average=0.5)
    whole, whole_history = trained(recipe, misleading)
    assert [epoch.epoch for epoch in whole_history] == [1, 2, 3, 4]
    checkpoint = Checkpoint(tmp_path / "checkpoint.npz", "run")
    broken_off(recipe, misleading, checkpoint, step=10)
    weights, history = trained(recipe, misleading, checkpoint=checkpoint)
    assert history == whole_history
    assert same(weights, whole)


@pytest.mark.parametrize("patience", [0, 1])
def test_a_run_that_had_come_to_its_end_takes_no_further_step(patience, misleading, tmp_path):
    recipe = replace(RECIPE, epochs=2, patience=patience, average=0.9)
    checkpoint = Checkpoint(tmp_path / "checkpoint.npz", "run")
    first = trained(recipe, misleading, checkpoint=checkpoint)
    steps = []
    again = trained(recipe, misleading, checkpoint=checkpoint, on_step=steps.append)
    assert steps == []
    assert again[1] == first[1]
    assert same(again[0], first[0])


def test_the_state_of_another_run_is_not_taken_up(few, tmp_path):
    recipe = replace(RECIPE, epochs=1)
    trained(recipe, few, checkpoint=Checkpoint(tmp_path / "checkpoint.npz", "one"))
    with pytest.raises(CheckpointError, match="the state of another run"):
        trained(recipe, few, checkpoint=Checkpoint(tmp_path / "checkpoint.npz", "other"))


@pytest.mark.parametrize(
    "progressed",
    [
        Progressed([np.zeros(3, np.float32)], []),
        Progressed([np.zeros((1, 1), np.float32)] * 100, []),
    ],
)
def test_a_state_that_does_not_fit_the_network_is_one_sentence(progressed, few, tmp_path):
    checkpoint = Checkpoint(tmp_path / "checkpoint.npz", "run")
    checkpoint.save(progressed)
    with pytest.raises(CheckpointError, match="does not fit this network") as caught:
        trained(RECIPE, few, checkpoint=checkpoint)
    assert "\n" not in str(caught.value)


def test_an_epoch_that_another_version_described_otherwise_is_one_sentence(few, tmp_path):
    recipe = replace(RECIPE, epochs=1)
    checkpoint = Checkpoint(tmp_path / "checkpoint.npz", "run")
    trained(recipe, few, checkpoint=checkpoint)
    kept = checkpoint.load()
    checkpoint.save(replace(kept, history=[{"epoch": 1, "holdout_loss": 0.5}]))
    with pytest.raises(CheckpointError, match="another version may have left it"):
        trained(recipe, few, checkpoint=checkpoint)


@pytest.fixture(scope="module")
def teacher(digits):
    network = build(RECIPE, SHAPE)
    fit(network, *digits, RECIPE)
    return network


def test_a_pupil_learns_its_teachers_answers_whatever_the_labels_say(digits, teacher):
    learnt, validation = digits
    misled = Lessons(Examples(learnt.examples.images, np.roll(learnt.examples.labels, 1)))
    pupil = build(replace(RECIPE, seed=1), SHAPE)
    fit(pupil, misled, validation, replace(RECIPE, seed=1, distillation=1.0), teachers=[teacher])
    agreed = scores(pupil, validation.images).argmax(1) == scores(
        teacher, validation.images
    ).argmax(1)
    assert agreed.mean() > 0.95


def test_of_untaught_digits_a_pupil_learns_the_labels_whatever_its_teachers_answer(digits, teacher):
    learnt, validation = digits
    misled = Examples(learnt.examples.images, (learnt.examples.labels + 1) % 10)
    pupil = build(replace(RECIPE, seed=1), SHAPE)
    recipe = replace(RECIPE, seed=1, distillation=1.0, imitate_extra=False)
    fit(pupil, Lessons(misled, extra=600), validation, recipe, teachers=[teacher])
    said = scores(pupil, validation.images).argmax(1)
    assert (said == (validation.labels + 1) % 10).mean() > 0.9


def test_a_teacher_is_not_changed_and_none_of_it_counts_at_no_distillation(few, teacher):
    before = teacher.get_weights()
    deaf = replace(RECIPE, epochs=2, distillation=0.0)
    weights, _ = trained(deaf, few, teachers=[teacher])
    assert same(teacher.get_weights(), before)
    assert same(weights, trained(deaf, few)[0])


def test_answers_of_kept_rounds_are_learnt_as_those_of_a_teacher_are(digits, teacher):
    learnt, validation = digits
    misled = Lessons(Examples(learnt.examples.images, np.roll(learnt.examples.labels, 1)))
    recipe = replace(RECIPE, seed=1, distillation=1.0, rounds=2)
    kept = []
    for number in (1, 2):
        made = [batch() for batch in round_in_order(misled, number, recipe)]
        round_ = np.empty(600, ROUND)
        round_["pixels"] = np.concatenate([batch.pixels for batch in made])
        round_["label"] = np.concatenate([batch.labels for batch in made])
        said = scores(without_softmax(teacher), round_["pixels"])
        round_["answers"] = softened([said], recipe.softness)
        kept.append(round_)
    pupil = build(recipe, SHAPE)
    fit(pupil, Rounds(kept), validation, recipe)
    mine, its = (scores(each, validation.images).argmax(1) for each in (pupil, teacher))
    assert (mine == its).mean() > 0.9
