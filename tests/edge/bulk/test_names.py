from __future__ import annotations

import os
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.bulk.names import names_from
from edge.errors import InputError


def names_in(tmp_path, content):
    path = tmp_path / "names"
    path.write_bytes(content)
    return list(names_from(str(path)))


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"", []),
        (b"\n\n", []),
        (b"a.jpg", ["a.jpg"]),
        (b"a.jpg\nb c.jpg\n", ["a.jpg", "b c.jpg"]),
        (b"a.jpg\r\nb.jpg\r\n", ["a.jpg", "b.jpg"]),
        (b"\na.jpg\n\nb.jpg", ["a.jpg", "b.jpg"]),
        (b" a.jpg \n", [" a.jpg "]),
        (b"a\nb.jpg\0c.jpg\0", ["a\nb.jpg", "c.jpg"]),
        (b"a.jpg\r\0", ["a.jpg\r"]),
        ("봉투.jpg\n".encode(), ["봉투.jpg"]),
        (b"\xff.jpg\n", ["\udcff.jpg"]),
    ],
)
def test_names_stand_one_a_line_or_end_with_nul(tmp_path, content, names):
    assert names_in(tmp_path, content) == names


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.binary(min_size=1, max_size=40).filter(lambda n: b"\0" not in n)))
def test_any_names_that_end_with_nul_come_back(tmp_path, names):
    content = b"".join(name + b"\0" for name in names)
    assert list(map(os.fsencode, names_in(tmp_path, content))) == names


def test_many_names_come_back_whole_across_the_chunks(tmp_path):
    names = [f"folder/{number:06d}.jpg" for number in range(20_000)]
    assert names_in(tmp_path, "\n".join(names).encode()) == names


def test_a_name_is_there_before_the_next_is_written(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    may_go_on = threading.Event()

    def write():
        with pipe.open("wb", buffering=0) as file:
            file.write(b"a.jpg\nb.")
            assert may_go_on.wait(30)
            file.write(b"jpg\n")

    writer = threading.Thread(target=write)
    writer.start()
    names = names_from(str(pipe))
    assert next(names) == "a.jpg"
    may_go_on.set()
    assert list(names) == ["b.jpg"]
    writer.join()


def test_standard_input_is_a_dash(monkeypatch, tmp_path):
    path = tmp_path / "names"
    path.write_text("a.jpg\n")
    before = os.dup(0)
    with path.open("rb") as file:
        os.dup2(file.fileno(), 0)
    try:
        assert list(names_from("-")) == ["a.jpg"]
        os.fstat(0)
    finally:
        os.dup2(before, 0)
        os.close(before)


def test_a_list_that_cannot_be_read_is_named(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError, match="can't be read"):
            list(names_from(str(path)))


def test_a_file_that_is_no_list_does_not_fill_the_memory(tmp_path):
    with pytest.raises(InputError, match="longer than 64 kB"):
        names_in(tmp_path, b"x" * 1_000_000)
