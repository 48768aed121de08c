"""The trials of a search on a Ray cluster of this machine."""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
import sys
from collections import Counter

import pytest

from edge.errors import PackageMissingError
from tests.conftest import ROOT
from tests.nodes import Nodes, short_folder
from tests.train.synthetic import write_digits
from train.cli import main
from train.fit import Epoch

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None,
    reason="ray, which runs the cluster, is not installed",
)
CALL = ["search", "--recipe", "dmlp", "--hidden", "16", "--epochs", "2", "--batch-size", "32",
        "--validation", "100", "--vary", "learning_rate,dropout"]  # fmt: skip


@pytest.fixture(scope="module")
def npz(tmp_path_factory):
    return write_digits(tmp_path_factory.mktemp("data") / "digits.npz", train=292, test=20)


@needs_ray
def test_a_search_on_a_cluster_that_is_stopped_goes_on_there_and_here(npz, tmp_path):
    def start(trials, *more):
        return subprocess.Popen(
            [sys.executable, "-m", "train", *CALL, "--trials", str(trials), *more,
             "--data", npz, "--out", tmp_path / "out"],
            cwd=ROOT, env=nodes.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            # What is started in the background of a shell would not hear of Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip

    with short_folder() as folder, Nodes(2, folder) as nodes:
        first = start(9, "--cluster", nodes.address)
        assert first.stdout.readline().startswith("1/9  trial "), first.stderr.read()
        first.send_signal(signal.SIGINT)
        out, err = first.communicate()
        made = 1 + len(out.splitlines())
        assert made < 9
        assert first.returncode == 130
        assert err == "\ntrain: stopped; the trials before are kept, and the same command goes on\n"

        # The one that runs on this machine.
        second = start(made + 2, "--cluster", "auto")
        out, err = second.communicate()
        assert (second.returncode, err) == (0, "")
        assert out.splitlines()[0] == f"made before: {made} of {made + 2} trials"
    found = json.loads((tmp_path / "out" / "search.json").read_text())
    states = Counter(trial["state"] for trial in found["trials"])
    assert states["complete"] == made + 2
    # At most one for each node was on its way when it was stopped.
    assert states["failed"] <= 2
    complete = [trial for trial in found["trials"] if trial["state"] == "complete"]
    assert {trial["epochs"] for trial in complete} == {2}
    assert len({tuple(trial["values"].values()) for trial in complete}) == made + 2
    assert all(trial["validation_loss"] > 0 for trial in complete)
    best = max(complete, key=lambda trial: trial["validation_accuracy"])
    assert found["trials"][found["best"]]["validation_accuracy"] == best["validation_accuracy"]
    assert (tmp_path / "out" / "search.png").stat().st_size > 0

    # It is the same search as without a cluster, which finds nothing left to do.
    assert main([*CALL, "--trials", str(made), "--data", str(npz), "--out",
                 str(tmp_path / "out")]) == 0  # fmt: skip


@needs_ray
@pytest.mark.parametrize(
    ("address", "told"),
    [("127.0.0.1:9", "no cluster at 127.0.0.1:9"), ("nonsense", "is no cluster's address")],
)
def test_an_address_where_nothing_answers_is_one_sentence(npz, tmp_path, capsys, address, told):
    call = [*CALL, "--trials", "1", "--data", str(npz), "--out", str(tmp_path)]
    assert main([*call, "--cluster", address]) == 1
    err = capsys.readouterr().err
    assert told in err
    assert len(err.splitlines()) == 1


def test_without_ray_it_says_what_to_install(npz, tmp_path, monkeypatch):
    from train.recipes import RECIPES
    from train.search import search

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(PackageMissingError, match="pip install 'fivebox\\[cluster\\]'"):
        search(RECIPES["dmlp"], ["dropout"], 1, tmp_path, npz, cluster="auto")


def test_a_trial_reports_what_its_network_would_be_if_it_ended_now():
    from dataclasses import replace

    from train.attempt import kept
    from train.recipes import RECIPES

    history = [Epoch(1, 1.0, 0.5, 0.9, 0.6), Epoch(2, 1.0, 0.5, 0.7, 0.7)]
    history.append(Epoch(3, 1.0, 0.5, 0.8, 0.8))
    assert kept(history, RECIPES["dmlp"]).epoch == 3
    assert kept(history, replace(RECIPES["dmlp"], patience=2)).epoch == 2
