"""A kiosk for tests: the bundled model, a journal in a folder of its own, a camera on strings."""

from __future__ import annotations

import warnings

import cv2
import numpy as np
import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed (the extra kiosk)")
pytest.importorskip("prometheus_client", reason="prometheus-client is not installed")

with warnings.catch_warnings():
    # Newer Starlettes would rather have httpx's successor, older ones don't know it.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

from edge.journal import Journal
from edge.kiosk.app import create_app
from edge.kiosk.settings import Settings
from edge.live import CameraState, View
from tests.edge.drawing import row

HERE = "http://127.0.0.1:8080"


class FakeLive:
    """A camera that does what it is told: the interface of `edge.live.Live`."""

    def __init__(self, tell):
        self.tell = tell
        self.state = CameraState("starting", None, "camera starting", None)
        self.frame_age_s = None
        self.restarts = 0
        self.is_running = False
        self.closings = 0

    def start(self):
        self.is_running = True

    def close(self):
        self.is_running = False
        self.closings += 1

    def be(self, state, problem=None, message="so", retry_s=None):
        self.state = CameraState(state, problem, message, retry_s)
        self.tell(self.state)

    def see(self, number, size=(48, 64), hint="no-boxes", boxes=(), reading=None):
        self.frame_age_s = 0.0
        preview = np.full((*size, 3), number % 256, np.uint8)
        self.tell(View(number, float(number), preview, boxes, hint, reading))


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "data" / "journal.db") as journal:
        yield journal


@pytest.fixture
def make_app(recognizer, journal):
    """Return a function that makes an application, without a camera unless one is given."""

    def make(settings=None, make_live=None, journal=journal):
        return create_app(settings or Settings(), recognizer, journal, make_live)

    return make


@pytest.fixture
def client(make_app):
    with TestClient(make_app(), base_url=HERE) as client:
        yield client


@pytest.fixture(scope="session")
def photo():
    """Return a JPEG of five boxes with 04524 in them."""
    image, _ = row("04524")
    return cv2.imencode(".jpg", image)[1].tobytes()
