from __future__ import annotations

import json

import numpy as np
import pytest

from convert import verify
from convert.convert import convert
from convert.errors import ConversionError
from edge.card import sha256_of
from edge.classifier import Classifier
from edge.errors import OutputError
from train import data


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out" / "m.tflite"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_model_and_card_are_written_and_the_kiosk_accepts_them(build, target):
    conversion = convert(build / "postcode.keras", target, "int8")
    assert names(target.parent) == ["m.json", "m.tflite"]
    classifier = Classifier(target)
    assert classifier.card.sha256 == sha256_of(target.read_bytes())
    assert classifier.temperature == conversion.card.temperature
    assert conversion.size == target.stat().st_size


def test_the_card_tells_the_truth(build, target, digits_file):
    convert(build / "postcode.keras", target, "int8")
    card = json.loads((target.parent / "m.json").read_text())
    report = json.loads((build / "report.json").read_text())
    test = data.load(digits_file).test
    got = Classifier(target).probabilities(test.images).argmax(axis=1)
    assert card["test_errors"]["converted"] == {
        "errors": int(np.count_nonzero(got != test.labels)),
        "of": 200,
    }
    assert card["test_errors"]["float"] == report["errors"]["test"]
    assert card["architecture"] == "784-64-32-10 relu"
    assert card["quantization"] == "int8"
    assert card["training"]["recipe"] == report["recipe"]
    assert card["training"]["data"]["sha256"] == report["data"]["sha256"]
    assert card["training"]["data"]["holdout"] == {"count": 300, "seed": 0, "unseen": True}
    assert card["calibration"]["of"] == 4 * 300
    assert card["calibration"]["wrong_rate"] <= 0.01
    likelihood = card["calibration"]["negative_log_likelihood"]
    assert likelihood["after"] <= likelihood["before"]
    assert 0.5 <= card["reject_threshold"] <= 1
    assert set(card["versions"]) >= {"python", "numpy", "tensorflow", "keras"}


def test_no_path_of_this_machine_is_in_the_card(build, target, digits_file):
    convert(build / "postcode.keras", target, "int8")
    text = (target.parent / "m.json").read_text()
    assert str(digits_file.parent) not in text
    assert str(build.parent) not in text
    assert "/" not in text


def test_the_same_input_gives_the_same_files(build, tmp_path):
    for name in ("a", "b"):
        convert(build / "postcode.keras", tmp_path / name / "m.tflite", "int8")
    for file in ("m.tflite", "m.json"):
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

    monkeypatch.setattr("convert.calibrate.find_threshold", interrupt)
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
