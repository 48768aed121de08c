"""Ways in which a file that looks right is wrong, each seen; the converter must not fall back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convert import runtimes
from convert.convert import convert
from convert.errors import ConversionError
from convert.flatbuffer import read_flatbuffer
from convert.source import find_digits, load_source
from convert.tflite import to_tflite
from convert.variants import VARIANTS, Options
from convert.verify import run
from edge.classifier import Classifier
from edge.interpreter import RUNTIMES, make_interpreter
from tests.train.synthetic import GENTLY

# An int8 file of 784-24-16-10 as `to_tflite` made it, 400 drawn digits, and the int8 logits that
# LiteRT 2.3 gave of them on x86-64.
GOLDEN = Path(__file__).parent / "golden.npz"


@pytest.fixture(scope="module")
def source(trained_once):
    return load_source(trained_once / "postcode.keras")


@pytest.fixture(scope="module")
def learnt(source):
    return find_digits(source, None).learnt


def made(source, learnt, quantization, **options):
    content = to_tflite(source.model, quantization, learnt, GENTLY, Options(**options))
    return read_flatbuffer(content, "test")


@pytest.mark.parametrize("quantization", list(VARIANTS))
def test_the_weights_are_in_the_file(source, learnt, quantization):
    flat = made(source, learnt, quantization)
    bits = {"none": 32, "float16": 16, "int4": 4}.get(quantization, 8)
    weights = 784 * 64 + 64 * 32 + 32 * 10
    assert sum(len(tensor.content) for tensor in flat.tensors) >= weights * bits / 8


def test_a_file_whose_weights_were_dropped_is_refused(build, tmp_path, monkeypatch):
    import tensorflow as tf

    def dropping(model, *rest):
        function = tf.function(model).get_concrete_function(tf.TensorSpec((None, 784)))
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
        return bytes(converter.convert())

    monkeypatch.setattr("convert.convert.to_tflite", dropping)
    target = tmp_path / "out" / "m.tflite"
    if len(dropping(load_source(build / "postcode.keras").model)) > 100_000:
        pytest.skip("this TensorFlow keeps them")
    # What is left reads memory that nobody wrote: now a number, now none.
    with pytest.raises(ConversionError, match=r"worse by|not finite") as caught:
        convert(build / "postcode.keras", target, "none")
    assert ".partial" not in str(caught.value)
    assert list(target.parent.iterdir()) == []


def test_dynamic_range_is_a_version_that_the_old_runtime_has(source, learnt):
    for target in (None, "tflite-runtime"):
        flat = made(source, learnt, "dynamic", target=target)
        assert flat.versions() == {"FULLY_CONNECTED": 9, "SOFTMAX": 1}
        assert runtimes.old_obstacle(flat) is None
    newest = made(source, learnt, "dynamic", target="litert")
    assert newest.versions()["FULLY_CONNECTED"] == 12
    assert "FULLY_CONNECTED of version 12" in runtimes.old_obstacle(newest)
    assert runtimes.has_unit_scales(newest)


@pytest.mark.parametrize("quantization", ["int8", "int16x8"])
def test_files_for_micro_have_one_scale_per_layer(source, learnt, quantization):
    assert runtimes.has_unit_scales(made(source, learnt, quantization))
    flat = made(source, learnt, quantization, target="micro")
    assert not runtimes.has_unit_scales(flat)
    assert runtimes.micro_obstacle(flat) is None


def test_a_file_with_a_scale_per_unit_is_not_handed_over_for_micro(build, tmp_path, monkeypatch):
    right = to_tflite
    monkeypatch.setattr(
        "convert.convert.to_tflite", lambda m, q, n, d, options, *rest: right(m, q, n, d)
    )
    with pytest.raises(ConversionError, match="a scale per unit, which older"):
        convert(
            build / "postcode.keras",
            tmp_path / "m.tflite",
            "int8",
            options=Options(target="micro"),
        )


@pytest.mark.parametrize("quantization", ["float16", "dynamic", "int4"])
def test_what_micro_has_no_kernel_for_is_refused_at_once(build, tmp_path, quantization):
    target = tmp_path / "out" / "m.tflite"
    with pytest.raises(ConversionError, match=f"can't run {quantization}"):
        convert(build / "postcode.keras", target, quantization, options=Options(target="micro"))
    assert not target.parent.exists()


@pytest.mark.parametrize("runtime", [RUNTIMES[0], RUNTIMES[2]])
def test_an_int8_file_says_the_same_on_every_machine_but_for_single_steps(runtime):
    with np.load(GOLDEN) as golden:
        model, digits, expected = golden["model"].tobytes(), golden["digits"], golden["steps"]
    interpreter = make_interpreter(model, "golden", runtime=runtime)
    (pixels,), (scores,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(pixels["index"], [len(digits), 784])
    interpreter.allocate_tensors()
    interpreter.set_tensor(pixels["index"], digits.reshape(-1, 784))
    interpreter.invoke()
    steps = interpreter.get_tensor(scores["index"]).astype(int)
    apart = np.abs(steps - expected)
    assert apart.max() <= 1
    # A few of ten thousand on arm64.
    assert (apart > 0).mean() <= 0.0005
    assert np.array_equal(steps.argmax(axis=1), expected.argmax(axis=1))


def test_litert_and_tensorflow_agree_bit_by_bit_or_nearly(source, learnt, tmp_path):
    path = tmp_path / "m.tflite"
    path.write_bytes(to_tflite(source.model, "int8", learnt, GENTLY))
    here, there = Classifier(path), Classifier(path, runtime=RUNTIMES[2])
    steps = np.rint((run(here, learnt.images) - run(there, learnt.images)) / here._output.scale)
    assert np.abs(steps).max() <= 1
    assert (steps != 0).mean() <= 0.0005
