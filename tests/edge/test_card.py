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
