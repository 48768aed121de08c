from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.scores import FLOORS, HEADER, Score, most_accepted, score
from edge import Reading


def test_a_score_counts_right_guesses_and_wrong_acceptances():
    readings = [
        (Reading("accepted", postcode="04524", guess="04524", confidence=0.9), "04524"),
        (Reading("rejected", guess="04524", confidence=0.5), "04524"),
        (Reading("accepted", postcode="04529", guess="04529", confidence=0.8), "04524"),
        (Reading("no-boxes"), "04524"),
    ]
    counted = score("some", readings)
    assert counted == Score("some", 4, right=2, accepted=2, accepted_wrong=1, readable=1)


def test_where_there_is_no_postcode_all_that_is_accepted_is_wrong():
    readings = [
        (Reading("accepted", postcode="04524", guess="04524"), ""),
        (Reading("rejected", guess="04524"), ""),
        (Reading("no-boxes"), ""),
    ]
    counted = score("negatives", readings)
    assert (counted.right, counted.accepted, counted.accepted_wrong) == (0, 1, 1)
    assert counted.missed == ("wrong",)


def test_the_read_rate_is_where_the_curve_last_has_one_percent():
    # 150 right, a wrong one, 100 right, a wrong one, and more wrong ones.
    answers = [(1 - k / 1000, k not in (150, 251) and k < 260) for k in range(300)]
    assert most_accepted(answers, 0.01) == 260
    assert most_accepted(answers, 0.0) == 150
    assert most_accepted([(0.9, False)] * 5, 0.01) == 0
    assert most_accepted([], 0.01) == 0


def test_answers_of_one_confidence_are_accepted_together():
    answers = [(0.9, True)] * 50 + [(0.8, True)] * 30 + [(0.8, False)]
    assert most_accepted(answers, 0.01) == 50


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.4, 0.7, 0.9]), st.booleans()), max_size=40),
    st.sampled_from([0.0, 0.01, 0.1, 0.5]),
)
def test_no_threshold_does_better(answers, error):
    best = 0
    for threshold in (0.1, 0.4, 0.7, 0.9):
        taken = [right for confidence, right in answers if confidence >= threshold]
        if taken and taken.count(False) <= error * len(taken):
            best = max(best, len(taken))
    assert most_accepted(answers, error) == best


def test_floors_are_met_exactly_and_missed_by_one():
    met = Score("desk", 300, right=291, accepted=200, accepted_wrong=2, readable=285)
    assert met.missed == ()
    assert "MISS" not in met.row
    missed = Score("desk", 300, right=290, accepted=199, accepted_wrong=2, readable=284)
    assert missed.missed == ("right", "wrong", "readable")
    assert missed.row.count("MISS") == 3


@pytest.mark.parametrize(
    ("name", "right", "wrong", "readable"),
    [
        ("scan", 0.98, 0.01, 0.97),
        ("desk", 0.97, 0.01, 0.95),
        ("hard", 0.90, 0.01, 0.80),
        ("odd", 0.90, 0.01, 0.80),
        ("envelopes", 1.0, 0.0, None),
        ("box_strips", 0.98, 0.0, 0.95),
        ("form_cells", 0.97, None, None),
        ("touch", 0.95, 0.01, 0.92),
        ("negatives", None, 0.0, None),
        ("odd_negatives", None, 0.0, None),
    ],
)
def test_the_floors_are_what_was_promised(name, right, wrong, readable):
    floor = FLOORS[name]
    assert (floor.right, floor.wrong, floor.readable) == (right, wrong, readable)


def test_a_row_has_counts_percent_and_floors():
    row = Score("touch", 1000, 960, 900, 4, 930).row
    assert "960 of 1000 = 96.0%  ≥95 %" in row
    assert "4 of 900 = 0.4%   ≤1 %" in row
    assert "930 of 1000 = 93.0%  ≥92 %" in row


def test_a_set_without_floors_has_none():
    free = Score("MNIST digits", 10, 1)
    assert free.missed == ()
    assert "≥" not in free.row


def test_the_header_stands_over_its_columns():
    row = Score("scan", 300, 299, 280, 1, 290).row
    assert HEADER.index("guess right") + len("guess right") == row.index("99.7%") + 5
    assert HEADER.index("wrong") + 5 == row.index("0.4%") + 4
    assert HEADER.index("1 % error") + 9 == row.index("96.7%") + 5
