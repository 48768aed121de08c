"""What the README says is what was measured."""

from __future__ import annotations

import json

from tests.conftest import ROOT


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
