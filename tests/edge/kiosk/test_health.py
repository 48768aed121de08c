from __future__ import annotations

import math
import re

import pytest
from starlette.testclient import TestClient

from edge.errors import JournalError
from edge.kiosk import schemas
from edge.kiosk.metrics import Gauges, Metrics
from edge.kiosk.settings import Settings
from tests.edge.drawing import recording
from tests.edge.kiosk.conftest import HERE, FakeLive

API = "/api/v1/readings"


@pytest.fixture
def watched(make_app):
    """Return a client of a kiosk with a camera, and the camera."""
    made = []

    def make_live(tell):
        made.append(FakeLive(tell))
        return made[0]

    with TestClient(make_app(Settings(stale_s=5), make_live), base_url=HERE) as client:
        yield client, made[0]


def health(client):
    answer = client.get("/health")
    found = schemas.Health.model_validate(answer.json())
    assert found.live
    assert answer.status_code == (200 if found.ready else 503)
    return found


def value(client, name):
    """Return a metric's value."""
    text = client.get("/metrics").text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"no {name} in\n{text}"
    return float(found[1])


def test_without_a_camera_it_is_ready(client):
    found = health(client)
    assert (found.ready, found.model, found.camera, found.frame_age_s) == (True, True, None, None)


def test_with_a_camera_it_is_ready_while_frames_come(watched):
    client, camera = watched
    assert not health(client).ready
    camera.be("live")
    camera.frame_age_s = 0.04
    found = health(client)
    assert (found.ready, found.camera, found.frame_age_s) == (True, "live", 0.04)
    camera.frame_age_s = 6.0
    assert not health(client).ready


def test_without_a_journal_it_is_not_ready_and_says_why(client, journal, monkeypatch):
    def full(*_args):
        raise JournalError("the disk is full")

    monkeypatch.setattr(journal, "add", full)
    client.post(API, json=recording("04524"))
    found = health(client)
    assert (found.ready, found.journal) == (False, "the disk is full")


def test_it_recovers_by_itself(make_app, journal, monkeypatch):
    def full(*_args):
        raise JournalError("the disk is full")

    with TestClient(make_app(Settings(probe_s=0.05)), base_url=HERE) as client:
        with monkeypatch.context() as broken:
            broken.setattr(journal, "add", full)
            broken.setattr(journal, "tidy", full)
            client.post(API, json=recording("04524"))
            assert not health(client).ready
        for _ in range(200):
            if health(client).ready:
                break
        assert health(client).ready


def test_readings_and_corrections_are_counted(client):
    place = client.post(API, json=recording("04524")).headers["location"]
    client.post(API, json=recording("0452 "))
    client.post(API, json=recording("0452 "), params={"keep": "false"})
    client.patch(place, json={"corrected": "04525"})
    assert value(client, 'fivebox_readings_total{kind="write",status="accepted"}') == 1
    assert value(client, 'fivebox_readings_total{kind="write",status="rejected"}') == 2
    assert value(client, "fivebox_corrections_total") == 1


def test_each_stage_is_timed(client, photo):
    client.post(API, content=photo, headers={"Content-Type": "image/jpeg"})
    for stage in ("receive", "decode", "recognise", "store"):
        assert value(client, f'fivebox_stage_seconds_count{{stage="{stage}"}}') == 1
    assert value(client, 'fivebox_stage_seconds_sum{stage="recognise"}') > 0.001


def test_a_reading_that_was_not_stored_is_counted(client, journal, monkeypatch):
    def full(*_args):
        raise JournalError("the disk is full")

    monkeypatch.setattr(journal, "add", full)
    client.post(API, json=recording("04524"))
    assert value(client, "fivebox_not_stored_total") == 1
    assert value(client, 'fivebox_readings_total{kind="write",status="rejected"}') == 1


def test_the_cameras_numbers_are_told(watched):
    client, camera = watched
    assert math.isnan(value(client, "fivebox_frame_age_seconds"))
    camera.frame_age_s, camera.restarts = 0.25, 3
    assert value(client, "fivebox_frame_age_seconds") == 0.25
    assert value(client, "fivebox_camera_restarts_total") == 3
    assert value(client, "fivebox_queue") == 0
    assert value(client, "fivebox_listeners") == 0
    assert value(client, "process_resident_memory_bytes") > 1e7


def test_metrics_are_of_the_type_that_prometheus_reads(client):
    assert client.get("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")


def test_two_kiosks_in_one_process_count_for_themselves():
    gauges = Gauges(lambda: 0, lambda: 0, lambda: 0, lambda: 0)
    first, second = Metrics(gauges), Metrics(gauges)
    first.read("write", "accepted")
    assert b'kind="write"' in first.text()
    assert b'kind="write"' not in second.text()


def test_a_stage_that_failed_is_not_timed():
    metrics = Metrics(Gauges(lambda: 0, lambda: 0, lambda: 0, lambda: 0))
    with pytest.raises(ZeroDivisionError), metrics.stage("decode"):
        raise ZeroDivisionError
    assert b'fivebox_stage_seconds_count{stage="decode"} 0.0' in metrics.text()
