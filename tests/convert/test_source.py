from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import pytest

from convert.errors import SourceError
from convert.source import find_digits, load_source, predict
from tests.convert.conftest import MIXED, RECIPE
from tests.train.synthetic import write_digits, write_handwriting
from train.errors import DataError
from train.material import gather
from train.recipes import DEFAULT, RECIPES


def saved(model, path):
    model.save(path)
    return path


def sequential(*layers):
    import keras

    return keras.Sequential(list(layers))


def test_a_trained_model_is_loaded_with_its_training(build, digits_file):
    source = load_source(build / "postcode.keras")
    assert source.training.data_path == digits_file
    assert source.training.recipe == source.recipe == RECIPE
    assert source.training.strokes == {}


def test_a_mixed_model_is_loaded_with_its_strokes(mixed, pens_file):
    source = load_source(mixed / "postcode.keras")
    assert source.recipe == MIXED
    assert source.training.strokes == {
        hashlib.sha256(pens_file.read_bytes()).hexdigest(): pens_file
    }


def test_the_digits_of_the_training_are_found_and_divided_as_then(build):
    from train import data

    material = find_digits(load_source(build / "postcode.keras"), None)
    dataset = data.load("mnist", material.dataset.path)
    learnt, held = data.hold_out(dataset.train, 300, RECIPE.validation_seed)
    assert np.array_equal(material.learnt.images, learnt.images)
    assert np.array_equal(material.validation["mnist"].images, held.images)
    assert np.array_equal(material.test["mnist"].images, dataset.test.images)


def test_the_strokes_of_the_training_are_found_and_divided_as_then(mixed, digits_file, pens_file):
    material = find_digits(load_source(mixed / "postcode.keras"), None)
    then = gather(MIXED, digits_file, [pens_file])
    assert list(material.validation) == ["mnist", "pendigits_strokes"]
    for side in ("validation", "test"):
        for name, digits in getattr(then, side).items():
            assert np.array_equal(getattr(material, side)[name].images, digits.images)
    writers = [
        {digit.writer for digit in side}
        for side in (material.strokes[0].learnt, material.strokes[0].validation,
                     material.strokes[0].test)
    ]  # fmt: skip
    assert sum(map(len, writers)) == len(set().union(*writers)) == 8


def test_strokes_that_have_moved_are_asked_for_and_taken_where_they_are(mixed, pens_file, tmp_path):
    report = json.loads((mixed / "report.json").read_text())
    report["strokes"][0]["path"] = str(tmp_path / "gone.json.gz")
    (mixed / "report.json").write_text(json.dumps(report))
    source = load_source(mixed / "postcode.keras")
    with pytest.raises(DataError, match=r"gone\.json\.gz: no such file of pen strokes"):
        find_digits(source, None)
    moved = shutil.copy(pens_file, tmp_path / "pendigits_strokes.json.gz")
    material = find_digits(source, None, [moved])
    assert material.strokes[0].source.path == moved
    assert len(material.validation["pendigits_strokes"]) == 30


def test_other_strokes_than_those_of_the_training_are_refused(mixed, pens_file, tmp_path):
    source = load_source(mixed / "postcode.keras")
    other = write_handwriting(tmp_path / "pendigits_strokes.json.gz", writers=8, each=3, seed=1)
    more = write_handwriting(tmp_path / "more.json.gz", writers=4, each=1, seed=2)
    for paths in ([other], [pens_file, more]):
        with pytest.raises(DataError, match=r"strokes are not|stroke sets are not") as caught:
            find_digits(source, None, paths)
        assert "pass those with --strokes" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_strokes_are_refused_for_a_model_that_learnt_none(build, pens_file):
    source = load_source(build / "postcode.keras")
    with pytest.raises(DataError, match="leave --strokes out"):
        find_digits(source, None, [pens_file])


def test_a_model_without_its_own_report_is_not_said_to_have_left_digits_out(build, digits_file):
    shutil.move(build / "postcode.keras", build / "postcode2.keras")
    report = json.loads((build / "report.json").read_text())
    report["model"]["sha256"] = "0" * 64
    (build / "report.json").write_text(json.dumps(report))
    source = load_source(build / "postcode2.keras")
    assert source.training is None
    material = find_digits(source, digits_file)
    # A quarter at most.
    assert len(material.validation["mnist"]) == 250
    assert len(material.learnt) == 750


def test_a_model_without_a_report_is_measured_on_the_strokes_that_are_given(
    build, digits_file, pens_file
):
    (build / "report.json").unlink()
    source = load_source(build / "postcode.keras")
    assert source.recipe == RECIPES[DEFAULT]
    assert list(find_digits(source, digits_file, [pens_file]).test) == (
        ["mnist", "pendigits_strokes"]
    )


def test_other_digits_than_those_of_the_training_are_refused(build, tmp_path):
    other = write_digits(tmp_path / "other.npz", train=900, test=100)
    with pytest.raises(DataError, match=r"not the digits that postcode\.keras was trained on"):
        find_digits(load_source(build / "postcode.keras"), other)


def test_digits_that_have_moved_are_taken_from_keras_or_asked_for(build, tmp_path, monkeypatch):
    import keras

    report = json.loads((build / "report.json").read_text())
    original = report["data"]["path"]
    report["data"]["path"] = str(tmp_path / "gone.npz")
    (build / "report.json").write_text(json.dumps(report))
    source = load_source(build / "postcode.keras")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: 1 / 0)
    with pytest.raises(DataError, match="pass --data"):
        find_digits(source, None)

    (tmp_path / "datasets").mkdir()
    shutil.copy(original, tmp_path / "datasets" / "mnist.npz")
    assert len(find_digits(source, None).validation["mnist"]) == 300


@pytest.mark.parametrize("content", ["", "{", "[]", '{"model": {}}', '{"model": 3}'])
def test_a_damaged_report_is_one_sentence(build, content):
    (build / "report.json").write_text(content)
    with pytest.raises(SourceError, match="not a training report"):
        load_source(build / "postcode.keras")


@pytest.mark.parametrize(
    "damage",
    [
        {"recipe": None},
        {"data": None},
        {"data": {"path": 3, "sha256": ""}},
        {"strokes": [{"path": "x"}]},
        {"strokes": None},
        {"recipe": {"holdout": 300, "epochs": 8}},
    ],
)
def test_a_report_of_this_model_that_describes_nothing_is_one_sentence(build, damage):
    report = json.loads((build / "report.json").read_text()) | damage
    (build / "report.json").write_text(json.dumps(report))
    with pytest.raises(SourceError, match="not a training report") as caught:
        load_source(build / "postcode.keras")
    assert "\n" not in str(caught.value)


def test_a_model_that_learnt_no_digits_is_refused(build):
    report = json.loads((build / "report.json").read_text())
    report["recipe"]["dataset"] = "cifar10"
    (build / "report.json").write_text(json.dumps(report))
    with pytest.raises(SourceError, match="it was trained on cifar10"):
        load_source(build / "postcode.keras")


def test_missing_foreign_and_damaged_files_are_one_sentence_each(build, tmp_path):
    good = (build / "postcode.keras").read_bytes()
    (tmp_path / "text.keras").write_text("hello")
    (tmp_path / "empty.keras").write_bytes(b"")
    (tmp_path / "half.keras").write_bytes(good[: len(good) // 2])
    (tmp_path / "text.h5").write_text("hello")
    (tmp_path / "model.onnx").write_bytes(good)
    for name, said in (
        ("none.keras", "no such file"),
        ("", "can't be read"),
        ("text.keras", "not a Keras model, or a truncated one"),
        ("empty.keras", "not a Keras model"),
        ("half.keras", "not a Keras model, or a truncated one"),
        ("text.h5", "not a Keras model"),
        ("model.onnx", r"ends in \.keras or \.h5"),
    ):
        with pytest.raises(SourceError, match=said) as caught:
            load_source(tmp_path / name)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 400


def test_a_model_of_something_else_is_told_by_its_shapes(tmp_path):
    from keras import Input, layers

    path = tmp_path / "other.keras"
    for model in (
        sequential(Input((100,)), layers.Dense(10)),
        sequential(Input((784,)), layers.Dense(26)),
        sequential(Input((32, 32, 3)), layers.Flatten(), layers.Dense(10)),
    ):
        with pytest.raises(SourceError, match="not a digit model"):
            load_source(saved(model, path))


def test_weights_that_are_not_finite_are_refused(tmp_path):
    from keras import Input, layers

    model = sequential(Input((784,)), layers.Dense(10, name="last"))
    model.layers[-1].bias.assign([np.nan] + [0.0] * 9)
    with pytest.raises(SourceError, match=r"last.*not all finite"):
        load_source(saved(model, tmp_path / "nan.keras"))


def test_an_h5_file_as_the_textbook_saves_it_is_loaded(tmp_path):
    from keras import Input, layers

    model = sequential(
        Input((784,)), layers.Dense(16, activation="tanh"), layers.Dense(10, activation="softmax")
    )
    path = tmp_path / "dmlp_trained.h5"
    model.save(path)
    source = load_source(path)
    digits = np.zeros((3, 28, 28), np.uint8)
    assert predict(source.model, digits).sum(axis=1) == pytest.approx(1)


def test_a_layer_that_keras_does_not_know_is_named(tmp_path):
    import keras

    class Wobble(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2

    model = sequential(keras.Input((784,)), Wobble(), keras.layers.Dense(10))
    for name in ("own.keras", "own.h5"):
        with pytest.raises(SourceError, match=r"does not know, Wobble;.*SavedModel") as caught:
            load_source(saved(model, tmp_path / name))
        assert "\n" not in str(caught.value)


def test_three_outputs_are_refused(tmp_path):
    import keras

    pixels = keras.Input((784,))
    scores = [keras.layers.Dense(10)(pixels) for _ in range(3)]
    path = saved(keras.Model(pixels, scores), tmp_path / "three.keras")
    with pytest.raises(SourceError, match="not a digit model"):
        load_source(path)


def test_an_h5_file_of_keras_2_is_loaded(tmp_path):
    """As Keras 2.10 lays it out: `batch_input_shape`, flat initialisers, an old optimiser."""
    import h5py

    rng = np.random.default_rng(0)
    kernels = [rng.normal(0, 0.1, shape).astype("f4") for shape in ((784, 12), (12, 10))]
    biases = [rng.normal(0, 0.1, n).astype("f4") for n in (12, 10)]

    def dense(name, units, activation, **more):
        initial = {"class_name": "RandomUniform", "config": {"minval": -1, "maxval": 1,
                                                             "seed": None}}  # fmt: skip
        config = {"name": name, "trainable": True, "dtype": "float32", "units": units,
                  "activation": activation, "use_bias": True, "kernel_initializer": initial,
                  "bias_initializer": {"class_name": "Zeros", "config": {}},
                  "kernel_regularizer": None, "bias_regularizer": None,
                  "activity_regularizer": None, "kernel_constraint": None,
                  "bias_constraint": None}  # fmt: skip
        return {"class_name": "Dense", "config": more | config}

    layers = [
        {"class_name": "InputLayer",
         "config": {"batch_input_shape": [None, 784], "dtype": "float32", "sparse": False,
                    "ragged": False, "name": "dense_input"}},
        dense("dense", 12, "tanh", batch_input_shape=[None, 784]),
        dense("dense_1", 10, "softmax"),
    ]  # fmt: skip
    path = tmp_path / "dmlp_trained.h5"
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.10.0", "tensorflow"
        config = {"name": "sequential", "layers": layers}
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": config})
        optimizer = {"class_name": "Adam", "config": {"name": "Adam", "learning_rate": 0.001}}
        file.attrs["training_config"] = json.dumps(
            {"loss": "mse", "metrics": ["accuracy"], "optimizer_config": optimizer}
        )
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"dense", b"dense_1"]
        weights.attrs["keras_version"], weights.attrs["backend"] = "2.10.0", "tensorflow"
        for name, kernel, bias in zip(("dense", "dense_1"), kernels, biases, strict=True):
            group = weights.create_group(name)
            names = [f"{name}/kernel:0", f"{name}/bias:0"]
            group.attrs["weight_names"] = [each.encode() for each in names]
            for each, array in zip(names, (kernel, bias), strict=True):
                group.create_dataset(each, data=array)
    digits = rng.integers(0, 256, (5, 28, 28), np.uint8)
    hidden = np.tanh(digits.reshape(5, 784) / 255 @ kernels[0] + biases[0])
    scores = np.exp(hidden @ kernels[1] + biases[1])
    got = predict(load_source(path).model, digits)
    assert got == pytest.approx(scores / scores.sum(axis=1, keepdims=True), abs=1e-5)
