from __future__ import annotations

import itertools
import math
import shutil
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.boxes import find_boxes
from edge.errors import FormError, PackageMissingError
from edge.form import CHECK_LENGTH, COLORS, SIZES, lay_out, most_rows
from edge.form_pdf import pdf
from edge.form_svg import svg
from edge.markers import BOX_HEIGHT, BOX_WIDTH, CLEARANCE, FILL, SIDE
from tests.edge.drawing import away, turned, write

DPI = 180
PX = DPI / 25.4

SHAPES = {"plain": {}, "markers": {"has_markers": True}, "joined": {"is_joined": True}}


def corners(form, row=0):
    """Return a row's corners in mm."""
    return np.array(
        [
            [[b.left, b.top], [b.right, b.top], [b.right, b.bottom], [b.left, b.bottom]]
            for b in form.rows[row]
        ],
        np.float32,
    )


def printed(form):
    """Return the page as PDFium draws it, BGR."""
    pdfium = pytest.importorskip("pypdfium2")
    pytest.importorskip("reportlab")
    page = pdfium.PdfDocument(pdf(form))[0]
    return np.ascontiguousarray(page.render(scale=DPI / 72).to_numpy()[..., :3])


def written(form, postcode):
    """Return the printed page with a postcode in its first row, and the boxes' corners, px."""
    image, quads = printed(form), corners(form) * PX
    for digit, quad in zip(postcode, quads, strict=True):
        write(image, digit, quad[0], quad[2])
    return image, quads


def width_of(text):
    """Return how wide a text is, mm: Korean letters are square, others half as wide and more."""
    wide = sum(unicodedata.east_asian_width(letter) == "W" for letter in text.words)
    return text.size * (wide + 0.55 * (len(text.words) - wide))


@given(
    size=st.sampled_from(sorted(SIZES)),
    color=st.sampled_from(sorted(COLORS)),
    shape=st.sampled_from(sorted(SHAPES)),
    part=st.floats(0, 1),
    has_note=st.booleans(),
)
def test_every_form_fits_its_paper_and_nothing_touches_a_row(size, color, shape, part, has_note):
    rows = 1 + round(part * (most_rows(size) - 1))
    form = lay_out(size, color, rows=rows, has_note=has_note, **SHAPES[shape])
    assert len(form.rows) == rows
    assert len(form.markers) == (2 * rows if shape == "markers" else 0)
    rests = []
    for row in form.rows:
        beside = CLEARANCE + SIDE if shape == "markers" else 0
        rests.append((row[0].left - beside, row[0].top, row[-1].right + beside, row[0].bottom))
    for left, top, right, bottom in rests:
        # A quarter of an inch is what printers need at most.
        assert min(left, top, form.width - right, form.height - bottom) >= 6
    others = [(min(x.x1, x.x2), x.y1, max(x.x1, x.x2), x.y2) for x in form.lines]
    others += [(t.left, t.base - t.size, t.left + width_of(t), t.base) for t in form.texts]
    for (left, top, right, bottom), (x1, y1, x2, y2) in itertools.product(rests, others):
        assert x2 < left - 2 or x1 > right + 2 or y2 < top - 2 or y1 > bottom + 2
    for one, other in itertools.pairwise(rests):
        assert other[1] - one[3] >= 8
    for x1, y1, x2, y2 in others:
        assert min(x1, y1, form.width - x2, form.height - y2) > 0


@pytest.mark.parametrize("shape", SHAPES)
def test_the_boxes_are_five_equal_ones_of_the_finders_own_size(shape):
    row = lay_out(**SHAPES[shape]).rows[0]
    assert {(box.width, box.height) for box in row} == {(BOX_WIDTH, BOX_HEIGHT)}
    pitch = BOX_WIDTH if shape == "joined" else BOX_WIDTH / FILL
    assert [b.left - a.left for a, b in itertools.pairwise(row)] == pytest.approx([pitch] * 4)
    assert len(row) == 5


def test_markers_stand_clear_of_the_boxes_and_level_with_them():
    form = lay_out("c6", has_markers=True)
    left, right = form.markers
    row = form.rows[0]
    assert row[0].left - left.left == pytest.approx(SIDE + CLEARANCE, abs=1e-4)
    assert right.left - row[-1].right == pytest.approx(CLEARANCE, abs=1e-4)
    assert left.top == right.top == pytest.approx(row[0].top + (BOX_HEIGHT - SIDE) / 2, abs=1e-4)
    assert 6 * left.cell == pytest.approx(SIDE)
    assert left.squares != right.squares


@pytest.mark.parametrize("size", [name for name, size in SIZES.items() if size.is_envelope])
@pytest.mark.parametrize("shape", SHAPES)
def test_on_an_envelope_the_row_stands_low_on_the_right_clear_of_the_sorting_machines_part(
    size, shape
):
    form = lay_out(size, **SHAPES[shape])
    last = form.rows[0][-1]
    assert form.height - last.bottom == pytest.approx(17)
    assert form.width - last.right >= 20
    assert last.left > form.width / 2


def test_the_check_line_is_50_mm_long_in_both_files():
    form = lay_out("c6")
    assert form.lines[0].x2 - form.lines[0].x1 == CHECK_LENGTH == 50
    dark = np.flatnonzero((printed(form)[round(form.lines[0].y1 * PX)] < 160).all(axis=1))
    assert (dark[-1] - dark[0]) / PX == pytest.approx(50, abs=0.5)


def test_the_note_is_in_two_languages_and_can_be_left_out():
    form = lay_out("dl")
    assert [text.is_korean for text in form.texts] == [False, True]
    image = printed(form)
    for text in form.texts:
        low, high = round((text.base - text.size) * PX), round(text.base * PX)
        left = round(text.left * PX)
        ink = (image[low:high, left : left + round(40 * PX)] < 128).all(axis=2).mean()
        assert 0.03 < ink < 0.4
    bare = lay_out("dl", has_note=False)
    assert bare.texts == bare.lines == ()
    assert bare.rows == form.rows


def test_korean_letters_are_drawn_where_the_viewer_has_a_font_with_them():
    listed = (
        shutil.which("fc-list")
        and subprocess.run(["fc-list", ":lang=ko"], capture_output=True, check=True).stdout
    )
    if not listed:
        pytest.skip("no Korean font is installed, and none is embedded")
    form = lay_out("dl")
    text = form.texts[1]
    low, high = round((text.base - text.size) * PX), round((text.base + 0.3) * PX)
    # The two words between the brackets.
    start, end = (
        width_of(replace(text, words=part)) for part in text.words.split(")")[0].split("(")
    )
    left = text.left + start + 0.5 * text.size
    image = printed(form)[low:high, round(left * PX) : round((left + 0.8 * end) * PX)]
    assert (image < 128).all(axis=2).mean() > 0.05


@pytest.mark.parametrize("color", sorted(COLORS))
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", ["c6", "a5"])
def test_the_row_is_found_where_it_was_laid_out(size, shape, color):
    form = lay_out(size, color, **SHAPES[shape])
    image, quads = written(form, "43725")
    boxes = find_boxes(image)
    assert boxes.is_marked == (shape == "markers")
    assert boxes.joined == (shape == "joined")
    assert away(boxes.corners, quads) * BOX_HEIGHT < 0.3


@pytest.mark.parametrize("size", sorted(SIZES))
def test_markers_are_found_on_every_size_though_nothing_is_written_yet(size):
    form = lay_out(size, "orange", has_markers=True, has_note=True)
    boxes = find_boxes(printed(form))
    assert away(boxes.corners, corners(form) * PX) * BOX_HEIGHT < 0.3


@pytest.mark.parametrize("degrees", [0, 180])
@pytest.mark.parametrize("color", sorted(COLORS))
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_written_is_read_either_way_up(recognizer, shape, color, degrees):
    form = lay_out("c6", color, **SHAPES[shape])
    image, _ = turned(*written(form, "43725"), degrees)
    reading = recognizer.read(image)
    assert reading.guess == "43725"
    # Upside down, digits alone leave a doubt that markers don't.
    assert reading.status == "accepted" or (degrees == 180 and shape != "markers")


def test_by_its_markers_a_form_is_read_as_it_stands_where_digits_would_not_tell(recognizer):
    image, _ = turned(*written(lay_out("c6", has_markers=True), "88969"), 180)
    assert recognizer.read(image).guess == "88969"


def test_one_row_of_a_sheet_of_many_is_read_in_a_photo_of_its_own(recognizer):
    form = lay_out("a4", rows=6, has_markers=True)
    image = printed(form)
    quads = corners(form, row=3) * PX
    for digit, quad in zip("73105", quads, strict=True):
        write(image, digit, quad[0], quad[2])
    cuts = sorted(line.y1 for line in form.lines if line.is_dashed)
    strip = image[round(cuts[2] * PX) + 2 : round(cuts[3] * PX) - 2]
    assert recognizer.read(np.ascontiguousarray(strip)).postcode == "73105"


def test_the_svg_has_the_same_geometry():
    form = lay_out("a5", "orange", has_markers=True, rows=2)
    root = ElementTree.fromstring(svg(form).encode())
    name = "{http://www.w3.org/2000/svg}"
    assert (root.get("width"), root.get("height")) == ("148mm", "210mm")
    assert root.get("viewBox") == "0 0 148 210"
    groups = {group.get("class"): group for group in root.iter(f"{name}g")}
    assert groups["boxes"].get("stroke") == "#f08533"
    rects = [
        [float(rect.get(key)) for key in ("x", "y", "width", "height")]
        for rect in groups["boxes"].iter(f"{name}rect")
    ]
    boxes = [[b.left, b.top, b.width, b.height] for row in form.rows for b in row]
    assert np.allclose(rects, boxes, atol=1e-4)
    lines = [
        [float(line.get(key)) for key in ("x1", "y1", "x2", "y2")]
        for line in groups["lines"].iter(f"{name}line")
    ]
    assert np.allclose(lines, [[x.x1, x.y1, x.x2, x.y2] for x in form.lines], atol=1e-4)
    for path, marker in zip(groups["markers"], form.markers, strict=True):
        starts = [
            [float(n) for n in part.split("h")[0].split()] for part in path.get("d").split("M")[1:]
        ]
        wanted = [
            [marker.left + x * marker.cell, marker.top + y * marker.cell] for x, y in marker.squares
        ]
        assert np.allclose(starts, wanted, atol=1e-4)
    assert [text.text for text in groups["texts"]] == [text.words for text in form.texts]


def test_the_svg_drawn_by_a_browsers_rules_shows_the_markers():
    # As non-zero filling draws them: squares of one path, at 6 px a mm.
    form = lay_out("c6", has_markers=True)
    image = np.full((round(form.height * 6), round(form.width * 6)), 255, np.uint8)
    root = ElementTree.fromstring(svg(form).encode())
    for path in root.iter("{http://www.w3.org/2000/svg}path"):
        for part in path.get("d").split("M")[1:]:
            start, _, rest = part.partition("h")
            (x, y), side = (float(n) for n in start.split()), float(rest.split("v")[0])
            low = np.rint(np.array([y, x]) * 6).astype(int)
            high = np.rint((np.array([y, x]) + side) * 6).astype(int)
            image[low[0] : high[0], low[1] : high[1]] = 0
    boxes = find_boxes(image)
    assert boxes.is_marked
    assert away(boxes.corners, corners(form) * 6) * BOX_HEIGHT < 0.3


def test_a_pdf_is_the_same_for_the_same_form_and_forbids_the_viewer_to_scale():
    pytest.importorskip("reportlab")
    form = lay_out("letter", rows=3)
    content = pdf(form)
    assert content == pdf(form)
    assert content.startswith(b"%PDF-")
    assert b"/PrintScaling /None" in content
    assert content != pdf(lay_out("letter", rows=2))


def test_a_pdf_page_has_the_papers_size():
    pdfium = pytest.importorskip("pypdfium2")
    for name, size in SIZES.items():
        width, height = pdfium.PdfDocument(pdf(lay_out(name)))[0].get_size()
        assert math.isclose(width, size.width * 72 / 25.4, abs_tol=0.01)
        assert math.isclose(height, size.height * 72 / 25.4, abs_tol=0.01)


def test_without_reportlab_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "reportlab.pdfgen.canvas", None)
    with pytest.raises(PackageMissingError, match=r"pip install 'fivebox\[print\]'.*form\.svg"):
        pdf(lay_out())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"size": "a3"}, r"'a3' is no paper size; choose one of dl, c6"),
        ({"color": "green"}, r"'green' is no colour.*red, orange, black"),
        ({"rows": 0}, r"0 rows don't go on a4; choose 1 to 12"),
        ({"rows": 13}, r"13 rows don't go on a4; choose 1 to 12"),
        ({"size": "c6", "rows": 2}, r"2 rows don't go on c6; choose 1 to 1"),
        ({"has_markers": True, "is_joined": True}, r"between markers stand apart"),
    ],
)
def test_what_can_not_be_laid_out_is_one_sentence(options, told):
    with pytest.raises(FormError, match=told):
        lay_out(**options)
