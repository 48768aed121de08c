from __future__ import annotations

import contextlib
import gzip
import hashlib
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.train.synthetic import handwriting, write_handwriting
from train import strokes
from train.errors import DataError
from train.strokes import StrokeDigit, load_strokes, split_by_writer

# As UCI lays its digits out: a 4 of two strokes and a 1, y up.
UCI = """\
 .INCLUDE dene.doc
.LEXICON "0" "1" "2" "3" "4" "5" "6" "7" "8" "9"
.HIERARCHY DIGIT

.SEGMENT DIGIT 0-1 ? "4"
.COMMENT 4  17  138
.PEN_DOWN
 100  400
  90  250
 180  260
.PEN_UP
.DT 100
.PEN_DOWN
 150  330
 140  120
.PEN_UP
.DT 100

.SEGMENT DIGIT 2 ? "1"
.COMMENT 1  3  9
.PEN_DOWN
 30  50
 30  10
.PEN_UP
.DT 100
"""
GOOD = {"label": 8, "writer": 12, "strokes": [[[1, 2], [3.5, 4]], [[5, 6]]]}


def as_lists(digit):
    return [stroke.tolist() for stroke in digit.strokes]


def digits_of(*writers):
    dot = (np.zeros((1, 2), np.float32),)
    return [StrokeDigit(place % 10, writer, dot) for place, writer in enumerate(writers)]


def write(folder, content):
    path = folder / "strokes"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_json_file_is_loaded_with_its_hash(tmp_path):
    path = write_handwriting(tmp_path / "tablet.json.gz", writers=2, each=1)
    found = load_strokes(str(path))
    assert (found.name, found.path) == ("tablet", path)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [digit.label for digit in found.digits] == [*range(10)] * 2
    assert [digit.writer for digit in found.digits] == ["1"] * 10 + ["2"] * 10
    for digit, written in zip(found.digits, handwriting(writers=2, each=1), strict=True):
        assert all(stroke.dtype == np.float32 for stroke in digit.strokes)
        assert as_lists(digit) == [
            np.array(stroke, np.float32).tolist() for stroke in written["strokes"]
        ]


def test_the_form_is_told_by_the_content_and_not_by_the_name(tmp_path):
    text = json.dumps([GOOD])
    for name, content in {
        "packed.json": gzip.compress(text.encode()),
        "plain.json.gz": text.encode(),
        "json.tra": b"\xef\xbb\xbf\n " + text.encode(),
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        assert as_lists(load_strokes(path).digits[0]) == GOOD["strokes"]
    for name, content in {"uci.json": UCI.encode(), "uci.tes": gzip.compress(UCI.encode())}.items():
        path = tmp_path / name
        path.write_bytes(content)
        assert [digit.label for digit in load_strokes(path).digits] == [4, 1]


def test_uci_digits_come_with_writer_and_strokes_and_y_turned_down(tmp_path):
    four, one = load_strokes(write(tmp_path, UCI)).digits
    assert (four.label, four.writer, one.label, one.writer) == (4, "17", 1, "3")
    # The highest point of the digit is at 0.
    assert as_lists(four) == [[[100, 0], [90, 150], [180, 140]], [[150, 70], [140, 280]]]
    assert as_lists(one) == [[[30, 0], [30, 40]]]
    assert all(stroke.dtype == np.float32 for stroke in (*four.strokes, *one.strokes))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", "\r\n"),
        ("\n\n", "\n"),
        ("? ", "GOOD "),
        (".COMMENT 4", ".COMMENT written in haste,\n.PEN_LIFTS 12\n 500  600\n.COMMENT 4"),
        (".DT 100\n", ".DT 100\n 700  800\n"),
    ],
)
def test_other_layouts_of_the_uci_form_are_the_same_digits(tmp_path, old, new):
    assert old in UCI
    found = load_strokes(write(tmp_path, UCI.replace(old, new))).digits
    expected = load_strokes(write(tmp_path, UCI)).digits
    assert [digit.writer for digit in found] == ["17", "3"]
    assert [as_lists(digit) for digit in found] == [as_lists(digit) for digit in expected]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"1"\n.COMMENT 1', '"A"\n.COMMENT 1', "from line 19 on has no label"),
        ('"1"\n.COMMENT 1', '"10"\n.COMMENT 10', "from line 19 on has no label"),
        ("DIGIT 2", "WORD 2", "from line 19 on has no label"),
        (".COMMENT 1  3  9\n", "", "from line 19 on has no .COMMENT"),
        (".COMMENT 1  3  9", ".COMMENT 1", "from line 19 on has no .COMMENT"),
        (".COMMENT 1", ".COMMENT 7", "is a 1 by its .SEGMENT, a 7 by"),
        (" 30  10\n.PEN_UP\n.DT 100\n", "", "ends within a stroke"),
        (".PEN_UP\n.DT 100\n\n", "", "ends within a stroke|line .* is not two numbers"),
        (" 30  10", " 30  ten", "line 23 is not two numbers"),
        (" 30  10", " 30", "stroke 1 has a point that is not two"),
        (" 30  10", " 30  nan", "stroke 1 has a point that is not two"),
        (" 30  50\n 30  10\n", "", "stroke 1 has no points"),
    ],
)
def test_damage_in_the_uci_form_is_named_with_its_line(tmp_path, old, new, said):
    assert old in UCI
    with pytest.raises(DataError, match=said) as caught:
        load_strokes(write(tmp_path, UCI.replace(old, new)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"label": 10}, '"label" is not a whole number from 0 to 9'),
        ({"label": -1}, '"label"'),
        ({"label": "8"}, '"label"'),
        ({"label": 8.0}, '"label"'),
        ({"label": True}, '"label"'),
        ({"writer": None}, '"writer"'),
        ({"writer": 1.5}, '"writer"'),
        ({"writer": [1]}, '"writer"'),
        ({"strokes": {"x": 1}}, '"strokes" is not a list'),
        ({"strokes": [1, 2]}, '"strokes" is not a list'),
        ({"strokes": [[[1, 2]], []]}, "stroke 2 has no points"),
        ({"strokes": [[[1, 2], [3]]]}, "stroke 1 has a point that is not two numbers"),
        ({"strokes": [[[1, 2, 3]]]}, "not two numbers"),
        ({"strokes": [[[1, "2"]]]}, "not two numbers"),
        ({"strokes": [[[1, True]]]}, "not two numbers"),
        ({"strokes": [[1, 2]]}, "not two numbers"),
        ({"strokes": [[[1, float("nan")]]]}, "not two numbers"),
        ({"strokes": [[[float("-inf"), 1]]]}, "not two numbers"),
        ({"strokes": [[[10**400, 1]]]}, "not two numbers"),
        ({"strokes": [[[0, 0]] * 10_001]}, "has 10,001 points"),
    ],
)
def test_a_json_digit_of_the_wrong_kind_is_named_by_its_place(tmp_path, changed, said):
    path = write(tmp_path, json.dumps([GOOD, GOOD | changed]))
    with pytest.raises(DataError, match=f"digit 2.*{said}") as caught:
        load_strokes(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", sorted(GOOD))
def test_a_json_digit_without_one_of_its_keys_is_named_by_its_place(tmp_path, key):
    less = {name: value for name, value in GOOD.items() if name != key}
    with pytest.raises(DataError, match='digit 1 is not an object with "label", "writer" and'):
        load_strokes(write(tmp_path, json.dumps([less])))


def test_what_is_no_file_of_strokes_is_said_to_be_none(tmp_path):
    packed = gzip.compress(json.dumps(handwriting()).encode())
    for content, said in {
        b"": "not a file of pen strokes",
        b"hello, world\n" * 50: "not a file of pen strokes",
        b"[1, 2": "not JSON",
        b"[" * 100_000: "not JSON",
        b"[" + b"9" * 5_000 + b"]": "not JSON",
        b'{"label": 8}': "not a list",
        b"[1]": "digit 1 is not an object",
        b"[]": "no digits in it",
        b".COMMENT nothing else\n": "no digits in it",
        b"\x89PNG\r\n\x1a\n\0\0": "not a text file",
        b"\x1f\x9d\x90" + bytes(50): "unpack it first",
        gzip.compress(b"\xff\xfe\x00"): "not a text file",
        packed[: len(packed) // 2]: "damaged gzip",
        packed[:200] + bytes(100) + packed[300:]: "damaged gzip",
        packed[:-8] + bytes(8): "damaged gzip",
        packed[:3]: "damaged gzip",
        packed + b"more": "damaged gzip",
    }.items():
        path = write(tmp_path, content)
        with pytest.raises(DataError, match=said) as caught:
            load_strokes(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        load_strokes(tmp_path / "none.json")
    with pytest.raises(DataError, match="can't be read"):
        load_strokes(tmp_path)


def test_a_file_that_unpacks_to_more_than_any_set_needs_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(strokes, "_MOST_BYTES", 2**20)
    for content in (b" " * 2**20 + b"[]", gzip.compress(b" " * 2**20 + b"[]")):
        with pytest.raises(DataError, match="larger than 1 MiB"):
            load_strokes(write(tmp_path, content))


def test_digits_without_strokes_are_left_out_and_single_points_are_kept(tmp_path):
    dot = {"label": 1, "writer": "anna", "strokes": [[[7, 7]]]}
    found = load_strokes(write(tmp_path, json.dumps([GOOD | {"strokes": []}, dot]))).digits
    assert [(digit.label, digit.writer, as_lists(digit)) for digit in found] == [
        (1, "anna", [[[7, 7]]])
    ]
    text = UCI.replace(".PEN_DOWN\n 30  50\n 30  10\n.PEN_UP\n", "")
    assert [digit.label for digit in load_strokes(write(tmp_path, text)).digits] == [4]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("strokes")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=10,
)
almost_digits = st.fixed_dictionaries(
    {"label": st.integers(-1, 10), "writer": json_values, "strokes": json_values}
)


@settings(deadline=None)
@given(st.lists(almost_digits | json_values, max_size=3))
def test_any_json_is_loaded_or_refused(folder, values):
    path = write(folder, json.dumps(values))
    with contextlib.suppress(DataError):
        assert load_strokes(path).digits


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*UCI.splitlines(), ".PEN_UP 1", "7", "nan 2", '"', "\0"]), max_size=9)
)
def test_any_lines_in_the_uci_form_are_loaded_or_refused(folder, lines):
    path = write(folder, "\n".join([UCI.partition("\n\n")[0], *lines]))
    with contextlib.suppress(DataError):
        assert load_strokes(path).digits


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    cut=st.integers(0, 10**4), flips=st.lists(st.tuples(st.integers(0, 10**4), st.integers(1, 255)))
)
def test_damaged_files_are_loaded_or_refused(folder, cut, flips):
    content = bytearray(gzip.compress(json.dumps([GOOD] * 20).encode(), mtime=0))
    for place, change in flips:
        content[place % len(content)] ^= change
    path = write(folder, bytes(content[: 1 + cut % len(content)]))
    with contextlib.suppress(DataError):
        assert load_strokes(path).digits


names = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=40).filter(
    lambda names: len(set(names)) > 1
)


@settings(deadline=None)
@given(names=names, amount=st.floats(0.01, 0.99) | st.integers(1, 7), seed=st.integers(0, 99))
def test_nobody_writes_on_both_sides_of_a_split_and_no_digit_is_lost(names, amount, seed):
    digits = digits_of(*names)
    writers = set(names)
    expected = amount if amount >= 1 else max(1, round(amount * len(writers)))
    if expected >= len(writers):
        with pytest.raises(DataError, match="hold out fewer"):
            split_by_writer(digits, amount, seed)
        return
    kept, held_out = split_by_writer(digits, amount, seed)
    assert len({digit.writer for digit in held_out}) == expected
    assert {digit.writer for digit in kept}.isdisjoint({digit.writer for digit in held_out})
    places = {id(digit): place for place, digit in enumerate(digits)}
    for side in (kept, held_out):
        order = [places[id(digit)] for digit in side]
        assert order == sorted(order)
    assert len(kept) + len(held_out) == len(digits)


@settings(deadline=None)
@given(names=names, seed=st.integers(0, 99), shuffle=st.randoms())
def test_the_same_writers_are_held_out_in_whatever_order_the_digits_come(names, seed, shuffle):
    held_out = split_by_writer(digits_of(*names), 1, seed)[1]
    shuffle.shuffle(names)
    again = split_by_writer(digits_of(*names), 1, seed)[1]
    assert {digit.writer for digit in held_out} == {digit.writer for digit in again}


def test_another_seed_holds_out_other_writers():
    digits = digits_of(*"abcdefgh")
    assert len({split_by_writer(digits, 1, seed)[1][0].writer for seed in range(20)}) > 3


@pytest.mark.parametrize("amount", [0, -1, 1.5, float("nan"), float("inf")])
def test_writers_are_held_out_by_a_share_or_a_whole_number(amount):
    with pytest.raises(ValueError, match="share between 0 and 1 or a whole number"):
        split_by_writer(digits_of(*"abc"), amount, 0)


@pytest.mark.parametrize(
    ("name", "digits", "writers"), [("pendigits", 7494, 30), ("unipen", 5133, 130)]
)
def test_the_real_sets_load_with_all_their_digits_and_writers(shared_data, name, digits, writers):
    found = load_strokes(shared_data(f"{name}_strokes.json.gz"))
    assert found.name == f"{name}_strokes"
    assert len(found.digits) == digits
    assert len({digit.writer for digit in found.digits}) == writers
    assert {digit.label for digit in found.digits} == set(range(10))
