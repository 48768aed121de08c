"""The kiosk's own screen: it waits for the page, with a real server, and then shows it."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.config import Kiosk

ROOT = Path(__file__).parents[2]
WAITER = ROOT / "deploy/screen/wait_healthy.py"
TOKEN = "0123456789abcdef"


class Kiosks(http.server.BaseHTTPRequestHandler):
    """Answers as a kiosk whose camera is missing: live, not ready."""

    def do_GET(self) -> None:
        allowed = self.headers.get("Authorization") in (None, f"Bearer {TOKEN}")
        code = 503 if self.path == "/health" and allowed else 404
        self.send_response(code)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[http.server.HTTPServer]:
    with http.server.HTTPServer(("127.0.0.1", 0), Kiosks) as made:
        yield made
        made.shutdown()


def wait(folder: Path, settings: str) -> subprocess.Popen[str]:
    path = folder / "fivebox.toml"
    path.write_text(settings)
    return subprocess.Popen(
        [sys.executable, str(WAITER)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "FIVEBOX_CONFIG": str(path)},
    )


def test_it_waits_until_the_kiosk_answers(tmp_path: Path, server: http.server.HTTPServer) -> None:
    # The socket takes connections, and nobody answers yet.
    port = server.server_address[1]
    waiting = wait(tmp_path, f"[kiosk]\nport = {port}\n")
    time.sleep(1.0)
    assert waiting.poll() is None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    out, error = waiting.communicate(timeout=30)
    assert out.strip() == f"http://127.0.0.1:{port}/", error


def test_a_token_is_shown_and_handed_on(tmp_path: Path, server: http.server.HTTPServer) -> None:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    settings = f'[kiosk]\nhost = "0.0.0.0"\nport = {port}\ntoken = "{TOKEN}"\n'
    out, error = wait(tmp_path, settings).communicate(timeout=30)
    assert out.strip() == f"http://127.0.0.1:{port}/?token={TOKEN}", error


def test_settings_that_cannot_be_used_are_told_in_a_line(tmp_path: Path) -> None:
    waiting = wait(tmp_path, "[kiosk]\nport = 100000\n")
    _, error = waiting.communicate(timeout=30)
    assert waiting.returncode == 2
    assert error.startswith("fivebox: ")
    assert "kiosk.port" in error
    assert len(error.splitlines()) == 1


def test_the_page_is_called_by_an_address_of_its_own(load_file) -> None:
    page = load_file(WAITER).page
    assert page(Kiosk(host="::"), None) == "http://[::1]:8080/"
    assert page(Kiosk(host="0.0.0.0", port=80), None) == "http://127.0.0.1:80/"
    assert page(Kiosk(host="kiosk.local"), "a" * 16) == f"http://kiosk.local:8080/?token={'a' * 16}"
