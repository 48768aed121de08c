from __future__ import annotations

import struct
import time
import zlib

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from edge.errors import ImageError
from edge.kiosk import uploads
from edge.kiosk.problems import Problem
from edge.kiosk.settings import Settings
from edge.kiosk.uploads import picture_of
from tests.edge.kiosk.conftest import HERE
from tests.edge.kiosk.served import serving

API = "/api/v1/readings"
MOST = 40_000_000
MB = 1_000_000


def png(width, height, bits=8, colour=2):
    """Return the head of a PNG that claims a size, with hardly any data."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    rows = zlib.compress(bytes(100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg(width, height, frame=0xC0):
    """Return a small JPEG whose header claims another size."""
    made = bytearray(cv2.imencode(".jpg", np.full((16, 16, 3), 200, np.uint8))[1].tobytes())
    place = made.index(b"\xff\xc0")
    made[place + 1] = frame
    made[place + 5 : place + 9] = struct.pack(">HH", height, width)
    return bytes(made)


@pytest.fixture
def undecoded(monkeypatch):
    """See to it that nothing is decoded."""

    def decode(_body):
        raise AssertionError("it was decoded")

    monkeypatch.setattr(uploads, "decode_picture", decode)


@pytest.mark.parametrize(
    "body",
    [
        png(50_000, 50_000),
        png(50_000, 50_000, bits=16),
        png(50_000, 50_000, colour=6),
        png(2**31 - 1, 2**31 - 1, colour=3),
        png(8000, 5001),
        jpeg(65_000, 65_000),
        # Of a kind that only Pillow knows.
        jpeg(65_000, 65_000, frame=0xC3),
    ],
)
@pytest.mark.usefixtures("undecoded")
def test_a_picture_that_claims_too_many_pixels_is_refused_by_its_header(body):
    with pytest.raises(Problem) as refusal:
        picture_of(body, MOST)
    assert refusal.value.status_code == 413
    assert "40 million" in refusal.value.detail


def test_forty_megapixels_are_not_too_many():
    image = cv2.imencode(".png", np.full((5000, 8000), 255, np.uint8))[1].tobytes()
    picture = picture_of(image, MOST)
    assert (picture.width, picture.height) == (8000, 5000)


@pytest.mark.parametrize(
    "body", [b"", b"\x89PNG\r\n\x1a\n\0\0", b"\xff\xd8\xff\xe0", b"II*\0", b"RIFF"]
)
def test_what_is_no_jpeg_or_png_is_told(body):
    with pytest.raises(ImageError):
        picture_of(body, MOST)


def test_a_large_picture_is_413_for_a_client(client):
    for body, kind in ((png(50_000, 50_000), "image/png"), (jpeg(65_000, 65_000), "image/jpeg")):
        answer = client.post(API, content=body, headers={"Content-Type": kind})
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("size", "kind", "status"),
    [
        (10 * MB, "image/jpeg", 422),
        (10 * MB + 1, "image/jpeg", 413),
        (4 * MB, "application/json", 422),
        (4 * MB + 1, "application/json", 413),
    ],
)
def test_a_body_may_have_so_many_bytes(client, size, kind, status):
    answer = client.post(API, content=bytes(size), headers={"Content-Type": kind})
    assert answer.status_code == status


def test_a_body_without_length_is_limited_while_it_comes(client):
    sent = []

    def parts():
        for _ in range(100):
            sent.append(1)
            yield bytes(MB)

    answer = client.post(API, content=parts(), headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 413


def test_a_body_that_never_ends_is_not_read_to_its_end(make_app):
    with serving(make_app()) as served:
        stream = served.connect(
            f"POST {API} HTTP/1.1\nHost: 127.0.0.1\nContent-Type: image/jpeg\n"
            "Transfer-Encoding: chunked\n\n"
        )
        part = b"100000\r\n" + bytes(0x100000) + b"\r\n"
        for _ in range(11):
            stream.sendall(part)
        assert stream.recv(100).startswith(b"HTTP/1.1 413 ")
        stream.close()


def test_a_length_beyond_all_numbers_is_too_large(client):
    # Python makes no number of so many digits.
    headers = {"Content-Type": "image/jpeg", "Content-Length": "9" * 5000}
    answer = client.post(API, content=b"x", headers=headers)
    assert answer.status_code == 413


def test_a_body_that_does_not_come_is_given_up(make_app, photo):
    settings = Settings(body_s=0.3, most_bodies=1)
    with serving(make_app(settings)) as served:
        slow = served.connect(
            f"POST {API} HTTP/1.1\nHost: 127.0.0.1\nContent-Type: image/jpeg\n"
            "Content-Length: 1000\n\nabc"
        )
        start = time.monotonic()
        answer = b""
        while part := slow.recv(1000):
            answer += part
        # The connection is closed: what still comes would be taken for the next request.
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - start < 5
        # And there is room for others again.
        quick = served.connect(
            f"POST {API} HTTP/1.1\nHost: 127.0.0.1\nContent-Type: image/jpeg\n"
            "Content-Length: 3\n\nabc"
        )
        assert quick.recv(100).startswith(b"HTTP/1.1 422 ")


def test_too_many_bodies_at_once_are_told_to_come_again(make_app):
    with serving(make_app(Settings(most_bodies=1, body_s=5))) as served:
        head = f"POST {API} HTTP/1.1\nHost: 127.0.0.1\nContent-Type: image/jpeg\n"
        first = served.connect(head + "Content-Length: 3\n\n")
        time.sleep(0.2)
        second = served.connect(head + "Content-Length: 3\n\nabc").recv(1000)
        assert second.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1" in second
        first.sendall(b"abc")
        assert first.recv(100).startswith(b"HTTP/1.1 422 ")


def test_a_client_that_goes_in_the_middle_leaves_no_trace(make_app, journal):
    app = make_app()
    with serving(app) as served:
        gone = served.connect(
            f"POST {API} HTTP/1.1\nHost: 127.0.0.1\nContent-Type: image/jpeg\n"
            "Content-Length: 1000\n\nabc"
        )
        gone.close()
        answer = served.get("/health").recv(1000)
        assert b"200 OK" in answer
        time.sleep(0.2)
        assert app.state.kiosk.bodies.inside == 0
    assert journal.entries() == []


def test_no_name_from_a_client_reaches_the_disk(make_app, tmp_path, photo):
    with TestClient(make_app(), base_url=HERE) as client:
        before = {path.name for path in tmp_path.rglob("*")}
        headers = {
            "Content-Type": "image/jpeg; name=../../evil",
            "Content-Disposition": "attachment; filename=../../evil.jpg",
        }
        answer = client.post(API, content=photo, headers=headers)
        assert answer.status_code == 201
        assert answer.json()["source"] is None
        assert {path.name for path in tmp_path.rglob("*")} == before
