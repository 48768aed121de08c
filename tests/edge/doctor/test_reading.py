from __future__ import annotations

import pytest

from edge.card import card_path
from edge.classifier import BUNDLED_MODEL
from edge.doctor import reading
from edge.doctor.child import Ended
from edge.doctor.reading import Trial, as_trial, check_model, check_runtime, try_reading
from edge.doctor.sample import POSTCODE, recording

GOOD = Trial(POSTCODE, 1.5, "ai_edge_litert", "")
DEAD = Trial(None, 0.0, "", "dies by SIGILL", is_dead=True)


def tried(with_xnnpack, without):
    return lambda xnnpack: with_xnnpack if xnnpack else without


@pytest.fixture
def model(tmp_path):
    """Return a copy of the bundled model, with its card."""
    path = tmp_path / "m.tflite"
    path.write_bytes(BUNDLED_MODEL.read_bytes())
    card_path(path).write_bytes(card_path(BUNDLED_MODEL).read_bytes())
    return path


def test_the_bundled_model_is_whole():
    assert reading.BUNDLED_MODEL == BUNDLED_MODEL
    found = check_model(BUNDLED_MODEL)
    assert found.state == "ok"
    assert "int8, 1,655,096 bytes" in found.message


def test_a_model_that_is_not_there_fails(tmp_path):
    found = check_model(tmp_path / "m.tflite")
    assert found.state == "fail"
    assert "No such file" in found.message


def test_a_model_that_was_truncated_or_changed_fails(model):
    content = model.read_bytes()
    model.write_bytes(content[:-1])
    assert "SHA-256" in check_model(model).message
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    model.write_bytes(changed)
    assert check_model(model).state == "fail"
    model.write_bytes(b"no model")
    assert (check_model(model).state, check_model(model).mend) == ("fail", "copy it again")


def test_a_model_without_a_card_is_a_warning(model):
    card_path(model).unlink()
    assert check_model(model).state == "warn"


def test_a_broken_card_fails(model):
    card_path(model).write_text("{")
    assert check_model(model).state == "fail"


def test_a_runtime_that_reads_is_well():
    found = check_runtime(tried(GOOD, DEAD), True)
    assert found.state == "ok"
    assert "with XNNPACK in 1.5 ms" in found.message
    found = check_runtime(tried(DEAD, GOOD), False)
    assert found.state == "ok"
    assert "without XNNPACK" in found.message


def test_where_xnnpack_kills_the_process_the_way_that_works_is_told():
    found = check_runtime(tried(DEAD, GOOD), True)
    assert found.state == "fail"
    assert "with XNNPACK it dies by SIGILL; without, ai_edge_litert reads" in found.message
    assert found.mend == "set xnnpack = false in [reader]"


def test_where_neither_way_works_both_are_told():
    found = check_runtime(tried(DEAD, DEAD), True)
    assert found.state == "fail"
    assert found.message == "with XNNPACK it dies by SIGILL, and without it dies by SIGILL"
    assert "pip install" in found.mend
    assert check_runtime(tried(GOOD, DEAD), False).state == "fail"


def test_a_runtime_that_says_what_is_wrong_is_not_tried_another_way():
    asked = []

    def attempt(xnnpack):
        asked.append(xnnpack)
        return Trial(None, 0.0, "", "no TFLite interpreter is installed")

    found = check_runtime(attempt, True)
    assert (found.state, found.message) == ("fail", "no TFLite interpreter is installed")
    assert asked == [True]


def test_a_runtime_that_misreads_fails():
    wrong = Trial("02477", 1.0, "ai_edge_litert", "")
    found = check_runtime(tried(wrong, GOOD), True)
    assert found.state == "fail"
    assert "reads 02477" in found.message
    assert POSTCODE in found.message


@pytest.mark.parametrize(
    ("ended", "problem", "is_dead"),
    [
        (Ended(-4, "", ""), "dies by SIGILL", True),
        (Ended(None, "", ""), "hangs", True),
        (Ended(1, "", "m.tflite: no such model"), "m.tflite: no such model", False),
        (Ended(1, "", ""), "ends with exit code 1", False),
        (Ended(0, "", ""), "says '' instead of a postcode", True),
        (Ended(0, "[]", ""), "says '[]' instead of a postcode", True),
    ],
)
def test_what_a_process_has_said_is_understood(ended, problem, is_dead):
    trial = as_trial(ended)
    assert (trial.guess, trial.problem, trial.is_dead) == (None, problem, is_dead)


@pytest.mark.parametrize("name", ["postcode", "postcode-int4", "postcode-nano"])
@pytest.mark.parametrize("xnnpack", [True, False])
def test_every_bundled_model_reads_the_sample_either_way(name, xnnpack):
    trial = try_reading(BUNDLED_MODEL.with_name(f"{name}.tflite"), xnnpack)
    assert (trial.guess, trial.runtime) == (POSTCODE, "ai_edge_litert")
    assert trial.ms > 0


def test_the_sample_is_read_without_a_doubt(recognizer):
    read = recognizer.read_strokes(recording())
    assert (read.status, read.postcode) == ("accepted", POSTCODE)


def test_a_runtime_whose_xnnpack_dies_on_this_processor_is_found(tmp_path, monkeypatch):
    # As litert does on some: the process is gone, and nothing can be caught.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal\n"
        "import ai_edge_litert.interpreter as real\n"
        "class Interpreter(real.Interpreter):\n"
        "    def __init__(self, **options):\n"
        "        if 'experimental_op_resolver_type' not in options:\n"
        "            os.kill(os.getpid(), signal.SIGILL)\n"
        "        super().__init__(**options)\n"
        "Interpreter.__module__ = real.__name__\n"
        "real.Interpreter = Interpreter\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = check_runtime(lambda xnnpack: try_reading(None, xnnpack), True)
    assert found.state == "fail"
    assert "with XNNPACK it dies by SIGILL; without, ai_edge_litert reads" in found.message


def test_a_model_that_is_missing_is_told_by_its_own_sentence(tmp_path):
    trial = try_reading(tmp_path / "m.tflite", True)
    assert trial.guess is None
    assert "no such model file" in trial.problem
    assert not trial.is_dead
