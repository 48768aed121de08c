from __future__ import annotations

import json

import pytest

from edge.cli import main
from edge.doctor.sample import recording

QUICK = ["--seconds", "0.01"]


def test_the_table_has_a_row_for_each_thing(capsys):
    assert main(["benchmark", *QUICK]) == 0
    out = capsys.readouterr().out
    assert "touch recording, read" in out
    assert "peak memory" in out


def test_the_same_for_programs(tmp_path, capsys):
    (tmp_path / "a.json").write_text(json.dumps(recording()))
    assert main(["benchmark", str(tmp_path), "--json", *QUICK]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [each["what"] for each in report["timings"]] == ["input to reading (1)"]


def test_an_input_that_fails_is_one_line_and_exit_code_1(tmp_path, capsys):
    assert main(["benchmark", str(tmp_path / "none.jpg"), *QUICK]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "none.jpg" in error


def test_a_folder_with_nothing_to_read_is_one_line(tmp_path, capsys):
    assert main(["benchmark", str(tmp_path), *QUICK]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("seconds", ["0", "-1", "many", "nan", "1e9"])
def test_a_time_that_is_none_is_wrong_usage(seconds, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["benchmark", "--seconds", seconds])
    assert "3600" in capsys.readouterr().err
