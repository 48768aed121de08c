import argparse
import json

import pytest

from benchmarks import reporting


def test_percentiles_are_those_of_the_times():
    assert reporting.percentiles(range(101)) == {"p50": 50.0, "p90": 90.0, "p99": 99.0}


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", ""])
def test_what_is_no_count_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="1 or more"):
        reporting.positive(text)
    assert reporting.positive("12") == 12


def test_missing_data_is_one_sentence_that_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path / "nowhere"))
    assert not reporting.has_data("speed")
    assert capsys.readouterr().err == (
        f"speed: no data in {tmp_path}/nowhere; name its folder in FIVEBOX_DATA\n"
    )
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path))
    assert reporting.has_data("speed")


def test_figures_are_kept_in_a_folder_that_is_made(tmp_path):
    path = tmp_path / "new" / "figures.json"
    reporting.keep(path, {"µs": 1.5})
    assert json.loads(path.read_text("utf-8")) == {"µs": 1.5}
    assert path.read_text("utf-8").endswith("\n")


def test_a_figure_above_its_limit_is_marked(capsys):
    reporting.print_limit("touch", 2.0, 1.5, " ms")
    reporting.print_limit("touch", 1.5, 1.5, " ms")
    above, met = capsys.readouterr().out.splitlines()
    assert above.endswith("(at most 1.5 ms)  MISS")
    assert met.endswith("(at most 1.5 ms)")


def test_the_machine_is_named_in_one_line(capsys):
    where = reporting.machine()
    assert where["cores"] >= 1
    reporting.print_machine(where | {"governor": None})
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert f"python {where['python']}" in line
    assert "governor" not in line
