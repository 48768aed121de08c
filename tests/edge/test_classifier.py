from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from edge.card import ModelCard, card_path, sha256_of
from edge.classifier import Classifier, softmax
from edge.errors import ModelError
from tests.edge.drawing import frozen

EXACT = ["float-logits", "float-rows", "one-at-a-time"]
EXACT_SOFTMAX = ["float-softmax", "float-images"]
QUANTISED = ["int8-logits", "uint8-in-int8-out"]
QUANTISED_SOFTMAX = ["int8-softmax", "uint8-softmax"]

DIGITS = frozen(np.random.default_rng(7).integers(0, 256, (5, 28, 28), np.uint8))


@pytest.fixture(scope="module")
def classifier(recognizer):
    return recognizer.classifier


@pytest.fixture(scope="module")
def true_logits(tiny_models):
    with np.load(tiny_models / "weights.npz") as layer:
        return DIGITS.reshape(5, 784) / 255 @ layer["weights"] + layer["bias"]


@pytest.fixture
def carded(tiny_models, tmp_path):
    """Return a function that copies a tiny model and writes its card."""

    def make(name, **fields):
        path = tmp_path / f"{name}.tflite"
        shutil.copyfile(tiny_models / path.name, path)
        card = ModelCard(**{"sha256": sha256_of(path.read_bytes()), **fields})
        card_path(path).write_text(card.to_json())
        return path

    return make


@pytest.mark.parametrize("name", EXACT + EXACT_SOFTMAX)
def test_float_models_of_any_shape_give_their_probabilities(tiny_models, true_logits, name):
    found = Classifier(tiny_models / f"{name}.tflite").probabilities(DIGITS)
    np.testing.assert_allclose(found, softmax(true_logits), atol=1e-5)


@pytest.mark.parametrize("name", QUANTISED + QUANTISED_SOFTMAX)
def test_quantised_models_of_any_dtype_give_nearly_the_same(tiny_models, true_logits, name):
    found = Classifier(tiny_models / f"{name}.tflite").probabilities(DIGITS)
    np.testing.assert_allclose(found, softmax(true_logits), atol=0.02)


@pytest.mark.parametrize("name", EXACT + QUANTISED)
def test_logits_are_the_networks_own_scores(tiny_models, true_logits, name):
    found = Classifier(tiny_models / f"{name}.tflite").logits(DIGITS)
    np.testing.assert_allclose(found, true_logits, atol=1e-4 if name in EXACT else 0.2)


@pytest.mark.parametrize("name", EXACT_SOFTMAX)
def test_logits_of_a_softmax_are_its_logarithms(tiny_models, true_logits, name):
    found = Classifier(tiny_models / f"{name}.tflite").logits(DIGITS)
    wanted = np.log(np.maximum(softmax(true_logits), 1e-7))
    np.testing.assert_allclose(found, wanted, atol=1e-3)


@pytest.mark.parametrize("name", EXACT + EXACT_SOFTMAX + QUANTISED + QUANTISED_SOFTMAX)
@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_the_cards_temperature_is_applied(carded, true_logits, name, temperature):
    classifier = Classifier(carded(name, temperature=temperature))
    assert classifier.temperature == temperature
    wanted = softmax(true_logits / temperature)
    atol = 1e-3 if name in EXACT + EXACT_SOFTMAX else 0.05
    np.testing.assert_allclose(classifier.probabilities(DIGITS), wanted, atol=atol)


@pytest.mark.parametrize("name", QUANTISED + QUANTISED_SOFTMAX)
@pytest.mark.parametrize("temperature", [1e-3, 0.05, 1.0, 1.7])
def test_probabilities_are_the_softmax_of_the_logits_however_far_they_reach(
    carded, name, temperature
):
    classifier = Classifier(carded(name, temperature=temperature))
    found, logits = classifier.probabilities(DIGITS), classifier.logits(DIGITS)
    wanted = softmax(logits.astype(np.float64) / temperature)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=1e-7)


def test_without_a_card_the_temperature_is_1(tiny_models):
    classifier = Classifier(tiny_models / "float-logits.tflite")
    assert classifier.card is None
    assert classifier.temperature == 1


@pytest.mark.parametrize("count", [0, 1, 2, 5, 17])
def test_any_number_of_digits_has_as_many_rows_that_sum_to_1(classifier, count):
    digits = np.resize(DIGITS, (count, 28, 28))
    found = classifier.probabilities(frozen(digits))
    assert found.dtype == np.float32
    assert found.shape == (count, 10)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert (found >= 0).all()


def test_a_digit_does_not_depend_on_its_company(classifier):
    alone = np.concatenate([classifier.probabilities(digit[None]) for digit in DIGITS])
    np.testing.assert_allclose(classifier.probabilities(DIGITS), alone, atol=1e-6)
    backwards = classifier.probabilities(DIGITS[::-1])
    np.testing.assert_allclose(backwards, alone[::-1], atol=1e-6)


def test_all_digits_go_through_in_one_invoke(classifier, monkeypatch):
    calls = []
    invoke = classifier._interpreter.invoke
    monkeypatch.setattr(classifier._interpreter, "invoke", lambda: (calls.append(1), invoke()))
    classifier.probabilities(DIGITS)
    assert len(calls) == 1


@pytest.mark.parametrize("name", ["int8-softmax", "uint8-in-int8-out", "float-logits"])
def test_details_are_read_once_and_never_again(tiny_models, monkeypatch, name):
    classifier = Classifier(tiny_models / f"{name}.tflite")
    for details in ("get_input_details", "get_output_details", "get_tensor_details", "tensor"):
        monkeypatch.setattr(classifier._interpreter, details, lambda *a: pytest.fail("read again"))
    monkeypatch.setattr("edge.classifier.make_interpreter", lambda *a: pytest.fail("built again"))
    assert classifier.probabilities(DIGITS).shape == (5, 10)


def test_the_runtime_can_be_chosen(tiny_models):
    with pytest.raises(ImportError, match="no TFLite interpreter"):
        Classifier(tiny_models / "float-logits.tflite", runtime="no_such_runtime.interpreter")


def test_tensors_are_allocated_again_only_for_another_number_of_digits(classifier, monkeypatch):
    classifier.probabilities(DIGITS)
    calls = []
    allocate = classifier._interpreter.allocate_tensors
    monkeypatch.setattr(
        classifier._interpreter, "allocate_tensors", lambda: (calls.append(1), allocate())
    )
    classifier.probabilities(DIGITS)
    assert calls == []
    classifier.probabilities(DIGITS[:3])
    assert len(calls) == 1


@pytest.mark.parametrize("name", ["float-logits", "float-softmax", "int8-logits"])
def test_what_was_returned_is_not_changed_by_the_next_call(tiny_models, name):
    classifier = Classifier(tiny_models / f"{name}.tflite")
    for method in (classifier.logits, classifier.probabilities):
        first = method(DIGITS)
        kept = first.copy()
        method(255 - DIGITS)
        np.testing.assert_array_equal(first, kept)
        first[:] = 0
        np.testing.assert_array_equal(method(DIGITS), kept)


def test_eight_threads_get_the_same_answers_as_one(classifier):
    batches = [np.resize(np.roll(DIGITS, k), (1 + k % 6, 28, 28)) for k in range(48)]
    alone = [classifier.probabilities(batch) for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(classifier.probabilities, batches))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "digits",
    [
        np.zeros((5, 28, 28), np.float32),
        np.zeros((28, 28), np.uint8),
        np.zeros((5, 784), np.uint8),
        np.zeros((5, 28, 27), np.uint8),
        np.zeros((5, 28, 28, 1), np.uint8),
    ],
)
def test_other_arrays_are_a_value_error(classifier, digits):
    with pytest.raises(ValueError, match=r"uint8 \(n, 28, 28\)"):
        classifier.probabilities(digits)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("eleven-classes", r"\(1, 11\)"),
        ("785-pixels", r"\(1, 785\)"),
        ("two-inputs", "not a digit model"),
        ("three-outputs", "not a digit model"),
        ("not-a-number", "not finite"),
        ("fixed-reshape", "can't be run"),
    ],
)
def test_models_that_read_no_digits_are_refused_by_name(tiny_models, name, words):
    with pytest.raises(ModelError, match=words) as caught:
        Classifier(tiny_models / f"{name}.tflite")
    assert f"{name}.tflite: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"none\.tflite: no such model file"):
        Classifier(tmp_path / "none.tflite")
    with pytest.raises(ModelError, match="can't be read"):
        Classifier(tmp_path)


def test_a_text_file_is_no_model(tmp_path):
    path = tmp_path / "m.tflite"
    path.write_text("not a model")
    with pytest.raises(ModelError, match=r"m\.tflite: not a TFLite model"):
        Classifier(path)


def test_a_model_with_another_models_card_is_refused(carded):
    path = carded("float-logits", sha256=sha256_of(b"another"))
    with pytest.raises(ModelError, match=r"float-logits\.tflite: its SHA-256"):
        Classifier(path)


def test_a_model_with_a_broken_card_is_refused(carded):
    path = carded("float-logits")
    card_path(path).write_text("{")
    with pytest.raises(ModelError, match=r"float-logits\.json: the model card can't be read"):
        Classifier(path)


@given(
    npst.arrays(
        np.float32,
        st.tuples(st.integers(0, 6), st.just(10)),
        elements=st.floats(-(2.0**100), 2.0**100, width=32),
    )
)
def test_softmax_of_anything_sums_to_1_and_keeps_the_order(logits):
    shares = softmax(frozen(logits))
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    rows = np.arange(len(logits))
    assert (shares[rows, logits.argmax(axis=1)] == shares.max(axis=1, initial=0)).all()
