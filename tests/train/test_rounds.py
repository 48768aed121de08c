from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.train.synthetic import GENTLY, draw_digits
from train.batches import Lessons, round_in_order
from train.data import IMPOSTOR, Examples
from train.network import build, scores
from train.recipe import Recipe
from train.rounds import rounds_of

RECIPE = Recipe("test", "to be tested", hidden=(12,), rounds=2, impostors=9, distortion=GENTLY,
                softness=1.0)  # fmt: skip


@pytest.fixture(scope="module")
def lessons():
    return Lessons(Examples(*draw_digits(60, seed=1)), impostors=draw_digits(5, seed=2)[0])


@pytest.fixture(scope="module")
def teacher():
    return build(RECIPE, (28, 28))


def ask(teacher, lessons, folder, recipe=RECIPE, **options):
    return rounds_of([teacher], ["sha"], lambda: lessons, ["data"], recipe, folder, **options)


def test_a_round_holds_the_bent_images_with_what_the_teachers_say(teacher, lessons, tmp_path):
    rounds = ask(teacher, lessons, tmp_path)
    assert [each.shape for each in rounds.kept] == [(69,)] * 2
    for number, kept in enumerate(rounds.kept, 1):
        made = [batch() for batch in round_in_order(lessons, number, RECIPE)]
        pixels = np.concatenate([batch.pixels for batch in made])
        labels = np.concatenate([batch.labels for batch in made])
        assert np.array_equal(kept["pixels"], pixels)
        assert np.array_equal(kept["label"], labels)
        expected = scores(teacher, pixels)
        expected[labels == IMPOSTOR] = 0.1
        np.testing.assert_allclose(kept["answers"], expected, atol=2e-3)


def test_several_teachers_answer_with_their_mean(teacher, lessons, tmp_path):
    other = build(replace(RECIPE, seed=1), (28, 28))
    (first, *_), (second, *_) = (
        ask(each, lessons, tmp_path / str(k)).kept for k, each in enumerate((teacher, other))
    )
    both = rounds_of(
        [teacher, other], ["a", "b"], lambda: lessons, ["data"], RECIPE, tmp_path
    ).kept[0]
    mean = (first["answers"].astype(float) + second["answers"]) / 2
    np.testing.assert_allclose(both["answers"], mean, atol=2e-3)


def test_what_was_answered_once_is_not_asked_again(teacher, lessons, tmp_path):
    first = ask(teacher, lessons, tmp_path)
    files = sorted(tmp_path.rglob("*.npy"))
    times = [file.stat().st_mtime_ns for file in files]
    again = ask(teacher, lessons, tmp_path, replace(RECIPE, seed=5, epochs=3))
    assert [file.stat().st_mtime_ns for file in files] == times
    assert all(np.array_equal(a, b) for a, b in zip(first.kept, again.kept, strict=True))


def test_where_all_rounds_are_there_nothing_is_drawn(teacher, lessons, tmp_path):
    ask(teacher, lessons, tmp_path)

    def draw():
        raise AssertionError

    rounds_of([teacher], ["sha"], draw, ["data"], RECIPE, tmp_path)


def test_a_run_that_was_stopped_goes_on_with_the_next_round(teacher, lessons, tmp_path):
    ask(teacher, lessons, tmp_path)
    (second,) = tmp_path.rglob("round-002.npy")
    second.unlink()
    rounds = []
    ask(teacher, lessons, tmp_path, on_round=rounds.append)
    assert rounds == [1, 2]
    assert second.exists()


def test_other_lessons_have_rounds_of_their_own(teacher, lessons, tmp_path):
    ask(teacher, lessons, tmp_path)
    ask(teacher, lessons, tmp_path, replace(RECIPE, distortion=GENTLY.scaled(0.5)))
    assert len(list(tmp_path.glob("rounds-*"))) == 2
