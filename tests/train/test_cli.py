from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from tests.train.synthetic import write_digits
from train.cli import main
from train.recipe import Recipe

QUICK = ["--epochs", "1", "--holdout", "50", "--batch-size", "128"]


@pytest.fixture(scope="module")
def npz(tmp_path_factory):
    return write_digits(tmp_path_factory.mktemp("data") / "digits.npz", train=300, test=60)


def one_line(capsys):
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1, captured.err
    assert "Traceback" not in captured.err
    return captured.err


def test_a_run_writes_a_model_and_a_report_that_describes_it(npz, tmp_path, capsys):
    out = tmp_path / "build"
    assert main(["--data", str(npz), "--out", str(out), "--seed", "7", *QUICK]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["postcode.keras", "report.json"]

    report = json.loads((out / "report.json").read_text())
    model = (out / "postcode.keras").read_bytes()
    assert report["model"]["sha256"] == hashlib.sha256(model).hexdigest()
    assert report["architecture"] == "784-1024-512-512-10 relu"
    assert report["recipe"]["seed"] == 7
    assert set(report["recipe"]) == set(asdict(Recipe()))
    assert report["data"] == {
        "path": str(npz),
        "name": "digits.npz",
        "sha256": hashlib.sha256(npz.read_bytes()).hexdigest(),
        "train": 250,
        "holdout": {"count": 50, "seed": 0},
        "test": 60,
    }
    assert len(report["epochs"]) == 1
    assert {name: count["of"] for name, count in report["errors"].items()} == {
        "holdout": 50,
        "test": 60,
    }
    assert set(report["versions"]) == {"python", "numpy", "tensorflow", "keras"}
    assert "epoch 1/1" in capsys.readouterr().out


def test_the_written_model_gives_the_reported_errors_and_carries_no_optimizer(npz, tmp_path):
    import keras

    from train.data import load
    from train.network import count_errors

    main(["--data", str(npz), "--out", str(tmp_path), *QUICK])
    network = keras.saving.load_model(tmp_path / "postcode.keras")
    test = load(npz).test
    report = json.loads((tmp_path / "report.json").read_text())
    assert count_errors(network, test.images, test.labels) == report["errors"]["test"]["errors"]
    assert getattr(network, "optimizer", None) is None


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


def test_too_many_held_out_is_one_line(npz, tmp_path, capsys):
    assert main(["--data", str(npz), "--out", str(tmp_path), "--holdout", "300"]) == 1
    assert "smaller --holdout" in one_line(capsys)


def test_debug_shows_where_an_error_came_from(tmp_path):
    with pytest.raises(ValueError, match="no such file"):
        main(["--data", str(tmp_path / "none.npz"), "--out", str(tmp_path), "--debug"])


@pytest.mark.parametrize(
    "arguments",
    [["--epochs", "0"], ["--epochs", "x"], ["--scale", "2"], ["--nonsense"], ["--seed", "-1"]],
)
def test_wrong_usage_leaves_with_2(arguments, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--out", str(tmp_path)])
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_ctrl_c_is_one_line_and_leaves_the_earlier_files(npz, tmp_path, capsys, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    (tmp_path / "postcode.keras").write_text("earlier")
    monkeypatch.setattr("train.fit.fit", interrupt)
    assert main(["--data", str(npz), "--out", str(tmp_path), *QUICK]) == 130
    assert capsys.readouterr().err.strip() == "train: stopped; nothing was written"
    assert [path.name for path in tmp_path.iterdir()] == ["postcode.keras"]
    assert (tmp_path / "postcode.keras").read_text() == "earlier"


def test_help_names_every_number_with_its_default_and_needs_no_tensorflow():
    code = (
        "import sys\n"
        "from train.cli import main\n"
        "try:\n    main(['--help'])\n"
        "finally:\n    assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    for flag in ("--data", "--out", "--epochs", "--learning-rate", "--rotation", "--debug"):
        assert flag in run.stdout
    assert f"(default: {Recipe().learning_rate})" in run.stdout
