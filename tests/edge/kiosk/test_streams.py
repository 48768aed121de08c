from __future__ import annotations

import contextlib
import time

import numpy as np
import pytest

from edge.kiosk.hub import Event
from edge.kiosk.settings import Settings
from edge.kiosk.streams import encode_event, encode_frame
from edge.live import View
from tests.edge.drawing import recording
from tests.edge.kiosk.conftest import FakeLive
from tests.edge.kiosk.served import events_of, serving, until

EVENTS, PREVIEW = "/api/v1/events", "/api/v1/preview"


@pytest.fixture
def camera():
    """Return a holder of the fake camera, once the application has made it."""
    return []


@pytest.fixture
def served(make_app, camera):
    def make_live(tell):
        camera.append(FakeLive(tell))
        return camera[0]

    settings = Settings(send_s=0.5, most_listeners=3, frames_per_s=100)
    with serving(make_app(settings, make_live)) as served:
        yield served


def post(served):
    status, made = served.ask("POST", "/api/v1/readings", recording("04524"))
    assert status == 201
    return made


def test_events_are_told_to_all_who_listen(served, camera):
    camera[0].be("live")
    streams = [served.get(EVENTS) for _ in range(2)]
    for stream in streams:
        assert events_of(stream, 2) == [
            ("camera", {"state": "live", "problem": None, "message": "so", "retry_s": None}),
            ("store", {"ok": True, "message": None}),
        ]
    post(served)
    for stream in streams:
        ((name, told),) = events_of(stream, 1)
        assert (name, told["postcode"], told["kind"]) == ("reading", "04524", "write")


def test_a_correction_is_told(served):
    made = post(served)
    stream = served.get(EVENTS)
    events_of(stream, 1)
    served.ask("PATCH", f"/api/v1/readings/{made['id']}", {"corrected": "04525"})
    ((name, told),) = events_of(stream, 1)
    assert (name, told) == ("correction", {**made, "corrected": "04525"})


def test_a_view_is_told_with_boxes_and_hint(served, camera):
    stream = served.get(EVENTS)
    events_of(stream, 1)
    boxes = ((((0.1, 0.2), (0.3, 0.2), (0.3, 0.4), (0.1, 0.4))),) * 5
    camera[0].see(7, hint="closer", boxes=boxes)
    ((name, told),) = events_of(stream, 1)
    assert name == "view"
    assert told["number"] == 7
    assert told["hint"] == "closer"
    assert told["boxes"] == [[list(point) for point in box] for box in boxes]
    assert told["reading"] is None


def test_the_preview_shows_each_new_frame_once(served, camera):
    stream = served.get(PREVIEW)
    until(lambda: served.server.config.app.state.kiosk.streams.inside == 1)
    got = b""
    for number in (1, 2, 3):
        camera[0].see(number)
        while got.count(b"\xff\xd9\r\n") < number:
            got += stream.recv(65536)
    assert b"multipart/x-mixed-replace; boundary=frame" in got
    assert got.count(b"--frame\r\nContent-Type: image/jpeg\r\n") == 3
    assert got.count(b"\xff\xd8\xff") == 3


def see_noise(camera, number):
    """Show a frame that makes a large JPEG."""
    picture = np.random.default_rng(number).integers(0, 256, (480, 640, 3), np.uint8)
    camera.tell(View(number, float(number), picture, (), None, None))


def test_a_client_of_the_preview_that_takes_nothing_is_left_and_holds_nobody_up(served, camera):
    kiosk = served.server.config.app.state.kiosk
    stuck = served.get(PREVIEW, receive_bytes=4096)
    quick = served.get(PREVIEW)
    quick.settimeout(0.02)
    until(lambda: kiosk.streams.inside == 2)
    number, got = 0, b""
    deadline = time.monotonic() + 20
    while kiosk.streams.inside == 2:
        assert time.monotonic() < deadline, "it is waited for"
        number += 1
        see_noise(camera[0], number)
        with contextlib.suppress(TimeoutError):
            got += quick.recv(1 << 20)
    assert got.count(b"--frame") > 3
    # What it took were a few frames that fit between the two, not all that there were.
    stuck.settimeout(1)
    taken = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        while part := stuck.recv(1 << 20):
            taken += part
    assert taken.count(b"--frame") < number


def test_a_client_of_the_events_that_takes_nothing_is_left(served, camera):
    kiosk = served.server.config.app.state.kiosk
    served.get(EVENTS, receive_bytes=4096)
    until(lambda: kiosk.streams.inside == 1)
    boxes = (((0.123456789, 0.123456789),) * 4,) * 500
    deadline = time.monotonic() + 20
    number = 0
    while kiosk.streams.inside == 1:
        assert time.monotonic() < deadline, "it is waited for"
        number += 1
        camera[0].see(number, boxes=boxes)
        time.sleep(0.01)


def test_more_clients_than_there_is_room_for_are_told_to_come_again(served):
    kiosk = served.server.config.app.state.kiosk
    first = [served.get(EVENTS) for _ in range(3)]
    until(lambda: kiosk.streams.inside == 3)
    assert served.get(EVENTS).recv(1000).startswith(b"HTTP/1.1 503 ")
    first[0].close()
    until(lambda: kiosk.streams.inside == 2)
    assert served.get(EVENTS).recv(1000).startswith(b"HTTP/1.1 200 ")


def test_without_a_camera_there_is_no_preview(client):
    answer = client.get(PREVIEW)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_it_ends_at_once_whoever_still_listens(served, camera):
    kiosk = served.server.config.app.state.kiosk
    streams = [served.get(EVENTS), served.get(PREVIEW), served.get(EVENTS)]
    until(lambda: kiosk.streams.inside == 3)
    assert served.stop() < 2
    assert not camera[0].is_running
    for stream in streams:
        got = b""
        while part := stream.recv(65536):
            got += part
        # To its end, and not broken off.
        assert got.endswith(b"0\r\n\r\n")


def test_it_ends_although_a_client_takes_nothing(served, camera):
    kiosk = served.server.config.app.state.kiosk
    served.get(PREVIEW, receive_bytes=4096)
    until(lambda: kiosk.streams.inside == 1)
    for number in range(50):
        see_noise(camera[0], number)
        time.sleep(0.005)
    assert served.stop() < 3
    assert not camera[0].is_running


def test_an_event_is_two_lines_and_an_empty_one():
    assert encode_event(Event("view", '{"number": 1}')) == b'event: view\ndata: {"number": 1}\n\n'


def test_a_frame_says_how_long_it_is():
    assert encode_frame(b"abc") == (
        b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 3\r\n\r\nabc\r\n"
    )
