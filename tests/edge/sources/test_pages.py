from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.arrays import MOST_PIXELS
from edge.errors import ImageError, InputError
from edge.sources import pages
from tests.edge.sources.shards import photo, write_pages

CODES = ["04524", "67381", "29506"]


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scans")
    return {kind: write_pages(folder / f"scan.{kind}", CODES) for kind in ("tif", "pdf")}


LOAD = {"tif": pages.load_tiff, "pdf": pages.load_pdf}
COUNT = {"tif": pages.count_tiff, "pdf": pages.count_pdf}


@pytest.mark.parametrize("kind", LOAD)
@pytest.mark.parametrize("in_memory", [False, True])
def test_each_page_is_another_picture(scan, kind, in_memory, recognizer):
    document = scan[kind].read_bytes() if in_memory else scan[kind]
    assert COUNT[kind](document) == 3
    read = [recognizer.read(LOAD[kind](document, page)).guess for page in (1, 2, 3)]
    assert read == CODES


@pytest.mark.parametrize("kind", LOAD)
@pytest.mark.parametrize("page", [0, 4, -1])
def test_a_page_that_is_not_there_is_told(scan, kind, page):
    with pytest.raises(ImageError, match=f"no page {page}: the document has 3"):
        LOAD[kind](scan[kind], page)


def test_a_pdf_is_rendered_at_200_dpi(tmp_path):
    # Pillow takes a pixel for a point.
    path = write_pages(tmp_path / "a.pdf", ["04524"])
    height, width = pages.load_pdf(path, 1).shape[:2]
    assert width == pytest.approx(560 * 200 / 72, abs=2)
    assert height == pytest.approx(260 * 200 / 72, abs=2)


def test_a_poster_is_rendered_no_larger_than_an_image_may_be(tmp_path):
    import pypdfium2

    pdf = pypdfium2.PdfDocument.new()
    pdf.new_page(14_000, 9_000)
    pdf.save(tmp_path / "poster.pdf")
    pdf.close()
    image = pages.load_pdf(tmp_path / "poster.pdf", 1)
    assert 0.9 * MOST_PIXELS < image.shape[0] * image.shape[1] <= MOST_PIXELS


@pytest.mark.parametrize("content", [b"%PDF-1.4 nothing", b"no document", b"\0" * 2000])
def test_what_is_no_pdf_is_one_sentence(tmp_path, content):
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    for document in (path, content):
        with pytest.raises(InputError, match="not a PDF") as caught:
            pages.count_pdf(document)
        assert len(str(caught.value).splitlines()) == 1


def test_without_pdfium_it_says_what_to_install(scan, monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(InputError, match="pip install"):
        pages.count_pdf(scan["pdf"])


@pytest.mark.parametrize("content", [photo(), b"no picture", b"II*\0"])
def test_what_is_no_tiff_counts_as_one_page(content):
    assert pages.count_tiff(content) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(data=st.data())
@pytest.mark.parametrize("kind", ["tif", "pdf"])
def test_no_damage_is_more_than_an_input_error(scan, kind, data):
    content = bytearray(scan[kind].read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        # Where the structure is: at both ends.
        place = data.draw(st.integers(-600, 600))
        content[place] = data.draw(st.integers(0, 255))
    content = bytes(content[: data.draw(st.integers(len(content) - 700, len(content)))])
    try:
        count = COUNT[kind](content)
        LOAD[kind](content, min(count, 3))
    except InputError:
        pass
