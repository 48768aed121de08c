"""The routes of what goes on: settings, events, and what the camera sees."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response, StreamingResponse

from edge.kiosk import schemas, streams
from edge.kiosk.problems import Problem
from edge.kiosk.readings import TheKiosk, problems
from edge.kiosk.service import Kiosk
from edge.kiosk.streams import Stream

router = APIRouter(prefix="/api/v1", tags=["watching"])


@router.get(
    "/settings",
    response_model=schemas.Settings,
    summary="What the page has to know",
    responses=problems(401, 403),
)
async def get_settings(kiosk: TheKiosk) -> Response:
    """Return the settings that matter to a page."""
    return JSONResponse(kiosk.described())


@router.get(
    "/events",
    response_class=StreamingResponse,
    summary="Be told what happens",
    responses={
        200: {
            "content": {streams.EVENTS: {}},
            "description": "Server-sent events: `camera`, `view`, `reading`, `correction` and "
            "`store`. Who comes is first told the present `camera` and `store`.",
        },
        **problems(401, 403, 503),
    },
)
async def get_events(kiosk: TheKiosk) -> Response:
    """Tell what happens, for as long as the client stays."""
    return _stream(kiosk, _events(kiosk), streams.EVENTS)


@router.get(
    "/preview",
    response_class=StreamingResponse,
    summary="See what the camera sees",
    responses={
        200: {"content": {"multipart/x-mixed-replace": {}}, "description": "MJPEG."},
        **problems(401, 403, 404, 503),
    },
)
async def get_preview(kiosk: TheKiosk) -> Response:
    """Show what the camera sees, for as long as the client stays."""
    if kiosk.live is None:
        raise Problem(404, "there is no camera; start the kiosk with --source")
    return _stream(kiosk, kiosk.preview.frames(), streams.PICTURES)


def _stream(kiosk: Kiosk, parts: AsyncGenerator[bytes, None], media_type: str) -> Stream:
    kiosk.streams.enter()
    return Stream(parts, media_type, kiosk.settings.send_s, kiosk.ending, kiosk.streams.leave)


async def _events(kiosk: Kiosk) -> AsyncGenerator[bytes, None]:
    with kiosk.hub.listening() as mailbox:
        async for part in streams.events(mailbox):
            yield part
