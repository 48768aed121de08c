from __future__ import annotations

import json
from pathlib import Path

import pytest

from convert import table
from convert.cli import main
from convert.convert import convert_all
from convert.errors import ConversionError
from convert.variants import VARIANTS, Options
from edge.classifier import Classifier

TIMES = {"p50": 30.0, "p99": 70.0}


def row(variant, size, errors, **more):
    return table.Row(variant, size, 1000, errors, 20, 990, 0.1, TIMES, TIMES, 60_000_000,
                     ("ai-edge-litert", "tensorflow"), **more)  # fmt: skip


ROWS = (row("none", 400_000, 20), row("int8", 100_000, 22), table.refused("int4", "too bad"))


def test_the_table_has_a_line_for_each_and_says_why_one_was_refused():
    found = table.Table(Path("m.tflite"), ROWS)
    lines = table.text(found).splitlines()
    assert lines[1].split()[:5] == ["none", "400,000", "98.00%", "20", "20"]
    assert lines[2].split()[:3] == ["int8", "100,000", "97.80%"]
    assert lines[3] == "int4: too bad"
    page = table.markdown(found)
    assert "| int8 | 100,000 | 97.80% | 22 | 20 | 990 of 1,000 |" in page
    assert "- int4 was refused: too bad" in page


def test_the_plot_has_a_point_with_its_name_for_each_that_was_kept():
    (axes,) = table.plot(table.Table(Path("m.tflite"), ROWS)).axes
    points = sorted((*line.get_xdata(), *line.get_ydata()) for line in axes.lines[:-1])
    assert points == [pytest.approx((100, 97.8)), pytest.approx((400, 98.0))]
    assert {text.get_text() for text in axes.texts} == {"none", "int8", "Keras"}


@pytest.fixture(scope="module")
def everything(trained_once, tmp_path_factory):
    target = tmp_path_factory.mktemp("all") / "m.tflite"
    options = Options(max_drop=2, c_array=True)
    return convert_all(trained_once / "postcode.keras", target, options=options)


def test_all_makes_every_variant_with_its_card_and_report(everything):
    folder = everything.path.parent
    assert [each.variant for each in everything.rows] == list(VARIANTS)
    for name in VARIANTS:
        classifier = Classifier(folder / f"m-{name}.tflite")
        assert classifier.card.quantization == name
        assert f"# m-{name}.tflite" in (folder / f"m-{name}.md").read_text()
        assert (folder / f"m-{name}.h").exists()


def test_the_rows_are_those_of_the_files(everything):
    folder = everything.path.parent
    written = json.loads((folder / "m.variants.json").read_text())
    for each, found in zip(written, everything.rows, strict=True):
        assert each["variant"] == found.variant
        assert found.bytes == (folder / f"m-{found.variant}.tflite").stat().st_size
        assert 0 < found.us_1["p50"] <= found.us_1["p99"]
        assert 20e6 < found.peak_bytes < 500e6
        assert found.runtimes[:2] == ("ai-edge-litert", "tensorflow")
        assert found.accuracy > 0.9
    assert (folder / "m.variants.png").read_bytes().startswith(b"\x89PNG")
    assert "| int16x8 |" in (folder / "m.variants.md").read_text()


def test_a_variant_that_is_refused_leaves_no_file_and_the_others_are_made(
    build, tmp_path, monkeypatch, capsys
):
    few = {name: VARIANTS[name] for name in ("none", "int16x8")}
    monkeypatch.setattr("convert.convert.VARIANTS", few)
    target = tmp_path / "out" / "m.tflite"
    arguments = [str(build / "postcode.keras"), "-o", str(target), "--quantize", "all"]
    assert main([*arguments, "--input", "uint8"]) == 0
    assert "int16x8: int16x8 can't take uint8 pixels" in capsys.readouterr().out
    assert not list(target.parent.glob("m-int16x8*"))
    assert (target.parent / "m-none.tflite").exists()


def test_where_all_are_refused_nothing_is_written(build, tmp_path, monkeypatch):
    def refuse(*arguments):
        raise ConversionError("not today")

    monkeypatch.setattr("convert.convert.to_tflite", refuse)
    target = tmp_path / "out" / "m.tflite"
    with pytest.raises(ConversionError, match="no variant was kept; of the first: not today"):
        convert_all(build / "postcode.keras", target)
    assert list(target.parent.iterdir()) == []
