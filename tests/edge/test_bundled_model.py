from __future__ import annotations

import hashlib

import numpy as np
import pytest

from edge.classifier import BUNDLED_MODEL, Classifier


@pytest.fixture(scope="module")
def classifier():
    return Classifier()


@pytest.fixture(scope="module")
def mnist_test(shared_data):
    with np.load(shared_data("mnist.npz"), allow_pickle=False) as mnist:
        return mnist["x_test"], mnist["y_test"]


@pytest.fixture(scope="module")
def errors(classifier, mnist_test):
    images, labels = mnist_test
    return int(np.count_nonzero(classifier.probabilities(images).argmax(axis=1) != labels))


def test_it_makes_at_most_70_errors_on_the_10000_test_digits(errors, mnist_test):
    assert len(mnist_test[1]) == 10_000
    assert errors <= 70


def test_its_card_claims_the_errors_that_are_measured(classifier, errors):
    assert classifier.card.test_errors["converted"] == {"errors": errors, "of": 10_000}


def test_its_card_has_its_hash_and_no_path(classifier):
    assert classifier.card.sha256 == hashlib.sha256(BUNDLED_MODEL.read_bytes()).hexdigest()
    assert "/" not in BUNDLED_MODEL.with_suffix(".json").read_text("utf-8")


def test_its_confidence_is_as_good_as_its_word(classifier, mnist_test):
    images, labels = mnist_test
    probabilities = classifier.probabilities(images)
    accuracy = (probabilities.argmax(axis=1) == labels).mean()
    # Fitted on digits that are harder than these, so it may be modest but not boast.
    assert accuracy - 0.02 < probabilities.max(axis=1).mean() < accuracy + 0.003


def test_it_is_small_and_full_integer(classifier):
    assert BUNDLED_MODEL.stat().st_size < 2_000_000
    assert classifier.card.quantization == "int8"
    assert classifier._input.dtype == np.uint8
    assert classifier._output.dtype == np.int8
