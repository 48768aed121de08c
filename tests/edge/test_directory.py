from __future__ import annotations

import gzip
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.directory import Directory
from edge.directory_file import _BLOCK
from edge.errors import DirectoryError

codes = st.text("0123456789", min_size=1, max_size=5)
names = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="#"), max_size=9
)

# Loads a directory and prints by how many KiB the process has grown at most.
_MEASURE = """
import resource, sys
from edge.directory import Directory
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
directory = Directory.load(sys.argv[1])
print(peak() - before, directory.valid.sum(), len(directory.regions))
"""


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


@given(
    entries=st.lists(st.tuples(codes, names), min_size=1, max_size=8),
    layout=st.sampled_from(
        ["{0},{1}", "{0}\t{1}", " {0} , {1}  ", "{0},{1} # {0},no", "{0},\t{1}"]
    ),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    mark=st.sampled_from(["", "\ufeff"]),
    packed=st.booleans(),
)
def test_the_longest_prefix_with_a_name_names_the_region(
    tmp_path_factory, entries, layout, end, mark, packed
):
    text = (mark + end.join(layout.format(*entry) for entry in entries)).encode()
    directory = load(tmp_path_factory.mktemp("d"), gzip.compress(text) if packed else text)
    first = {}
    for code, name in entries:
        if name.strip():
            first.setdefault(code, name.strip())
    for postcode in ["00000", "99999", *(code.ljust(5, "7") for code, _ in entries)]:
        known = [first[postcode[:n]] for n in range(1, 6) if postcode[:n] in first]
        assert directory.region(postcode) == (known[-1] if known else None)
        valid = any(postcode.startswith(code) for code, _ in entries)
        assert directory.valid[tuple(map(int, postcode))] == valid


@given(st.binary(max_size=60))
def test_whatever_the_file_holds_it_is_a_directory_or_an_error_of_ours(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("d") / "codes.txt"
    path.write_bytes(content)
    try:
        said = "" if Directory.load(path).valid.any() else "nothing is valid"
    except DirectoryError as error:
        said = str(error).partition("codes.txt")[2]
    assert said == "" or said[0] in ",:"
    assert "\n" not in said


def test_a_name_may_hold_commas(tmp_path):
    directory = load(tmp_path, "06,Halle (Saale), Dessau\n")
    assert directory.region("06108") == "Halle (Saale), Dessau"


def test_a_name_in_another_encoding_is_refused_with_its_line(tmp_path):
    with pytest.raises(DirectoryError, match=r"codes\.txt, line 2: the name is not UTF-8"):
        load(tmp_path, "1\n04524,서울\n".encode("cp949"))


def test_utf_16_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(DirectoryError, match=r"codes\.txt: it is UTF-16 text; save .* UTF-8"):
        load(tmp_path, "04524\n".encode("utf-16"))


def test_a_file_without_lines_is_refused_before_it_fills_the_memory(tmp_path):
    with pytest.raises(DirectoryError, match="a line of more than"):
        load(tmp_path, bytes(5 * _BLOCK))
    with pytest.raises(DirectoryError, match="a line of more than"):
        Directory.load("/dev/zero")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("before", range(8))
def test_lines_are_whole_and_counted_across_blocks(tmp_path, end, before):
    lines = ["#" * before, *["12345"] * (2 * _BLOCK // len("12345" + end)), "04524", "x"]
    with pytest.raises(DirectoryError, match=rf"line {len(lines)}: 'x'"):
        load(tmp_path, end.join(lines))
    directory = load(tmp_path, end.join(lines[:-1]))
    assert np.argwhere(directory.valid).tolist() == [[0, 4, 5, 2, 4], [1, 2, 3, 4, 5]]


@pytest.mark.parametrize(("line", "regions"), [("{:05d}", 0), ("{:05d},서울 중구 {:d}동", 100_000)])
def test_a_million_lines_cost_less_than_40_megabytes(tmp_path, line, regions):
    path = tmp_path / "codes.txt"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line.format(k * 7 % 100_000, k)}\n" for k in range(1_000_000))
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, path], capture_output=True, text=True, cwd=root, check=True
    )
    grown, valid, named = map(int, done.stdout.split())
    assert grown < 40 * 1000
    assert (valid, named) == (100_000, regions)


def test_gzip_is_understood(tmp_path):
    directory = load(tmp_path, gzip.compress(b"04524\n"))
    assert directory.valid.sum() == 1


@pytest.mark.parametrize("line", ["123456", "12a45", "1 2", "-1", "١٢٣٤٥", "²", "x,04524", ",x"])
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


@pytest.mark.parametrize("name", ["none.txt", ".", "n" * 300])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    with pytest.raises(DirectoryError, match="can't be read"):
        Directory.load(tmp_path / name)
    with pytest.raises(DirectoryError, match="can't be read"):
        Directory.open(tmp_path / name)


def test_a_name_that_is_none_is_told_those_that_are(tmp_path):
    with pytest.raises(DirectoryError, match=r"uk: .*No such file.*; built in are de, fr, kr, us"):
        Directory.open("uk")


def test_a_file_that_is_called_as_a_built_in_one_needs_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("kr").write_text("99999\n")
    assert Directory.open("./kr").valid.sum() == 1
    assert Directory.open(Path("kr")).valid.sum() == 1
    assert Directory.open("kr").valid.sum() > 1


def test_a_directory_is_opened_as_it_is():
    directory = Directory(np.ones((10,) * 5, bool))
    assert Directory.open(directory) is directory


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
