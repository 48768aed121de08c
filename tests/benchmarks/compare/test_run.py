from __future__ import annotations

import json

import pytest

from benchmarks.compare import inputs, run
from benchmarks.compare.items import Item
from benchmarks.compare.measuring import FailedError, MissingError
from benchmarks.compare.peers import PEERS
from benchmarks.compare.results import Results, load_results, save_results
from tests.benchmarks.compare.made import ALL
from train.errors import DataError

ITEMS = [Item("desk", "photo", "04524", "a.jpg", None)]
WAYS = [(one.peer, one.way) for one in ALL]


@pytest.fixture
def compare(tmp_path, monkeypatch):
    """Return a function that runs with given figures; it gives the exit code and what was
    measured."""
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path))
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results" / "compare.json")
    monkeypatch.setattr(run, "PICTURE", tmp_path / "compare.png")
    monkeypatch.setattr(inputs, "prepare", lambda folder, limit, jobs: ITEMS)
    monkeypatch.setattr(inputs, "fingerprint", lambda items: "abc")

    def call(*arguments, fails=None):
        asked = []

        def measure(peer, way, items, progress):
            asked.append((peer, way))
            if fails and peer in fails:
                raise fails[peer]
            return ALL[WAYS.index((peer, way))]

        monkeypatch.setattr(run, "measure", measure)
        return run.main(arguments), asked

    return call


def test_all_programs_are_measured_in_all_ways_printed_written_and_drawn(compare, capsys):
    assert compare() == (0, WAYS)
    out = capsys.readouterr().out
    assert "fivebox" in out
    assert "9 / 14 (64.3 %)" in out
    results = load_results(run.RESULTS)
    assert results.measured == ALL
    assert results.items == "abc"
    assert run.PICTURE.stat().st_size > 10_000


def test_a_program_that_is_missing_is_left_out_in_one_sentence(compare, capsys):
    missing = {"rapidocr": MissingError("RapidOCR is not installed; run: make compare")}
    code, asked = compare(fails=missing)
    assert code == 0
    assert [peer for peer, _ in asked].count("rapidocr") == 1
    err = capsys.readouterr().err
    assert err == "compare: rapidocr: RapidOCR is not installed; run: make compare\n"
    assert "rapidocr" not in {one.peer for one in load_results(run.RESULTS).measured}
    assert not run.PICTURE.exists()


def test_a_program_that_is_asked_for_and_missing_or_broken_is_a_failure(compare, capsys):
    missing = {"rapidocr": MissingError("RapidOCR is not installed; run: make compare")}
    assert compare("--peers", "fivebox,rapidocr", fails=missing)[0] == 1
    assert compare("--peers", "fivebox,rapidocr", fails={"rapidocr": FailedError("so")})[0] == 1
    assert "rapidocr photo: broke off: so" in capsys.readouterr().err
    assert (
        compare(
            "--peers",
            "rapidocr",
            fails=missing,
        )[0]
        == 1
    )


def test_only_some_are_measured_anew_and_the_others_stay(compare):
    compare()
    kept = json.loads(run.RESULTS.read_text())
    code, asked = compare("--peers", "tesseract,fivebox")
    assert code == 0
    assert [peer for peer, _ in asked] == ["tesseract"] * 4 + ["fivebox"]
    assert json.loads(run.RESULTS.read_text())["measured"] == kept["measured"]


def test_results_of_other_inputs_don_t_stay(compare, capsys):
    save_results(run.RESULTS, Results("other", ALL, {}))
    compare("--peers", "fivebox")
    assert "is of other inputs" in capsys.readouterr().err
    assert [one.peer for one in load_results(run.RESULTS).measured] == ["fivebox"]
    assert not run.PICTURE.exists()


def test_a_run_that_was_stopped_goes_on_where_it_was(compare):
    with pytest.raises(KeyboardInterrupt):
        compare(fails={"rapidocr": KeyboardInterrupt()})
    code, asked = compare("--resume")
    assert (code, asked) == (0, WAYS[3:])
    assert load_results(run.RESULTS).measured == ALL
    assert compare("--resume")[1] == []
    assert compare()[1] == WAYS


def test_a_quick_look_is_written_nowhere_unless_it_is_said_where(compare, tmp_path):
    compare("--limit", "2")
    assert not run.RESULTS.exists()
    assert not run.PICTURE.exists()
    out, picture = tmp_path / "a.json", tmp_path / "a.png"
    compare("--limit", "2", "--out", str(out), "--picture", str(picture))
    assert load_results(out).measured == ALL
    assert picture.exists()


def test_results_are_shown_without_measuring(compare, capsys):
    assert compare("--show", "ko") == (1, [])
    assert "make compare" in capsys.readouterr().err
    compare()
    capsys.readouterr()
    for how, word in (("table", "photos right"), ("en", "| the photo |"), ("ko", "| 사진 |")):
        assert compare("--show", how) == (0, [])
        assert word in capsys.readouterr().out


def test_wrong_usage_is_told(compare, capsys):
    for wrong in (["--peers", "google"], ["--limit", "0"], ["--jobs", "0"], ["--show", "fr"]):
        with pytest.raises(SystemExit) as ended:
            compare(*wrong)
        assert ended.value.code == 2
    assert f"'google' is none of {', '.join(PEERS)}" in capsys.readouterr().err


def test_without_the_data_it_says_where_they_were_looked_for(
    compare, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path / "nowhere"))
    assert compare() == (1, [])
    assert f"compare: no data in {tmp_path / 'nowhere'}" in capsys.readouterr().err
    monkeypatch.setenv("FIVEBOX_DATA", str(tmp_path))

    def prepare(folder, limit, jobs):
        raise DataError("mnist.npz: no such file")

    monkeypatch.setattr(inputs, "prepare", prepare)
    assert compare() == (1, [])
    assert "compare: mnist.npz: no such file" in capsys.readouterr().err
