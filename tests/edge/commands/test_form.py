from __future__ import annotations

import sys

import pytest

from edge.cli import main
from edge.form import lay_out
from edge.form_svg import svg


@pytest.mark.parametrize("name", ["form.pdf", "FORM.PDF", "form.svg", "deep/er/form.svg"])
def test_a_form_is_written_as_its_name_says(tmp_path, capsys, name):
    pytest.importorskip("reportlab")
    out = tmp_path / name
    assert main(["form", "--out", str(out), "--size", "C6", "--boxes", "Orange", "--marker"]) == 0
    assert out.read_bytes().startswith(b"%PDF-" if out.suffix.lower() == ".pdf" else b"<?xml")
    assert capsys.readouterr().out == (
        f"{out}: 1 row of five boxes, 162 × 114 mm; print it at 100 %\n"
    )
    assert list(out.parent.iterdir()) == [out]


def test_the_options_reach_the_layout(tmp_path):
    out = tmp_path / "f.svg"
    assert main(["form", "--out", str(out), "--joined", "--rows", "4", "--plain"]) == 0
    assert out.read_text("utf-8") == svg(lay_out("a4", "red", False, True, 4, False))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--out", "form.doc"], "form.doc: a form is written as .pdf or .svg"),
        (["--out", "form.svg", "--size", "b4"], "'b4' is no paper size"),
        (["--out", "form.svg", "--boxes", "green"], "'green' is no colour"),
        (["--out", "form.svg", "--rows", "99"], "99 rows don't go on a4"),
    ],
)
def test_a_mistake_is_one_sentence_and_writes_nothing(
    tmp_path, monkeypatch, capsys, arguments, told
):
    monkeypatch.chdir(tmp_path)
    assert main(["form", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("fivebox: ")
    assert told in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_markers_and_joined_boxes_exclude_each_other(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["form", "--out", "f.svg", "--marker", "--joined"])
    assert ended.value.code == 2


def test_a_place_that_can_not_be_written_to_is_one_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["form", "--out", str(tmp_path / "file" / "form.svg")]) == 1
    error = capsys.readouterr().err
    assert "can't be written" in error
    assert error.count("\n") == 1


def test_without_reportlab_an_svg_is_still_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "reportlab.pdfgen.canvas", None)
    assert main(["form", "--out", str(tmp_path / "f.svg")]) == 0
    assert main(["form", "--out", str(tmp_path / "f.pdf")]) == 1
    assert "pip install 'fivebox[print]'" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["f.svg"]
