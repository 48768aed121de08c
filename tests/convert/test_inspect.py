from __future__ import annotations

import pytest

from convert.cli import main
from convert.inspect import describe_file
from edge.classifier import BUNDLED_MODEL
from edge.errors import ModelError


def test_operators_tensors_bytes_card_and_runtimes_are_told():
    text = describe_file(BUNDLED_MODEL)
    for told in (
        f"{BUNDLED_MODEL.stat().st_size:,} bytes",
        "784-1024-512-512-10",
        "reject threshold",
        "QUANTIZE v1",
        "FULLY_CONNECTED + RELU v4",
        "uint8 (n, 784)  scale 0.00392157 zero 0  in",
        "1024 scales",
        f"{784 * 1024 + 4 * 1024:,} bytes",
        "ai-edge-litert: yes",
        "tflite-runtime 2.14: yes",
        "older TFLite Micro computes",
    ):
        assert told in text, told


def test_a_runtime_that_can_not_run_it_is_told_with_the_reason():
    text = describe_file(BUNDLED_MODEL.with_name("postcode-int4.tflite"))
    assert "int4 (1024, 784)" in text
    assert "tflite-micro: no, its FULLY_CONNECTED can't mix float" in text


def test_what_is_no_model_is_one_sentence(tmp_path, capsys):
    content = BUNDLED_MODEL.read_bytes()
    for name, data in (
        ("text.tflite", b"hello"),
        ("empty.tflite", b""),
        ("half.tflite", content[: len(content) // 2]),
        ("zeros.tflite", content[:8] + bytes(5000)),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ModelError, match=name) as caught:
            describe_file(tmp_path / name)
        assert "\n" not in str(caught.value)
    assert main(["inspect", str(tmp_path / "none.tflite")]) == 1
    assert "none.tflite: no such model file" in capsys.readouterr().err
    assert main(["inspect", str(tmp_path)]) == 1


def test_another_models_card_is_told(tmp_path):
    path = tmp_path / "m.tflite"
    path.write_bytes(BUNDLED_MODEL.with_name("postcode-nano.tflite").read_bytes())
    assert "there is none" in describe_file(path)
    card = BUNDLED_MODEL.with_suffix(".json").read_text("utf-8")
    path.with_suffix(".json").write_text(card, "utf-8")
    with pytest.raises(ModelError, match="SHA-256"):
        describe_file(path)


def test_inspect_needs_no_tensorflow(capsys):
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from convert.cli import main\n"
        f"assert main(['inspect', {str(BUNDLED_MODEL)!r}]) == 0\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
