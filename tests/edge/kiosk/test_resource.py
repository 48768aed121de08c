from __future__ import annotations

import base64
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edge.journal import Entry
from edge.kiosk import schemas
from edge.kiosk.resource import (
    alternatives,
    digits_of,
    resource_of,
    time_of,
    unstored,
    with_alternatives,
)
from edge.reading import Digit, Reading

ROWS = arrays.arrays(np.float32, 10, elements=st.floats(0, 1, width=32))
READING = Reading(
    "accepted",
    postcode="04524",
    guess="04524",
    confidence=0.99,
    digits=tuple(Digit(each, 0.99, None) for each in "04524"),
    region="서울특별시 / Seoul",
)


@given(ROWS, st.integers(0, 9))
def test_alternatives_are_the_two_best_others(row, digit):
    first, second = alternatives(row, str(digit))
    others = np.delete(row, digit)
    assert first["confidence"] == pytest.approx(others.max(), abs=1e-6)
    assert second["confidence"] == pytest.approx(np.sort(others)[-2], abs=1e-6)
    assert len({first["digit"], second["digit"], str(digit)}) == 3


def test_of_a_digit_that_the_directory_chose_the_likeliest_is_an_alternative():
    row = np.array([0.6, 0.3, 0.1, 0, 0, 0, 0, 0, 0, 0], np.float32)
    assert [each["digit"] for each in alternatives(row, "1")] == ["0", "2"]


def test_a_reading_without_probabilities_has_no_alternatives():
    for digit in with_alternatives(READING, None)["digits"]:
        assert digit["alternatives"] == []


def test_an_entrys_resource_has_the_documented_form():
    table = np.full((5, 10), 0.1, np.float32)
    entry = Entry(
        id="0" * 32,
        number=7,
        taken_at=datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC),
        clock_is_right=True,
        source="camera",
        reading=READING,
        probabilities=table,
        corrected="04525",
    )
    found = schemas.Reading.model_validate(resource_of(entry), strict=False)
    assert (found.id, found.number, found.kind) == ("0" * 32, 7, "camera")
    assert (found.postcode, found.corrected) == ("04524", "04525")
    assert found.taken_at == "2026-11-24T12:00:00.123Z"
    assert found.region == "서울특별시 / Seoul"


def test_a_reading_in_no_journal_has_the_documented_form_too():
    found = schemas.Reading.model_validate(unstored(READING, "photo", None), strict=False)
    assert (found.id, found.number, found.taken_at) == (None, None, None)


def test_digits_come_back_as_the_model_saw_them():
    rng = np.random.default_rng(0)
    digits = rng.integers(0, 256, (5, 28, 28), np.uint8)
    found = digits_of(digits, np.full((5, 10), 0.1, np.float32))
    for image, told in zip(digits, found["digits"], strict=True):
        png = base64.b64decode(told["image"].removeprefix("data:image/png;base64,"))
        assert np.array_equal(
            cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED), image
        )
        assert told["probabilities"] == pytest.approx([0.1] * 10)


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)))
def test_times_are_utc_to_the_millisecond(moment):
    told = time_of(moment)
    assert told.endswith("Z")
    back = datetime.fromisoformat(told)
    assert 0 <= (moment - back).total_seconds() < 0.001
