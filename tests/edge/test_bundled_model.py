"""The bundled models as they are shipped, through the real interpreter."""

from __future__ import annotations

import hashlib
import importlib.util

import numpy as np
import pytest

from edge.classifier import BUNDLED_MODEL, Classifier
from train.data import Examples
from train.material import Strokes, divide, examples_of
from train.recipes import DEFAULT, RECIPES
from train.reliability import confidence_bins
from train.strokes import load_strokes

FOLDER = BUNDLED_MODEL.parent
NAMES = ("postcode", "postcode-int4", "postcode-nano")
STROKE_SETS = ("pendigits_strokes", "unipen_strokes")

# What was reached is what is held: wrong digits of MNIST's 10,000, least share of the pen
# digits of unseen writers that is right, largest calibration error.
MOST_ERRORS = {"postcode": 32, "postcode-int4": 37, "postcode-nano": 66}
LEAST_RIGHT = {"pendigits_strokes": 0.983, "unipen_strokes": 0.99}
LARGEST_GAP = {"mnist": 0.005, "pendigits_strokes": 0.0125, "unipen_strokes": 0.0125}


@pytest.fixture(scope="module")
def classifiers():
    return {name: Classifier(FOLDER / f"{name}.tflite") for name in NAMES}


@pytest.fixture(scope="module")
def mnist_test(shared_data):
    with np.load(shared_data("mnist.npz"), allow_pickle=False) as mnist:
        return mnist["x_test"], mnist["y_test"]


@pytest.fixture(scope="module")
def strokes(shared_data):
    paths = [shared_data(f"{name}.json.gz") for name in STROKE_SETS]
    return {path.name: divide(load_strokes(path), RECIPES[DEFAULT]) for path in paths}


def errors(classifier, images, labels):
    return int(np.count_nonzero(classifier.probabilities(images).argmax(axis=1) != labels))


def unseen(divided: Strokes):
    return examples_of([*divided.validation, *divided.test])


def test_there_are_these_models_and_each_has_its_card(classifiers):
    assert {path.stem for path in FOLDER.glob("*.tflite")} == {*NAMES, "boxes", "trajectory"}
    for name, classifier in classifiers.items():
        path = FOLDER / f"{name}.tflite"
        assert classifier.card.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert "/" not in path.with_suffix(".json").read_text("utf-8")


# tflite-runtime rounds a few values another way than LiteRT, by which the cards were measured.
ANOTHER_RUNTIME = 0 if importlib.util.find_spec("ai_edge_litert") else 1


@pytest.mark.parametrize(("name", "most"), MOST_ERRORS.items())
def test_of_the_10000_test_digits_so_many_are_wrong_at_most(name, most, classifiers, mnist_test):
    assert len(mnist_test[1]) == 10_000
    assert errors(classifiers[name], *mnist_test) <= most + ANOTHER_RUNTIME


@pytest.mark.parametrize("name", NAMES)
def test_a_card_claims_the_errors_that_are_measured(name, classifiers, mnist_test, strokes):
    card = classifiers[name].card
    measured = errors(classifiers[name], *mnist_test)
    claimed = card.test_errors["converted"]
    assert claimed["of"] == 10_000
    assert abs(claimed["errors"] - measured) <= ANOTHER_RUNTIME
    for set_name, divided in zip(STROKE_SETS, strokes.values(), strict=True):
        written = examples_of(divided.test)
        measured = errors(classifiers[name], written.images, written.labels)
        claimed = card.stroke_errors[set_name]["converted"]
        assert claimed["of"] == len(written)
        assert abs(claimed["errors"] - measured) <= ANOTHER_RUNTIME


@pytest.mark.parametrize(
    ("name", "before", "most"),
    [("postcode", 32, 3), ("postcode-int4", 32, 10)],
)
def test_few_digits_are_lost_to_rounding(name, before, most, classifiers):
    # `before` is of the network that nothing was rounded in (docs/training.md).
    assert classifiers[name].card.test_errors["converted"]["errors"] - before <= most


@pytest.mark.parametrize(("set_name", "least"), LEAST_RIGHT.items())
def test_strokes_of_unseen_writers_are_read(set_name, least, classifiers, strokes):
    written = unseen(strokes[f"{set_name}.json.gz"])
    wrong = errors(classifiers["postcode"], written.images, written.labels)
    assert len(written) > 1000
    assert wrong <= (1 - least) * len(written)


def test_confidence_is_as_good_as_its_word(classifiers, mnist_test, strokes):
    sets = {"mnist": Examples(*mnist_test)} | {
        name: unseen(divided) for name, divided in zip(STROKE_SETS, strokes.values(), strict=True)
    }
    for name, largest in LARGEST_GAP.items():
        probabilities = classifiers["postcode"].probabilities(sets[name].images)
        assert confidence_bins(probabilities, sets[name].labels).ece < largest, name


def test_of_all_unseen_digits_together_it_is_as_good_as_its_word(classifiers, mnist_test, strokes):
    sets = [Examples(*mnist_test), *(unseen(divided) for divided in strokes.values())]
    images = np.concatenate([each.images for each in sets])
    labels = np.concatenate([each.labels for each in sets])
    probabilities = classifiers["postcode"].probabilities(images)
    assert confidence_bins(probabilities, labels).ece < 0.005


def test_sizes_and_types_are_as_promised(classifiers):
    sizes = {name: (FOLDER / f"{name}.tflite").stat().st_size for name in NAMES}
    assert sizes["postcode"] < 2_000_000
    assert sizes["postcode-int4"] < 900_000
    assert sizes["postcode-nano"] <= 128_000
    for name in ("postcode", "postcode-nano"):
        assert classifiers[name].card.quantization == "int8"
        assert classifiers[name]._input.dtype == np.uint8
        assert classifiers[name]._output.dtype == np.int8
