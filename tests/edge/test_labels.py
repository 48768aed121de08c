from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import InputError
from edge.labels import Label, load_labels


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("a.jpg", "sub/b.png", "c.json", "봉투, 하나.jpg", "film.mp4"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def written(folder, text):
    content = text if isinstance(text, bytes) else text.encode()
    (folder / "labels.csv").write_bytes(content)
    return folder


def test_each_line_names_a_file_and_its_postcode(folder):
    labels = load_labels(written(folder, "file,postcode\na.jpg,04524\nsub/b.png,67381\n"))
    assert labels == [Label(folder / "a.jpg", "04524"), Label(folder / "sub/b.png", "67381")]


@pytest.mark.parametrize(
    "text",
    [
        "postcode,writer,file\n04524,3,a.jpg\n",
        "\ufefffile,postcode\r\na.jpg,04524\r\n\r\n",
        " file , postcode \n a.jpg , 04524 \n , \n",
        'file,postcode,note\n"a.jpg","04524","two\nlines"\n',
    ],
)
def test_columns_may_stand_in_any_order_among_others(folder, text):
    assert load_labels(written(folder, text)) == [Label(folder / "a.jpg", "04524")]


def test_names_may_be_of_any_script_and_hold_commas(folder):
    labels = load_labels(written(folder, 'file,postcode\n"봉투, 하나.jpg",04524\n'))
    assert labels == [Label(folder / "봉투, 하나.jpg", "04524")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,postcode\na.jpg,4524\n", "line 2: '4524' is not a postcode; write five digits"),
        ("file,postcode\na.jpg,04524\nc.json,Seoul\n", "line 3: 'Seoul' is not a postcode"),
        ("file,postcode\na.jpg,٠٤٥٢٤\n", "line 2: .* is not a postcode"),
        ("file,postcode\na.jpg,\n", "line 2: '' is not a postcode"),
        ("file,postcode\n\n,04524\n", "line 3: there is no file"),
        ("file,postcode\nnone.jpg,04524\n", "line 2: there is no file none.jpg in"),
        ("file,postcode\nsub,04524\n", "line 2: there is no file sub in"),
        ("file,postcode\na.jpg,04524\na.jpg,04524\n", "line 3: a.jpg stands in line 2 already"),
        ("file,postcode\na.jpg\n", "line 2: it has 1 of 2 columns"),
        ("file,postcode\nfilm.mp4,04524\n", "line 2: film.mp4 is a video"),
        ("file;postcode\na.jpg;04524\n", "line 1: the columns are file;postcode"),
        ("name,code\na.jpg,04524\n", "line 1: the columns are name, code"),
        ("\n", "line 1: the columns are missing"),
        ("file,postcode\n", "no file is named in it"),
        ('file,postcode\n"a.jpg,04524\n', "line 2: it is not CSV"),
        (b"file,postcode\na.jpg,04524\n\xff.jpg,04524\n", "line 3: it is not UTF-8"),
        ("", "the file is empty"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_in_one_sentence(folder, text, words):
    with pytest.raises(InputError, match=words) as caught:
        load_labels(written(folder, text))
    assert str(caught.value).startswith(str(folder / "labels.csv"))
    assert "\n" not in str(caught.value)


def test_a_folder_without_labels_says_what_they_are(tmp_path):
    with pytest.raises(InputError, match=r"labels.csv: there is no such file.*file,postcode"):
        load_labels(tmp_path)


@given(st.text(max_size=60) | st.text(alphabet='a.jpg,"04524\n\r', max_size=60))
def test_any_text_is_labels_or_one_error(tmp_path_factory, text):
    folder = tmp_path_factory.getbasetemp()
    (folder / "a.jpg").touch()
    written(folder, f"file,postcode\n{text}".encode("utf-8", "replace"))
    with contextlib.suppress(InputError):
        assert {label.path for label in load_labels(folder)} <= {folder / "a.jpg"}
