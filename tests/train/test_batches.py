from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tests.train.synthetic import GENTLY, draw_colours, draw_digits
from train.augment import UNBENT, Distortion
from train.batches import (
    ROUND,
    Lessons,
    Rounds,
    ahead,
    batches,
    round_in_order,
    steps_per_epoch,
)
from train.data import IMPOSTOR, Examples
from train.recipe import Recipe

RECIPE = Recipe("test", "to be tested", batch_size=32, distortion=GENTLY)
UNBENT_RECIPE = replace(RECIPE, distortion=UNBENT)


@pytest.fixture(scope="module")
def written():
    return Lessons(Examples(*draw_digits(600, seed=1)))


@pytest.fixture(scope="module")
def mixed():
    """Return 50 examples and 7 stroke digits of 5 drawings each, all told apart by two pixels."""
    examples = np.zeros((50, 28, 28), np.uint8)
    examples[:, 0, 0] = 1 + np.arange(50)
    drawings = np.zeros((5, 7, 28, 28), np.uint8)
    drawings[:, :, 0, 0] = 101 + np.arange(7)
    drawings[:, :, 0, 1] = np.arange(5)[:, None]
    labels = (np.arange(50) % 10).astype(np.uint8)
    return Lessons(Examples(examples, labels), drawings, np.arange(7, dtype=np.uint8))


def images_of(lessons, epoch, recipe):
    """Return an epoch's pixels as they were stored, `uint8 (n, pixels)`, and its labels."""
    made = [batch() for batch in batches(lessons, epoch, recipe)]
    return np.concatenate([one.pixels for one in made]), np.concatenate(
        [one.labels for one in made]
    )


def test_an_epoch_holds_every_digit_once_in_an_order_of_its_own(written):
    orders = []
    for epoch in (1, 2):
        sizes = [len(batch()[1]) for batch in batches(written, epoch, UNBENT_RECIPE)]
        assert sizes == [32] * 18 + [24]
        images, _ = images_of(written, epoch, UNBENT_RECIPE)
        orders.append([image.tobytes() for image in images])
    assert sorted(orders[0]) == sorted(image.tobytes() for image in written.examples.images)
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]


def test_pixels_and_labels_come_as_the_network_takes_them(written):
    pixels, labels, answers, taught = next(batches(written, 1, RECIPE))()
    assert answers is None
    assert taught is None
    assert (pixels.shape, pixels.dtype) == ((32, 784), np.uint8)
    assert (labels.shape, labels.dtype) == ((32,), np.int64)
    assert 0 == pixels.min() < pixels.max()


def test_labels_stay_with_their_images(written):
    by_image = dict(
        zip((i.tobytes() for i in written.examples.images), written.examples.labels, strict=True)
    )
    images, labels = images_of(written, 1, UNBENT_RECIPE)
    assert labels.tolist() == [by_image[image.tobytes()] for image in images]


def test_an_epoch_comes_out_alike_in_whatever_order_its_batches_are_made(written):
    made = list(batches(written, 1, RECIPE))
    forwards = [batch()[0] for batch in made]
    backwards = [batch()[0] for batch in reversed(made)][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(forwards, backwards, strict=True))


def test_one_digit_is_bent_anew_in_every_batch_and_epoch(written):
    one = Lessons(written.examples.take(np.zeros(64, np.int64)))
    rows = [
        row.tobytes()
        for epoch in (1, 2, 3)
        for batch in batches(one, epoch, RECIPE)
        for row in batch()[0]
    ]
    assert len(rows) == len(set(rows)) == 3 * 64


def test_an_epoch_is_the_same_whether_or_not_others_came_before_it(mixed):
    recipe = replace(RECIPE, stroke_drawings=3)
    for epoch in (1, 2, 3):
        before = images_of(mixed, epoch, recipe)
    alone = images_of(mixed, 3, recipe)
    assert np.array_equal(before[0], alone[0])
    assert np.array_equal(before[1], alone[1])


def test_another_seed_is_another_order_and_other_bends(mixed):
    recipe = replace(RECIPE, stroke_drawings=3)
    one, other = (images_of(mixed, 1, replace(recipe, seed=seed)) for seed in (0, 1))
    assert one[1].tolist() != other[1].tolist()
    unbent = replace(recipe, distortion=UNBENT)
    copies = [
        sorted(row.tobytes() for row in images_of(mixed, 1, replace(unbent, seed=seed))[0])
        for seed in (0, 1)
    ]
    assert copies[0] != copies[1]


def test_an_epoch_holds_each_example_once_and_each_stroke_digit_as_often_as_asked(mixed):
    recipe = replace(UNBENT_RECIPE, stroke_drawings=3)
    images, labels = images_of(mixed, 1, recipe)
    assert len(images) == mixed.count(recipe) == 50 + 3 * 7
    assert Counter(images[:, 0].tolist()) == dict.fromkeys(range(1, 51), 1) | dict.fromkeys(
        range(101, 108), 3
    )
    expected = [(n - 1) % 10 if n < 100 else n - 101 for n in images[:, 0].tolist()]
    assert labels.tolist() == expected
    # Shuffled among each other.
    assert min(images[:35, 0].max(), images[35:, 0].max()) > 100


def test_other_drawings_of_a_stroke_digit_are_taken_in_every_epoch(mixed):
    recipe = replace(UNBENT_RECIPE, stroke_drawings=3)
    taken = []
    for epoch in range(1, 31):
        images, _ = images_of(mixed, epoch, recipe)
        strokes = images[images[:, 0] > 100]
        taken.append(sorted(map(tuple, strokes[:, :2].tolist())))
    assert len(set(map(tuple, taken))) > 25
    # With time all of them.
    assert {row for epoch in taken for row in epoch} == {
        (101 + digit, copy) for digit in range(7) for copy in range(5)
    }


def test_rounds_come_again_in_another_order_whatever_the_seed(mixed):
    recipe = replace(RECIPE, stroke_drawings=3, rounds=2, batch_size=20)

    def bags(epoch, seed):
        made = batches(mixed, epoch, replace(recipe, seed=seed))
        return [batch().pixels.tobytes() for batch in made]

    first, again, other = bags(1, seed=0), bags(3, seed=0), bags(1, seed=7)
    assert sorted(first) == sorted(again) == sorted(other)
    assert sorted(first) != sorted(bags(2, seed=0))
    assert len({tuple(first), tuple(again), tuple(other), tuple(bags(5, seed=0))}) > 1


def test_rounds_that_are_kept_come_in_the_same_order_as_those_that_are_made(mixed):
    recipe = replace(RECIPE, stroke_drawings=3, rounds=2, batch_size=20)
    kept = [np.empty(mixed.count(recipe), ROUND) for _ in range(2)]
    for number, round_ in enumerate(kept, 1):
        made = [batch() for batch in round_in_order(mixed, number, recipe)]
        round_["pixels"] = np.concatenate([batch.pixels for batch in made])
        round_["label"] = np.concatenate([batch.labels for batch in made])
        round_["answers"] = np.eye(10)[round_["label"]]
    rounds = Rounds(kept)
    assert steps_per_epoch(rounds, recipe) == steps_per_epoch(mixed, recipe)
    for epoch in (1, 2, 3):
        pairs = zip(batches(rounds, epoch, recipe), batches(mixed, epoch, recipe), strict=True)
        for found, made in ((one(), other()) for one, other in pairs):
            assert np.array_equal(found.pixels, made.pixels)
            assert np.array_equal(found.labels, made.labels)
            assert found.answers.dtype == np.float32
            assert found.answers.argmax(axis=1).tolist() == made.labels.tolist()


def test_impostors_come_with_a_label_of_their_own_as_many_as_asked(mixed):
    lessons = replace(mixed, impostors=np.full((3, 28, 28), 250, np.uint8))
    recipe = replace(UNBENT_RECIPE, stroke_drawings=1, impostors=20)
    images, labels = images_of(lessons, 1, recipe)
    assert len(images) == lessons.count(recipe) == 50 + 7 + 20
    assert (labels == IMPOSTOR).sum() == 20
    assert (images[labels == IMPOSTOR, 0] == 250).all()
    assert (images[labels != IMPOSTOR, 0] < 250).all()


def test_the_last_examples_may_be_those_of_which_teachers_are_not_imitated(mixed):
    lessons = replace(mixed, impostors=np.full((3, 28, 28), 250, np.uint8), extra=8)
    recipe = replace(UNBENT_RECIPE, stroke_drawings=1, impostors=5, imitate_extra=False)
    untaught = [
        mark
        for made in (batch() for batch in batches(lessons, 1, recipe))
        for mark in made.pixels[~made.taught, 0].tolist()
    ]
    assert sorted(untaught) == list(range(43, 51))
    assert all(batch().taught is None for batch in batches(mixed, 1, recipe))
    willing = replace(recipe, imitate_extra=True)
    assert all(batch().taught is None for batch in batches(lessons, 1, willing))


def test_an_epoch_takes_as_many_extra_digits_as_asked_others_in_each(mixed):
    lessons = replace(mixed, extra=20)
    recipe = replace(UNBENT_RECIPE, stroke_drawings=2, extra_digits=6)
    epochs = [images_of(lessons, epoch, recipe)[0][:, 0].tolist() for epoch in (1, 2)]
    assert [len(marks) for marks in epochs] == 2 * [30 + 6 + 14] == 2 * [lessons.count(recipe)]
    usual, extra = set(range(1, 31)), set(range(31, 51))
    for marks in epochs:
        assert usual < set(marks)
        assert len(extra & set(marks)) == 6
    assert extra & set(epochs[0]) != extra & set(epochs[1])
    # More than there are: all of them.
    greedy = replace(recipe, extra_digits=100)
    assert lessons.count(greedy) == 50 + 14
    assert extra < set(images_of(lessons, 1, greedy)[0][:, 0].tolist())


def test_strokes_that_are_not_to_be_drawn_are_left_out(mixed):
    images, _ = images_of(mixed, 1, replace(UNBENT_RECIPE, stroke_drawings=0))
    assert sorted(images[:, 0].tolist()) == list(range(1, 51))


@pytest.mark.parametrize(("drawings", "size", "steps"), [(0, 50, 1), (0, 49, 2), (3, 24, 3)])
def test_the_last_batch_of_an_epoch_may_be_smaller(mixed, drawings, size, steps):
    recipe = replace(UNBENT_RECIPE, stroke_drawings=drawings, batch_size=size)
    assert steps_per_epoch(mixed, recipe) == steps
    assert len(list(batches(mixed, 1, recipe))) == steps


def test_colours_are_left_alone_by_an_unbent_recipe_and_bent_by_another():
    colours, labels = draw_colours(40, seed=1)
    lessons = Lessons(Examples(colours, labels))
    recipe = replace(UNBENT_RECIPE, dataset="cifar10")
    plain, _ = images_of(lessons, 1, recipe)
    assert plain.shape == (40, 32 * 32 * 3)
    assert sorted(map(bytes, plain)) == sorted(image.tobytes() for image in colours)
    bent, _ = images_of(lessons, 1, replace(recipe, distortion=Distortion(mirror=True)))
    assert not set(map(bytes, bent)) & set(map(bytes, plain))


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
