from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert import carray
from edge.classifier import BUNDLED_MODEL


@pytest.mark.parametrize(("compiler", "suffix"), [("cc", ".c"), ("c++", ".cpp")])
def test_a_compiler_finds_the_same_bytes_in_it(tmp_path, compiler, suffix):
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler} here")
    content = BUNDLED_MODEL.with_name("postcode-nano.tflite").read_bytes()
    (tmp_path / "nano.h").write_text(carray.text(content, "postcode-nano"))
    program = tmp_path / f"main{suffix}"
    program.write_text(
        '#include "nano.h"\n#include <stdio.h>\nint main(void) {\n'
        "  if ((unsigned long)postcode_nano % 16) return 1;\n"
        "  return fwrite(postcode_nano, 1, postcode_nano_len, stdout) != postcode_nano_len;\n}\n"
    )
    built = [compiler, "-Wall", "-Werror", "-o", str(tmp_path / "main"), str(program)]
    subprocess.run(built, check=True)
    assert subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout == content


@given(content=st.binary(max_size=80))
def test_every_byte_is_there_in_order(content):
    body = carray.text(content, "m").partition("{")[2].partition("}")[0]
    assert bytes(int(byte, 16) for byte in body.replace(",", " ").split()) == content


@pytest.mark.parametrize(("name", "word"), [("my model", "my_model"), ("5box", "_5box"),
                                            ("é-1", "__1")])  # fmt: skip
def test_the_array_has_a_name_that_c_takes(name, word):
    assert f"const unsigned char {word}[]" in carray.text(b"x", name)
