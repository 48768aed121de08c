from __future__ import annotations

import socket

import pytest

from edge.errors import SourceDeniedError, SourceError, SourceLostError, SourceMissingError
from edge.sources import open_source, stream
from tests.edge.sources.servers import mjpeg_server


def test_a_stream_that_breaks_off_is_lost_and_comes_back():
    shots = []

    def watch(source):
        while len(shots) < 100:
            shots.append(source.read())

    with mjpeg_server(most=12) as (url, _), open_source(url) as source:
        with pytest.raises(SourceLostError, match="connection was lost"):
            watch(source)
        assert {shot.frame.shape for shot in shots} == {(48, 64, 3)}
    with mjpeg_server() as (url, _), open_source(url) as source:
        assert source.read() is not None


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (401, SourceDeniedError, "user and a password"),
        (403, SourceDeniedError, "user and a password"),
        (404, SourceMissingError, "nothing at this path"),
        (500, SourceError, "no video"),
    ],
)
def test_what_a_server_answers_is_told_apart(status, error, words, capfd):
    with mjpeg_server(status) as (url, _), pytest.raises(error, match=words) as caught:
        open_source(url)
    assert not caught.value.is_lasting
    assert capfd.readouterr() == ("", "")


def test_with_a_user_it_is_ffmpeg_that_finds_out():
    with mjpeg_server(401) as (url, _), pytest.raises(SourceError) as caught:
        open_source(url.replace("://", "://me:secret@"))
    assert type(caught.value) is SourceError
    assert "secret" not in str(caught.value)
    assert "user and password" in str(caught.value)


def test_nobody_at_the_address_is_missing():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for scheme in ("rtsp", "http", "https"):
        with pytest.raises(SourceMissingError, match=r"nobody answers at 127\.0\.0\.1"):
            open_source(f"{scheme}://127.0.0.1:{port}/x")


def test_a_name_that_is_none_is_missing():
    with pytest.raises(SourceMissingError, match="nobody answers"):
        open_source("rtsp://no-such-host.invalid/x")


def test_too_many_pixels_are_refused_before_a_frame_is_read(monkeypatch):
    monkeypatch.setattr(stream, "MOST_PIXELS", 64 * 48 - 1)
    with mjpeg_server() as (url, _), pytest.raises(SourceError, match="64×48 px"):
        open_source(url)
