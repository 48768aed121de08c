"""Converted files in tflite-runtime 2.14 and in TFLite Micro, in an environment of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convert import prove, verify, worker
from convert.convert import convert
from convert.errors import ConversionError
from convert.flatbuffer import read_flatbuffer
from convert.source import find_digits, load_source, predict
from convert.tflite import to_tflite, without_softmax
from convert.variants import VARIANTS, Options
from edge.classifier import Classifier
from tests.train.synthetic import GENTLY

pytestmark = pytest.mark.skipif(
    prove.other_python() is None,
    reason="there is no environment with tflite-runtime 2.14; make test-tflite-runtime makes it",
)

PORTABLE = ("none", "float16", "dynamic", "int8", "int16x8", "int4")
MICRO = ("none", "int8", "int16x8")


@pytest.fixture(scope="module")
def source(trained_once):
    return load_source(trained_once / "postcode.keras")


@pytest.fixture(scope="module")
def material(source):
    return find_digits(source, None)


def micro_is_there():
    python = prove.other_python()
    return python is not None and any(
        (Path(python).parents[1] / "lib").glob("python3*/site-packages/tflite_micro")
    )


def scores_of(package, content, digits, folder):
    path = folder / "m.tflite"
    path.write_bytes(content)
    try:
        return prove._run_aside(package, path, digits)[1], Classifier(path)
    except prove.RuntimeAbsentError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("quantization", PORTABLE)
def test_every_portable_file_scores_there_what_it_scores_here(
    source, material, tmp_path, quantization
):
    content = to_tflite(source.model, quantization, material.learnt, GENTLY)
    test = material.test["mnist"]
    there, here = scores_of(worker.OLD, content, test.images, tmp_path)
    compared = verify.compare(predict(source.model, test.images), there, test.labels)
    verify.require_like(compared, VARIANTS[quantization], worker.OLD, "the Keras model")
    assert compared.converted_errors <= compared.source_errors + 2
    assert (there.argmax(axis=1) == verify.run(here, test.images).argmax(axis=1)).mean() > 0.99


@pytest.mark.parametrize("package", [worker.OLD, worker.MICRO])
def test_int8_is_never_more_than_a_step_away_from_litert(source, material, tmp_path, package):
    content = to_tflite(source.model, "int8", material.learnt, GENTLY, Options(target="micro"))
    images = material.test["mnist"].images
    there, here = scores_of(package, content, images, tmp_path)
    steps = np.rint((there - verify.run(here, images)) / here._output.scale)
    assert np.abs(steps).max() <= 1
    # Another rounding between two layers; that of x86 and arm64 differs less.
    assert (steps != 0).mean() < 0.05
    assert np.array_equal(there.argmax(axis=1), verify.run(here, images).argmax(axis=1))


@pytest.mark.parametrize("quantization", MICRO)
def test_files_for_micro_score_there_what_they_score_here(build, tmp_path, quantization):
    if not micro_is_there():
        pytest.skip("TFLite Micro is not in the environment of tflite-runtime")
    target = tmp_path / "m.tflite"
    made = convert(build / "postcode.keras", target, quantization, options=Options(target="micro"))
    assert [proof.runtime for proof in made.proofs] == [
        worker.LITERT, "tensorflow", worker.OLD, worker.MICRO
    ]  # fmt: skip
    report = (tmp_path / "m.md").read_text()
    assert "| tflite-runtime | 2.14.0 |" in report
    assert "| tflite-micro |" in report


def test_a_target_that_was_asked_for_is_proven_there(build, tmp_path):
    target = tmp_path / "m.tflite"
    made = convert(
        build / "postcode.keras", target, "int8", options=Options(target="tflite-runtime")
    )
    (proof,) = (each for each in made.proofs if each.runtime == worker.OLD)
    assert proof.version == "2.14.0"
    assert proof.keras.of == 300
    assert proof.oracle.agreement > 0.97 * 300


def test_a_file_that_loads_there_but_scores_as_chance_would_is_refused(source, material, tmp_path):
    from ai_edge_quantizer import quantizer, recipe

    # The AI Edge quantiser writes version 1 of the operator whatever it puts into it.
    plain = to_tflite(without_softmax(source.model), "none", material.learnt, GENTLY)
    content = bytes(
        quantizer.Quantizer(bytearray(plain), recipe.dynamic_wi8_afp32()).quantize().quantized_model
    )
    flat = read_flatbuffer(content, "m")
    assert flat.versions()["FULLY_CONNECTED"] < 12
    test = material.test["mnist"]
    there, here = scores_of(worker.OLD, content, test.images, tmp_path)
    assert (verify.run(here, test.images).argmax(axis=1) == test.labels).mean() > 0.9
    compared = verify.compare(predict(source.model, test.images), there, test.labels)
    with pytest.raises(ConversionError, match="worse by"):
        verify.require_equal(compared)
    with pytest.raises(ConversionError, match="says the same as Keras of only"):
        verify.require_like(compared, VARIANTS["dynamic"], worker.OLD, "Keras")


def test_it_is_told_beforehand_that_such_a_file_is_not_for_it(source, material):
    from ai_edge_quantizer import quantizer, recipe

    from convert.runtimes import old_obstacle

    plain = to_tflite(without_softmax(source.model), "none", material.learnt, GENTLY)
    made = quantizer.Quantizer(bytearray(plain), recipe.dynamic_wi8_afp32()).quantize()
    flat = read_flatbuffer(bytes(made.quantized_model), "m")
    assert "one scale for all units" in old_obstacle(flat)
