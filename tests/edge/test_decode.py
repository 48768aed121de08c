from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decode import DEFAULT_THRESHOLD, Box, decode
from edge.directory import Directory

CORNERS = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def distribution(digit, confidence):
    """Give the digit its probability and share out the rest."""
    row = np.full(10, (1 - confidence) / 9, np.float32)
    row[digit] = confidence
    return row


def boxes(postcode, confidence=0.999):
    return [
        Box(None if digit == " " else distribution(int(digit), confidence), CORNERS)
        for digit in postcode
    ]


def directory(*prefixes, **regions):
    valid = np.zeros((10,) * 5, bool)
    for prefix in prefixes:
        valid[tuple(map(int, prefix))] = True
    return Directory(valid, regions)


def doubtful(postcode, box, other, probability):
    """Return boxes that are sure but of one: it gives another digit this probability."""
    written = boxes(postcode, 1 - 1e-9)
    row = np.zeros(10, np.float32)
    row[int(postcode[box])], row[other] = 1 - probability, probability
    written[box] = Box(row, CORNERS)
    return written


@st.composite
def any_boxes(draw):
    seed = draw(st.integers(0, 2**32 - 1))
    count = draw(st.integers(1, 7))
    sharpness = draw(st.floats(0, 40))
    rows = np.exp(sharpness * np.random.default_rng(seed).random((count, 10)))
    rows = (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)
    blank = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    mostly_full = draw(st.booleans())
    return [Box(None if b and not mostly_full else r) for r, b in zip(rows, blank, strict=True)]


directories = st.none() | st.lists(
    st.text("0123456789", min_size=1, max_size=5), min_size=1, max_size=3
).map(lambda prefixes: directory(*prefixes, **{prefixes[0]: "there"}))


@given(any_boxes(), st.floats(0, 1), directories, st.floats(0, 1))
def test_every_reading_keeps_its_promises(written, threshold, known, found):
    reading = decode(written, threshold, known, found)
    assert reading.status in {"accepted", "rejected"}
    assert len(reading.digits) == len(written)
    assert 0 <= reading.confidence <= 1 + 1e-6
    blank = any(box.probabilities is None for box in written)
    assert (reading.guess is None) == blank
    if reading.status == "accepted":
        assert reading.postcode == reading.guess
        assert reading.reason is None
        assert reading.confidence >= threshold
        assert threshold < 1
        region = known and len(written) == 5 and known.region(reading.postcode)
        assert reading.region == (region or None)
    else:
        assert reading.postcode is None
        assert reading.region is None
        reasons = {"low-confidence", "blank-box", "not-a-digit", "not-in-directory"}
        assert reading.reason in reasons
    if reading.guess is not None:
        assert reading.guess == "".join(digit.digit for digit in reading.digits)
    if reading.status == "accepted" and known is not None and len(written) == 5:
        assert known.valid[tuple(map(int, reading.postcode))]


def test_confidence_is_the_product():
    assert np.isclose(decode(boxes("04524", 0.98)).confidence, 0.98**5, rtol=1e-5)


def test_doubt_about_the_boxes_is_doubt_about_the_reading():
    sure = decode(boxes("04524")).confidence
    assert np.isclose(decode(boxes("04524"), found=0.5).confidence, 0.5 * sure)


def test_at_the_threshold_it_is_accepted_and_below_not():
    confidence = decode(boxes("04524", 0.98)).confidence
    assert decode(boxes("04524", 0.98), confidence).status == "accepted"
    below = decode(boxes("04524", 0.98), np.nextafter(confidence, 1))
    assert (below.status, below.reason) == ("rejected", "low-confidence")
    assert (below.postcode, below.guess) == (None, "04524")


def test_where_no_threshold_is_high_enough_nothing_is_accepted():
    certain = [Box(np.eye(10, dtype=np.float32)[int(digit)]) for digit in "04524"]
    reading = decode(certain, threshold=1.0)
    assert (reading.status, reading.reason) == ("rejected", "low-confidence")
    assert (reading.guess, reading.confidence) == ("04524", 1.0)


def test_without_a_threshold_the_default_holds():
    assert decode(boxes("0", DEFAULT_THRESHOLD - 0.01)).status == "rejected"
    assert decode(boxes("0", DEFAULT_THRESHOLD + 0.01)).status == "accepted"


def test_a_blank_box_is_told_and_leaves_no_guess():
    reading = decode(boxes("04 24"))
    assert (reading.status, reading.reason, reading.guess) == ("rejected", "blank-box", None)
    assert [digit.digit for digit in reading.digits] == ["0", "4", None, "2", "4"]
    assert reading.digits[2].confidence == 0


def test_each_digit_keeps_its_corners_and_its_own_confidence():
    written = [Box(distribution(k, 0.9 + k / 100), CORNERS) for k in range(5)]
    reading = decode(written)
    assert [d.box for d in reading.digits] == [CORNERS] * 5
    np.testing.assert_allclose([d.confidence for d in reading.digits], 0.9 + np.arange(5) / 100)


def test_the_directory_corrects_a_doubtful_digit():
    written = boxes("04524")
    written[4] = Box(np.eye(10, dtype=np.float32)[[4, 9]].T @ np.array([0.55, 0.45], np.float32))
    reading = decode(written, directory=directory("04529", "11111"))
    assert (reading.status, reading.postcode) == ("accepted", "04529")
    assert np.isclose(reading.digits[4].confidence, 0.45)


def test_what_is_surely_not_in_the_directory_is_rejected_with_the_guess():
    reading = decode(boxes("04524"), directory=directory("67381"))
    assert (reading.status, reading.reason) == ("rejected", "not-in-directory")
    assert (reading.postcode, reading.guess) == (None, "04524")


@pytest.mark.parametrize(
    ("probability", "status", "reason"),
    [
        (0.6, "accepted", None),
        (0.4, "accepted", None),
        (0.11, "rejected", "low-confidence"),
        (0.09, "rejected", "not-in-directory"),
        (0.0, "rejected", "not-in-directory"),
    ],
)
def test_a_valid_postcode_is_taken_within_a_margin(probability, status, reason):
    written = doubtful("04524", 4, 9, probability)
    reading = decode(written, 0.95, directory("04529"))
    assert (reading.status, reading.reason) == (status, reason)
    assert reading.guess == ("04524" if reason == "not-in-directory" else "04529")


@pytest.mark.parametrize("probability", [0.15, 0.5, 0.9, 1.0])
def test_confidence_counts_that_something_else_may_have_been_written(probability):
    # Of what was written 0452(4|9), only 04529 is valid, and 99 of 100 letters bear a valid one.
    reading = decode(doubtful("04524", 4, 9, probability), directory=directory("04529"))
    right, wrong = 0.99 * probability, 0.01 * (1 - probability)
    assert np.isclose(reading.confidence, right / (right + wrong), rtol=1e-4)


def test_among_valid_postcodes_the_doubt_stays():
    written = doubtful("04524", 4, 9, 0.4)
    reading = decode(written, directory=directory("04524", "04529"))
    assert (reading.guess, reading.reason) == ("04524", "low-confidence")
    assert np.isclose(reading.confidence, 0.6, rtol=1e-4)


@given(any_boxes())
def test_a_directory_of_all_postcodes_changes_nothing(written):
    everything = Directory(np.ones((10,) * 5, bool))
    plain, known = decode(written), decode(written, directory=everything)
    assert (plain.status, plain.guess, plain.reason) == (known.status, known.guess, known.reason)
    assert np.isclose(plain.confidence, known.confidence, rtol=1e-4)


def test_an_accepted_postcode_has_its_region_and_a_rejected_one_has_none():
    known = directory("04", "6", **{"04": "서울 / Seoul", "0": "elsewhere"})
    assert decode(boxes("04524"), directory=known).region == "서울 / Seoul"
    assert decode(boxes("67381"), directory=known).region is None
    assert decode(boxes("04524", 0.5), directory=known).region is None
    assert decode(boxes("04524")).region is None


def test_the_directory_does_not_speak_of_other_than_five_boxes():
    assert decode(boxes("0452"), directory=directory("67381")).postcode == "0452"


@pytest.mark.parametrize("first", ["04524", "0"])
def test_prefixes_and_whole_postcodes_both_admit(first):
    assert decode(boxes("04524"), directory=directory(first)).status == "accepted"


@pytest.mark.parametrize("known", [None, directory("04")])
def test_a_cross_or_a_letter_in_a_box_is_told(known):
    written = boxes("04524", 1 - 1e-9)
    written[2] = Box(np.full(10, 0.1, np.float32), CORNERS)
    reading = decode(written, directory=known)
    assert (reading.status, reading.reason) == ("rejected", "not-a-digit")
    assert reading.guess[:2] + reading.guess[3:] == "0424"


def test_two_digits_that_look_alike_are_digits():
    reading = decode(doubtful("04524", 2, 3, 0.5))
    assert (reading.status, reading.reason) == ("rejected", "low-confidence")
