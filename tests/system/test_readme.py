"""What the README says is what was measured."""

from __future__ import annotations

import json

import pytest

from benchmarks.compare import table
from benchmarks.compare.results import load_results, of_kind, shown
from tests.conftest import ROOT

COMPARED = load_results(ROOT / "benchmarks" / "results" / "compare.json")


def test_the_readme_has_the_measured_counts():
    readme = (ROOT / "README.md").read_text("utf-8")
    result = json.loads((ROOT / "benchmarks" / "results" / "accuracy.json").read_text("utf-8"))
    for score in result["scores"]:
        counts = f"| {score['right']} of {score['total']} ({score['right'] / score['total']:.1%}"
        assert counts.replace("%", "") in readme, score["name"]
        if score["accepted"] is not None:
            assert f"| {score['accepted']} | {score['accepted_wrong']} |" in readme, score["name"]


def test_the_measured_model_is_the_bundled_one():
    result = json.loads((ROOT / "benchmarks" / "results" / "accuracy.json").read_text("utf-8"))
    card = json.loads((ROOT / "edge" / "models" / "postcode.json").read_text("utf-8"))
    assert result["model_sha256"] == card["sha256"]


@pytest.mark.parametrize(("name", "language"), [("README.md", "en"), ("README.ko.md", "ko")])
def test_other_programs_stand_there_as_they_were_measured(name, language):
    page = (ROOT / name).read_text("utf-8")
    for part in "\n".join(table.markdown(shown(COMPARED), language)).split("\n\n"):
        assert part in page
    assert {one.date for one in COMPARED.measured} == {"2026-11-24"}
    assert "2026-11-24" in page
    for one in COMPARED.measured:
        assert one.peer == "fivebox" or one.version in page


def test_what_our_digits_are_worth_to_the_textbooks_network_is_what_was_measured():
    right = {
        one.peer: of_kind(one, "photo").right + of_kind(one, "touch").right
        for one in shown(COMPARED)
    }
    said = f"reads {right['normalised']} postcodes instead of {right['textbook']}"
    assert said in " ".join((ROOT / "README.md").read_text("utf-8").split())
