from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from tests.train.synthetic import draw_digits, write_handwriting
from train import report
from train.augment import Distortion
from train.data import Dataset, Examples, Extra
from train.fit import Epoch
from train.material import Fold, Material, divide, examples_of
from train.recipe import Recipe
from train.strokes import load_strokes

RECIPE = Recipe("test", "to be tested", hidden=(32, 16), validation=0.2, epochs=5, seed=3,
                stroke_drawings=2)  # fmt: skip
HISTORY = [Epoch(1, 0.9, 0.7, 0.5, 0.8), Epoch(2, 0.31, 0.91, 0.25, 0.8125)]
ERRORS = {
    "validation": {"mnist": {"errors": 3, "of": 20}, "pens": {"errors": 0, "of": 10}},
    "test": {"mnist": {"errors": 1234, "of": 10000}, "pens": {"errors": 1, "of": 10}},
}


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    digits = Examples(*draw_digits(100, seed=0))
    path = tmp_path_factory.mktemp("strokes") / "pens.json.gz"
    strokes = divide(load_strokes(write_handwriting(path, writers=5, each=1)), RECIPE)
    return Material(
        dataset=Dataset(Path("/data/digits.npz"), "a" * 64, digits, digits.take(np.arange(30))),
        learnt=digits.take(np.arange(80)),
        validation={"mnist": digits.take(np.arange(80, 100)),
                    "pens": examples_of(strokes.validation)},
        test={"mnist": digits.take(np.arange(30)), "pens": examples_of(strokes.test)},
        strokes=[strokes],
    )  # fmt: skip


@pytest.fixture
def made(material, tmp_path):
    model = tmp_path / "test.keras"
    model.write_bytes(b"weights")
    return report.make_report(
        "run", model, "784-32-16-10 relu", 25_818, RECIPE, material, HISTORY, ERRORS, 61.27
    )


def test_a_report_says_all_that_there_is_to_know(made, material):
    assert made["run"] == "run"
    assert made["model"] == {"file": "test.keras", "sha256": hashlib.sha256(b"weights").hexdigest()}
    assert (made["architecture"], made["weights"]) == ("784-32-16-10 relu", 25_818)
    assert made["recipe"] == asdict(RECIPE)
    assert made["data"] == {
        "path": "/data/digits.npz",
        "name": "digits.npz",
        "sha256": "a" * 64,
        "train": 80,
        "validation": {"count": 20, "seed": 0, "fold": None},
        "test": 30,
    }
    (strokes,) = made["strokes"]
    source = material.strokes[0].source
    assert strokes == {"path": str(source.path), **material.strokes[0].account()}
    assert made["epochs"] == [asdict(epoch) for epoch in HISTORY]
    assert made["errors"] == ERRORS
    assert set(made["versions"]) == {"python", "numpy", "tensorflow", "keras"}
    assert made["seconds"] == 61.3


def test_fewer_epochs_than_the_recipes_are_an_early_stop(made, material):
    assert made["stopped_early"]
    whole = replace(RECIPE, epochs=2)
    full = report.make_report("run", None, "", 0, whole, material, HISTORY, ERRORS, 1.0)
    assert not full["stopped_early"]


def test_a_fold_is_told_and_has_no_model(material):
    made = report.make_report(
        "run", None, "", 0, RECIPE, material, HISTORY, ERRORS, 1.0, report.Origins(fold=Fold(2, 5))
    )
    assert made["model"] is None
    assert made["data"]["validation"]["fold"] == {"index": 2, "of": 5}


def test_a_report_that_was_written_and_read_gives_its_recipe_back(made):
    bent = replace(RECIPE, distortion=Distortion(rotation=3, mirror=True), validation=5000)
    for recipe in (RECIPE, bent):
        text = report.to_json(made | {"recipe": asdict(recipe)})
        assert text.endswith("}\n")
        assert report.recipe_of(json.loads(text)) == recipe


@pytest.mark.parametrize(
    "damage",
    [
        {"hidden": None},
        {"epochs": 0},
        {"distortion": {"rotation": -1}},
        {"distortion": None},
        {"unknown": 1},
        {"name": ...},
    ],
)
def test_a_recipe_of_another_version_is_refused(made, damage):
    recipe = {k: v for k, v in (made["recipe"] | damage).items() if v is not ...}
    with pytest.raises((KeyError, TypeError, ValueError)):
        report.recipe_of({"recipe": recipe})


def test_what_is_learnt_in_the_same_way_from_the_same_is_the_same_run(material):
    elsewhere = replace(material, dataset=replace(material.dataset, path=Path("/other.npz")))
    assert report.identify(RECIPE, material) == report.identify(replace(RECIPE), elsewhere)


def test_another_recipe_fold_or_file_is_another_run(material):
    other_data = replace(material, dataset=replace(material.dataset, sha256="b" * 64))
    (strokes,) = material.strokes
    other_source = replace(strokes.source, sha256="c" * 64)
    extra = Extra(Path("/data/reviewed.npz"), "f" * 64, material.learnt)
    others = [
        report.identify(RECIPE, replace(material, extra=[extra])),
        report.identify(RECIPE, replace(material, extra=[replace(extra, sha256="0" * 64)])),
        *(
            report.identify(recipe, material)
            for recipe in (
                RECIPE,
                replace(RECIPE, seed=4),
                replace(RECIPE, learning_rate=0.002),
                replace(RECIPE, hidden=(32, 17)),
                replace(RECIPE, distortion=Distortion(rotation=3)),
            )
        ),
        report.identify(RECIPE, other_data),
        report.identify(RECIPE, replace(material, strokes=[])),
        report.identify(RECIPE, replace(material, strokes=[replace(strokes, source=other_source)])),
        report.identify(RECIPE, material, report.Origins(fold=Fold(0, 5))),
        report.identify(RECIPE, material, report.Origins(fold=Fold(1, 5))),
        report.identify(RECIPE, material, report.Origins(fold=Fold(0, 4))),
        *(
            report.identify(RECIPE, material, report.Origins(rounding=rounding))
            for rounding in (
                {"model_sha256": "d" * 64, "bits": 8},
                {"model_sha256": "d" * 64, "bits": 4},
                {"model_sha256": "e" * 64, "bits": 4},
            )
        ),
        report.identify(RECIPE, material, report.Origins(teachers=("d" * 64,))),
    ]
    assert len(set(others)) == len(others)


def test_extra_digits_are_told_by_their_hash(material, tmp_path):
    model = tmp_path / "test.keras"
    model.write_bytes(b"weights")
    extra = Extra(Path("/data/reviewed.npz"), "f" * 64, material.learnt)
    mixed = replace(material, extra=[extra])
    made = report.make_report("run", model, "", 1, RECIPE, mixed, HISTORY, ERRORS, 1.0)
    assert made["extra"] == [
        {"path": "/data/reviewed.npz", "name": "reviewed.npz", "sha256": "f" * 64, "digits": 80}
    ]
    assert "- reviewed.npz: 80 digits more to learn from" in report.to_markdown(made)
    # What was learnt and measured of the data set itself is told as before.
    assert made["data"]["train"] == 80


def test_the_readable_report_has_a_table_of_all_errors(made):
    lines = report.to_markdown(made).splitlines()
    start = lines.index("| images | | wrong | of | right |")
    assert lines[start + 1] == "|---|---|---:|---:|---:|"
    assert lines[start + 2 : start + 7] == [
        "| mnist | validation | 3 | 20 | 85.00% |",
        "| pens | validation | 0 | 10 | 100.00% |",
        "| mnist | test | 1,234 | 10,000 | 87.66% |",
        "| pens | test | 1 | 10 | 90.00% |",
        "",
    ]


def test_the_readable_report_tells_every_number_of_the_recipe(made):
    lines = report.to_markdown(made).splitlines()
    table = lines[lines.index("## Recipe") :]
    for field in set(asdict(RECIPE)) - {"name", "summary"}:
        assert sum(line.startswith(f"| {field} | ") for line in table) == 1, field
    assert "| hidden | 32, 16 |" in table
    assert any("rotation 0" in line and "mirror False" in line for line in table)


def test_the_readable_report_tells_what_was_learnt_for_how_long(made):
    text = report.to_markdown(made)
    assert text.startswith("# test\n\nTo be tested.\n")
    for part in (
        "784-32-16-10 relu, 25,818 weights",
        "digits.npz: 80 to learn from, 20 kept apart, 30 to test",
        "pens.json.gz: 30 digits of 3 writers to learn from, 10 of 1 kept apart, 10 of 1 to test",
        "2 epochs (stopped early) in 61 s, seed 3",
        "loss 0.3100 and accuracy 91.00%",
        "0.2500 and 81.25%",
        f"numpy {np.__version__}",
    ):
        assert part in text
    assert text.endswith("\n")


def test_the_readable_report_shows_its_pictures_in_their_order(made):
    text = report.to_markdown(made, [("Curves", "curves.png"), ("The worst", "worst.png")])
    shown = [line for line in text.splitlines() if line.startswith(("![", "## "))]
    assert shown == [
        "## Curves",
        "![Curves](curves.png)",
        "## The worst",
        "![The worst](worst.png)",
        "## Recipe",
    ]
