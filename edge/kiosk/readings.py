"""The routes of readings: to have something read, to look back, to correct."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response, StreamingResponse

from edge.journal import Entry
from edge.kiosk import schemas, table
from edge.kiosk.problems import MEDIA_TYPE, NO_READING, Problem, sentence_of
from edge.kiosk.resource import digits_of, resource_of
from edge.kiosk.service import Kiosk
from edge.kiosk.uploads import IMAGES, RECORDING, TYPES, read_body, require_type

router = APIRouter(prefix="/api/v1", tags=["readings"])

_MOST_CORRECTION_BYTES = 4000
_MOST_LIMIT = 1000
# SQLite's largest number.
_MOST_NUMBER = 2**63 - 1
# No clock tells others, and a time zone carries the last of all days beyond what Python tells.
_FIRST_DAY, _LAST_DAY = date(1970, 1, 2), date(9998, 12, 31)

_MEANINGS = {
    400: "The request is no HTTP that can be understood.",
    401: "A token is needed.",
    403: "The request came by way of another site or another name.",
    404: "There is no such thing.",
    408: "The body did not come in time.",
    413: "The body or the image is too large.",
    415: "The body is of another type.",
    422: "What was sent can't be understood.",
    503: "The kiosk has too much to do, or its journal can't be used.",
}


def kiosk_of(request: Request) -> Kiosk:
    """Return the kiosk that a request is for."""
    kiosk: Kiosk = request.app.state.kiosk
    return kiosk


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of the problems that a route may tell."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": _MEANINGS[status], "content": {MEDIA_TYPE: schema}}
        for status in statuses
    }


TheKiosk = Annotated[Kiosk, Depends(kiosk_of)]
Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Of a reading.")]
Day = Annotated[
    date | None, Query(description="Only readings of this day, where the kiosk stands.")
]


@router.post(
    "/readings",
    status_code=201,
    response_model=schemas.Reading,
    summary="Read a photo or a touch recording",
    responses={
        200: {
            "model": schemas.Reading,
            "description": "It was read, and is not in the journal: it was not to be, or the "
            "journal can't be written; then it is not accepted, `reason` is `not-stored`.",
        },
        **problems(400, 401, 403, 408, 413, 415, 422, 503),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                RECORDING: {"schema": schemas.RECORDING_SCHEMA},
                **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in IMAGES},
            },
        }
    },
)
async def post_reading(
    request: Request,
    kiosk: TheKiosk,
    keep: Annotated[bool, Query(description="Whether it goes into the journal.")] = True,
) -> Response:
    """Read what is sent. Told as accepted is only what is on the disk."""
    kind = require_type(request, TYPES)
    with kiosk.bodies.passing(), kiosk.metrics.stage("receive"):
        settings = kiosk.settings
        most = settings.most_recording_bytes if kind == RECORDING else settings.most_bytes
        body = await read_body(request, most, settings.body_s)
    answer = await kiosk.read(kind, body, keep)
    if not answer.is_stored:
        return JSONResponse(answer.resource)
    place = f"{router.prefix}/readings/{answer.resource['id']}"
    return JSONResponse(answer.resource, 201, {"Location": place})


@router.get(
    "/readings",
    response_model=schemas.Readings,
    summary="Look back",
    responses=problems(401, 403, 422, 503),
)
def get_readings(
    kiosk: TheKiosk,
    day: Day = None,
    query: Annotated[
        str, Query(max_length=20, description="Part of a postcode, as read or corrected.")
    ] = "",
    doubtful: Annotated[
        bool, Query(description="Only those neither accepted nor corrected.")
    ] = False,
    before: Annotated[
        int | None, Query(ge=0, le=_MOST_NUMBER, description="Only those before this number.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST_LIMIT)] = 100,
) -> Response:
    """Return the journal's readings, the newest first."""
    found = _entries(kiosk, day, query, doubtful, before, limit)
    # One page may be the last and full; then the next is empty.
    after = found[-1].number if len(found) == limit else None
    return JSONResponse({"readings": [resource_of(entry) for entry in found], "next": after})


@router.get(
    "/readings.csv",
    response_class=StreamingResponse,
    summary="Download as CSV",
    responses={
        200: {"content": {table.MEDIA_TYPE: {}}, "description": "A table, the newest first."},
        **problems(401, 403, 422, 503),
    },
)
def get_table(kiosk: TheKiosk, day: Day = None) -> Response:
    """Return the journal's readings as a table for spreadsheets."""
    first = _entries(kiosk, day, "", False, None, _MOST_LIMIT)

    def pages() -> Any:
        page = first
        while page:
            yield page
            if len(page) < _MOST_LIMIT:
                return
            page = _entries(kiosk, day, "", False, page[-1].number, _MOST_LIMIT)

    name = f"readings-{day.isoformat()}.csv" if day else "readings.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(table.lines(pages()), headers=headers, media_type=table.MEDIA_TYPE)


@router.get(
    "/readings/{id}",
    response_model=schemas.Reading,
    summary="Look at one reading",
    responses=problems(401, 403, 404, 422, 503),
)
def get_reading(kiosk: TheKiosk, id: Id) -> Response:
    """Return a reading of the journal."""
    entry = kiosk.journal.get(id)
    if entry is None:
        raise Problem(404, NO_READING)
    return JSONResponse(resource_of(entry))


@router.patch(
    "/readings/{id}",
    response_model=schemas.Reading,
    summary="Correct a reading",
    responses=problems(400, 401, 403, 404, 408, 413, 415, 422, 503),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                RECORDING: {"schema": schemas.Correction.model_json_schema()},
            },
        }
    },
)
async def patch_reading(request: Request, kiosk: TheKiosk, id: Id) -> Response:
    """Keep a person's word on a reading, or take it back."""
    require_type(request, (RECORDING,))
    body = await read_body(request, _MOST_CORRECTION_BYTES, kiosk.settings.body_s)
    try:
        correction = schemas.Correction.model_validate_json(body)
    except ValidationError as error:
        raise Problem(422, _sentence(error)) from error
    return JSONResponse(await kiosk.correct(id, correction.corrected))


@router.get(
    "/readings/{id}/digits",
    response_model=schemas.Digits,
    summary="See what the model saw",
    responses=problems(401, 403, 404, 422, 503),
)
def get_digits(kiosk: TheKiosk, id: Id) -> Response:
    """Return the images of the boxes and the probabilities of the ten digits in each."""
    seen = kiosk.store.seen(id)
    if seen is None:
        raise Problem(404, "the images of this reading are not kept, or there is no such reading")
    return JSONResponse(digits_of(seen.digits, seen.probabilities))


def _entries(
    kiosk: Kiosk, day: date | None, query: str, doubtful: bool, before: int | None, limit: int
) -> list[Entry]:
    if day is not None and not _FIRST_DAY <= day <= _LAST_DAY:
        return []
    return kiosk.journal.entries(
        day=day, query=query, doubtful=doubtful, before=before, limit=limit
    )


def _sentence(error: ValidationError) -> str:
    return sentence_of([{**each, "loc": ("body", *each["loc"])} for each in error.errors()])
