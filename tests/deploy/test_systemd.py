"""What the test under a real systemd uses: a spoilt bundle, and questions to a kiosk."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts/systemd"
SERVING = "edge/kiosk/serving.py"


@pytest.fixture(scope="module")
def spoil(load_file) -> ModuleType:
    return load_file(SCRIPTS / "spoil.py")


@pytest.fixture(scope="module")
def ask(load_file) -> ModuleType:
    return load_file(SCRIPTS / "ask.py")


def bundle(path: Path) -> None:
    """Make a bundle that is small."""
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr(SERVING, "right = True\n")
        file.writestr("edge/other.py", "other = True\n")
    content = {
        "./SHA256SUMS": b"of before\n",
        "./about": b"version=1\n",
        "./wheels/fivebox-1-py3-none-any.whl": wheel.getvalue(),
        "./wheels/another-1-py3-none-any.whl": b"another",
    }
    with tarfile.open(path, "w") as tar:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def test_a_spoilt_bundle_is_whole_but_for_the_module_with_which_a_kiosk_serves(
    spoil, tmp_path
) -> None:
    bundle(tmp_path / "right.tar")
    assert spoil.main([str(tmp_path / "right.tar"), str(tmp_path / "spoilt.tar")]) == 0
    with tarfile.open(tmp_path / "spoilt.tar") as tar:
        tar.extractall(tmp_path / "out", filter="data")
    # The installer looks at them in this way.
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"],
        cwd=tmp_path / "out",
        check=True,
    )
    assert (tmp_path / "out/wheels/another-1-py3-none-any.whl").read_bytes() == b"another"
    with zipfile.ZipFile(tmp_path / "out/wheels/fivebox-1-py3-none-any.whl") as wheel:
        assert wheel.read("edge/other.py") == b"other = True\n"
        with pytest.raises(SystemExit):
            exec(wheel.read(SERVING), {})
    digest = hashlib.sha256(b"version=1\n").hexdigest()
    assert f"{digest}  ./about" in (tmp_path / "out/SHA256SUMS").read_text()


def test_the_module_that_is_spoilt_is_one_that_a_kiosk_has(spoil) -> None:
    assert spoil._MODULE == SERVING
    assert (SCRIPTS.parents[1] / SERVING).is_file()


class _Kiosk(http.server.BaseHTTPRequestHandler):
    """Is ready from the third question on, and keeps one reading."""

    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        if self.path == "/health":
            self._answer(200, {"ready": type(self).asked > 2})
        else:
            self._answer(200 if self.path.endswith("/abc") else 404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(201 if body == b"{}" else 200, {"id": "abc"})

    def log_message(self, *_: object) -> None:
        """Keep silent."""

    def _answer(self, status: int, told: dict[str, object]) -> None:
        content = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def kiosk(ask, monkeypatch) -> Iterator[None]:
    _Kiosk.asked = 0
    with http.server.HTTPServer(("127.0.0.1", 0), _Kiosk) as server:
        monkeypatch.setattr(ask, "_PORT", server.server_address[1])
        monkeypatch.setattr(ask, "_PAUSE_S", 0.01)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield
        server.shutdown()
        thread.join()


def test_a_kiosk_is_waited_for_and_asked(ask, kiosk, tmp_path, capsys) -> None:
    assert ask.main(["ready", "30"]) == 0
    recording = tmp_path / "recording.json"
    recording.write_text("{}")
    assert ask.main(["write", str(recording)]) == 0
    assert capsys.readouterr().out == "abc\n"
    assert ask.main(["has", "abc"]) == 0


def test_what_a_kiosk_does_not_have_or_accept_is_a_no(ask, kiosk, tmp_path, capsys) -> None:
    assert ask.main(["has", "abd"]) == 1
    recording = tmp_path / "recording.json"
    recording.write_text("[]")
    assert ask.main(["write", str(recording)]) == 1
    assert capsys.readouterr().out == ""


def test_where_nothing_listens_it_is_not_ready(ask, monkeypatch) -> None:
    monkeypatch.setattr(ask, "_PORT", 9)
    assert ask.main(["ready", "0.1"]) == 1
