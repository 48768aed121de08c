"""Errors as the API tells them: `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from edge.errors import JournalError, UnknownReadingError

MEDIA_TYPE = "application/problem+json"

NO_READING = "there is no such reading; it may be older than the journal keeps"


class Problem(HTTPException):
    """What is wrong with a request, in one sentence.

    Args:
        status: of HTTP.
        detail: the sentence: what is wrong, and what to do.
        headers: of the answer, beside its type.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, dict(headers) if headers else None)


def busy(detail: str, seconds: int = 1) -> Problem:
    """Return the problem of a kiosk that has too much to do."""
    return Problem(503, detail, {"Retry-After": str(seconds)})


def respond(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as a response."""
    body = {
        # The status says what kind of problem it is (RFC 9457, 4.2.1).
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    text = json.dumps(body, ensure_ascii=False)
    return Response(text, status, dict(headers or {}), media_type=MEDIA_TYPE)


def add_handlers(app: FastAPI) -> None:
    """Let an application tell all its errors as problems."""
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(UnknownReadingError, _on_unknown)
    app.add_exception_handler(JournalError, _on_journal)
    app.add_exception_handler(Exception, _on_fault)


def sentence_of(errors: Sequence[Mapping[str, Any]]) -> str:
    """Return what pydantic finds wrong, in one sentence."""
    found = []
    for error in errors:
        # Where in the request stands first: "query", "path" or "body".
        place = ".".join(str(part) for part in error["loc"][1:]) or "the body"
        found.append(f"{place}: {error['msg']}")
    return "; ".join(found)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = error.detail
    if not isinstance(error, Problem):
        detail = _PLAIN.get(error.status_code, detail)
    return respond(error.status_code, detail, error.headers)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return respond(422, sentence_of(error.errors()))


async def _on_unknown(request: Request, error: Exception) -> Response:
    return respond(404, NO_READING)


async def _on_journal(request: Request, error: Exception) -> Response:
    return await _on_http(request, busy(str(error)))


async def _on_fault(request: Request, error: Exception) -> Response:
    return respond(500, "the kiosk has a fault, which its log tells; nothing was stored")


# What the router raises by itself.
_PLAIN = {
    404: "there is nothing at this address; /docs lists what there is",
    405: "this method isn't for this address; /docs lists what there is",
}
