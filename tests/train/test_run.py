from __future__ import annotations

import hashlib
import io
import shutil
from dataclasses import asdict, replace

import numpy as np
import pytest

from edge.errors import OutputError
from tests.train.conftest import QUICK
from tests.train.folders import PICTURES, REPORTS, SMALL, contents, names, report_of
from tests.train.synthetic import write_colours, write_digits, write_handwriting
from train import data, report
from train.cli import main
from train.errors import DataError
from train.material import Fold, gather
from train.network import to_pixels
from train.recipes import RECIPES
from train.run import load, train


def counted(network, examples):
    found = np.asarray(network(to_pixels(examples.images))).argmax(axis=1)
    return {"errors": int((found != examples.labels).sum()), "of": len(examples)}


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
