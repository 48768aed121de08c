from __future__ import annotations

import json

import pytest

from edge.kiosk.problems import busy, respond, sentence_of


def test_a_problem_has_the_members_of_the_standard():
    answer = respond(413, "the body is too large; send less", {"X-More": "1"})
    assert answer.media_type == "application/problem+json"
    assert answer.headers["x-more"] == "1"
    found = json.loads(answer.body)
    # Python's later versions call the status as RFC 9110 does.
    assert found.pop("title") in ("Request Entity Too Large", "Content Too Large")
    assert found == {
        "type": "about:blank",
        "status": 413,
        "detail": "the body is too large; send less",
    }


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 408, 413, 415, 422, 500, 503])
def test_every_status_that_is_told_has_a_title(status):
    assert json.loads(respond(status, "so").body)["title"]


def test_who_is_told_to_come_again_is_told_when():
    problem = busy("too much to do", 7)
    assert (problem.status_code, problem.headers) == (503, {"Retry-After": "7"})


def test_several_faults_are_one_sentence_that_says_where_each_is():
    errors = [
        {"loc": ("query", "limit"), "msg": "should be above 0"},
        {"loc": ("body", "boxes", 3), "msg": "is none"},
        {"loc": ("body",), "msg": "is missing"},
    ]
    assert sentence_of(errors) == (
        "limit: should be above 0; boxes.3: is none; the body: is missing"
    )
