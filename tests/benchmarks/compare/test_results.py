from __future__ import annotations

import pytest

from benchmarks.compare.measuring import Counts
from benchmarks.compare.peers import PEERS
from benchmarks.compare.results import (
    Results,
    load_results,
    of_kind,
    save_results,
    shown,
    total,
)  # fmt: skip
from tests.benchmarks.compare.made import ALL, measured


def test_results_come_back_as_they_were(tmp_path):
    results = Results("abc", ALL, {"cores": 2})
    save_results(tmp_path / "deep" / "compare.json", results)
    assert load_results(tmp_path / "deep" / "compare.json") == results
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["compare.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"items": "a", "measured": [{}]}'])
def test_what_is_no_result_is_none(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    assert load_results(tmp_path / "a.json") is None
    assert load_results(tmp_path / "none.json") is None


def test_what_is_measured_anew_takes_its_place():
    results = Results("abc", (), {})
    for one in (*reversed(ALL), measured("rapidocr", "row", right=7)):
        results = results.with_one(one)
    assert [(one.peer, one.way) for one in results.measured] == [(a.peer, a.way) for a in ALL]
    assert results.measured[4].sets["desk"].right == 7
    assert results.machine["cores"]


def test_counts_add_up():
    assert total([Counts(10, 5, 6, 1), Counts(4, 3, 2, 1)]) == Counts(14, 8, 8, 2)
    assert of_kind(ALL[0], "photo") == Counts(14, 9, 6, 1)
    assert of_kind(ALL[0], "touch") == Counts(8, 7, 8, 1)


def test_each_program_is_shown_in_the_way_that_suits_it_best_and_the_faster_of_two():
    best = [(one.peer, one.way) for one in shown(Results("abc", ALL, {}))]
    assert best == [
        ("fivebox", "photo"), ("textbook", "row"), ("normalised", "row"),
        ("rapidocr", "photo"), ("rapidocr", "row"),
        ("tesseract", "photo-line"), ("tesseract", "row-line"),
    ]  # fmt: skip


def test_every_way_of_every_program_is_known_to_the_tests():
    assert [(p.name, way) for p in PEERS.values() for way in p.ways] == [
        (one.peer, one.way) for one in ALL
    ]
