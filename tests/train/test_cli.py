from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

from edge.errors import OutputError
from tests.train.conftest import QUICK
from tests.train.synthetic import write_colours
from train import flags
from train.augment import Distortion
from train.cli import default_folder, main
from train.recipe import Recipe
from train.recipes import DEFAULT, RECIPES

# A value for every flag, and what the field then is.
GIVEN = {
    "dataset": ("cifar10", "cifar10"),
    "stroke_drawings": ("3", 3),
    "stroke_bank": ("5", 5),
    "stroke_writers": ("0.2", 0.2),
    "validation": ("4000", 4000.0),
    "validation_seed": ("6", 6),
    "hidden": ("64,32,16", (64, 32, 16)),
    "activation": ("swish", "swish"),
    "swish_beta": ("1.5", 1.5),
    "network": ("convolutional", "convolutional"),
    "impostors": ("7", 7),
    "rounds": ("4", 4),
    "dropout": ("0.3", 0.3),
    "batch_norm": (None, True),
    "imitate_mistakes": (None, False),
    "imitate_extra": (None, False),
    "extra_digits": ("9", 9),
    "convolutional_epochs": ("2", 2),
    "loss": ("mse", "mse"),
    "distillation": ("0.5", 0.5),
    "softness": ("2", 2.0),
    "optimizer": ("adamw", "adamw"),
    "learning_rate": ("1e-3", 0.001),
    "schedule": ("one-cycle", "one-cycle"),
    "warmup": ("0.4", 0.4),
    "weight_decay": ("0.05", 0.05),
    "average": ("0.99", 0.99),
    "batch_size": ("64", 64),
    "epochs": ("7", 7),
    "patience": ("4", 4),
    "precision": ("bfloat16", "bfloat16"),
    "seed": ("11", 11),
    "rotation": ("5", 5.0),
    "scale": ("0.05", 0.05),
    "shear": ("0.2", 0.2),
    "shift": ("2", 2.0),
    "elastic_sigma": ("4", 4.0),
    "elastic_alpha": ("20", 20.0),
    "mirror": (None, True),
}
BENDS = {field.name for field in fields(Distortion)}


def one_line(capsys):
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1, captured.err
    assert "Traceback" not in captured.err
    return captured.err


@pytest.fixture
def asked(monkeypatch):
    """Return what the command line asks to be trained, as `(recipe, out, …)`; nothing is."""
    calls = []
    monkeypatch.setattr("train.run.train", lambda *a, **k: calls.append(a))
    return calls


def test_every_number_of_a_recipe_has_a_flag_that_reaches_it(asked):
    settable = {field.name for field in fields(Recipe)} - {"name", "summary", "distortion"}
    assert set(GIVEN) == settable | BENDS
    base = RECIPES["dmlp"]
    for name, (text, value) in GIVEN.items():
        flag = flags.flag(name)
        if value is False:
            flag = flag.replace("--", "--no-", 1)
        assert main(["--recipe", "dmlp", flag, *([text] if text else [])]) == 0
        if name in BENDS:
            expected = replace(base, distortion=replace(base.distortion, **{name: value}))
        else:
            expected = replace(base, **{name: value})
        assert expected != base
        assert asked[-1][0] == expected, flag


def test_every_flag_has_help_and_no_help_is_left_over():
    parser = argparse.ArgumentParser(add_help=False)
    flags.add_recipe_flags(parser)
    helps = {action.dest: action.help for action in parser._actions}
    assert set(helps) == set(GIVEN)
    assert all(helps.values())
    assert set(flags.HELP) == set(GIVEN)


def test_what_is_switched_on_can_be_switched_off(asked):
    main(["--recipe", "dmlp-cifar10-norm", "--no-batch-norm"])
    main(["--recipe", "dmlp-cifar10-augment", "--no-mirror"])
    assert not asked[0][0].batch_norm
    assert not asked[1][0].distortion.mirror


def test_without_numbers_the_recipe_is_taken_as_it_is(asked):
    for name, recipe in RECIPES.items():
        assert main(["--recipe", name]) == 0
        assert asked[-1][0] == recipe
    main([])
    assert asked[-1][0] == RECIPES[DEFAULT]


def test_widths_may_be_written_as_in_the_architecture(asked):
    main(["--recipe", "dmlp", "--hidden", "64-32"])
    main(["--recipe", "dmlp", "--hidden", "48"])
    assert [call[0].hidden for call in asked] == [(64, 32), (48,)]


def test_a_run_goes_into_a_folder_of_its_own(asked):
    for name in RECIPES:
        main(["--recipe", name])
    folders = [call[1] for call in asked]
    assert folders == list(map(default_folder, RECIPES))
    assert default_folder(DEFAULT) == Path("build")
    assert default_folder("dmlp") == Path("build/dmlp")
    assert len(set(folders)) == len(RECIPES)


def test_data_strokes_and_folder_are_handed_on(asked):
    main(["--data", "d.npz", "--strokes", "a.json", "--strokes", "b.json", "--out", "folder"])
    main([])
    assert asked[0][1:] == (Path("folder"), Path("d.npz"), [Path("a.json"), Path("b.json")])
    assert asked[1][2:] == (None, [])


def test_numbers_that_were_given_are_in_the_report(finished):
    recipe = json.loads((finished.folder / "report.json").read_text())["recipe"]
    base = RECIPES["dmlp"]
    assert {name: recipe[name] for name in ("hidden", "epochs", "batch_size", "learning_rate",
                                            "validation")} == {
        "hidden": [24], "epochs": 3, "batch_size": 32, "learning_rate": 0.005, "validation": 60,
    }  # fmt: skip
    assert (recipe["name"], recipe["activation"], recipe["loss"]) == (
        "dmlp", base.activation, base.loss
    )  # fmt: skip


def test_the_list_names_every_recipe_and_trains_none(asked, capsys):
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out
    for name, recipe in RECIPES.items():
        line = next(line for line in listed.splitlines() if line.split()[:1] == [name])
        assert line.endswith(recipe.summary)
    assert asked == []


def test_an_unwritable_place_is_told_before_anything_else(tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    arguments = ["--data", str(tmp_path / "none.npz"), "--out", str(tmp_path / "file" / "out")]
    assert main(arguments) == 1
    assert one_line(capsys).startswith(f"train: {tmp_path / 'file' / 'out'}: can't be written")


def test_bad_data_is_one_line_and_leaves_no_file(tmp_path, capsys):
    (tmp_path / "bad.npz").write_bytes(b"no")
    out = tmp_path / "out"
    assert main(["--data", str(tmp_path / "bad.npz"), "--out", str(out)]) == 1
    assert one_line(capsys).startswith(f"train: {tmp_path / 'bad.npz'}: not an .npz file")
    assert list(out.iterdir()) == []


def test_the_wrong_data_set_for_a_recipe_is_one_line(tmp_path, capsys):
    path = write_colours(tmp_path / "colours.npz", train=20, test=20)
    assert main(["--recipe", "dmlp", "--data", str(path), "--out", str(tmp_path / "out")]) == 1
    assert "where uint8 (n, 28, 28) is needed" in one_line(capsys)


def test_missing_strokes_are_one_line(digits_file, tmp_path, capsys):
    arguments = ["--data", str(digits_file), "--out", str(tmp_path), "--stroke-drawings", "1",
                 "--validation", "60", "--strokes", str(tmp_path / "none.json")]  # fmt: skip
    assert main(arguments) == 1
    assert one_line(capsys).startswith(f"train: {tmp_path / 'none.json'}: no such file")


def test_too_many_held_out_is_one_line(digits_file, tmp_path, capsys):
    arguments = ["--data", str(digits_file), "--out", str(tmp_path), "--validation", "360"]
    assert main(arguments) == 1
    assert "smaller --validation" in one_line(capsys)


def test_an_error_while_writing_is_one_line(asked, monkeypatch, capsys):
    def fail(*arguments, **more):
        raise OutputError("the disk is full")

    monkeypatch.setattr("train.run.train", fail)
    assert main([]) == 1
    assert one_line(capsys) == "train: the disk is full\n"


def test_debug_shows_where_an_error_came_from(tmp_path):
    with pytest.raises(ValueError, match="no such file"):
        main(["--data", str(tmp_path / "none.npz"), "--out", str(tmp_path), "--debug"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--epochs", "0"], "epochs must be at least 1"),
        (["--epochs", "x"], "invalid int value"),
        (["--scale", "2"], "scale must be"),
        (["--nonsense"], "unrecognized arguments"),
        (["--seed", "-1"], "seed must be"),
        (["--hidden", "64,x"], "invalid list of widths value"),
        (["--hidden", "64,0"], "every hidden layer needs at least one unit"),
        (["--activation", "gelu"], "activation must be one of sigmoid, tanh"),
        (["--recipe", "nonsense"], "invalid choice: 'nonsense'"),
        (["--kfold", "1"], "at least 2 folds"),
        (["compare", "dmlp"], "two different recipes"),
        (["compare", "dmlp", "dmlp"], "two different recipes"),
        (["compare", "dmlp", "nonsense"], "invalid choice: 'nonsense'"),
        (["compare", "dmlp", "mlp-sgd", "--epochs", "0"], "epochs must be at least 1"),
        (["compare"], "the following arguments are required"),
    ],
)
def test_wrong_usage_leaves_with_2(arguments, said, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--out", str(tmp_path / "out")])
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert "usage:" in error
    assert said in error
    assert not (tmp_path / "out").exists()


def test_the_whole_command_line_trains_colours(tmp_path, capsys):
    path = write_colours(tmp_path / "colours.npz")
    out = tmp_path / "out"
    command = ["--recipe", "dmlp-cifar10-augment", "--data", str(path), "--out", str(out), *QUICK]
    assert main(command) == 0
    assert "cifar10, test:" in capsys.readouterr().out
    assert (out / "dmlp-cifar10-augment.keras").is_file()
    assert json.loads((out / "report.json").read_text())["recipe"]["distortion"]["mirror"]


def test_help_names_every_number_and_needs_no_tensorflow():
    code = (
        "import sys\n"
        "from train.cli import main\n"
        "try:\n    main(['--help'])\n"
        "finally:\n    assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    for flag in ("--data", "--out", "--strokes", "--kfold", "--list", "--recipe", "--debug"):
        assert flag in run.stdout
    for name in GIVEN:
        assert flags.flag(name) in run.stdout
    assert f"(default: {DEFAULT})" in run.stdout
