"""The ASGI application, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread
from fastapi import FastAPI
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

from edge.journal import Journal
from edge.kiosk import health, manual, problems, readings, schemas, watching
from edge.kiosk.security import Security
from edge.kiosk.service import Kiosk, MakeLive, version
from edge.kiosk.settings import Settings
from edge.recognizer import Recognizer

PAGE = Path(__file__).parent / "page"

# Threads for what asks the journal; each one that was used keeps memory of its own.
_THREADS = 4


def create_app(
    settings: Settings,
    recognizer: Recognizer,
    journal: Journal,
    make_live: MakeLive | None = None,
) -> FastAPI:
    """Return the application of a kiosk.

    Args:
        settings: of the kiosk.
        recognizer: reads.
        journal: keeps; the caller closes it.
        make_live: makes the camera's loop, given whom it shall tell; None where there is no
            camera. The application starts it, and closes it at its end.

    Returns:
        The application; its `state.kiosk` is the `Kiosk`.
    """
    kiosk = Kiosk(settings, recognizer, journal, make_live)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        try:
            kiosk.open()
            yield
        finally:
            kiosk.stop_streams()
            await anyio.to_thread.run_sync(kiosk.close)

    app = FastAPI(
        title="fivebox",
        summary="Reads handwritten five-digit postcodes.",
        version=version(),
        lifespan=lifespan,
        # FastAPI's own pages of documentation load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        responses={},
    )
    app.state.kiosk = kiosk
    problems.add_handlers(app)
    for part in (readings, watching, health, manual):
        app.include_router(part.router)
    app.add_api_route("/", _page, include_in_schema=False, response_class=FileResponse)
    app.mount("/static", StaticFiles(directory=PAGE, check_dir=False), name="static")
    app.add_middleware(Security, names=settings.names, token=settings.token)
    manual.document(app, schemas.Problem)
    return app


async def _page() -> FileResponse:
    # What has changed is asked for anew; what has not is not sent again.
    return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})
