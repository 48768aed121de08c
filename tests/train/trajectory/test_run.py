from __future__ import annotations

import json

import keras
import numpy as np
import pytest

from edge.errors import OutputError
from edge.trajectory import FEATURES
from tests.train.folders import contents, names, report_of
from tests.train.synthetic import write_handwriting
from train import course
from train.cli import main
from train.errors import CheckpointError
from train.trajectory.run import TrajectoryRecipe, run_trajectory

TINY = TrajectoryRecipe(
    epochs=12, batch_size=32, hidden=(24,), ways=2, impostors=20, impostor_bank=40
)


@pytest.fixture(scope="module")
def strokes(tmp_path_factory):
    """Return a stroke set by ten hands."""
    return write_handwriting(tmp_path_factory.mktemp("sets") / "hands.json.gz", writers=10)


@pytest.fixture(scope="module")
def finished(strokes, tmp_path_factory):
    """Return the folder of a finished run; not to be written to."""
    out = tmp_path_factory.mktemp("finished") / "trajectory"
    run_trajectory([strokes], out, TINY)
    return out


def test_a_run_leaves_a_network_that_has_learnt_and_a_report(finished):
    assert names(finished) == ["report.json", "trajectory.keras"]
    report = report_of(finished)
    assert report["architecture"] == f"{FEATURES}-24-10 relu"
    assert report["weights"] == (FEATURES + 1) * 24 + 25 * 10
    assert report["recipe"]["variation"]["rotation"] == 12
    (account,) = report["strokes"]
    assert account["writers"] == {"train": 8, "validation": 1, "test": 1}
    assert [each["epoch"] for each in report["epochs"]] == [*range(1, 13)]
    assert report["epochs"][-1]["validation_loss"] < report["epochs"][0]["validation_loss"]
    # Of ten kinds of digit, guessing gets eighteen of twenty wrong.
    for side in ("validation", "test"):
        assert report["errors"][side]["hands"]["of"] == 20
        assert report["errors"][side]["hands"]["errors"] <= 4
    network = keras.saving.load_model(finished / "trajectory.keras", compile=False)
    assert network.input_shape == (None, FEATURES)
    assert network.output_shape == (None, 10)


def test_a_killed_run_goes_on_and_comes_to_the_same(strokes, finished, tmp_path, monkeypatch):
    out = tmp_path / "trajectory"
    saves = []
    save = course.Checkpoint.save

    def killed(self, progressed):
        save(self, progressed)
        saves.append(len(progressed.history))
        if len(saves) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(course.Checkpoint, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        run_trajectory([strokes], out, TINY)
    assert names(out) == ["checkpoint.npz"]
    with pytest.raises(CheckpointError, match="the state of another run"):
        run_trajectory([strokes], out, TrajectoryRecipe(epochs=13))
    run_trajectory([strokes], out, TINY)
    assert saves == [*range(1, 13)]
    one, two = (keras.saving.load_model(each / "trajectory.keras", compile=False)
                for each in (finished, out))  # fmt: skip
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert report_of(out)["run"] == report_of(finished)["run"]


def test_a_finished_run_is_not_done_again_nor_overwritten_by_another(strokes, finished, capsys):
    before = contents(finished)
    run_trajectory([strokes], finished, TINY)
    with pytest.raises(OutputError, match="holds another run"):
        run_trajectory([strokes], finished, TrajectoryRecipe(epochs=2))
    command = ["trajectory", "--strokes", str(strokes), "--out", str(finished)]
    assert main([*command, "--epochs", "1"]) == 1
    said = capsys.readouterr().err
    assert "holds another run" in said
    assert said.count("\n") == 1
    assert contents(finished) == before


def test_the_command_line_says_how_far_it_is(strokes, tmp_path, capsys):
    out = tmp_path / "new" / "run"
    command = ["trajectory", "--strokes", str(strokes), "--out", str(out)]
    assert main([*command, "--epochs", "1", "--seed", "3"]) == 0
    said = capsys.readouterr().out
    assert "160 digits to learn from, 20 of other writers kept apart" in said
    assert "epoch 1/1" in said
    assert "hands, validation:" in said
    assert json.loads((out / "report.json").read_text())["recipe"]["seed"] == 3


def test_missing_strokes_are_told_of_in_one_line(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["trajectory", "--strokes", str(tmp_path / "no.json"), "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("train: ")
    assert "no such file" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([], "--strokes"),
        (["--strokes", "s", "--epochs", "0"], "epochs must be at least 1"),
        (["--strokes", "s", "--seed", "-1"], "seed must be 0 or more"),
    ],
)
def test_wrong_usage_is_told_of_and_leaves_with_2(wrong, said, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["trajectory", *wrong])
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [{"hidden": ()}, {"hidden": (0,)}, {"dropout": 1}, {"smoothing": 1}, {"ways": 0},
     {"impostors": -1}, {"impostors": 7, "impostor_bank": 6}, {"epochs": 0}],
)  # fmt: skip
def test_a_recipe_takes_no_number_outside_its_range(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TrajectoryRecipe(**wrong)
