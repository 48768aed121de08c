"""A run that is killed, stopped, or has no more room goes on where it was."""

from __future__ import annotations

import contextlib
import errno
import io
import itertools
import os
import resource
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from edge.errors import OutputError
from tests.conftest import ROOT
from tests.train.folders import PICTURES, REPORTS, SMALL, contents, names, report_of
from train.cli import main
from train.errors import CheckpointError
from train.progress import Progress
from train.run import STATES, train


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


def test_a_damaged_state_is_one_sentence_and_is_left_to_be_looked_at(digits_file, tmp_path):
    (tmp_path / "checkpoint.npz").write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match="remove it to start anew"):
        train(SMALL, tmp_path, digits_file)
    assert names(tmp_path) == ["checkpoint.npz"]
