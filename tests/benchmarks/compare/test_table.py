from __future__ import annotations

import re

from benchmarks.compare import table
from tests.benchmarks.compare.made import ALL, measured


def test_the_terminal_has_a_row_for_each_with_all_its_figures():
    head, *rows = table.terminal(ALL)
    assert len(rows) == len(ALL)
    assert "photos right" in head
    photos, touch = "9 / 14 (64.3 %) 6, 1", "7 / 8 (87.5 %) 8, 1"
    expected = f"fivebox photo {photos} {touch} 12.0 36.0 2.4 0.75 56 326"
    assert " ".join(rows[0].split()) == expected


def test_the_columns_stand_under_their_heads():
    lines = list(table.terminal(ALL))
    assert len({len(line) for line in lines}) == 1


def test_the_readme_has_both_tables_with_as_many_cells_in_every_row():
    for language in table.LANGUAGES:
        text = "\n".join(table.markdown(ALL, language))
        for part in text.split("\n\n"):
            assert len({line.count("|") for line in part.splitlines()}) == 1
            assert len(part.splitlines()) == 2 + len(ALL)


def test_english_and_korean_have_the_same_figures():
    english, korean = (
        [re.findall(r"\d[\d.,]*", line) for line in table.markdown(ALL, language)]
        for language in table.LANGUAGES
    )
    assert english == korean


def test_who_never_answers_is_never_wrong():
    silent = measured("tesseract", "row-line", right=0, answered=0, wrong=0)
    row = list(table.markdown([silent], "en"))[2]
    assert "| 0 / 14 (0.0 %) | 0 | 0 |" in row


def test_without_recordings_their_figures_are_left_out_on_the_terminal():
    one = measured("fivebox", "photo")
    del one.sets["touch"], one.ms["touch"]
    assert table.row(one).split().count("-") == 2
