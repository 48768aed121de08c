"""Tests of edge/choice.py."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.boxes import Boxes
from edge.choice import Choice, choose
from edge.decode import Box
from edge.observation import Observation
from edge.row import row_through, unit_corners


def row_at(x, support, is_sure=False, coverage=0.8):
    corners = unit_corners(1.0) * 20 + np.array([x, 50], np.float32)
    row = row_through(corners, np.arange(5))
    return Boxes(corners.astype(np.float32), coverage, row, support=support, is_sure=is_sure)


def digits(probability):
    row = np.full(10, (1 - probability) / 9, np.float32)
    row[3] = probability
    return Observation(tuple(Box(row) for _ in range(5)))


def looking(legible):
    """Return a way to look in which rows at these places hold digits, and what was looked at."""
    looked = []

    def look(boxes):
        x = round(float(boxes.corners[0, 0, 0]))
        looked.append(x)
        return Choice(boxes, digits(0.99 if x in legible else 0.3))

    return look, looked


def test_nothing_is_chosen_of_nothing():
    look, _ = looking(())
    assert choose([], look) is None


def test_digits_decide_between_rows_that_are_supported_about_as_well():
    look, looked = looking({200})
    choice = choose([row_at(0, 0.8), row_at(200, 0.7)], look)
    assert round(float(choice.boxes.corners[0, 0, 0])) == 200
    assert looked == [0, 200]


def test_lines_decide_between_rows_that_are_read_as_well():
    look, _ = looking({0, 200})
    choice = choose([row_at(200, 0.7), row_at(0, 0.8)], look)
    assert round(float(choice.boxes.corners[0, 0, 0])) == 0


def test_a_sure_row_with_digits_ends_the_search():
    look, looked = looking({100})

    def rows():
        yield row_at(0, 0.8)
        yield row_at(100, 0.95, is_sure=True)
        pytest.fail("more rows are asked for")

    choice = choose(rows(), look)
    assert round(float(choice.boxes.corners[0, 0, 0])) == 100
    assert looked == [100]


def test_a_sure_row_without_digits_does_not_end_it():
    look, _ = looking({300})
    choice = choose([row_at(0, 0.95, is_sure=True), row_at(300, 0.9)], look)
    assert round(float(choice.boxes.corners[0, 0, 0])) == 300


def test_a_row_that_is_mostly_seen_ends_it_where_its_digits_are_clear():
    look, looked = looking({100})

    def rows():
        yield row_at(0, 0.9, coverage=0.9)
        yield row_at(100, 0.9, coverage=0.9)
        pytest.fail("more rows are asked for")

    choice = choose(rows(), look)
    assert round(float(choice.boxes.corners[0, 0, 0])) == 100
    assert looked == [0, 100]


def test_a_row_that_is_mostly_seen_does_not_end_it_with_doubtful_digits():
    def look(boxes):
        x = round(float(boxes.corners[0, 0, 0]))
        return Choice(boxes, digits({0: 0.8, 100: 0.99}[x]))

    rows = [row_at(0, 0.9, coverage=0.9), row_at(100, 0.95, coverage=0.9)]
    assert round(float(choose(rows, look).boxes.corners[0, 0, 0])) == 100
    sure = [row_at(0, 0.9, is_sure=True), row_at(100, 0.95, is_sure=True)]
    assert round(float(choose(sure, look).boxes.corners[0, 0, 0])) == 0


def test_a_row_that_is_mostly_seen_ends_it_with_very_clear_digits_only():
    def first(clearness):
        def look(boxes):
            x = round(float(boxes.corners[0, 0, 0]))
            return Choice(boxes, digits({0: clearness, 100: 0.99}[x]))

        rows = [row_at(0, 0.9, coverage=0.9), row_at(100, 0.95, coverage=0.9)]
        return round(float(choose(rows, look).boxes.corners[0, 0, 0]))

    assert (first(0.98), first(0.95)) == (0, 100)


def test_a_sure_row_does_not_end_it_where_its_digits_may_stand_upside_down():
    def look(boxes):
        x = round(float(boxes.corners[0, 0, 0]))
        return Choice(boxes, replace(digits(0.9), found={0: 0.6, 1: 1.0}[x]))

    rows = [row_at(x, 0.95 + 0.04 * x, is_sure=True) for x in (0, 1)]
    assert choose(rows, look).boxes is rows[1]


def test_another_fit_that_tells_which_way_up_its_digits_stand_ends_it():
    rows = [row_at(x, 0.95, is_sure=True) for x in (0, 1)]

    def found():
        yield from rows
        pytest.fail("more rows are asked for")

    def look(boxes):
        x = round(float(boxes.corners[0, 0, 0]))
        return Choice(boxes, replace(digits(0.9), found={0: 0.6, 1: 1.0}[x]))

    assert choose(found(), look).boxes is rows[1]


def test_a_better_fit_of_a_row_that_was_looked_at_is_looked_at_and_is_no_rival():
    rows = [row_at(0, 0.5, coverage=0.9), row_at(1, 0.9, coverage=0.9)]
    alone = choose(rows[1:], lambda boxes: Choice(boxes, digits(0.9)))
    best = choose(rows, lambda boxes: Choice(boxes, digits(0.9)))
    assert best.boxes is rows[1]
    assert best.observation.found == alone.observation.found == 1


def test_a_row_that_may_be_upside_down_does_not_end_it():
    def look(boxes):
        x = round(float(boxes.corners[0, 0, 0]))
        return Choice(boxes, replace(digits(0.99), found={0: 0.55, 100: 1.0}[x]))

    rows = [row_at(0, 0.9, coverage=0.9), row_at(100, 0.95, coverage=0.9)]
    assert round(float(choose(rows, look).boxes.corners[0, 0, 0])) == 100


def test_the_same_row_is_looked_at_once_and_few_are_looked_at_at_all():
    look, looked = looking({0})
    rows = [row_at(x, 0.9 - 0.001 * x) for x in (0, 1, 2, *range(200, 1200, 100))]
    choose(rows, look)
    assert looked == [0, 200, 300, 400, 500, 600]
    looked.clear()
    choose([replace(row, coverage=0.9) for row in rows], look)
    assert looked == [0]
    looked.clear()
    choose([replace(row, coverage=0.9) for row in rows[3:]], look)
    assert looked == [200, 300, 400, 500, 600, 700]


def test_legibility_of_blank_boxes_is_low():
    blank = Observation((Box(None),) * 5)
    assert blank.legibility < digits(0.3).legibility < digits(0.99).legibility < 0


def test_another_row_with_digits_makes_it_doubtful_which_one_is_meant():
    look, _ = looking({0, 200})
    alone = choose([row_at(0, 0.8)], look)
    close = choose([row_at(0, 0.8), row_at(200, 0.75)], look)
    far = choose([row_at(0, 0.8), row_at(200, 0.4)], look)
    assert alone.observation.found == 1
    assert 0.7 < close.observation.found < 0.75
    assert far.observation.found > 0.99


def test_a_row_without_digits_makes_nothing_doubtful():
    look, _ = looking({0})
    assert choose([row_at(0, 0.8), row_at(200, 0.79)], look).observation.found == 1


def test_a_row_that_is_none_of_five_is_passed_over_and_looked_at_once():
    look, looked = looking({0, 200})

    def look_at_five(boxes):
        choice = look(boxes)
        return None if choice.boxes.corners[0, 0, 0] < 50 else choice

    rows = [row_at(0, 0.95, is_sure=True), row_at(0.5, 0.9), row_at(200, 0.7)]
    choice = choose(rows, look_at_five)
    assert round(float(choice.boxes.corners[0, 0, 0])) == 200
    assert looked == [0, 200]
    assert choose(rows[:2], look_at_five) is None


def test_another_fit_of_a_row_that_is_none_of_five_may_be_one():
    look, looked = looking({3})

    def look_at_five(boxes):
        choice = look(boxes)
        return choice if looked[-1] == 3 else None

    rows = [row_at(0, 0.95, coverage=0.9), row_at(0.5, 0.9), row_at(3, 0.8)]
    choice = choose(rows, look_at_five)
    assert round(float(choice.boxes.corners[0, 0, 0])) == 3
    assert looked == [0, 3]


def test_where_most_rows_are_none_of_five_few_are_looked_at():
    looked = []
    rows = [row_at(x, 0.9 - 0.001 * x) for x in range(0, 2000, 100)]
    assert choose(rows, looked.append) is None
    assert len(looked) == 12
