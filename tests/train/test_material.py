from __future__ import annotations

import gzip
import hashlib
import json

import numpy as np
import pytest

from tests.train.synthetic import (
    handwriting,
    write_colours,
    write_digits,
    write_handwriting,
)
from train import data
from train.drawing import as_written
from train.errors import DataError
from train.material import Fold, divide, gather, lessons_of
from train.recipe import Recipe
from train.strokes import load_strokes

RECIPE = Recipe("test", "to be tested", validation=60, stroke_drawings=2, stroke_bank=3)
UNMIXED = Recipe("test", "to be tested", validation=60)


@pytest.fixture(scope="module")
def npz(tmp_path_factory):
    return write_digits(tmp_path_factory.mktemp("data") / "digits.npz", train=300, test=80)


@pytest.fixture(scope="module")
def pens(tmp_path_factory):
    """Return a stroke set of 12 writers with 10 digits each."""
    return write_handwriting(
        tmp_path_factory.mktemp("strokes") / "pens.json.gz", writers=12, each=1
    )


@pytest.fixture(scope="module")
def more_pens(tmp_path_factory):
    path = tmp_path_factory.mktemp("strokes") / "tablet.json.gz"
    return write_handwriting(path, writers=4, each=1, seed=1)


def writers(digits):
    return {digit.writer for digit in digits}


def test_the_digits_are_divided_by_the_recipe(npz):
    material = gather(UNMIXED, npz)
    dataset = data.load("mnist", npz)
    learnt, held = data.hold_out(dataset.train, 60, UNMIXED.validation_seed)
    assert material.dataset.sha256 == dataset.sha256
    assert np.array_equal(material.learnt.images, learnt.images)
    assert np.array_equal(material.validation["mnist"].images, held.images)
    assert np.array_equal(material.test["mnist"].images, dataset.test.images)


def test_without_strokes_all_is_mnist(npz):
    for recipe in (UNMIXED, RECIPE):
        material = gather(recipe, npz)
        assert list(material.validation) == list(material.test) == ["mnist"]
        assert list(material.strokes) == []
        lessons = lessons_of(material, recipe)
        assert lessons.drawings is None
        assert lessons.count(recipe) == 240


def test_a_recipe_that_draws_no_strokes_says_so_if_given_some(npz, pens):
    with pytest.raises(DataError, match="draws no strokes; leave --strokes out"):
        gather(UNMIXED, npz, [pens])
    material = gather(UNMIXED, npz)
    assert list(material.validation) == list(material.test) == ["mnist"]
    assert list(material.strokes) == []


def test_every_stroke_set_is_decided_on_and_tested_under_its_own_name(npz, pens, more_pens):
    material = gather(RECIPE, npz, [pens, more_pens])
    assert list(material.validation) == list(material.test) == ["mnist", "pens", "tablet"]
    for name, strokes in zip(("pens", "tablet"), material.strokes, strict=True):
        for side, digits in (("validation", strokes.validation), ("test", strokes.test)):
            found = getattr(material, side)[name]
            assert np.array_equal(found.images, as_written(digits))
            assert found.labels.tolist() == [digit.label for digit in digits]


@pytest.mark.parametrize("share", [0.01, 0.1, 0.25, 0.4])
@pytest.mark.parametrize("seed", [0, 1])
def test_nobody_writes_on_two_sides(pens, share, seed):
    recipe = Recipe("test", "", stroke_drawings=1, stroke_writers=share, validation_seed=seed)
    source = load_strokes(pens)
    strokes = divide(source, recipe)
    sides = [writers(side) for side in (strokes.learnt, strokes.validation, strokes.test)]
    assert set().union(*sides) == writers(source.digits)
    assert sum(map(len, sides)) == 12
    assert [len(side) for side in sides][1:] == [max(1, round(12 * share))] * 2
    assert len(strokes.learnt) + len(strokes.validation) + len(strokes.test) == 120


def test_writers_are_divided_by_the_validation_seed_and_not_by_the_seed(pens):
    source = load_strokes(pens)

    def tested(**seeds):
        return writers(divide(source, Recipe("test", "", **seeds)).test)

    assert tested() == tested(seed=5)
    assert len({tuple(tested(validation_seed=seed)) for seed in range(6)}) > 1


def test_too_few_writers_are_one_sentence(npz, tmp_path):
    path = write_handwriting(tmp_path / "two.json.gz", writers=2, each=1)
    with pytest.raises(DataError, match="writers can't be held out") as caught:
        gather(RECIPE, npz, [path])
    assert "\n" not in str(caught.value)


def test_what_is_learnt_are_drawings_of_the_writers_who_are_left(npz, pens, more_pens):
    material = gather(RECIPE, npz, [pens, more_pens])
    lessons = lessons_of(material, RECIPE)
    learnt = [digit for strokes in material.strokes for digit in strokes.learnt]
    assert lessons.drawings.shape == (3, len(learnt), 28, 28)
    assert lessons.drawn_labels.tolist() == [digit.label for digit in learnt]
    assert lessons.count(RECIPE) == 240 + 2 * len(learnt)
    assert lessons.examples is material.learnt
    again = lessons_of(material, RECIPE)
    assert np.array_equal(lessons.drawings, again.drawings)


def test_the_account_of_a_stroke_set_counts_digits_and_writers(npz, pens):
    (strokes,) = gather(RECIPE, npz, [pens]).strokes
    assert strokes.account() == {
        "name": "pens.json.gz",
        "sha256": hashlib.sha256(pens.read_bytes()).hexdigest(),
        "digits": {"train": 100, "validation": 10, "test": 10},
        "writers": {"train": 10, "validation": 1, "test": 1},
    }


def test_two_sets_of_one_name_are_refused(npz, pens, tmp_path):
    other = tmp_path / "pens.json"
    other.write_text(json.dumps(handwriting(writers=4, each=1, seed=3)))
    (tmp_path / "mnist.json").write_text(gzip.decompress(pens.read_bytes()).decode())
    for path, name in ((other, "pens"), (pens, "pens"), (tmp_path / "mnist.json", "mnist")):
        with pytest.raises(DataError, match=f"another set is called {name} as well") as caught:
            gather(RECIPE, npz, [pens, path])
        assert str(caught.value).startswith(f"{path}: ")


def test_a_fold_keeps_its_part_apart(npz):
    dataset = data.load("mnist", npz)
    folds = list(data.folds(dataset.train, 4, UNMIXED.validation_seed))
    for index, (learnt, held) in enumerate(folds):
        material = gather(UNMIXED, npz, fold=Fold(index, 4))
        assert np.array_equal(material.learnt.images, learnt.images)
        assert np.array_equal(material.validation["mnist"].images, held.images)
        assert len(material.validation["mnist"]) == 75


def test_colours_are_gathered_under_their_own_name(tmp_path):
    path = write_colours(tmp_path / "colours.npz", train=100, test=20)
    material = gather(Recipe("test", "", dataset="cifar10", validation=0.2), path)
    assert material.learnt.images.shape == (80, 32, 32, 3)
    assert {name: len(found) for name, found in material.validation.items()} == {"cifar10": 20}
    assert {name: len(found) for name, found in material.test.items()} == {"cifar10": 20}


def test_more_held_out_than_there_are_is_one_sentence(npz):
    with pytest.raises(DataError, match="smaller --validation"):
        gather(Recipe("test", "", validation=300), npz)


def write_extra(path, count=7, **changed):
    """Write digits as `python -m edge export` does."""
    rng = np.random.default_rng(count)
    arrays = {
        "images": rng.integers(0, 256, (count, 28, 28), np.uint8),
        "labels": (np.arange(count) % 10).astype(np.uint8),
    }
    kept = {name: array for name, array in (arrays | changed).items() if array is not None}
    np.savez(path, **kept)
    return path


def test_extra_digits_are_learnt_from_and_never_measured_on(npz, tmp_path):
    first, second = (write_extra(tmp_path / f"{n}.npz", n) for n in (7, 5))
    plain, material = gather(UNMIXED, npz), gather(UNMIXED, npz, extra_paths=[first, second])
    for side in ("validation", "test"):
        assert list(getattr(material, side)) == ["mnist"]
        for before, after in zip(
            getattr(plain, side).values(), getattr(material, side).values(), strict=True
        ):
            assert np.array_equal(before.images, after.images)
    lessons = lessons_of(material, UNMIXED)
    count = len(plain.learnt)
    assert len(lessons.examples) == count + 12
    assert np.array_equal(lessons.examples.images[:count], plain.learnt.images)
    with np.load(first) as arrays:
        assert np.array_equal(lessons.examples.images[count : count + 7], arrays["images"])
        assert np.array_equal(lessons.examples.labels[count : count + 7], arrays["labels"])
    assert material.extra[0].sha256 == hashlib.sha256(first.read_bytes()).hexdigest()


def test_extra_digits_stand_before_drawings(npz, pens, tmp_path):
    extra = write_extra(tmp_path / "extra.npz")
    material = gather(RECIPE, npz, [pens], extra_paths=[extra])
    lessons = lessons_of(material, RECIPE)
    assert lessons.extra == len(material.extra[0].examples) == 7
    assert lessons.drawings is not None
    # Of those behind the examples, which now are more, each is still its own.
    place = np.array([len(lessons.examples)])
    taken = lessons.take(place, np.array([0]))
    assert np.array_equal(taken.images[0], lessons.drawings[0, 0])
    assert taken.labels[0] == lessons.drawn_labels[0]


@pytest.mark.parametrize(
    "changed",
    [
        {"images": None},
        {"labels": None},
        {"images": np.zeros((7, 28, 28), np.float32)},
        {"images": np.zeros((7, 784), np.uint8)},
        {"images": np.zeros((6, 28, 28), np.uint8)},
        {"labels": np.full(7, 10, np.uint8)},
        {"labels": np.zeros(7, np.float32)},
        {"images": np.zeros((0, 28, 28), np.uint8), "labels": np.zeros(0, np.uint8)},
    ],
)
def test_an_extra_file_that_is_none_is_one_sentence(npz, tmp_path, changed):
    path = write_extra(tmp_path / "extra.npz", **changed)
    with pytest.raises(DataError, match=r"extra\.npz") as found:
        gather(UNMIXED, npz, extra_paths=[path])
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"\x93NUMPY", None])
def test_an_extra_file_that_is_damaged_or_not_there_is_one_sentence(npz, tmp_path, content):
    path = tmp_path / "extra.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"extra\.npz"):
        gather(UNMIXED, npz, extra_paths=[path])


def test_digits_are_not_mixed_with_other_pictures(tmp_path):
    colours = write_colours(tmp_path / "colours.npz", train=80, test=20)
    recipe = Recipe("test", "to be tested", dataset="cifar10", validation=20)
    with pytest.raises(DataError, match="28×28"):
        gather(recipe, colours, extra_paths=[write_extra(tmp_path / "extra.npz")])
