from __future__ import annotations

import sys

import numpy as np
import pytest

from convert import prove, runtimes, verify
from convert.convert import convert
from convert.errors import ConversionError
from convert.variants import VARIANTS, Options
from convert.verify import Comparison, require_like


def test_a_file_is_run_in_litert_and_tensorflow_beside_keras_and_numpy(build, tmp_path):
    made = convert(build / "postcode.keras", tmp_path / "m.tflite", "none")
    assert [proof.runtime for proof in made.proofs] == ["ai-edge-litert", "tensorflow"]
    for proof in made.proofs:
        for compared in (proof.keras, proof.oracle):
            assert compared.of == compared.agreement == 300
            assert compared.largest_difference < 1e-4
    assert "make test-tflite-runtime" in made.cannot[runtimes.OLD]
    report = (tmp_path / "m.md").read_text()
    assert "| tensorflow | 2." in report
    assert "- tflite-runtime 2.14: not run" in report


@pytest.mark.parametrize("target", ["tflite-runtime", "micro"])
def test_a_target_that_can_not_be_run_here_is_refused(build, tmp_path, target):
    out = tmp_path / "out" / "m.tflite"
    with pytest.raises(ConversionError, match=r"can't be proven.*make test-tflite-runtime"):
        convert(build / "postcode.keras", out, "int8", options=Options(target=target))
    assert list(out.parent.iterdir()) == []


def test_a_python_without_the_runtime_is_as_good_as_none(build, tmp_path, monkeypatch):
    monkeypatch.setenv(prove.ENVIRONMENT_VARIABLE, sys.executable)
    made = convert(build / "postcode.keras", tmp_path / "m.tflite", "int8")
    assert "not installed" in made.cannot[runtimes.OLD]


def test_a_runtime_that_says_another_thing_is_named(build, tmp_path, monkeypatch):
    right = prove._run_here
    monkeypatch.setattr(prove, "_run_here", lambda *a: np.roll(right(*a), 1, axis=1))
    out = tmp_path / "out" / "m.tflite"
    with pytest.raises(ConversionError, match=r"worse by .* in tensorflow"):
        convert(build / "postcode.keras", out, "int8")
    assert list(out.parent.iterdir()) == []


def test_a_runtime_that_nobody_asked_for_is_not_claimed_where_it_says_another_thing(
    build, tmp_path, monkeypatch
):
    def other(package, path, digits):
        return "1.0", np.zeros((len(digits), 10), np.float32)

    monkeypatch.setattr(prove, "_run_aside", other)
    made = convert(build / "postcode.keras", tmp_path / "m.tflite", "int8")
    assert [proof.runtime for proof in made.proofs] == ["ai-edge-litert", "tensorflow"]
    assert "worse by" in made.cannot[runtimes.OLD]
    assert "worse by" in (tmp_path / "m.md").read_text()
    with pytest.raises(ConversionError, match=r"worse by .* in tflite-runtime"):
        convert(
            build / "postcode.keras",
            tmp_path / "m.tflite",
            "int8",
            options=Options(target="tflite-runtime"),
        )


@pytest.mark.parametrize(
    ("agreement", "difference", "said"),
    [
        (1000, 0.0005, None),
        (999, 0.0005, None),
        (998, 0.0005, "the same as Keras of only 998 of 1,000 digits, where 999 are needed"),
        (1000, 0.002, r"differs by 0\.0020 from Keras's, where 0\.001 is allowed"),
        (1000, float("nan"), "differs by nan"),
    ],
)
def test_too_few_alike_or_too_far_apart_is_refused_by_how_much(agreement, difference, said):
    comparison = Comparison(1000, 5, 5, agreement, difference)
    if said is None:
        require_like(comparison, VARIANTS["none"], "litert", "Keras")
        return
    with pytest.raises(ConversionError, match=said) as caught:
        require_like(comparison, VARIANTS["none"], "litert", "Keras")
    assert "in litert" in str(caught.value)


def test_the_drop_that_is_allowed_can_be_chosen():
    comparison = Comparison(1000, 10, 15, 990, 0.1)
    verify.require_equal(comparison, max_drop=0.5)
    with pytest.raises(ConversionError, match=r"worse by 0\.50%.*0\.40% is allowed"):
        verify.require_equal(comparison, max_drop=0.4)
    with pytest.raises(ConversionError, match=r"0\.10% is allowed"):
        verify.require_equal(comparison)


def test_times_and_memory_are_of_a_process_that_does_nothing_else(build, tmp_path):
    from edge.classifier import BUNDLED_MODEL

    ballast = np.ones(30_000_000)
    measured = prove.measure(BUNDLED_MODEL)
    assert ballast[-1] == 1
    assert 20e6 < measured["peak_bytes"] < 200e6
    for count in (1, 5):
        assert 0 < measured[f"us_{count}"]["p50"] <= measured[f"us_{count}"]["p99"]
