from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from convert.convert import convert
from convert.errors import SourceError
from convert.flatbuffer import read_flatbuffer
from convert.source import load_source, predict
from convert.tflite import to_tflite
from convert.variants import Options
from edge.classifier import Classifier
from tests.convert.conftest import RECIPE
from tests.train.synthetic import GENTLY, draw_digits
from train.data import Examples


def network(*layers, shape=(784,)):
    import keras

    keras.utils.set_random_seed(4)
    return keras.Sequential([keras.Input(shape), *layers, keras.layers.Dense(10, "softmax")])


def exported(model, path):
    model.export(path, verbose=False)
    return path


@pytest.fixture(scope="module")
def digits():
    return Examples(*draw_digits(200, seed=3))


@pytest.mark.parametrize("kind", ["relu", "swish", "leaky", "norm", "picture", "sigmoid"])
def test_a_folder_computes_what_its_model_did(kind, tmp_path, digits):
    from keras import layers

    model = {
        "relu": lambda: network(layers.Dense(16, "relu"), layers.Dropout(0.2)),
        "swish": lambda: network(layers.Dense(16), layers.Activation("silu")),
        "leaky": lambda: network(layers.Dense(16), layers.LeakyReLU(0.2)),
        "norm": lambda: network(layers.Dense(16), layers.BatchNormalization(), layers.ReLU()),
        "picture": lambda: network(layers.Flatten(), layers.Dense(16, "tanh"), shape=(28, 28, 1)),
        "sigmoid": lambda: network(layers.Dense(16, "sigmoid")),
    }[kind]()
    source = load_source(exported(model, tmp_path / "folder"))
    assert source.ranged is None
    expected = predict(model, digits.images)
    assert predict(source.model, digits.images) == pytest.approx(expected, abs=1e-5)


def test_a_folder_is_converted_as_its_keras_file_is(build, tmp_path, digits_file):
    model = load_source(build / "postcode.keras").model
    folder = exported(model, tmp_path / "folder")
    made = convert(folder, tmp_path / "m.tflite", "int8", digits_file)
    assert made.card.architecture == "784-64-32-10 relu"
    assert made.card.training["model"]["file"] == "folder"
    assert Classifier(made.path).card.sha256 == made.card.sha256


def ranges_of(content):
    """Return the scales of what the layers put out."""
    flat = read_flatbuffer(content, "m")
    return [
        flat.tensors[operator.outputs[0]].scales[0]
        for operator in flat.operators
        if operator.name == "FULLY_CONNECTED"
    ]


def rounded_network(bits=8):
    from train.network import build as build_network
    from train.quantize import build_rounded

    recipe = replace(RECIPE, hidden=(24, 16))
    weights = build_network(recipe, (28, 28)).get_weights()
    rounded = build_rounded(recipe, (28, 28), bits, weights)
    for name, high in (("rounded_1", 3.0), ("rounded_2", 5.0)):
        rounded.get_layer(name).high.assign(high)
    return rounded


def test_a_network_that_was_quantised_in_training_keeps_its_ranges(tmp_path, digits):
    source = load_source(exported(rounded_network(), tmp_path / "folder"))
    first, second, _ = ranges_of(to_tflite(source.model_for("int8"), "int8", digits, GENTLY))
    assert first == pytest.approx(3 / 255, rel=1e-4)
    assert second == pytest.approx(5 / 255, rel=1e-4)
    # Of digits alone the ranges would be others.
    plain = ranges_of(to_tflite(source.model, "int8", digits, GENTLY))
    assert plain[:2] != pytest.approx([3 / 255, 5 / 255], rel=0.01)


def test_its_weights_are_those_that_training_rounded(tmp_path):
    from train.quantize import plain_weights

    rounded = rounded_network()
    source = load_source(exported(rounded, tmp_path / "folder"))
    for got, expected in zip(source.model.get_weights(), plain_weights(rounded), strict=True):
        assert got == pytest.approx(expected, abs=1e-6)
    assert not source.per_layer


def test_a_float_variant_of_it_has_no_rounding_left(tmp_path, digits):
    source = load_source(exported(rounded_network(), tmp_path / "folder"))
    flat = read_flatbuffer(to_tflite(source.model_for("none"), "none", digits, GENTLY), "m")
    assert set(flat.versions()) == {"FULLY_CONNECTED", "SOFTMAX"}


def test_folders_that_are_none_are_one_sentence_each(tmp_path, capfd):
    from keras import layers

    (tmp_path / "empty").mkdir()
    damaged = exported(network(layers.Dense(8, "relu")), tmp_path / "damaged")
    content = (damaged / "saved_model.pb").read_bytes()
    (damaged / "saved_model.pb").write_bytes(content[: len(content) // 2])
    convolution = network(layers.Conv2D(2, 5), layers.Flatten(), shape=(28, 28, 1))
    letters = network(layers.Dense(8, "relu"), shape=(100,))
    for path, said in (
        (tmp_path / "empty", "no saved_model.pb"),
        (damaged, "not a SavedModel, or a damaged one"),
        (exported(convolution, tmp_path / "cnn"), "operator CONV_2D"),
        (exported(letters, tmp_path / "letters"), "not a digit model"),
    ):
        with pytest.raises(SourceError, match=said) as caught:
            load_source(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["uint8", "float32"])
@pytest.mark.parametrize("quantization", ["none", "float16", "dynamic", "int8", "int4"])
def test_both_kinds_of_pixels_go_in_and_come_to_the_same(kind, quantization, tmp_path, digits):
    from keras import layers

    model = network(layers.Dense(16, "relu"))
    path = tmp_path / "m.tflite"
    path.write_bytes(to_tflite(model, quantization, digits, GENTLY, Options(input=kind)))
    flat = read_flatbuffer(path.read_bytes(), "m")
    assert flat.tensors[flat.inputs[0]].dtype == kind.upper()
    got = Classifier(path).probabilities(digits.images)
    atol = {"none": 1e-5, "float16": 1e-3, "int4": 0.2}.get(quantization, 0.03)
    assert got == pytest.approx(predict(model, digits.images), abs=atol)
    assert np.abs(got.sum(axis=1) - 1).max() < 1e-5
