from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from benchmarks.compare.answers import Word
from benchmarks.compare.items import Answer, Item
from benchmarks.compare.readers import normalised, rapidocr, tesseract, textbook
from edge.errors import ModelError, PackageMissingError

BOXES = tuple((50 * place + 10, 5, 40, 60) for place in range(5))


@pytest.fixture
def row(tmp_path):
    """Return an item whose five boxes hold a dark bar each, one further right than the other."""
    image = np.full((80, 270), 255, np.uint8)
    for place, (x, y, _, _) in enumerate(BOXES):
        image[y + 10 : y + 50, x + 6 * place : x + 6 * place + 5] = 0
    cv2.imwrite(str(tmp_path / "row.png"), image)
    return Item("desk", "photo", "01234", "none.jpg", str(tmp_path / "row.png"), BOXES)


def test_the_textbook_shrinks_a_box_as_it_stands():
    image = np.full((120, 120), 255, np.uint8)
    image[20:30, 80:90] = 0
    (seen,) = textbook.as_seen(image, [(10, 10, 100, 100)])
    assert seen.shape == (28, 28)
    # White ink on black, neither centred nor enlarged: 2.8 px at (2.8, 19.6).
    rows, columns = np.nonzero(seen > 100)
    assert abs(rows.mean() - 3.7) < 0.7
    assert abs(columns.mean() - 20.5) < 0.7
    assert len(rows) <= 12


def test_a_box_that_is_not_square_keeps_its_digits_shape():
    image = np.full((200, 100), 255, np.uint8)
    cv2.circle(image, (50, 100), 30, 0, -1)
    (seen,) = textbook.as_seen(image, [(0, 0, 100, 200)])
    rows, columns = np.nonzero(seen > 128)
    assert np.ptp(rows) == np.ptp(columns)
    assert abs(columns.mean() - 13.5) < 0.6


def test_a_box_that_leaves_the_picture_is_white_there():
    (seen,) = textbook.as_seen(np.zeros((30, 20), np.uint8), [(0, 0, 40, 30)])
    assert seen[:, 14:].max() < 80


def test_the_textbook_answers_with_the_likeliest_digits_always(row):
    class Model:
        def predict(self, pixels, verbose):
            assert pixels.dtype == np.float32
            assert pixels.shape == (5, 784)
            assert pixels.max() <= 1
            assert verbose == 0
            # The further right the bar, the larger the digit.
            columns = (pixels.reshape(5, 28, 28).sum(axis=1)).argmax(axis=1)
            return np.eye(10)[np.argsort(np.argsort(columns))]

    assert textbook.reader_with(Model())(row) == Answer("01234", True)
    nothing = Item("desk", "photo", "01234", "none.jpg", None)
    assert textbook.reader_with(Model())(nothing) == Answer(None, False)


def test_normalised_digits_stand_in_the_middle_wherever_they_were_written(row):
    shown = []

    class Model:
        def predict(self, pixels, verbose):
            shown.append(pixels.reshape(-1, 28, 28))
            return np.eye(10)[:5]

    image = np.full((80, 270), 255, np.uint8)
    for place, (x, y, _, _) in enumerate(BOXES):
        # As far from an edge as no printed line would be.
        image[y + 10 : y + 50, x + 12 + 3 * place : x + 17 + 3 * place] = 0
    cv2.imwrite(row.row, image)
    assert normalised.reader_with(Model())(row) == Answer("01234", True)
    columns = np.nonzero(shown[0].sum(axis=1) > 1)
    for place in range(5):
        # A bar of 5 by 40 px becomes 20 px high, around pixel 14.
        assert abs(columns[1][columns[0] == place].mean() - 14) < 1
        assert np.ptp(np.nonzero(shown[0][place].max(axis=1) > 0.3)[0]) in (18, 19, 20)


def test_a_box_without_a_digit_is_normalised_to_a_black_image(row):
    blank = np.full((80, 270), 255, np.uint8)
    cv2.imwrite(row.row, blank)

    class Model:
        def predict(self, pixels, verbose):
            assert pixels.max() == 0
            return np.eye(10)[[1] * 5]

    assert normalised.reader_with(Model())(row) == Answer("11111", True)
    nothing = Item("desk", "photo", "01234", "none.jpg", None)
    assert normalised.reader_with(Model())(nothing) == Answer(None, False)


def test_without_the_textbooks_network_it_is_told_how_to_train_it(tmp_path, monkeypatch):
    monkeypatch.setattr(textbook, "MODEL", tmp_path / "dmlp.keras")
    with pytest.raises(ModelError, match="python -m train --recipe dmlp --out"):
        textbook.open_reader("row")


def test_the_textbooks_program_takes_all_of_tensorflow(tmp_path, monkeypatch):
    monkeypatch.setattr(textbook, "MODEL", tmp_path / "dmlp.keras")
    (tmp_path / "dmlp.keras").write_bytes(b"a network")
    with_one = textbook.installed_bytes()
    assert with_one > 500e6
    (tmp_path / "dmlp.keras").write_bytes(b"a larger network")
    assert textbook.installed_bytes() == with_one + len("larger ")


def test_words_of_rapidocr_have_the_place_of_their_outline():
    box = np.array([[10, 5], [60, 7], [59, 27], [9, 25]], np.float32)
    found = rapidocr.words_of(SimpleNamespace(txts=("04524",), scores=(0.75,), boxes=box[None]))
    assert found == [Word("04524", 0.75, 9, 5, 60, 27)]


def test_without_a_search_words_have_no_place_and_nothing_found_is_no_word():
    alone = SimpleNamespace(txts=("04524",), scores=(0.75,))
    assert [word.digits for word in rapidocr.words_of(alone)] == ["04524"]
    assert rapidocr.words_of(SimpleNamespace(txts=None, scores=None, boxes=None)) == []


TABLE = (
    "1\t1\t0\t0\t0\t0\t0\t0\t270\t80\t-1\t\n"
    "4\t1\t1\t1\t1\t0\t10\t5\t200\t60\t-1\t\n"
    "5\t1\t1\t1\t1\t1\t10\t5\t90\t60\t87.5\t045\n"
    "5\t1\t1\t1\t1\t2\t120\t5\t90\t60\t12.5\t24\n"
)


def test_words_of_tesseract_are_those_of_its_table():
    assert tesseract.words_in(TABLE) == [
        Word("045", 0.875, 10, 5, 100, 65),
        Word("24", 0.125, 120, 5, 210, 65),
    ]
    assert tesseract.words_in("") == []


def test_without_tesseract_it_is_told_how_to_install_it(monkeypatch):
    monkeypatch.setattr(tesseract, "find_library", lambda name: None)
    with pytest.raises(PackageMissingError, match="sudo apt-get install tesseract-ocr"):
        tesseract.open_reader("row-line")


@pytest.mark.parametrize("way", ["photo-sparse", "photo-line", "row-line"])
def test_tesseract_reads_digits_that_are_printed(way, tmp_path):
    if not tesseract.find_library("tesseract"):
        pytest.skip("Tesseract is not installed (sudo apt-get install tesseract-ocr)")
    image = np.full((120, 500, 3), 255, np.uint8)
    cv2.putText(image, "04524", (60, 85), cv2.FONT_HERSHEY_SIMPLEX, 2, (0, 0, 0), 4)
    path = str(tmp_path / "printed.png")
    cv2.imwrite(path, image)
    read = tesseract.open_reader(way)
    for _ in range(2):
        assert read(Item("printed", "photo", "04524", path, path)) == Answer("04524", True)
    gone = Item("printed", "photo", "04524", str(tmp_path / "gone.png"), None)
    assert read(gone) == Answer(None, False)
    assert "Tesseract" in tesseract.version()
    assert 10e6 < tesseract.installed_bytes() < 200e6
