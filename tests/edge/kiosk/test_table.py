from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.journal import Entry
from edge.kiosk.table import COLUMNS, harmless, lines
from edge.reading import Reading


def entry(number=1, corrected=None, **fields):
    reading = Reading(fields.pop("status", "rejected"), guess="04524", confidence=0.5, **fields)
    return Entry(
        id=f"{number:032x}",
        number=number,
        taken_at=datetime(2026, 11, 24, tzinfo=UTC),
        clock_is_right=True,
        source="write",
        reading=reading,
        corrected=corrected,
    )


def parsed(pages):
    text = "".join(lines(pages))
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def test_an_empty_journal_is_a_table_with_a_head():
    assert "".join(lines([])) == "\ufeff" + ",".join(COLUMNS) + "\r\n"


def test_pages_follow_one_another():
    found = parsed([[entry(3), entry(2)], [entry(1)]])
    assert [row["number"] for row in found] == ["3", "2", "1"]


def test_the_postcode_is_the_persons_word_or_what_was_accepted():
    accepted = entry(1, status="accepted", postcode="04524")
    doubtful, corrected = entry(2), entry(3, corrected="04525")
    found = parsed([[accepted, doubtful, corrected]])
    assert [row["postcode"] for row in found] == ["04524", "", "04525"]
    assert [row["guess"] for row in found] == ["04524"] * 3


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_runs_as_a_formula(start):
    (row,) = parsed([[entry(region=f'{start}HYPERLINK("http://evil.example")', reason=start)]])
    assert row["region"].startswith(f"'{start}")
    assert row["reason"] == f"'{start}"


@given(st.text())
def test_any_text_survives_in_one_cell(text):
    (row,) = parsed([[entry(region=text)]])
    assert row["region"] == harmless(text)
    assert row["id"] == f"{1:032x}"
