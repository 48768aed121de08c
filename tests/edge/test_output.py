from __future__ import annotations

import json
from dataclasses import replace

from edge.output import JsonLines, Summary, Table
from edge.reading import Reading

ACCEPTED = Reading("accepted", "a.jpg", "04524", "04524", 0.991, elapsed_ms=12.34)
REJECTED = Reading("rejected", "b.jpg", None, "04524", 0.5, reason="low-confidence")


def test_json_lines_are_readings_one_a_line(capsys):
    printer = JsonLines()
    printer.add(ACCEPTED)
    printer.add(REJECTED)
    printer.close()
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["source"] for line in lines] == ["a.jpg", "b.jpg"]


def test_a_row_has_postcode_confidence_status_and_time(capsys):
    Table(["a.jpg"]).add(ACCEPTED)
    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["file", "postcode", "confidence", "status", "ms"]
    assert row.split() == ["a.jpg", "04524", "99.1%", "accepted", "12.3"]


def test_a_rejected_guess_stands_in_brackets_with_the_reason(capsys):
    Table(["b.jpg"]).add(REJECTED)
    row = capsys.readouterr().out.splitlines()[-1]
    assert "(04524)" in row
    assert row.endswith("low-confidence")


def test_the_region_of_an_accepted_postcode_stands_last(capsys):
    Table(["a.jpg"]).add(replace(ACCEPTED, region="서울특별시 / Seoul"))
    assert capsys.readouterr().out.splitlines()[-1].endswith("  서울특별시 / Seoul")


def test_without_a_guess_there_is_a_dash_and_the_status_is_said_once(capsys):
    Table(["c.jpg"]).add(Reading("no-boxes", "c.jpg", reason="no-boxes"))
    row = capsys.readouterr().out.splitlines()[-1]
    assert row.split()[:4] == ["c.jpg", "-", "-", "no-boxes"]
    assert row.count("no-boxes") == 1


def test_columns_stay_aligned_and_long_names_lose_their_beginning(capsys):
    names = ["short.jpg", "/".join(["deep"] * 40) + "/end.jpg"]
    table = Table(names)
    for name in names:
        table.add(Reading("accepted", name, "04524", "04524", 1.0))
    header, *rows = capsys.readouterr().out.splitlines()
    assert {row.index("accepted") for row in rows} == {header.index("status")}
    assert rows[1].startswith("…")
    assert "end.jpg " in rows[1]


def test_the_last_line_counts_the_statuses(capsys):
    table = Table(["a.jpg"])
    for reading in (ACCEPTED, ACCEPTED, REJECTED):
        table.add(reading)
    table.close()
    assert capsys.readouterr().out.splitlines()[-1] == "3 read: 2 accepted, 1 rejected"


def test_nothing_is_printed_before_the_first_reading(capsys):
    table = Table(["a.jpg"])
    assert capsys.readouterr().out == ""
    table.close()
    assert capsys.readouterr().out.strip() == "nothing to read"


def test_of_too_many_names_the_column_is_as_wide_as_it_gets(capsys):
    table = Table(None)
    table.add(ACCEPTED)
    assert capsys.readouterr().out.splitlines()[1].startswith(f"{'a.jpg':60}  ")


def test_a_summary_is_one_line_and_counts_what_was_there_before(capsys):
    summary = Summary({"accepted": 2, "error": 1})
    summary.add(ACCEPTED)
    summary.close()
    assert capsys.readouterr().out == "4 read: 3 accepted, 1 error\n"
