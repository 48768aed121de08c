from __future__ import annotations

import io
import json
import statistics
from dataclasses import replace

import pytest

from tests.train.conftest import QUICK
from train.cli import main
from train.errors import DataError
from train.kfold import CrossValidation, cross_validate
from train.recipes import RECIPES

RECIPE = replace(RECIPES["mlp-adam"], hidden=(24,), epochs=1, batch_size=32, learning_rate=0.005)


@pytest.fixture(scope="module")
def folds(digits_file, tmp_path_factory):
    """Return the folder of a cross-validation in three folds, and what came out and was said."""
    folder, said = tmp_path_factory.mktemp("kfold") / "out", io.StringIO()
    return folder, cross_validate(RECIPE, 3, folder, digits_file, progress=said), said.getvalue()


def test_mean_and_deviation_are_those_of_the_accuracies():
    found = CrossValidation((0.9, 0.94, 0.98))
    assert found.mean == pytest.approx(0.94)
    assert found.deviation == pytest.approx(0.04)
    assert found.sentence == (
        "3 folds: accuracy 94.00% ± 4.00% on images kept apart (mean ± standard deviation)"
    )


def test_every_fold_is_a_run_of_its_own_without_a_network(folds):
    folder, found, said = folds
    assert sorted(path.name for path in folder.iterdir()) == [
        "fold-1", "fold-2", "fold-3", "kfold.json"
    ]  # fmt: skip
    runs = set()
    for place in range(3):
        report = json.loads((folder / f"fold-{place + 1}" / "report.json").read_text())
        assert report["data"]["validation"] == {
            "count": 120, "seed": 0, "fold": {"index": place, "of": 3}
        }  # fmt: skip
        assert report["data"]["train"] == 240
        wrong = report["errors"]["validation"]["mnist"]
        assert wrong["of"] == 120
        assert found.accuracies[place] == 1 - wrong["errors"] / 120
        assert not list((folder / f"fold-{place + 1}").glob("*.keras"))
        assert f"fold {place + 1} of 3" in said
        runs.add(report["run"])
    assert len(runs) == 3


def test_the_figures_are_kept(folds):
    folder, found, _ = folds
    assert json.loads((folder / "kfold.json").read_text()) == {
        "recipe": "mlp-adam",
        "accuracies": list(found.accuracies),
        "mean": statistics.fmean(found.accuracies),
        "standard_deviation": statistics.stdev(found.accuracies),
    }


def test_the_command_prints_mean_and_deviation_and_what_has_finished_is_not_done_again(
    folds, digits_file, capsys
):
    folder, found, _ = folds
    before = {path: path.stat().st_mtime_ns for path in folder.glob("fold-*/*")}
    command = ["--recipe", "mlp-adam", "--kfold", "3", "--data", str(digits_file),
               "--out", str(folder), *QUICK, "--epochs", "1", "--validation", "0.1"]  # fmt: skip
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == found.sentence
    assert sum("has finished before" in line for line in lines) == 3
    assert {path: path.stat().st_mtime_ns for path in folder.glob("fold-*/*")} == before


def test_more_folds_than_images_are_one_line(digits_file, tmp_path, capsys):
    command = ["--recipe", "mlp-adam", "--kfold", "361", "--data", str(digits_file)]
    assert main([*command, "--out", str(tmp_path)]) == 1
    assert "360 images can't be cut into 361 folds; give fewer" in capsys.readouterr().err
    with pytest.raises(DataError):
        cross_validate(RECIPE, 361, tmp_path, digits_file)
