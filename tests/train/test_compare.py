from __future__ import annotations

import json

import pytest

from tests.train.conftest import QUICK
from train.cli import main
from train.compare import table
from train.run import Run

RECIPES = ["mlp-sgd", "mlp-adam"]


@pytest.fixture(scope="module")
def command(digits_file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare") / "out"
    return ["compare", *RECIPES, "--data", str(digits_file), "--out", str(folder), *QUICK,
            "--epochs", "2"], folder  # fmt: skip


def epoch(accuracy, validation_accuracy):
    return {"epoch": 1, "loss": 1.0, "accuracy": accuracy, "validation_loss": 1.0,
            "validation_accuracy": validation_accuracy}  # fmt: skip


def test_the_table_shows_each_run_at_its_end(tmp_path):
    def run(dataset, epochs, wrong):
        errors = {"test": {dataset: {"errors": wrong, "of": 200}}}
        return Run(tmp_path, {"recipe": {"dataset": dataset}, "epochs": epochs, "errors": errors})

    text = table(
        {
            "a": run("mnist", [epoch(0.1, 0.2), epoch(0.5, 0.625)], 20),
            "longer-name": run("cifar10", [epoch(0.9, 0.75)], 1),
        }
    )
    assert [line.split() for line in text.splitlines()] == [
        ["recipe", "learnt", "kept", "apart", "test"],
        ["a", "50.00%", "62.50%", "90.00%"],
        ["longer-name", "90.00%", "75.00%", "99.50%"],
    ]
    assert len({len(line) for line in text.splitlines()}) == 1


def test_recipes_are_trained_beside_each_other_and_drawn_into_one_picture(command, capsys):
    arguments, folder = command
    assert main(arguments) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["compare.png", *sorted(RECIPES)]
    assert (folder / "compare.png").read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out.splitlines()
    for name in RECIPES:
        report = json.loads((folder / name / "report.json").read_text())
        assert report["recipe"]["name"] == name
        assert report["recipe"]["epochs"] == 2
        wrong = report["errors"]["test"]["mnist"]["errors"]
        row = next(line.split() for line in printed if line.startswith(f"{name} ")
                   and line.endswith("%"))  # fmt: skip
        assert row[-1] == f"{1 - wrong / 80:.2%}"
    assert printed[-1] == f"wrote {folder / 'compare.png'}"


def test_the_same_comparison_again_trains_nothing_and_draws_the_same(command, capsys):
    arguments, folder = command
    assert main(arguments) == 0
    first = capsys.readouterr().out
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*/*")}
    picture = (folder / "compare.png").read_bytes()
    assert main(arguments) == 0
    again = capsys.readouterr().out
    assert sum("has finished before" in line for line in again.splitlines()) == 2
    assert again.splitlines()[-4:] == first.splitlines()[-4:]
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*/*")} == before
    assert (folder / "compare.png").read_bytes() == picture
