from __future__ import annotations

import csv
import io
from datetime import date

import cv2
import numpy as np
import pytest

from edge.errors import JournalError
from edge.kiosk import schemas
from tests.edge.drawing import recording

API = "/api/v1/readings"
JPEG = {"Content-Type": "image/jpeg"}


def write(client, postcode="04524", **parameters):
    return client.post(API, json=recording(postcode), params=parameters)


def problem(answer, status):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = schemas.Problem.model_validate(answer.json())
    assert body.status == status
    return body.detail


def test_a_recording_is_read_stored_and_told_with_its_place(client, journal):
    answer = write(client)
    found = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{API}/{found['id']}"
    assert (found["status"], found["postcode"], found["kind"]) == ("accepted", "04524", "write")
    (entry,) = journal.entries()
    assert (entry.id, entry.reading.postcode) == (found["id"], "04524")
    assert client.get(answer.headers["location"]).json() == found


def test_a_photo_is_read(client, photo):
    answer = client.post(API, content=photo, headers=JPEG)
    found = answer.json()
    assert answer.status_code == 201
    assert (found["postcode"], found["kind"]) == ("04524", "photo")
    assert found["digits"][0]["box"] is not None


def test_a_reading_has_the_keys_of_the_command_line_and_those_of_the_journal(client):
    found = write(client).json()
    assert list(found)[:9] == [
        "source", "status", "postcode", "guess", "confidence", "digits", "region", "reason",
        "elapsed_ms",
    ]  # fmt: skip
    assert set(list(found)[9:]) == {"id", "number", "taken_at", "kind", "corrected"}
    schemas.Reading.model_validate(found, strict=False)


def test_each_digit_has_the_next_two_best_and_not_itself(client):
    for digit in write(client).json()["digits"]:
        first, second = digit["alternatives"]
        assert len({digit["digit"], first["digit"], second["digit"]}) == 3
        assert digit["confidence"] >= first["confidence"] >= second["confidence"]


def test_a_blank_box_has_no_alternatives(client):
    found = write(client, "0452 ").json()
    assert (found["status"], found["reason"]) == ("rejected", "blank-box")
    assert found["digits"][4] == {
        "digit": None, "confidence": 0.0, "box": found["digits"][4]["box"], "alternatives": [],
    }  # fmt: skip


def test_what_is_not_to_be_kept_is_read_and_not_stored(client, journal):
    answer = write(client, keep="false")
    assert answer.status_code == 200
    assert answer.json()["postcode"] == "04524"
    assert answer.json()["id"] is None
    assert journal.entries() == []


def test_a_photo_without_boxes_is_a_reading_too(client):
    blank = cv2.imencode(".png", np.full((200, 300, 3), 250, np.uint8))[1].tobytes()
    answer = client.post(API, content=blank, headers={"Content-Type": "image/png"})
    assert answer.status_code == 201
    assert answer.json()["status"] == "no-boxes"


@pytest.mark.parametrize("kind", ["text/plain", "image/webp", "multipart/form-data", ""])
def test_another_type_is_refused(client, kind):
    detail = problem(client.post(API, content=b"x", headers={"Content-Type": kind}), 415)
    assert "image/jpeg" in detail


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"boxes": [], "strokes": []}', b"[" * 100_000, b"\xff\xfe", b"NaN"],
)
def test_what_is_no_recording_is_told(client, body, journal):
    answer = client.post(API, content=body, headers={"Content-Type": "application/json"})
    problem(answer, 422)
    assert journal.entries() == []


@pytest.mark.parametrize("body", [b"", b"GIF89a", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM"])
def test_what_is_no_image_is_told(client, body):
    problem(client.post(API, content=body, headers=JPEG), 422)


def test_a_photo_that_is_cut_short_is_told(client, photo):
    problem(client.post(API, content=photo[: len(photo) // 2], headers=JPEG), 422)


def test_a_reading_the_journal_does_not_take_is_not_accepted(client, journal, monkeypatch):
    def full(*_args):
        raise JournalError("the disk is full")

    monkeypatch.setattr(journal, "add", full)
    answer = write(client)
    found = answer.json()
    assert answer.status_code == 200
    assert (found["status"], found["reason"]) == ("rejected", "not-stored")
    assert (found["postcode"], found["guess"], found["id"]) == (None, "04524", None)
    assert client.get("/health").status_code == 503
    monkeypatch.undo()
    assert write(client).json()["status"] == "accepted"
    assert client.get("/health").status_code == 200


def test_the_journal_is_told_page_by_page_the_newest_first(client):
    ids = [write(client, code).json()["id"] for code in ("04524", "81740", "72413")]
    first = client.get(API, params={"limit": 2}).json()
    assert [each["id"] for each in first["readings"]] == ids[:0:-1]
    rest = client.get(API, params={"limit": 2, "before": first["next"]}).json()
    assert [each["id"] for each in rest["readings"]] == ids[:1]
    assert rest["next"] is None
    schemas.Readings.model_validate(first, strict=False)


def test_readings_are_searched_by_day_postcode_and_doubt(client):
    write(client, "04524")
    doubtful = write(client, "0452 ").json()["id"]

    def found(**parameters):
        return [each["id"] for each in client.get(API, params=parameters).json()["readings"]]

    today = date.today().isoformat()
    assert len(found(day=today)) == 2
    for day in ("2001-01-01", "0001-01-01", "9999-12-31"):
        assert found(day=day) == []
    assert len(found(query="452")) == 1
    assert found(doubtful=True) == [doubtful]


@pytest.mark.parametrize(
    "parameters",
    [
        {"day": "yesterday"}, {"limit": 0}, {"limit": 1001}, {"before": -1}, {"before": 2**63},
        {"doubtful": "perhaps"}, {"query": "x" * 21},
    ],
)  # fmt: skip
def test_a_wrong_question_is_told_in_one_sentence(client, parameters):
    detail = problem(client.get(API, params=parameters), 422)
    assert next(iter(parameters)) in detail
    assert "\n" not in detail


def test_a_person_corrects_and_takes_it_back(client):
    place = write(client).headers["location"]
    corrected = client.patch(place, json={"corrected": "04525"})
    assert corrected.status_code == 200
    assert corrected.json()["corrected"] == "04525"
    assert corrected.json()["postcode"] == "04524"
    assert client.get(place).json() == corrected.json()
    assert client.patch(place, json={"corrected": None}).json()["corrected"] is None


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b'{"corrected": "4524"}', b'{"corrected": 4524}',
     b'{"corrected": "0452\xd9\xa4"}', b'{"corrected": "04524", "more": 1}',
     b'{"corrected": "04524\\n"}'],
)  # fmt: skip
def test_a_correction_is_five_digits_or_null(client, body):
    place = write(client).headers["location"]
    answer = client.patch(place, content=body, headers={"Content-Type": "application/json"})
    problem(answer, 422)
    assert client.get(place).json()["corrected"] is None


def test_a_correction_of_another_type_or_size_is_refused(client):
    place = write(client).headers["location"]
    problem(client.patch(place, content=b"04525", headers={"Content-Type": "text/plain"}), 415)
    long = {"corrected": "0" * 5000}
    problem(client.patch(place, json=long), 413)


@pytest.mark.parametrize("rest", ["", "/digits"])
def test_an_unknown_reading_is_told(client, rest):
    problem(client.get(f"{API}/{'0' * 32}{rest}"), 404)
    problem(client.get(f"{API}/..%2f..%2fetc{rest}"), 404)
    problem(client.get(f"{API}/1{rest}"), 422)


def test_an_unknown_reading_can_not_be_corrected(client):
    problem(client.patch(f"{API}/{'0' * 32}", json={"corrected": "04525"}), 404)


def test_the_digits_are_shown_as_the_model_saw_them(client):
    found = client.get(write(client, "0452 ").headers["location"] + "/digits").json()
    schemas.Digits.model_validate(found)
    first, blank = found["digits"][0], found["digits"][4]
    assert np.argmax(first["probabilities"]) == 0
    assert sum(first["probabilities"]) == pytest.approx(1, abs=1e-4)
    assert set(blank["probabilities"]) == {0.0}
    assert first["image"].startswith("data:image/png;base64,")


def test_the_table_has_what_was_read_and_what_was_corrected(client):
    place = write(client, "04524").headers["location"]
    client.patch(place, json={"corrected": "04525"})
    answer = client.get(f"{API}.csv", params={"day": date.today().isoformat()})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment;")
    (found,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (found["postcode"], found["guess"], found["corrected"]) == ("04525", "04524", "04525")


def test_a_journal_that_can_not_be_read_is_told_and_asked_again(client, journal, monkeypatch):
    def broken(*_args, **_more):
        raise JournalError("the journal can't be read")

    monkeypatch.setattr(journal, "entries", broken)
    monkeypatch.setattr(journal, "get", broken)
    monkeypatch.setattr(journal, "correct", broken)
    for answer in (
        client.get(API),
        client.get(f"{API}.csv"),
        client.get(f"{API}/{'0' * 32}"),
        client.get(f"{API}/{'0' * 32}/digits"),
        client.patch(f"{API}/{'0' * 32}", json={"corrected": "04525"}),
    ):
        assert problem(answer, 503) == "the journal can't be read"
        assert answer.headers["retry-after"] == "1"
