"""A package comes from a file or from an address; never more than a package's worth."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import UpdateError
from edge.update import fetch as module
from edge.update.fetch import fetch


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_both_ways_give_the_same_bytes(tmp_path: Path, address: str) -> None:
    (tmp_path / "new.fivebox").write_bytes(b"package")
    assert fetch(str(tmp_path / "new.fivebox")) == b"package"
    assert fetch(f"{address}/new.fivebox") == b"package"


def test_what_is_not_there_is_told(tmp_path: Path, address: str) -> None:
    with pytest.raises(UpdateError, match="No such file"):
        fetch(str(tmp_path / "none"))
    with pytest.raises(UpdateError, match="answers 404"):
        fetch(f"{address}/none")
    with pytest.raises(UpdateError, match="can't be read"):
        fetch("http://127.0.0.1:1/none")
    with pytest.raises(UpdateError, match="can't be read"):
        fetch("http://127.0.0.1:99999999/none")


def test_what_is_too_large_is_refused(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    (tmp_path / "large").write_bytes(bytes(1001))
    for place in (str(tmp_path / "large"), f"{address}/large"):
        with pytest.raises(UpdateError, match="larger"):
            fetch(place)
