from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from convert import verify
from convert.convert import convert
from convert.errors import ConversionError
from edge.card import sha256_of
from edge.classifier import Classifier
from edge.errors import OutputError
from tests.convert.conftest import MIXED, RECIPE
from train import data
from train.material import gather
from train.network import build as build_network
from train.sources import SOURCES


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out" / "m.tflite"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_model_and_card_are_written_and_the_kiosk_accepts_them(build, target):
    conversion = convert(build / "postcode.keras", target, "int8")
    assert names(target.parent) == ["m.json", "m.md", "m.reliability.png", "m.tflite"]
    classifier = Classifier(target)
    assert classifier.card.sha256 == sha256_of(target.read_bytes())
    assert classifier.temperature == conversion.card.temperature
    assert conversion.size == target.stat().st_size


def test_the_card_tells_the_truth(build, target, digits_file):
    convert(build / "postcode.keras", target, "int8")
    card = json.loads((target.parent / "m.json").read_text())
    report = json.loads((build / "report.json").read_text())
    test = data.load("mnist", digits_file).test
    got = Classifier(target).probabilities(test.images).argmax(axis=1)
    assert card["test_errors"]["converted"] == {
        "errors": int(np.count_nonzero(got != test.labels)),
        "of": 200,
    }
    assert card["test_errors"]["float"] == report["errors"]["test"]["mnist"]
    assert card["stroke_errors"] == {}
    assert (
        card["calibration"]["holdout_errors"]["mnist"]["float"]
        == (report["errors"]["validation"]["mnist"])
    )
    assert card["architecture"] == "784-64-32-10 relu"
    assert card["quantization"] == "int8"
    assert card["training"]["recipe"] == report["recipe"]
    assert card["training"]["data"]["sha256"] == report["data"]["sha256"]
    assert card["training"]["data"]["holdout"] == {"count": 300, "seed": 0, "unseen": True}
    assert card["training"]["sources"] == [SOURCES["mnist"]]
    assert card["calibration"]["temperature_of"] == 300
    assert card["calibration"]["threshold_of"] == {"mnist": 4 * 300}
    # At 1 there is no threshold from which on so few are wrong.
    assert card["calibration"]["wrong_rate"]["mnist"] <= 0.01 or card["reject_threshold"] == 1
    curve = dict(card["reject_curve"])
    assert curve.get(0.01, 1) == card["reject_threshold"]
    for point in card["calibration"]["reject_curve"]:
        assert (point["allowed"] in curve) == (point["read_rate"] > 0)
        assert point["wrong_rate"] <= point["allowed"]
    assert 0.05 in curve
    likelihood = card["calibration"]["negative_log_likelihood"]
    assert likelihood["after"] <= likelihood["before"]
    assert 0.5 <= card["reject_threshold"] <= 1
    assert set(card["versions"]) >= {"python", "numpy", "tensorflow", "keras"}


def test_the_card_tells_the_strokes_apart_and_where_they_come_from(
    mixed, target, digits_file, pens_file
):
    conversion = convert(mixed / "postcode.keras", target, "int8")
    card = json.loads((target.parent / "m.json").read_text())
    material = gather(MIXED, digits_file, [pens_file])
    report = json.loads((mixed / "report.json").read_text())
    written = material.test["pendigits_strokes"]
    got = Classifier(target).probabilities(written.images).argmax(axis=1)
    assert card["stroke_errors"] == {
        "pendigits_strokes": {
            "float": report["errors"]["test"]["pendigits_strokes"],
            "converted": {"errors": int(np.count_nonzero(got != written.labels)), "of": 30},
        }
    }
    assert card["test_errors"]["converted"]["of"] == 200
    assert card["training"]["strokes"] == [material.strokes[0].account()]
    assert card["training"]["sources"] == [SOURCES["mnist"], SOURCES["pendigits_strokes"]]
    assert all("CC BY" in source for source in card["training"]["sources"])
    assert list(conversion.holdout) == list(conversion.test) == ["mnist", "pendigits_strokes"]
    assert set(card["calibration"]["holdout_errors"]) == {"mnist", "pendigits_strokes"}
    # The digits of all sets together.
    assert card["calibration"]["temperature_of"] == 300 + 30
    assert str(pens_file.parent) not in json.dumps(card)


def test_a_model_that_is_worse_on_strokes_alone_is_refused(mixed, target, monkeypatch):
    right = verify.compare

    def compare(scores, logits, labels):
        found = right(scores, logits, labels)
        return replace(found, converted_errors=found.source_errors + 3 * (found.of == 30))

    monkeypatch.setattr(verify, "compare", compare)
    with pytest.raises(ConversionError, match=r"worse by \d\.\d\d%"):
        convert(mixed / "postcode.keras", target, "int8")
    assert names(target.parent) == []


def test_the_ranges_of_int8_are_taken_from_strokes_as_well(mixed, target, monkeypatch):
    shown = []

    def to_tflite(model, quantization, learnt, *rest):
        shown.append(len(learnt))
        raise ConversionError("enough")

    monkeypatch.setattr("convert.convert.to_tflite", to_tflite)
    with pytest.raises(ConversionError, match="enough"):
        convert(mixed / "postcode.keras", target, "int8")
    assert shown == [700 + 6 * 30]


@pytest.mark.parametrize(
    ("changed", "architecture"),
    [
        ({"activation": "tanh"}, "784-24-16-10 tanh"),
        ({"activation": "swish", "swish_beta": 2.0}, "784-24-16-10 silu"),
        ({"batch_norm": True, "dropout": 0.2}, "784-24-16-10 relu"),
    ],
)
def test_networks_of_any_recipe_are_converted(changed, architecture, digits_file, tmp_path):
    recipe = replace(RECIPE, hidden=(24, 16), epochs=1, **changed)
    network = build_network(recipe, (28, 28))
    network.save(tmp_path / "any.keras")
    conversion = convert(tmp_path / "any.keras", tmp_path / "m.tflite", "none", digits_file)
    assert conversion.card.architecture == architecture
    for comparison in (*conversion.holdout.values(), *conversion.test.values()):
        assert comparison.agreement == comparison.of
        assert comparison.largest_difference < 1e-4


def test_the_activation_of_a_dense_layer_is_part_of_the_architecture(digits_file, tmp_path):
    import keras

    model = keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(16, activation="sigmoid"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.save(tmp_path / "own.keras")
    conversion = convert(tmp_path / "own.keras", tmp_path / "m.tflite", "none", digits_file)
    assert conversion.card.architecture == "784-16-10 sigmoid"
    assert conversion.card.training["recipe"] is None
    assert not conversion.card.training["data"]["holdout"]["unseen"]


def test_no_path_of_this_machine_is_in_the_card(build, target, digits_file):
    convert(build / "postcode.keras", target, "int8")
    text = (target.parent / "m.json").read_text()
    assert str(digits_file.parent) not in text
    assert str(build.parent) not in text
    assert "/" not in text


def test_the_same_input_gives_the_same_files(build, tmp_path):
    for name in ("a", "b"):
        convert(build / "postcode.keras", tmp_path / name / "m.tflite", "int8")
    for file in ("m.tflite", "m.json", "m.md", "m.reliability.png"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_worse_model_is_refused_and_the_earlier_files_stay(build, target, monkeypatch):
    convert(build / "postcode.keras", target, "int8")
    before = {path.name: path.read_bytes() for path in target.parent.iterdir()}
    right = verify.run
    # As if the file that was written said 1 more for every other digit.
    monkeypatch.setattr(
        verify, "run", lambda *a: np.concatenate([right(*a)[::2], np.roll(right(*a)[1::2], 1, 1)])
    )
    with pytest.raises(ConversionError, match=r"worse by .* held-out digits"):
        convert(build / "postcode.keras", target, "int8")
    assert {path.name: path.read_bytes() for path in target.parent.iterdir()} == before


def test_a_first_conversion_that_is_refused_leaves_no_file(build, target, monkeypatch):
    monkeypatch.setattr(verify, "ALLOWED_LOSS", -1)
    with pytest.raises(ConversionError):
        convert(build / "postcode.keras", target, "int8")
    assert names(target.parent) == []


def test_an_interrupted_conversion_leaves_no_file(build, target, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("convert.calibrate.error_reject_curve", interrupt)
    with pytest.raises(KeyboardInterrupt):
        convert(build / "postcode.keras", target, "int8")
    assert names(target.parent) == []


def test_places_that_can_not_be_written_are_told_before_the_work(build, tmp_path, monkeypatch):
    monkeypatch.setattr("convert.convert.to_tflite", lambda *a: pytest.fail("it was converted"))
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder.tflite").mkdir()
    for target, said in (
        (tmp_path / "file" / "m.tflite", "can't be written"),
        (tmp_path / "folder.tflite", "is a folder"),
        (build / "report.tflite", r"would replace the training's report\.json"),
    ):
        with pytest.raises(OutputError, match=said):
            convert(build / "postcode.keras", target, "int8")
