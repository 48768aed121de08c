from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

from edge.classifier import BUNDLED_MODEL
from edge.errors import ModelError, RuntimeMissingError
from edge.interpreter import RUNTIMES, load_interpreter_class, make_interpreter


@pytest.fixture
def runtimes(monkeypatch):
    """Return a function that makes exactly these runtimes importable, all of them fakes."""

    def install(*names):
        for name in RUNTIMES:
            package, _, module = name.partition(".")
            for part in (package, name):
                monkeypatch.setitem(sys.modules, part, None)
            if name in names:
                fake = ModuleType(name)
                fake.Interpreter = type("Interpreter", (), {"runtime": name})
                parent = ModuleType(package)
                setattr(parent, module, fake)
                monkeypatch.setitem(sys.modules, package, parent)
                monkeypatch.setitem(sys.modules, name, fake)

    return install


def test_the_order_is_litert_then_tflite_runtime_then_tensorflow():
    assert [name.split(".")[0] for name in RUNTIMES] == [
        "ai_edge_litert",
        "tflite_runtime",
        "tensorflow",
    ]


@pytest.mark.parametrize("first", range(3))
def test_the_first_that_is_installed_is_taken(runtimes, first):
    runtimes(*RUNTIMES[first:])
    assert load_interpreter_class().runtime == RUNTIMES[first]


def test_without_any_the_error_says_what_to_install(runtimes):
    runtimes()
    with pytest.raises(RuntimeMissingError, match="pip install ai-edge-litert"):
        load_interpreter_class()


def test_a_broken_runtime_is_passed_over(runtimes, monkeypatch):
    runtimes(RUNTIMES[1])
    monkeypatch.setitem(sys.modules, "ai_edge_litert", ModuleType("ai_edge_litert"))
    monkeypatch.setitem(sys.modules, RUNTIMES[0], ModuleType(RUNTIMES[0]))
    assert load_interpreter_class().runtime == RUNTIMES[1]


def test_where_only_a_broken_one_is_left_its_own_words_are_told(runtimes, monkeypatch):
    runtimes()
    monkeypatch.setitem(sys.modules, "ai_edge_litert", ModuleType("ai_edge_litert"))
    monkeypatch.setitem(sys.modules, RUNTIMES[0], ModuleType(RUNTIMES[0]))
    with pytest.raises(RuntimeMissingError, match=r"ai_edge_litert\.interpreter: .*Interpreter"):
        load_interpreter_class()


def test_a_runtime_that_is_named_is_the_only_one_tried(runtimes):
    runtimes(*RUNTIMES[1:])
    assert load_interpreter_class(RUNTIMES[2]).runtime == RUNTIMES[2]
    with pytest.raises(RuntimeMissingError):
        load_interpreter_class(RUNTIMES[0])


def test_tensorflows_own_interpreter_is_found_where_it_is_installed():
    pytest.importorskip("tensorflow")
    interpreter = make_interpreter(BUNDLED_MODEL.read_bytes(), "m", runtime=RUNTIMES[2])
    assert type(interpreter).__module__.startswith("tensorflow")


def test_a_runtime_that_fails_with_a_newer_numpy_says_so_in_one_sentence(runtimes):
    runtimes(RUNTIMES[1])

    def interpreter(**options):
        # As tflite-runtime 2.14 does: it was imported without a word.
        raise SystemError("<built-in method CreateWrapperFromBuffer> returned a result")

    sys.modules[RUNTIMES[1]].Interpreter = type(
        "Interpreter", (), {"__module__": RUNTIMES[1], "__new__": lambda cls, **k: interpreter()}
    )
    with pytest.raises(RuntimeMissingError, match=r"tflite_runtime.*NumPy \d.*numpy<2"):
        make_interpreter(BUNDLED_MODEL.read_bytes(), "m.tflite")


def test_here_it_is_litert():
    assert load_interpreter_class().__module__.startswith("ai_edge_litert")


@pytest.mark.parametrize(
    "content", [b"", b"TFL3", b"a text that is no model at all", b"\x00" * 100, b"PK\x03\x04" * 9]
)
def test_what_is_not_a_model_is_refused_by_name(content):
    with pytest.raises(ModelError, match=r"m\.tflite: not a TFLite model"):
        make_interpreter(content, "m.tflite")


@pytest.mark.parametrize("size", [8, 9, 64, 1000, 20_000, -1])
def test_a_truncated_model_is_refused_by_name(size):
    with pytest.raises(ModelError, match=r"^m\.tflite: .*copy it again"):
        make_interpreter(BUNDLED_MODEL.read_bytes()[:size], "m.tflite")


def test_an_error_is_one_line():
    with pytest.raises(ModelError) as caught:
        make_interpreter(BUNDLED_MODEL.read_bytes()[:5000], "m.tflite")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("runtime", [RUNTIMES[0], RUNTIMES[2]])
def test_without_xnnpack_the_same_is_computed_by_the_runtimes_own_kernels(runtime):
    if runtime != RUNTIMES[0]:
        pytest.importorskip("tensorflow")
    outputs = []
    for xnnpack in (True, False):
        model = BUNDLED_MODEL.read_bytes()
        interpreter = make_interpreter(model, "m", runtime=runtime, xnnpack=xnnpack)
        interpreter.allocate_tensors()
        # XNNPACK takes all layers over, as one operator.
        operators = [each["op_name"] for each in interpreter._get_ops_details()]
        assert ("DELEGATE" in operators) == xnnpack
        place = interpreter.get_input_details()[0]
        pixels = np.arange(784).reshape(place["shape"]) % 251 - 125
        interpreter.set_tensor(place["index"], pixels.astype(place["dtype"]))
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    assert np.abs(outputs[0].astype(int) - outputs[1].astype(int)).max() <= 1
