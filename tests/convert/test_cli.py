from __future__ import annotations

import json
import subprocess
import sys

import pytest

from convert import cli, tflite
from convert.cli import main


def one_line(capsys):
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if "XNNPACK" not in line]
    assert len(lines) == 1, captured.err
    return lines[0]


def test_a_conversion_ends_with_a_table_of_what_was_measured(build, tmp_path, capsys):
    target = tmp_path / "m.tflite"
    assert main([str(build / "postcode.keras"), "-o", str(target)]) == 0
    table = capsys.readouterr().out
    for row in (
        str(target),
        f"{target.stat().st_size:,}",
        "int8",
        "temperature",
        "reject threshold",
        "postcodes of mnist",
        "Keras",
        "same",
    ):
        assert row in table
    card = json.loads((tmp_path / "m.json").read_text())
    errors = card["calibration"]["holdout_errors"]["mnist"], card["test_errors"]
    sides = ("mnist kept apart", "mnist test")
    for side, of, counted in zip(sides, (300, 200), errors, strict=True):
        (row,) = (line for line in table.splitlines() if line.startswith(side))
        assert row.removeprefix(side).split()[:3] == [
            str(of),
            str(counted["converted"]["errors"]),
            str(counted["float"]["errors"]),
        ]


def test_strokes_are_a_row_of_their_own_wherever_their_file_is(mixed, pens_file, tmp_path, capsys):
    report = json.loads((mixed / "report.json").read_text())
    report["strokes"][0]["path"] = str(tmp_path / "gone.json.gz")
    (mixed / "report.json").write_text(json.dumps(report))
    arguments = [str(mixed / "postcode.keras"), "-o", str(tmp_path / "m.tflite")]
    assert main(arguments) == 1
    assert "gone.json.gz: no such file of pen strokes" in one_line(capsys)
    assert main([*arguments, "--strokes", str(pens_file)]) == 0
    rows = [line.split("  ")[0].strip() for line in capsys.readouterr().out.splitlines()]
    assert rows[-4:] == ["mnist kept apart", "pendigits_strokes kept apart", "mnist test",
                         "pendigits_strokes test"]  # fmt: skip


def test_a_missing_model_is_one_line(tmp_path, capsys):
    arguments = [str(tmp_path / "none.keras"), "-o", str(tmp_path / "m.tflite")]
    assert main(arguments) == 1
    assert one_line(capsys).startswith(f"convert: {tmp_path / 'none.keras'}: no such file")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="no such file"):
        main([*arguments, "--debug"])


def test_a_refused_model_is_one_line(build, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("convert.verify.ALLOWED_LOSS", -1)
    target = tmp_path / "out" / "m.tflite"
    assert main([str(build / "postcode.keras"), "-o", str(target)]) == 1
    assert "worse by" in one_line(capsys)
    assert list(target.parent.iterdir()) == []


def test_ctrl_c_is_one_line(build, tmp_path, capsys, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("convert.convert.to_tflite", interrupt)
    assert main([str(build / "postcode.keras"), "-o", str(tmp_path / "m.tflite")]) == 130
    assert capsys.readouterr().err.strip() == "convert: stopped; nothing was written"


@pytest.mark.parametrize(
    "arguments",
    [
        ["m.keras"],
        ["-o", "m.tflite"],
        ["m.keras", "-o", "m.bin"],
        ["m.keras", "-o", "m.tflite", "--quantize", "int3"],
        ["m.keras", "-o", "m.tflite", "--input", "int8"],
        ["m.keras", "-o", "m.tflite", "--target", "tflite"],
        ["m.keras", "-o", "m.tflite", "--max-drop", "-1"],
        ["m.keras", "-o", "m.tflite", "--max-drop", "much"],
        ["inspect"],
        ["layers", "m.keras", "--quantize", "all"],
    ],
)
def test_wrong_usage_leaves_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_the_help_tells_of_every_quantisation_there_is():
    assert list(cli.QUANTIZATIONS) == list(tflite.QUANTIZATIONS)


def test_help_needs_no_tensorflow():
    code = (
        "import sys\n"
        "from convert.cli import main\n"
        "try:\n    main(['--help'])\n"
        "finally:\n    assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    choices = "{" + ",".join([*cli.QUANTIZATIONS, "all"]) + "}"
    for text in (
        "--quantize",
        choices,
        "--data",
        "--strokes",
        "OUT.tflite",
        "--input",
        "--target",
        "--representative",
        "--eval",
        "--max-drop",
        "--c-array",
        "inspect",
        "layers",
    ):
        assert text in run.stdout
