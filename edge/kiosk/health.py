"""`/health` and `/metrics`: for those who look after the kiosk."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from edge.kiosk import metrics, schemas
from edge.kiosk.readings import TheKiosk, problems
from edge.kiosk.service import Kiosk

router = APIRouter(tags=["health"])


@router.get(
    "/health",
    response_model=schemas.Health,
    summary="How the kiosk is",
    responses={
        503: {"model": schemas.Health, "description": "It is not ready."},
        **problems(401, 403),
    },
)
async def get_health(kiosk: TheKiosk) -> Response:
    """Tell whether the kiosk lives, which an answer shows, and whether it is ready."""
    health = health_of(kiosk)
    return JSONResponse(health, 200 if health["ready"] else 503)


@router.get(
    "/metrics",
    response_class=Response,
    summary="What Prometheus asks for",
    responses={
        200: {"content": {metrics.MEDIA_TYPE: {}}, "description": "Prometheus's text format."},
        **problems(401, 403),
    },
)
def get_metrics(kiosk: TheKiosk) -> Response:
    """Tell the counters, histograms and gauges."""
    return Response(kiosk.metrics.text(), media_type=metrics.MEDIA_TYPE)


def health_of(kiosk: Kiosk) -> dict[str, object]:
    """Return how a kiosk is, in the form of `schemas.Health`.

    It is ready when the model is loaded, the journal takes readings, and a camera that is in
    use has given a frame lately.
    """
    age = kiosk.frame_age_s
    sees = kiosk.live is None or (age is not None and age <= kiosk.settings.stale_s)
    problem = kiosk.store.problem
    return {
        "live": True,
        # It is loaded before the server listens.
        "ready": problem is None and sees,
        "model": True,
        "camera": kiosk.live.state.state if kiosk.live else None,
        "frame_age_s": None if age is None else round(age, 3),
        "journal": problem,
    }
