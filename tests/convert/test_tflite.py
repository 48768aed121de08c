from __future__ import annotations

import numpy as np
import pytest

from convert.source import find_digits, load_source, predict, to_pixels
from convert.tflite import QUANTIZATIONS, to_tflite, without_softmax
from convert.verify import run
from edge.classifier import Classifier, softmax
from edge.interpreter import make_interpreter
from tests.train.synthetic import GENTLY, draw_digits


@pytest.fixture(scope="module")
def source(trained_once):
    return load_source(trained_once / "postcode.keras")


@pytest.fixture(scope="module")
def learnt(source):
    return find_digits(source, None).learnt


@pytest.fixture(scope="module")
def int8(source, learnt):
    return to_tflite(source.model, "int8", learnt, GENTLY)


def allocated(content):
    interpreter = make_interpreter(content, "test")
    interpreter.allocate_tensors()
    return interpreter


def test_int8_takes_pixels_as_they_are_and_gives_int8_logits(int8):
    interpreter = allocated(int8)
    (pixels,), (logits,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert pixels["dtype"] == np.uint8
    assert pixels["quantization"] == (pytest.approx(1 / 255, rel=1e-5), 0)
    assert logits["dtype"] == np.int8
    # Logits reach far beyond 1, which probabilities can't.
    assert logits["quantization"][0] * 127 > 1


def test_int8_weights_have_a_scale_per_unit_and_nothing_is_float(int8):
    details = allocated(int8).get_tensor_details()
    assert np.float32 not in {tensor["dtype"] for tensor in details}
    weights = [
        tensor
        for tensor in details
        if tensor["dtype"] == np.int8 and tuple(tensor["shape"]) in {(64, 784), (32, 64), (10, 32)}
    ]
    scales = sorted(len(tensor["quantization_parameters"]["scales"]) for tensor in weights)
    assert scales == [10, 32, 64]


@pytest.mark.parametrize("quantization", list(QUANTIZATIONS))
def test_every_quantisation_agrees_with_keras(source, learnt, tmp_path, quantization):
    path = tmp_path / "m.tflite"
    path.write_bytes(to_tflite(source.model, quantization, learnt, GENTLY))
    digits, labels = draw_digits(300, seed=9)
    expected = predict(source.model, digits)
    got = softmax(run(Classifier(path), digits))
    assert (expected.argmax(axis=1) == labels).mean() > 0.95
    assert (got.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.97
    tolerance = {"none": 1e-4, "float16": 0.01, "int4": 0.5}.get(quantization, 0.2)
    assert np.abs(got - expected).max() < tolerance


def test_smaller_quantisations_make_smaller_files(source, learnt):
    sizes = {
        quantization: len(to_tflite(source.model, quantization, learnt, GENTLY))
        for quantization in QUANTIZATIONS
    }
    assert sizes["none"] > 1.8 * sizes["float16"] > 1.8 * 1.7 * sizes["int8"]
    assert sizes["none"] > 3.5 * sizes["dynamic"]
    assert sizes["dynamic"] > 1.7 * sizes["int4"]


@pytest.mark.parametrize("quantization", list(QUANTIZATIONS))
def test_the_same_model_gives_the_same_bytes(source, learnt, quantization):
    first, again = (to_tflite(source.model, quantization, learnt, GENTLY) for _ in range(2))
    assert first == again


def test_the_converter_prints_nothing(source, learnt, capfd):
    to_tflite(source.model, "int8", learnt, GENTLY)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "fully_quantize" not in captured.err


@pytest.mark.parametrize("ending", ["layer", "activation layer", "activation", "none"])
def test_the_softmax_is_cut_off_in_whatever_form_it_comes(ending):
    import keras
    from keras import layers

    pixels = keras.Input((784,))
    last = layers.Dense(10, activation="softmax" if ending == "activation" else None)
    scores = last(pixels)
    last.bias.assign(np.arange(10) / 10)
    if ending == "layer":
        scores = layers.Softmax()(scores)
    elif ending == "activation layer":
        scores = layers.Activation("softmax")(scores)
    model = keras.Model(pixels, scores)

    images = to_pixels(draw_digits(20, seed=0)[0], (None, 784))
    logits = without_softmax(model).predict(images, verbose=0)
    weights, bias = last.get_weights()
    assert logits == pytest.approx(images @ weights + bias, abs=1e-4)


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1)])
@pytest.mark.parametrize("quantization", list(QUANTIZATIONS))
def test_models_that_take_images_are_converted_too(shape, quantization, learnt, tmp_path):
    import keras
    from keras import layers

    model = keras.Sequential(
        [keras.Input(shape), layers.Flatten(), layers.Dense(10, activation="softmax")]
    )
    path = tmp_path / "m.tflite"
    path.write_bytes(to_tflite(model, quantization, learnt, GENTLY))
    digits, _ = draw_digits(30, seed=9)
    got = softmax(run(Classifier(path), digits))
    assert got == pytest.approx(predict(model, digits), abs=0.05)
