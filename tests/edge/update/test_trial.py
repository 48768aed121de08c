"""A check set, read in a process of its own, and how it is judged."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.card import ModelCard
from edge.classifier import BUNDLED_MODEL
from edge.doctor.child import Ended
from edge.doctor.sample import POSTCODE
from edge.errors import UpdateError
from edge.update.trial import Trial, as_trial, attempt, chance_of, error_rate, judge

SAMPLES = Path(__file__).parents[3] / "samples"


def card(errors: int, of: int) -> ModelCard:
    return ModelCard("0" * 64, test_errors={"converted": {"errors": errors, "of": of}})


def test_the_bundled_model_passes_on_the_samples(tmp_path: Path) -> None:
    for name in ("touch-stylus.json", "touch-finger.json"):
        (tmp_path / name).write_bytes((SAMPLES / name).read_bytes())
    labels = (SAMPLES / "labels.csv").read_text().splitlines()
    wanted = [labels[0], *(line for line in labels if line.startswith(("touch-st", "touch-fi")))]
    (tmp_path / "labels.csv").write_text("\n".join(wanted) + "\n")
    trial = attempt(BUNDLED_MODEL, tmp_path, xnnpack=True)
    assert trial == Trial(10, 0, POSTCODE)


def test_without_a_check_set_the_built_in_postcode_is_read() -> None:
    assert attempt(BUNDLED_MODEL, None, xnnpack=True) == Trial(0, 0, POSTCODE)


def test_a_model_that_does_not_run_is_refused_with_the_reason(tmp_path: Path) -> None:
    model = tmp_path / "m.tflite"
    model.write_bytes(BUNDLED_MODEL.read_bytes()[:1000])
    with pytest.raises(UpdateError, match="can't read here"):
        attempt(model, None, xnnpack=True)
    with pytest.raises(UpdateError, match=r"labels\.csv"):
        attempt(BUNDLED_MODEL, tmp_path, xnnpack=True)


@pytest.mark.parametrize(
    "ended", [Ended(-4, "", ""), Ended(None, "", ""), Ended(0, "", ""), Ended(0, "hello", "")]
)
def test_a_process_that_dies_or_says_nonsense_is_refused(ended: Ended) -> None:
    with pytest.raises(UpdateError, match="can't read here"):
        as_trial(ended)


def test_a_model_as_good_as_its_card_passes_and_a_worse_one_does_not() -> None:
    told = card(100, 10_000)
    judge(Trial(1000, 10, POSTCODE), told)
    judge(Trial(1000, 18, POSTCODE), told)
    with pytest.raises(UpdateError, match="30 of the check set's 1000 digits wrong"):
        judge(Trial(1000, 30, POSTCODE), told)


def test_the_worst_of_the_cards_figures_is_what_it_promises() -> None:
    both = ModelCard(
        "0" * 64,
        test_errors={"converted": {"errors": 10, "of": 10_000}},
        stroke_errors={
            "pen": {"converted": {"errors": 19, "of": 998}},
            "odd": {"float": {"errors": 900, "of": 1000}},
        },
    )
    assert error_rate(both) == pytest.approx(0.02)
    with pytest.raises(UpdateError, match="doesn't tell"):
        error_rate(ModelCard("0" * 64))


def test_the_chance_is_the_binomial_distributions() -> None:
    assert chance_of(2, 2, 0.5) == pytest.approx(0.25)
    assert chance_of(1, 3, 0.1) == pytest.approx(1 - 0.9**3)
    assert chance_of(0, 10, 0.01) == 1.0
    assert chance_of(3, 3, 1.0) == 1.0


@given(st.integers(0, 300), st.integers(0, 300), st.floats(1e-6, 0.999))
def test_more_wrong_digits_are_never_likelier(wrong: int, more: int, rate: float) -> None:
    digits = wrong + more
    few, many = chance_of(wrong, digits, rate), chance_of(wrong + more // 2, digits, rate)
    assert 0 <= many <= few + 1e-9 <= 1 + 2e-9
