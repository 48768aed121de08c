from __future__ import annotations

import json

import pytest

from edge.card import ModelCard, card_path, load_card, sha256_of
from edge.errors import ModelError

CONTENT = b"the model"
HASH = sha256_of(CONTENT)


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "tiny.tflite"
    path.write_bytes(CONTENT)
    return path


def test_the_hash_is_sha256():
    # FIPS 180-4's example.
    assert sha256_of(b"abc").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_the_card_lies_beside_the_model(model):
    assert card_path(model) == model.with_name("tiny.json")


def test_a_model_needs_no_card(model):
    assert load_card(model, CONTENT) is None


def test_a_card_comes_back_as_it_was_written(model):
    card = ModelCard(
        HASH, temperature=1.5, reject_threshold=0.8, architecture="784-10",
        reject_curve=((0.001, 0.99), (0.01, 0.8)),
        quantization="int8", training={"seed": 1}, test_errors={"float": {"errors": 1, "of": 2}},
        calibration={"of": 3}, versions={"numpy": "2"},
    )  # fmt: skip
    card_path(model).write_text(card.to_json(), "utf-8")
    assert load_card(model, CONTENT) == card


def test_fields_of_a_later_version_are_passed_over(model):
    card_path(model).write_text(json.dumps({"sha256": HASH, "colour": "red"}))
    assert load_card(model, CONTENT) == ModelCard(HASH)


def test_a_card_of_another_file_is_refused(model):
    card_path(model).write_text(ModelCard(sha256_of(b"another")).to_json())
    with pytest.raises(ModelError, match=r"tiny\.tflite.*SHA-256.*tiny\.json"):
        load_card(model, CONTENT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "{",
        "[]",
        "null",
        '"text"',
        "{}",
        '{"sha256": 5}',
        '{"sha256": "abc"}',
        json.dumps({"sha256": HASH, "temperature": 0}),
        json.dumps({"sha256": HASH, "temperature": -1}),
        json.dumps({"sha256": HASH, "temperature": "1"}),
        json.dumps({"sha256": HASH, "temperature": True}),
        json.dumps({"sha256": HASH, "temperature": float("nan")}),
        json.dumps({"sha256": HASH, "temperature": float("inf")}),
        json.dumps({"sha256": HASH, "temperature": 10**400}),
        json.dumps({"sha256": HASH, "reject_threshold": 1.01}),
        json.dumps({"sha256": HASH, "reject_threshold": -0.01}),
        json.dumps({"sha256": HASH, "reject_threshold": None}),
        json.dumps({"sha256": HASH, "reject_curve": 0.5}),
        json.dumps({"sha256": HASH, "reject_curve": [0.01, 0.9]}),
        json.dumps({"sha256": HASH, "reject_curve": [[0.01, 0.9, 0.5]]}),
        json.dumps({"sha256": HASH, "reject_curve": [[0.01, 1.1]]}),
        json.dumps({"sha256": HASH, "reject_curve": [[0.01, "0.9"]]}),
        json.dumps({"sha256": HASH, "reject_curve": [[0.02, 0.9], [0.01, 0.95]]}),
        json.dumps({"sha256": HASH, "reject_curve": [[0.01, 0.9], [0.01, 0.8]]}),
        json.dumps({"sha256": HASH, "reject_curve": [[0.01, 0.9], [0.02, 0.95]]}),
        "[" * 100_000,
    ],
)
def test_a_broken_card_is_refused_by_its_name(model, text):
    card_path(model).write_text(text)
    with pytest.raises(ModelError, match=r"tiny\.json"):
        load_card(model, CONTENT)


def test_a_card_that_is_no_text_is_refused(model):
    card_path(model).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match=r"tiny\.json"):
        load_card(model, CONTENT)


def test_a_card_that_is_a_folder_is_refused(model):
    card_path(model).mkdir()
    with pytest.raises(ModelError, match=r"tiny\.json"):
        load_card(model, CONTENT)


CURVE = ((0.001, 0.999), (0.01, 0.95), (0.05, 0.6))


@pytest.mark.parametrize(
    ("max_error", "threshold"),
    [(0.001, 0.999), (0.002, 0.999), (0.0099, 0.999), (0.01, 0.95), (0.05, 0.6), (0.5, 0.6)],
)
def test_a_threshold_is_chosen_by_the_stricter_point_of_the_curve(max_error, threshold):
    assert ModelCard(HASH, reject_curve=CURVE).threshold_for(max_error) == threshold


def test_what_the_model_cannot_promise_is_refused_with_what_it_can():
    with pytest.raises(ModelError, match=r"at most 0\.0005 .* threshold for is 0\.001"):
        ModelCard(HASH, reject_curve=CURVE).threshold_for(0.0005)


def test_a_card_without_a_curve_says_so():
    with pytest.raises(ModelError, match=r"no error-reject curve .* convert the model again"):
        ModelCard(HASH).threshold_for(0.01)


@pytest.mark.parametrize("max_error", [0, 1, -0.1, 1.5, float("nan")])
def test_what_is_no_share_is_a_mistake_of_the_caller(max_error):
    with pytest.raises(ValueError, match="above 0 and below 1"):
        ModelCard(HASH, reject_curve=CURVE).threshold_for(max_error)
