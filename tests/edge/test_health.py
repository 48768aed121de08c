"""A kiosk is asked whether it lives, over a real socket."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from edge.health import called, is_live, wait_live

TOKEN = "0123456789abcdef"


class Kiosks(http.server.BaseHTTPRequestHandler):
    """Answers as a kiosk that demands a token and has no camera."""

    def do_GET(self) -> None:
        known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        self.send_response(503 if known and self.path == "/health" else 401)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), Kiosks) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_a_kiosk_without_a_camera_lives(port: int) -> None:
    assert is_live("127.0.0.1", port, TOKEN)
    assert is_live("0.0.0.0", port, TOKEN), "an address to listen on is called by its own"
    assert wait_live("127.0.0.1", port, TOKEN, 5)


def test_another_server_or_another_token_is_no_kiosk(port: int) -> None:
    assert not is_live("127.0.0.1", port, None)
    assert not is_live("127.0.0.1", port, "another")


def test_where_nobody_listens_it_is_waited_for_and_no_longer_than_said() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        start = time.monotonic()
        assert not wait_live("127.0.0.1", held.getsockname()[1], None, 0.6)
        assert 0.5 < time.monotonic() - start < 10


def test_who_answers_nonsense_is_no_kiosk() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def answer() -> None:
            client, _ = listening.accept()
            with client:
                client.sendall(b"SSH-2.0-x\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        assert not is_live("127.0.0.1", listening.getsockname()[1], None)


def test_addresses_to_listen_on_are_called_by_the_machines_own() -> None:
    assert [called(host) for host in ("::", "0.0.0.0", "10.0.0.2")] == [
        "::1",
        "127.0.0.1",
        "10.0.0.2",
    ]
