from __future__ import annotations

import json

from edge.reading import Digit, Reading

KEYS = [
    "source", "status", "postcode", "guess", "confidence", "digits", "region", "reason",
    "elapsed_ms",
]  # fmt: skip
BOX = ((1.04, 2.0), (3.0, 4.0), (5.0, 6.0), (7.0, 8.0))


def test_the_keys_stand_in_the_contracts_order():
    assert list(json.loads(Reading("no-boxes").to_json())) == KEYS


def test_what_is_not_known_is_null():
    line = json.loads(Reading("error", source="a.jpg", reason="the file is empty").to_json())
    assert line == {
        "source": "a.jpg", "status": "error", "postcode": None, "guess": None,
        "confidence": 0.0, "digits": [], "region": None, "reason": "the file is empty",
        "elapsed_ms": 0.0,
    }  # fmt: skip


def test_digits_have_three_keys_and_corners_to_a_tenth_of_a_pixel():
    reading = Reading("accepted", digits=(Digit("7", 0.1234567, BOX), Digit(None, 0.0, None)))
    first, second = json.loads(reading.to_json())["digits"]
    assert list(first) == ["digit", "confidence", "box"]
    assert first == {
        "digit": "7",
        "confidence": 0.123457,
        "box": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]],
    }
    assert second == {"digit": None, "confidence": 0.0, "box": None}


def test_it_is_one_line_and_keeps_names_as_they_are_written():
    text = Reading("no-boxes", source="봉투\n1.jpg").to_json()
    assert "\n" not in text
    assert "봉투" in text


def test_elapsed_time_is_rounded_to_hundredths_of_a_millisecond():
    assert json.loads(Reading("no-boxes", elapsed_ms=12.3456).to_json())["elapsed_ms"] == 12.35
