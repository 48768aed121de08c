from __future__ import annotations

import contextlib
import io
import json
import math
import shlex
import shutil
import sqlite3
from collections import Counter
from dataclasses import replace

import optuna
import pytest

import train.attempt
from edge.errors import OutputError
from tests.train.synthetic import write_digits
from train.cli import main
from train.fit import Epoch, fit
from train.flags import changed
from train.ranges import VARIABLE, ranges_of
from train.recipe import FIRST_GRID, SECOND_GRID
from train.recipes import RECIPES
from train.search import Trial, command, ranked, search, table

RECIPE = replace(RECIPES["dmlp"], hidden=(16,), epochs=2, batch_size=32, validation=100)
FLAGS = ["--recipe", "dmlp", "--hidden", "16", "--epochs", "2", "--batch-size", "32",
         "--validation", "100"]  # fmt: skip
VARY = ["learning_rate", "dropout"]


class Killed(BaseException):
    """Passes through everything, as a killed process does not tidy up either."""


@pytest.fixture(scope="module")
def npz(tmp_path_factory):
    return write_digits(tmp_path_factory.mktemp("data") / "digits.npz", train=292, test=20)


@pytest.fixture(scope="module")
def done(npz, tmp_path_factory):
    """Return the folder, the text and the progress of a search of three trials."""
    out, progress = tmp_path_factory.mktemp("search"), io.StringIO()
    text = search(RECIPE, VARY, 3, out, npz, progress=progress)
    return out, text, progress.getvalue()


@pytest.fixture
def scripted(monkeypatch):
    """Return a function that has trials bring these accuracies, epoch by epoch, and learn nothing.

    A function among them is called for its accuracy.
    """

    def script(*trials, losses=None):
        left = iter(trials)

        def bring(network, lessons, validation, recipe, on_epoch):
            history = []
            for number, brought in enumerate(next(left), start=1):
                brought = brought() if callable(brought) else brought
                loss = losses[number - 1] if losses else 1 - brought
                history.append(Epoch(number, 1.0, 0.5, loss, brought))
                on_epoch(history[-1])
            return history

        monkeypatch.setattr(train.attempt, "fit", bring)
        # Nothing learns and nobody looks: neither networks nor pictures are needed.
        monkeypatch.setattr(train.attempt, "build", lambda *arguments: None)
        monkeypatch.setattr("keras.utils.clear_session", lambda: None)
        monkeypatch.setattr("train.plots.save", lambda figure, path: path.touch())

    return script


def read(out):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads((out / "search.json").read_text(), parse_constant=refuse)


def states(out):
    return Counter(trial["state"] for trial in read(out)["trials"])


def stored_states(out):
    with contextlib.closing(sqlite3.connect(out / "search.db")) as database:
        return [state for (state,) in database.execute("SELECT state FROM trials ORDER BY number")]


def rows(text):
    return [line.split() for line in text.splitlines()[1:-2]]


def test_a_line_per_trial_a_table_a_list_and_a_picture_are_left(done):
    out, text, progress = done
    assert [line.split()[0] for line in progress.splitlines()] == ["1/3", "2/3", "3/3"]
    assert {path.name for path in out.iterdir()} == {"search.db", "search.json", "search.png"}
    listed = read(out)
    assert [trial["number"] for trial in listed["trials"]] == [0, 1, 2]
    assert listed["vary"] == ["dropout", "learning_rate"]
    for trial in listed["trials"]:
        assert set(trial["values"]) == set(VARY)
        assert trial["epochs"] == 2
        assert trial["validation_loss"] > 0
    assert text.splitlines()[0].split()[:3] == ["trial", "dropout", "learning_rate"]
    assert text.splitlines()[-1] == listed["command"]


def test_the_first_row_is_the_trial_with_the_best_accuracy(done):
    out, text, _ = done
    listed = read(out)
    best = max(listed["trials"], key=lambda trial: trial["validation_accuracy"])
    assert len({trial["validation_accuracy"] for trial in listed["trials"]}) > 1
    assert listed["best"] == best["number"]
    shares = [float(row[3].rstrip("%")) for row in rows(text)]
    assert shares == sorted(shares, reverse=True)
    assert rows(text)[0] == [
        str(best["number"]),
        str(best["values"]["dropout"]),
        str(best["values"]["learning_rate"]),
        f"{best['validation_accuracy']:.2%}",
        "2",
        "complete",
    ]


def test_the_last_line_trains_a_network_as_good_as_the_best(done, npz, tmp_path):
    out, text, _ = done
    words = shlex.split(text.splitlines()[-1])
    assert words[:3] == ["python", "-m", "train"]
    assert words[-2:] == ["--out", str(out / f"trial-{read(out)['best']}")]
    assert main([*words[3:-1], str(tmp_path)]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    best = read(out)["trials"][read(out)["best"]]
    assert {name: report["recipe"][name] for name in VARY} == best["values"]
    assert report["recipe"]["hidden"] == [16]
    assert report["epochs"][-1]["validation_accuracy"] == best["validation_accuracy"]


def test_after_a_kill_the_search_ends_as_if_nothing_had_been(done, npz, tmp_path, monkeypatch):
    calls = []

    def dying(*arguments, on_epoch):
        calls.append(arguments)

        def die(epoch):
            on_epoch(epoch)
            if len(calls) == 2:
                raise Killed

        return fit(*arguments, on_epoch=die)

    monkeypatch.setattr(train.attempt, "fit", dying)
    with pytest.raises(Killed):
        search(RECIPE, VARY, 3, tmp_path, npz)
    assert stored_states(tmp_path) == ["COMPLETE", "RUNNING"]
    progress = io.StringIO()
    search(RECIPE, VARY, 3, tmp_path, npz, progress=progress)
    assert progress.getvalue().splitlines()[0] == "made before: 1 of 3 trials"
    assert len(calls) == 2 + 2
    assert stored_states(tmp_path) == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]

    trials = read(tmp_path)["trials"]
    assert [trial["state"] for trial in trials] == ["complete", "failed", "complete", "complete"]
    assert trials[1]["epochs"] == 1
    del trials[1]
    undisturbed = read(done[0])["trials"]
    assert [trial | {"number": 0} for trial in trials] == [
        trial | {"number": 0} for trial in undisturbed
    ]


def test_a_finished_search_is_not_made_again_and_more_trials_continue_it(
    done, npz, tmp_path, scripted
):
    out, text, _ = done
    shutil.copytree(out, tmp_path, dirs_exist_ok=True)
    scripted()
    assert rows(search(RECIPE, VARY, 1, tmp_path, npz)) == rows(text)
    scripted([0.0, 0.1], [0.9, 1.0])
    assert rows(search(RECIPE, VARY, 5, tmp_path, npz))[0][0] == "4"
    assert read(tmp_path)["trials"][:3] == read(out)["trials"]


def test_ctrl_c_keeps_the_trials_before_and_is_one_line(npz, tmp_path, scripted, capsys):
    call = ["search", *FLAGS, "--vary", "dropout", "--trials", "3", "--data", str(npz),
            "--out", str(tmp_path)]  # fmt: skip

    def interrupt():
        raise KeyboardInterrupt

    scripted([0.4, 0.5], [0.5, interrupt])
    assert main(call) == 130
    assert capsys.readouterr().err.strip().startswith("train: stopped; the trials before are kept")
    scripted([0.6, 0.7], [0.7, 0.8])
    assert main(call) == 0
    assert states(tmp_path) == {"complete": 3, "failed": 1}
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.splitlines()[-1].startswith("python -m train --recipe dmlp")


def test_hopeless_trials_are_pruned_and_count(npz, tmp_path, scripted):
    recipe = replace(RECIPE, epochs=6)
    good, hopeless = [0.5, 0.6, 0.7, 0.8, 0.8, 0.9], [0.1, 0.1, 0.1, 0.1, 0.1, 0.1]
    late = [0.5, 0.6, 0.7, 0.8, 0.8, 0.8]
    scripted(hopeless, *5 * [good], hopeless, late)
    text = search(recipe, ["dropout"], 8, tmp_path, npz)
    # Five have to be complete before the median says anything, and a third of the epochs
    # is not judged; after the last there is nothing left to save.
    assert states(tmp_path) == {"complete": 7, "pruned": 1}
    pruned = read(tmp_path)["trials"][6]
    assert (pruned["state"], pruned["epochs"]) == ("pruned", 2)
    assert pruned["validation_accuracy"] == 0.1
    assert rows(text)[-1][0] == "6"


def test_a_recipe_that_begins_as_a_convolutional_network_does_so_in_a_trial(npz, tmp_path):
    recipe = replace(
        RECIPE, hidden=(FIRST_GRID**2, SECOND_GRID**2), convolutional_epochs=1, epochs=1
    )
    text = search(recipe, ["learning_rate"], 1, tmp_path, npz)
    (trial,) = read(tmp_path)["trials"]
    assert main(shlex.split(text.splitlines()[-1])[3:]) == 0
    report = json.loads((tmp_path / "trial-0" / "report.json").read_text())
    (epoch,) = report["epochs"]
    assert epoch["validation_accuracy"] == trial["validation_accuracy"]
    assert epoch["validation_loss"] == trial["validation_loss"]


def test_with_patience_the_epoch_counts_whose_weights_are_kept(npz, tmp_path, scripted):
    scripted([0.8, 0.9], losses=[1.0, 2.0])
    search(replace(RECIPE, patience=2), ["dropout"], 1, tmp_path / "patient", npz)
    (trial,) = read(tmp_path / "patient")["trials"]
    assert (trial["validation_accuracy"], trial["validation_loss"]) == (0.8, 1.0)
    scripted([0.8, 0.9], losses=[1.0, 2.0])
    search(RECIPE, ["dropout"], 1, tmp_path / "other", npz)
    (trial,) = read(tmp_path / "other")["trials"]
    assert (trial["validation_accuracy"], trial["validation_loss"]) == (0.9, 2.0)


def test_a_loss_beyond_all_numbers_is_none(npz, tmp_path, scripted):
    scripted([0.1, 0.1], losses=[math.inf, math.nan])
    search(RECIPE, ["dropout"], 1, tmp_path, npz)
    assert read(tmp_path)["trials"][0]["validation_loss"] is None


def test_proposals_are_all_different_and_depend_on_the_seed_not_on_the_stops(
    npz, tmp_path, scripted
):
    def proposed(name, seed, *counts):
        for count in counts:
            scripted(*count * [[0.5, 0.5]])
            search(replace(RECIPE, seed=seed), VARY, count, tmp_path / name, npz)
        return [tuple(trial["values"].values()) for trial in read(tmp_path / name)["trials"]]

    # The first ten are random, those after them come of what was found.
    at_once = proposed("at once", 0, 12)
    assert len(set(at_once)) == 12
    assert proposed("bit by bit", 0, 11, 12) == at_once
    assert not set(proposed("another", 1, 2)) & set(at_once)


def test_another_search_is_refused_in_one_sentence(done, npz, tmp_path):
    out, text, _ = done
    other = write_digits(tmp_path / "other.npz", train=293, test=20)
    for recipe, vary, data in (
        (replace(RECIPE, seed=1), VARY, npz),
        (RECIPE, [*VARY, "batch_size"], npz),
        (RECIPE, VARY, other),
    ):
        with pytest.raises(OutputError, match="choose another --out") as caught:
            search(recipe, vary, 5, out, data)
        assert "\n" not in str(caught.value)
    # In another order it is the same search.
    assert rows(search(RECIPE, VARY[::-1], 3, out, npz)) == rows(text)


def test_a_damaged_database_is_one_sentence(done, npz, tmp_path, capsys):
    good = (done[0] / "search.db").read_bytes()
    call = ["search", *FLAGS, "--vary", "dropout,learning_rate", "--trials", "3",
            "--data", str(npz), "--out", str(tmp_path)]  # fmt: skip
    shredded = good[:20_000] + bytes(range(256)) * 200 + good[71_200:]
    for bad in (b"no database at all\n" * 99, good[: len(good) // 2], shredded):
        (tmp_path / "search.db").write_bytes(bad)
        assert main(call) == 1
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "search.db: damaged" in error
        assert "remove it" in error


def test_a_folder_of_any_name_will_do(npz, tmp_path, scripted):
    out = tmp_path / "a {b} c?d#e%f"
    scripted([0.5, 0.5])
    text = search(RECIPE, ["dropout"], 1, out, npz)
    assert (out / "search.db").is_file()
    assert shlex.split(text.splitlines()[-1])[-1] == str(out / "trial-0")


def test_two_searches_at_once_in_a_folder_are_refused(npz, tmp_path, scripted):
    def second():
        with pytest.raises(OutputError, match="another search is running here"):
            search(RECIPE, ["dropout"], 1, tmp_path, npz)
        return 0.6

    scripted([0.5, second])
    search(RECIPE, ["dropout"], 1, tmp_path, npz)
    assert states(tmp_path) == {"complete": 1}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--vary", "validation", "--trials", "1"], "'validation' can't be varied; what can"),
        (["--vary", "dropout,nonsense", "--trials", "1"], "'nonsense' can't be varied"),
        (["--vary", "", "--trials", "1"], "can't be varied"),
        (["--vary", "weight-decay", "--trials", "1"], "changes nothing with optimizer adam"),
        (["--vary", "elastic_sigma", "--trials", "1"], "give another --elastic-alpha"),
        (["--vary", "dropout", "--trials", "0"], "at least 1"),
        (["--vary", "dropout"], "--trials"),
        (["--trials", "3"], "--vary"),
    ],
)
def test_wrong_usage_leaves_with_2_and_says_what_can_be_varied(arguments, told, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["search", "--recipe", "dmlp", *arguments, "--out", str(tmp_path / "out")])
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert told in error.replace("\n", " ")
    if "can't be varied" in told:
        assert ", ".join(VARIABLE) in error
    assert not (tmp_path / "out").exists()


def test_a_recipe_that_does_not_take_every_value_is_wrong_usage(tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["search", "--vary", "batch_norm", "--trials", "1", "--out", str(tmp_path / "out")])
    assert caught.value.code == 2
    assert "batch_norm can't be True in this recipe: convolutional" in capsys.readouterr().err


def test_what_depends_on_a_varied_field_can_be_varied_with_it():
    assert list(ranges_of(["weight_decay", "optimizer"], RECIPE)) == ["optimizer", "weight_decay"]
    assert list(ranges_of(["warmup"], replace(RECIPE, schedule="one-cycle"))) == ["warmup"]


@pytest.mark.parametrize("name", VARIABLE)
def test_every_proposal_is_a_value_of_its_field_and_is_read_back_as_it_was(name):
    choices = VARIABLE[name]
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(10):
        trial = study.ask()
        proposed = choices.propose(trial, name)
        assert choices.read(trial.params[name]) == proposed
        changed(RECIPE, {name: proposed})
    for extreme in choices.extremes():
        changed(RECIPE, {name: extreme})


def test_the_command_of_any_recipe_gives_that_recipe(npz, tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr("train.run.train", lambda *arguments, **rest: trained.append(arguments))
    values = {name: VARIABLE[name].values[-1] for name in ("hidden", "batch_norm", "optimizer")}
    values |= {"batch_size": 64, "learning_rate": 1e-05, "rotation": 12.3, "average": 0.99}
    strokes = [tmp_path / "a b.json", tmp_path / "c'd.json"]
    for recipe in (
        changed(RECIPE, values),
        changed(RECIPES["dmlp-cifar10-norm"], {"batch_norm": False, "mirror": True}),
        RECIPES["postcode"],
    ):
        line = command(recipe, ["batch_norm", "dropout"], tmp_path / "o u t", npz, strokes)
        assert "batch-norm" in line
        assert main(shlex.split(line)[3:]) == 0
        assert trained.pop()[:4] == (recipe, tmp_path / "o u t", npz, strokes)


def test_complete_trials_are_before_pruned_ones_and_those_before_failed_ones():
    trials = [
        Trial(0, "failed", {}, None, None, 0),
        Trial(1, "pruned", {"dropout": 0.1}, 0.9, 0.2, 1),
        Trial(2, "complete", {"dropout": 0.2}, 0.7, 0.3, 2),
        Trial(3, "complete", {"dropout": 0.3}, 0.8, None, 2),
    ]
    assert [trial.number for trial in ranked(trials)] == [3, 2, 1, 0]
    assert table(trials, ["dropout"]).splitlines()[-1].split() == ["0", "-", "-", "0", "failed"]
