from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import itertools
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest

from edge.errors import OutputError
from tests.conftest import ROOT
from tests.train.conftest import QUICK
from tests.train.synthetic import write_colours, write_digits, write_handwriting
from train import data, report
from train.cli import main
from train.errors import CheckpointError, DataError
from train.material import Fold, gather
from train.network import to_pixels
from train.progress import Progress
from train.recipes import RECIPES
from train.run import STATES, load, train

PICTURES = ["confusion.png", "curves.png", "worst.png"]
REPORTS = ["report.json", "report.md"]
SMALL = replace(
    RECIPES["mlp-adam"], hidden=(24,), epochs=2, batch_size=64, validation=60, learning_rate=0.005
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def contents(folder):
    """Return what is in a folder and when it was written."""
    return {
        path.relative_to(folder): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def report_of(folder):
    return json.loads((folder / "report.json").read_text())


def counted(network, examples):
    found = np.asarray(network(to_pixels(examples.images))).argmax(axis=1)
    return {"errors": int((found != examples.labels).sum()), "of": len(examples)}


@contextlib.contextmanager
def files_of_at_most(size):
    """Let no file become larger, as on a disk that is almost full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


class Killed(BaseException):
    """Passes through everything, as a killed process does not tidy up either."""


def stop_after(monkeypatch, lines, error=Killed):
    """Have the next run end with an exception when it has printed so many epochs' lines."""
    right, count = Progress.on_epoch, itertools.count(1)

    def on_epoch(self, brought):
        right(self, brought)
        if next(count) == lines:
            raise error

    monkeypatch.setattr(Progress, "on_epoch", on_epoch)


def test_a_run_leaves_its_model_its_reports_and_its_pictures_and_no_state(finished):
    # The textbook's name for its deep network is among them.
    assert names(finished.folder) == sorted(["dmlp.keras", "dmlp_trained.h5", *REPORTS, *PICTURES])
    for picture in PICTURES:
        assert (finished.folder / picture).read_bytes().startswith(b"\x89PNG")


def test_only_the_deep_network_is_saved_as_the_textbook_saves_it(digits_file, tmp_path):
    train(SMALL, tmp_path, digits_file)
    assert names(tmp_path) == sorted(["mlp-adam.keras", *REPORTS, *PICTURES])


def test_the_report_is_true(finished, digits_file):
    import keras

    found = report_of(finished.folder)
    model = (finished.folder / "dmlp.keras").read_bytes()
    assert found["model"] == {"file": "dmlp.keras", "sha256": hashlib.sha256(model).hexdigest()}
    assert found["architecture"] == "784-24-10 relu"
    assert found["weights"] == 784 * 24 + 24 + 24 * 10 + 10
    dataset = data.load("mnist", digits_file)
    assert found["data"]["sha256"] == hashlib.sha256(digits_file.read_bytes()).hexdigest()
    assert found["data"]["train"] == 300
    assert found["data"]["validation"] == {"count": 60, "seed": 0, "fold": None}
    assert found["data"]["test"] == 80
    assert found["strokes"] == []

    network = keras.saving.load_model(finished.folder / "dmlp.keras")
    held = data.hold_out(dataset.train, 60, seed=0)[1]
    assert found["errors"] == {
        "validation": {"mnist": counted(network, held)},
        "test": {"mnist": counted(network, dataset.test)},
    }
    last = found["epochs"][-1]
    wrong = found["errors"]["validation"]["mnist"]["errors"]
    assert last["validation_accuracy"] == pytest.approx(1 - wrong / 60)
    assert [epoch["epoch"] for epoch in found["epochs"]] == [1, 2, 3]
    assert not found["stopped_early"]


def test_the_models_carry_no_optimizer_and_say_the_same(finished, digits_file):
    import keras

    images = data.load("mnist", digits_file).test.images
    models = [
        keras.saving.load_model(finished.folder / name)
        for name in ("dmlp.keras", "dmlp_trained.h5")
    ]
    for model in models:
        assert getattr(model, "optimizer", None) is None
    first, second = (np.asarray(model(to_pixels(images))) for model in models)
    assert np.array_equal(first, second)


def test_the_readable_report_shows_the_errors_and_pictures_that_lie_beside_it(finished):
    text = (finished.folder / "report.md").read_text()
    found = report_of(finished.folder)
    wrong = found["errors"]["test"]["mnist"]["errors"]
    assert f"| mnist | test | {wrong} | 80 |" in text
    for picture in PICTURES:
        assert f"]({picture})" in text


def test_a_run_says_what_it_learns_how_far_it_is_and_what_came_out(finished):
    lines = finished.printed.splitlines()
    assert lines[0] == ("dmlp, 784-24-10 relu: 300 images to learn from, 60 kept apart, 80 to test")
    assert [line.split("  ")[0] for line in lines[1:4]] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    found = report_of(finished.folder)["errors"]
    for line, side, of in ((lines[4], "validation", 60), (lines[5], "test", 80)):
        wrong = found[side]["mnist"]["errors"]
        assert line == f"mnist, {side}: {wrong} errors of {of}"
    assert lines[6] == f"wrote dmlp.keras, dmlp_trained.h5 in {finished.folder}"


def test_the_same_command_again_says_that_it_has_finished_and_changes_no_byte(finished, capsys):
    before = contents(finished.folder)
    assert main(finished.command) == 0
    assert capsys.readouterr().out == (
        f"{finished.folder}: this run has finished before; nothing to do\n"
    )
    assert contents(finished.folder) == before


def test_the_data_may_have_moved_when_it_is_run_again(finished, digits_file, tmp_path):
    elsewhere = shutil.copy(digits_file, tmp_path / "moved.npz")
    recipe = report.recipe_of(report_of(finished.folder))
    before = contents(finished.folder)
    assert train(recipe, finished.folder, elsewhere).report == report_of(finished.folder)
    assert contents(finished.folder) == before


@pytest.mark.parametrize(
    "more", [["--seed", "1"], ["--recipe", "mlp-sgd"], ["--dropout", "0.1"], ["--data"]]
)
def test_another_run_is_refused_by_the_folder_of_a_finished_one(finished, more, tmp_path, capsys):
    if more == ["--data"]:
        more = ["--data", str(write_digits(tmp_path / "other.npz", train=350, test=80))]
    before = contents(finished.folder)
    assert main([*finished.command, *more]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"train: {finished.folder}: holds another run, which is not over")
    assert error.count("\n") == 1
    assert contents(finished.folder) == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"run": 3}', b"\xff\xfe"])
def test_a_folder_with_a_foreign_report_is_left_alone(content, digits_file, tmp_path):
    (tmp_path / "report.json").write_bytes(content)
    with pytest.raises(OutputError, match="holds another run"):
        train(SMALL, tmp_path, digits_file)
    assert names(tmp_path) == ["report.json"]
    assert (tmp_path / "report.json").read_bytes() == content


@pytest.fixture(scope="module")
def killed(digits_file, tmp_path_factory):
    """Return a command and the folder where a process was killed after its first epoch."""
    folder = tmp_path_factory.mktemp("killed") / "run"
    command = ["--recipe", "mlp-adam", "--data", str(digits_file), "--hidden", "24", "--epochs",
               "16", "--batch-size", "16", "--validation", "60", "--rotation", "10", "--dropout",
               "0.2", "--average", "0.9", "--precision", "bfloat16"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "train", *command, "--out", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        for line in process.stdout:
            if line.startswith("epoch  1/16"):
                os.kill(process.pid, signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    return command, folder


def test_a_process_that_was_killed_leaves_a_state_and_no_result(killed):
    _, folder = killed
    left = [name for name in names(folder) if not name.startswith(".partial-")]
    assert left == ["checkpoint.npz"]


def test_the_state_of_a_killed_run_is_not_taken_up_by_another(killed, capsys):
    command, folder = killed
    before = contents(folder)
    assert main([*command, "--out", str(folder), "--seed", "1"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"train: {folder / 'checkpoint.npz'}: the state of another run; ")
    assert error.count("\n") == 1
    assert contents(folder) == before


def test_after_a_kill_the_same_command_ends_as_if_nothing_had_been(killed, tmp_path, capsys):
    import keras

    command, folder = killed
    resumed, whole = tmp_path / "resumed", tmp_path / "whole"
    shutil.copytree(folder, resumed)
    # As if it had been killed within its staging.
    (resumed / ".partial-x").mkdir()
    (resumed / ".partial-x" / "checkpoint.npz").write_bytes(b"PK")
    assert main([*command, "--out", str(resumed)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert main([*command, "--out", str(whole)]) == 0

    before = [line for line in told if line.endswith("(before)")]
    assert before
    assert before[0].startswith("epoch  1/16")
    assert sum(line.startswith("epoch ") for line in told) == 16
    assert names(resumed) == names(whole) == sorted(["mlp-adam.keras", *REPORTS, *PICTURES])
    first, second = (
        keras.saving.load_model(out / "mlp-adam.keras").get_weights() for out in (resumed, whole)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    reports = []
    for out in (resumed, whole):
        found = report_of(out)
        assert found.pop("seconds") >= 0
        # Keras writes the date into its files.
        assert found["model"].pop("sha256")
        reports.append(found)
    assert reports[0] == reports[1]
    for picture in PICTURES:
        assert (resumed / picture).read_bytes() == (whole / picture).read_bytes()


def test_ctrl_c_is_one_line_and_the_same_command_goes_on(
    digits_file, tmp_path, capsys, monkeypatch
):
    command = ["--recipe", "mlp-adam", "--data", str(digits_file), "--out", str(tmp_path),
               "--hidden", "24", "--epochs", "3", "--validation", "60"]  # fmt: skip
    with monkeypatch.context() as stopped:
        stop_after(stopped, 2, KeyboardInterrupt)
        assert main(command) == 130
    said = capsys.readouterr()
    assert said.err.strip() == "train: stopped; the same command goes on from the last epoch"
    assert names(tmp_path) == ["checkpoint.npz"]
    assert main(command) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert [line.endswith("(before)") for line in lines] == [True, True, False]
    assert "checkpoint.npz" not in names(tmp_path)


def test_convolutional_epochs_are_not_learnt_again_after_a_stop(digits_file, tmp_path, monkeypatch):
    import keras

    recipe = replace(SMALL, hidden=(64, 16), convolutional_epochs=2)
    whole, out = tmp_path / "whole", tmp_path / "stopped"
    train(recipe, whole, digits_file)
    # After the first epoch of the filters, then after the first of the perceptron.
    for lines, left in ((1, STATES[:1]), (3, STATES)):
        with monkeypatch.context() as stopped:
            stop_after(stopped, lines)
            with pytest.raises(Killed):
                train(recipe, out, digits_file)
        assert names(out) == sorted(left)
    said = io.StringIO()
    train(recipe, out, digits_file, progress=said)
    epochs = [line for line in said.getvalue().splitlines() if line.startswith("epoch")]
    assert [line.endswith("(before)") for line in epochs] == [True, True, True, False]
    assert not set(STATES) & set(names(out))
    first, second = (
        keras.saving.load_model(folder / "mlp-adam.keras").get_weights() for folder in (out, whole)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_full_disk_is_one_sentence_and_the_state_before_stays(digits_file, tmp_path, monkeypatch):
    with files_of_at_most(50_000), pytest.raises(OutputError, match="can't be written") as caught:
        train(SMALL, tmp_path, digits_file)
    assert "File too large" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == []

    with monkeypatch.context() as stopped:
        stop_after(stopped, 1)
        with pytest.raises(Killed):
            train(SMALL, tmp_path, digits_file, progress=io.StringIO())
    before = contents(tmp_path)
    with files_of_at_most(50_000), pytest.raises(OutputError, match="can't be written"):
        train(SMALL, tmp_path, digits_file)
    assert contents(tmp_path) == before


def test_a_disk_that_is_full_at_the_end_leaves_the_state_and_nothing_half_written(
    digits_file, tmp_path, monkeypatch
):
    def full(figure, path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr("train.plots.save", full)
        with pytest.raises(OutputError, match="No space left on device"):
            train(SMALL, tmp_path, digits_file)
    assert names(tmp_path) == ["checkpoint.npz"]
    # With room nothing is learnt again.
    said = io.StringIO()
    train(SMALL, tmp_path, digits_file, progress=said)
    lines = [line for line in said.getvalue().splitlines() if line.startswith("epoch")]
    assert all(line.endswith("(before)") for line in lines)
    assert names(tmp_path) == sorted(["mlp-adam.keras", *REPORTS, *PICTURES])


@pytest.mark.parametrize(
    "error", [RuntimeError("Can't decrement id ref count"), OSError("a\nparagraph")]
)
def test_what_hdf5_says_of_a_full_disk_is_one_sentence(error, digits_file, tmp_path, monkeypatch):
    import keras

    right = keras.Model.save

    def save(self, path):
        if path.suffix == ".h5":
            raise error
        right(self, path)

    monkeypatch.setattr(keras.Model, "save", save)
    recipe = replace(SMALL, name="dmlp")
    with pytest.raises(OutputError, match=r"dmlp_trained\.h5: can't be written") as caught:
        train(recipe, tmp_path, digits_file)
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == ["checkpoint.npz"]


def test_keras_does_not_advise_against_the_textbooks_file(digits_file, tmp_path, caplog):
    train(replace(SMALL, name="dmlp", epochs=1), tmp_path, digits_file)
    assert "dmlp_trained.h5" in names(tmp_path)
    assert not caplog.records


def test_an_unwritable_place_is_told_before_anything_else(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"file/out: can't be written"):
        train(SMALL, tmp_path / "file" / "out", tmp_path / "none.npz")


def test_a_fold_leaves_its_figures_and_no_network(digits_file, tmp_path):
    run = train(SMALL, tmp_path, digits_file, fold=Fold(1, 3))
    assert names(tmp_path) == sorted([*REPORTS, *PICTURES])
    assert run.report["data"]["validation"] == {
        "count": 120, "seed": 0, "fold": {"index": 1, "of": 3}
    }  # fmt: skip
    assert run.report["model"] is None


def test_strokes_are_learnt_and_measured_by_the_name_of_their_file(digits_file, tmp_path):
    import keras

    recipe = replace(SMALL, stroke_drawings=2, stroke_bank=2)
    paths = [
        write_handwriting(tmp_path / "pens.json.gz", writers=5, each=1),
        write_handwriting(tmp_path / "tablet.json.gz", writers=4, each=1, seed=1),
    ]
    out, said = tmp_path / "out", io.StringIO()
    run = train(recipe, out, digits_file, paths, progress=said)
    assert "300 images and 50 stroke digits to learn from, 80 kept apart" in said.getvalue()
    assert [each["name"] for each in run.report["strokes"]] == ["pens.json.gz", "tablet.json.gz"]
    assert [each["path"] for each in run.report["strokes"]] == list(map(str, paths))
    network = keras.saving.load_model(out / "mlp-adam.keras")
    material = gather(recipe, digits_file, paths)
    assert run.report["errors"] == {
        side: {name: counted(network, examples) for name, examples in sets.items()}
        for side, sets in (("validation", material.validation), ("test", material.test))
    }
    assert list(run.report["errors"]["test"]) == ["mnist", "pens", "tablet"]


def test_colours_are_learnt_by_a_recipe_of_theirs(tmp_path):
    path = write_colours(tmp_path / "colours.npz")
    recipe = replace(
        RECIPES["dmlp-cifar10-norm"], hidden=(24,), epochs=2, batch_size=32, learning_rate=0.005
    )
    run = train(recipe, tmp_path / "out", path)
    assert run.report["architecture"] == "3072-24-10 relu"
    assert run.report["data"]["validation"]["count"] == 30
    assert list(run.report["errors"]["test"]) == ["cifar10"]
    assert names(tmp_path / "out") == sorted(["dmlp-cifar10-norm.keras", *REPORTS, *PICTURES])


def test_a_network_that_learnt_in_bfloat16_is_saved_in_float32(digits_file, tmp_path):
    import keras

    train(replace(SMALL, epochs=1, precision="bfloat16"), tmp_path, digits_file)
    network = keras.saving.load_model(tmp_path / "mlp-adam.keras")
    assert {layer.compute_dtype for layer in network.layers} == {"float32"}


def test_a_finished_run_is_loaded_with_its_model(finished):
    run, model = load(finished.folder)
    assert run.report == report_of(finished.folder)
    assert [asdict(epoch) for epoch in run.history] == run.report["epochs"]
    assert model.count_params() == run.report["weights"]


def test_a_folder_without_a_finished_run_is_one_sentence(finished, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(finished.folder, folder)
    with pytest.raises(DataError, match="no such file; train first"):
        load(tmp_path)
    (folder / "dmlp.keras").write_bytes(b"another")
    with pytest.raises(DataError, match=r"not the model that report\.json describes"):
        load(folder)
    (folder / "dmlp.keras").unlink()
    with pytest.raises(DataError, match=r"dmlp\.keras: no such file"):
        load(folder)
    for content in ("", "[]", "{}", '{"model": null}'):
        (folder / "report.json").write_text(content)
        with pytest.raises(DataError, match="not the report of a run with a model"):
            load(folder)


def test_a_damaged_state_is_one_sentence_and_is_left_to_be_looked_at(digits_file, tmp_path):
    (tmp_path / "checkpoint.npz").write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match="remove it to start anew"):
        train(SMALL, tmp_path, digits_file)
    assert names(tmp_path) == ["checkpoint.npz"]


def test_extra_digits_are_learnt_from_and_told_and_make_another_run(digits_file, tmp_path, capsys):
    extra = tmp_path / "reviewed.npz"
    with np.load(digits_file) as arrays:
        np.savez(extra, images=arrays["x_test"][:40], labels=arrays["y_test"][:40])
    out = tmp_path / "run"
    command = ["--recipe", "mlp-adam", "--data", str(digits_file), "--out", str(out), *QUICK]
    assert main([*command, "--extra", str(extra)]) == 0
    assert "40 extra digits to learn from" in capsys.readouterr().out
    told = report_of(out)
    assert told["extra"] == [
        {
            "path": str(extra),
            "name": "reviewed.npz",
            "sha256": hashlib.sha256(extra.read_bytes()).hexdigest(),
            "digits": 40,
        }
    ]
    assert set(told["errors"]["test"]) == set(told["errors"]["validation"]) == {"mnist"}
    # The same run is known again; without the extra digits it is another.
    assert main([*command, "--extra", str(extra)]) == 0
    assert "has finished before" in capsys.readouterr().out
    assert main(command) == 1
    assert "holds another run" in capsys.readouterr().err


def test_a_bad_file_of_extra_digits_is_one_line(digits_file, tmp_path, capsys):
    command = ["--recipe", "mlp-adam", "--data", str(digits_file), "--out", str(tmp_path), *QUICK]
    assert main([*command, "--extra", str(tmp_path / "nowhere.npz")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "nowhere.npz" in said
    assert "--extra" in said
