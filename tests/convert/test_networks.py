from __future__ import annotations

import contextlib
import io
import json

import keras
import numpy as np
import pytest

from convert import networks as module
from convert.cli import main
from convert.networks import DETECTOR, convert_network
from edge.card import sha256_of
from edge.classifier import BUNDLED_MODEL
from edge.detector import Detector
from edge.trajectory import TrajectoryClassifier
from tests.train.synthetic import write_handwriting
from train.detector import architecture, build
from train.trajectory.run import TrajectoryRecipe, run_trajectory


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return a folder as the training leaves it; not to be written to."""
    folder = tmp_path_factory.mktemp("boxes")
    build(seed=1).save(folder / "boxes.keras")
    report = {
        "run": "of no one",
        "model": {
            "file": "boxes.keras",
            "sha256": sha256_of((folder / "boxes.keras").read_bytes()),
        },
        "architecture": architecture(),
        "weights": 18_419,
        "recipe": {"epochs": 2, "seed": 1},
        "data": {"train": {"photos": 3}, "validation": {"photos": 1}},
        "epochs": [
            {"epoch": 1, "loss": 9.0, "validation_loss": 8.0},
            {"epoch": 2, "loss": 7.0, "validation_loss": 6.0},
        ],
        "versions": {"keras": keras.__version__},
        "seconds": 5.0,
    }
    (folder / "report.json").write_text(json.dumps(report))
    return folder


def one_line(capsys):
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    return said


@pytest.fixture(scope="module")
def converted(trained, tmp_path_factory):
    """Return the file that was made of it; not to be written to."""
    target = tmp_path_factory.mktemp("converted") / "new" / "boxes.tflite"
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(["detector", str(trained / "boxes.keras"), "-o", str(target)]) == 0
    assert f"wrote {target}" in out.getvalue()
    return target


def test_a_detector_becomes_a_file_that_the_kiosk_takes(converted):
    assert sorted(path.name for path in converted.parent.iterdir()) == [
        "boxes.json",
        "boxes.tflite",
    ]
    card = Detector(converted).card
    assert card.sha256 == sha256_of(converted.read_bytes())
    assert card.architecture == architecture()
    assert card.quantization == "float32"
    assert card.training["recipe"] == {"epochs": 2, "seed": 1}
    assert card.training["loss"] == {"first": 9.0, "last": 7.0}
    assert card.training["validation_loss"] == {"first": 8.0, "last": 6.0}
    assert card.training["model"]["file"] == "boxes.keras"
    assert card.versions["keras"] == keras.__version__


def test_the_same_network_gives_the_same_file_and_a_report_of_another_says_nothing(
    trained, converted, tmp_path
):
    (tmp_path / "boxes.keras").write_bytes((trained / "boxes.keras").read_bytes())
    report = json.loads((trained / "report.json").read_text())
    report["model"]["sha256"] = "0" * 64
    (tmp_path / "report.json").write_text(json.dumps(report))
    made = convert_network(DETECTOR, tmp_path / "boxes.keras", tmp_path / "out.tflite")
    assert list(made.card.training) == ["model"]
    assert made.path.read_bytes() == converted.read_bytes()
    assert made.largest_difference < 1e-3


@pytest.mark.parametrize("difference", [0.0011, np.nan])
def test_a_file_that_says_another_thing_is_not_kept(
    trained, tmp_path, capsys, monkeypatch, difference
):
    monkeypatch.setattr(module, "_largest_difference", lambda *_: difference)
    monkeypatch.setattr(module, "_to_tflite", lambda *_: b"")
    target = tmp_path / "boxes.tflite"
    target.write_bytes(b"before")
    assert main(["detector", str(trained / "boxes.keras"), "-o", str(target)]) == 1
    assert "differs by" in one_line(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["boxes.tflite"]
    assert target.read_bytes() == b"before"


def test_what_is_measured_is_the_difference(trained, converted):
    model = keras.saving.load_model(trained / "boxes.keras", compile=False)
    *others, bias = model.get_weights()
    model.set_weights([*others, bias + np.float32(0.5)])
    assert module._largest_difference(
        DETECTOR, model, converted.read_bytes(), "m"
    ) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing", "no such file"),
        ("text", "not a Keras model"),
        ("digits", "not a detector of boxes"),
        ("report", "not the report of a detector's training"),
        ("in place", "would replace the training's"),
        ("folder", "is a folder"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_and_nothing_is_left(
    kind, said, trained, tmp_path, capsys
):
    source, target = tmp_path / "boxes.keras", tmp_path / "boxes.tflite"
    if kind == "text":
        source.write_text("not an archive")
    elif kind == "digits":
        inputs = keras.Input((28, 28))
        keras.Model(inputs, keras.layers.Flatten()(inputs)).save(source)
    elif kind != "missing":
        source.write_bytes((trained / "boxes.keras").read_bytes())
    if kind == "report":
        (tmp_path / "report.json").write_text("[]")
    elif kind == "in place":
        target = tmp_path / "report.tflite"
        (tmp_path / "report.json").write_text((trained / "report.json").read_text())
    elif kind == "folder":
        target.mkdir()
    before = sorted(path.name for path in tmp_path.iterdir())
    assert main(["detector", str(source), "-o", str(target)]) == 1
    assert said in one_line(capsys)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_the_file_must_be_named_as_one(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["detector", "boxes.keras", "-o", "boxes.bin"])
    assert caught.value.code == 2
    assert "must end in .tflite" in capsys.readouterr().err


@pytest.fixture(scope="module")
def hands(tmp_path_factory):
    """Return a stroke set by ten hands, and the folder of a network that learnt from it."""
    folder = tmp_path_factory.mktemp("hands")
    strokes = write_handwriting(folder / "hands.json.gz", writers=10, each=4)
    recipe = TrajectoryRecipe(
        epochs=30, batch_size=32, hidden=(32,), ways=2, impostors=20, impostor_bank=40
    )
    run_trajectory([strokes], folder / "run", recipe)
    return strokes, folder / "run"


def test_a_reader_of_trajectories_becomes_a_file_with_thresholds(hands, tmp_path, capsys):
    strokes, run = hands
    target = tmp_path / "trajectory.tflite"
    command = ["trajectory", str(run / "trajectory.keras"), "-o", str(target)]
    assert main(command) == 0
    assert f"wrote {target}" in capsys.readouterr().out
    card = TrajectoryClassifier(target).card
    assert card.architecture.endswith("-32-10 relu")
    assert card.training["errors"]["validation"]["hands"]["of"] == 40
    # No path of this machine.
    assert str(strokes.parent) not in target.with_suffix(".json").read_text()
    bundled = json.loads(BUNDLED_MODEL.with_suffix(".json").read_text())
    assert card.calibration["pooled_with"] == {
        "file": "postcode.tflite",
        "sha256": bundled["sha256"],
    }
    assert card.calibration["threshold_of"] == {"hands": 160}
    assert 0.5 <= card.reject_threshold < 1
    assert dict(card.reject_curve)[0.01] == card.reject_threshold
    before = target.read_bytes(), target.with_suffix(".json").read_bytes()
    assert main([*command, "--strokes", str(strokes), "--classifier", str(BUNDLED_MODEL)]) == 0
    assert (target.read_bytes(), target.with_suffix(".json").read_bytes()) == before


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("no report", "name them with --strokes"),
        ("no strokes", "no such file"),
        ("no classifier", "no such model file"),
        ("detector", "not a reader of pen trajectories"),
    ],
)
def test_what_trajectories_lack_is_told_in_one_line(kind, said, hands, trained, tmp_path, capsys):
    source = tmp_path / "trajectory.keras"
    source.write_bytes((hands[1] / "trajectory.keras").read_bytes())
    more = {
        "no report": [],
        "no strokes": ["--strokes", str(tmp_path / "nowhere.json")],
        "no classifier": ["--classifier", str(tmp_path / "nowhere.tflite")],
        "detector": [],
    }[kind]
    if kind == "detector":
        source.write_bytes((trained / "boxes.keras").read_bytes())
    target = tmp_path / "out" / "trajectory.tflite"
    assert main(["trajectory", str(source), "-o", str(target), *more]) == 1
    assert said in one_line(capsys)
    assert not target.parent.exists() or not list(target.parent.iterdir())
