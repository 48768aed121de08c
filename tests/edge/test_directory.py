from __future__ import annotations

import gzip
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.directory import Directory
from edge.errors import DirectoryError

codes = st.text("0123456789", min_size=1, max_size=5)


def load(tmp_path, text):
    path = tmp_path / "codes.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Directory.load(path)


def table(*seeds):
    scores = np.random.default_rng(seeds).random((5, 10)) ** 4 + 1e-6
    return (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)


def certain(postcode):
    return np.eye(10, dtype=np.float32)[[int(d) for d in postcode]]


@given(st.lists(codes, min_size=1, max_size=6))
def test_a_postcode_is_valid_exactly_if_it_begins_with_a_line(tmp_path_factory, lines):
    directory = load(tmp_path_factory.mktemp("d"), "\n".join(lines))
    for postcode in ["00000", "99999", "04524", *(line.ljust(5, "7") for line in lines)]:
        wanted = any(postcode.startswith(line) for line in lines)
        assert directory.valid[tuple(map(int, postcode))] == wanted


def test_comments_empty_lines_and_any_line_ending_are_understood(tmp_path):
    directory = load(tmp_path, "# all of them\r\n\r\n 04524 # the town hall\r67381\n\n")
    assert np.argwhere(directory.valid).tolist() == [[0, 4, 5, 2, 4], [6, 7, 3, 8, 1]]


def test_gzip_is_understood(tmp_path):
    directory = load(tmp_path, gzip.compress(b"04524\n"))
    assert directory.valid.sum() == 1


@pytest.mark.parametrize("line", ["123456", "12a45", "1 2", "-1", "١٢٣٤٥", "²", "04524,x"])
def test_a_line_that_is_none_is_named_with_its_number(tmp_path, line):
    with pytest.raises(DirectoryError, match=r"codes\.txt, line 2: "):
        load(tmp_path, f"04524\n{line}\n")


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n"])
def test_a_directory_without_postcodes_is_refused(tmp_path, text):
    with pytest.raises(DirectoryError, match="no postcode"):
        load(tmp_path, text)


@pytest.mark.parametrize(
    "content", [b"\x1f\x8b", gzip.compress(b"04524", mtime=0)[:-4], b"\x1f\x8bxxxxxxx"]
)
def test_broken_gzip_is_refused(tmp_path, content):
    with pytest.raises(DirectoryError, match="can't be read"):
        load(tmp_path, content)


@pytest.mark.parametrize("name", ["none.txt", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    with pytest.raises(DirectoryError, match="can't be read"):
        Directory.load(tmp_path / name)


@given(st.lists(codes, min_size=1, max_size=5), st.integers(0, 10**6))
def test_the_best_is_the_likeliest_valid_one(tmp_path_factory, lines, seed):
    directory = load(tmp_path_factory.mktemp("d"), "\n".join(lines))
    probabilities = table(seed)
    best, share, mass = directory.best(probabilities)
    logs = np.log(probabilities.astype(float))
    likely = {}
    for line in lines:
        for rest in itertools.product("0123456789", repeat=min(5 - len(line), 2)):
            code = (line + "".join(rest)).ljust(5, "0")
            likely[code] = sum(logs[i, int(digit)] for i, digit in enumerate(code))
    assert directory.valid[tuple(map(int, best))]
    found = sum(logs[i, int(digit)] for i, digit in enumerate(best))
    assert found >= max(likely.values()) - 1e-6
    assert 0 < share <= 1 + 1e-9
    assert np.isclose(share * mass, np.exp(found), rtol=1e-4)


def test_with_all_postcodes_valid_it_is_the_plain_answer(tmp_path):
    directory = Directory(np.ones((10,) * 5, bool))
    probabilities = table(3)
    best, share, mass = directory.best(probabilities)
    assert best == "".join(map(str, probabilities.argmax(axis=1)))
    assert np.isclose(mass, 1, atol=1e-5)
    assert np.isclose(share, probabilities.max(axis=1).astype(float).prod(), rtol=1e-4)


def test_a_lone_valid_postcode_has_all_the_share_and_little_mass(tmp_path):
    directory = load(tmp_path, "04524")
    best, share, mass = directory.best(np.full((5, 10), 0.1, np.float32))
    assert (best, share) == ("04524", 1.0)
    assert np.isclose(mass, 1e-5)


def test_where_none_is_possible_share_and_mass_are_zero(tmp_path):
    _, share, mass = load(tmp_path, "04524").best(certain("99999"))
    assert (share, mass) == (0.0, 0.0)
