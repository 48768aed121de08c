from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.card import sha256_of
from edge.classifier import BUNDLED_MODEL
from edge.cli import main
from edge.journal import Journal
from edge.update.package import Package, Update
from edge.update.store import Store
from tests.edge.drawing import recording
from tests.system.conftest import SAMPLES, environment

pytest.importorskip("fastapi", reason="fastapi is not installed (the extra kiosk)")

TOKEN = "a-token-that-is-long-enough"


class Process:
    """`python -m edge kiosk` as it is started on a Pi."""

    def __init__(self, folder, *arguments, first="", **changes):
        command = [sys.executable, "-m", "edge", "kiosk", "--port", "0", "--data", str(folder)]
        self.process = subprocess.Popen(
            [*command, *map(str, arguments)],
            stderr=subprocess.PIPE,
            text=True,
            env=environment(**changes),
        )
        self.said = self.process.stderr.readline() if first else ""
        assert self.said.startswith(first)
        # Then it says where it listens.
        self.url = self.process.stderr.readline().strip()
        assert self.url.startswith("http://"), self.url + self.process.stderr.read()
        self.port = int(self.url.rstrip("/").rpartition(":")[2])

    def ask(self, method, path, body=None, **headers):
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(asking):
            headers = {"Content-Type": "application/json", **headers}
            asking.request(method, path, None if body is None else json.dumps(body), headers)
            answer = asking.getresponse()
            return answer.status, json.loads(answer.read())

    def listen(self, path):
        stream = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert stream.recv(100).startswith(b"HTTP/1.1 200 ")
        return stream

    def end(self, number=signal.SIGTERM):
        """Send a signal; return the exit code, how long it took, and what was said."""
        start = time.monotonic()
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, time.monotonic() - start, said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def test_it_serves_reads_and_keeps_and_ends_at_once_with_pages_open(tmp_path):
    camera = f"replay:{SAMPLES}?fps=5"
    with Process(tmp_path, "--source", camera, "--language", "ko", "--mute") as kiosk:
        status, made = kiosk.ask("POST", "/api/v1/readings", recording("04524"))
        assert (status, made["postcode"]) == (201, "04524")
        _, settings = kiosk.ask("GET", "/api/v1/settings")
        assert (settings["language"], settings["sound"], settings["camera"]) == ("ko", False, True)
        deadline = time.monotonic() + 20
        while kiosk.ask("GET", "/health")[0] != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        streams = [kiosk.listen(f"/api/v1/{name}") for name in ("events", "preview", "events")]
        code, seconds, said = kiosk.end()
        for stream in streams:
            stream.close()
        assert (code, said) == (0, "")
        assert seconds < 5
    with Journal(tmp_path / "journal.db", read_only=True) as journal:
        assert made["id"] in [entry.id for entry in journal.entries()]
    # Whatever was open is closed: another may begin at once.
    with Process(tmp_path, "--no-camera") as again:
        assert again.ask("GET", f"/api/v1/readings/{made['id']}")[0] == 200


def test_ctrl_c_ends_it_as_well(tmp_path):
    with Process(tmp_path, "--no-camera") as kiosk:
        code, _, said = kiosk.end(signal.SIGINT)
        assert (code, said) == (0, "")


def test_with_a_token_nothing_is_told_without_it(tmp_path):
    with Process(tmp_path, "--no-camera", FIVEBOX_KIOSK_TOKEN=TOKEN) as kiosk:
        assert TOKEN not in kiosk.url
        assert kiosk.ask("GET", "/health")[0] == 401
        assert kiosk.ask("GET", "/health", Authorization=f"Bearer {TOKEN}")[0] == 200


def test_it_may_be_called_by_a_name_that_is_given(tmp_path):
    with Process(tmp_path, "--no-camera", "--name", "kiosk.example") as kiosk:
        for host, status in (("kiosk.example", 200), ("other.example", 403)):
            assert kiosk.ask("GET", "/health", Host=host)[0] == status


def test_what_happened_to_the_journal_is_said_at_the_start(tmp_path):
    (tmp_path / "journal.db").write_bytes(b"no database at all" * 1000)
    with Process(tmp_path, "--no-camera", first="fivebox: ") as kiosk:
        assert "journal.db" in kiosk.said
        assert kiosk.ask("POST", "/api/v1/readings", recording("04524"))[0] == 201


def test_a_directory_rejects_what_is_in_no_directory(tmp_path):
    with Process(tmp_path, "--no-camera", "--directory", "kr") as kiosk:
        _, read = kiosk.ask("POST", "/api/v1/readings", recording("06236"))
        assert (read["postcode"], read["region"]) == ("06236", "서울특별시 / Seoul")
        assert kiosk.ask("GET", "/api/v1/settings")[1]["directory"] == "kr"


def refusal(capsys, *arguments):
    code = main(["kiosk", *map(str, arguments)])
    out = capsys.readouterr()
    assert out.out == ""
    assert out.err.count("\n") == 1
    assert out.err.startswith("fivebox: ")
    return code, out.err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7"])
def test_bound_wider_it_refuses_to_start_without_a_token(capsys, monkeypatch, tmp_path, host):
    monkeypatch.delenv("FIVEBOX_KIOSK_TOKEN", raising=False)
    code, said = refusal(capsys, "--host", host, "--no-camera", "--data", tmp_path / "new")
    assert code == 1
    assert "token" in said
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("token", ["", "short", "sixteen letters!", "a" * 15, "é" * 20])
def test_a_token_that_could_be_guessed_or_not_be_sent_is_refused(capsys, tmp_path, token):
    (tmp_path / "token").write_text(token + "\n", "utf-8")
    code, said = refusal(capsys, "--token-file", tmp_path / "token", "--no-camera")
    assert code == 2
    assert "token" in said
    assert token == "" or token not in said


def test_a_token_file_that_is_not_there_is_told(capsys, tmp_path):
    _, said = refusal(capsys, "--token-file", tmp_path / "nowhere", "--no-camera")
    assert "No such file" in said


def test_an_address_in_use_is_told(capsys, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = refusal(capsys, "--port", port, "--no-camera", "--data", tmp_path)
    assert code == 1
    assert f"127.0.0.1:{port}" in said


def test_a_name_that_is_no_address_is_told(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("FIVEBOX_KIOSK_TOKEN", TOKEN)
    code, said = refusal(capsys, "--host", "300.1.1.1", "--no-camera", "--data", tmp_path)
    assert code == 1
    assert "300.1.1.1" in said


def test_a_source_that_is_none_is_told_before_anything_is_made(capsys, tmp_path):
    code, said = refusal(capsys, "--source", "telescope:0", "--data", tmp_path / "new")
    assert code == 2
    assert "telescope" in said
    assert not (tmp_path / "new").exists()


def test_a_journal_in_use_is_told(capsys, tmp_path):
    with Journal(tmp_path / "journal.db"):
        code, said = refusal(capsys, "--port", "0", "--no-camera", "--data", tmp_path)
    assert code == 1
    assert "journal.db" in said


@pytest.mark.parametrize("port", ["-1", "65536", "http", "1e3", "٨٠٨٠"])
def test_a_port_that_is_none_is_wrong_usage(capsys, port):
    with pytest.raises(SystemExit) as left:
        main(["kiosk", "--port", port])
    assert left.value.code == 2
    assert "port" in capsys.readouterr().err


def test_packages_that_are_missing_are_named(capsys, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    _, said = refusal(capsys, "--no-camera", "--data", tmp_path)
    assert "uvicorn" in said
    assert "fivebox[kiosk]" in said


def test_it_runs_in_little_memory(tmp_path):
    with Process(tmp_path, "--no-camera") as kiosk:
        for _ in range(20):
            kiosk.ask("POST", "/api/v1/readings", recording("04524"))
        status = Path(f"/proc/{kiosk.process.pid}/status").read_text()
        (resident,) = [
            int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")
        ]
        assert resident / 1024 < 140


def test_the_service_manager_is_told_that_it_is_ready_lives_and_stops(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
        with Process(tmp_path, "--no-camera", **environment) as kiosk:
            told = [manager.recv(100).decode() for _ in range(4)]
            assert kiosk.end()[0] == 0
        assert told == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]
        manager.settimeout(5)
        while told[-1] != "STOPPING=1":
            told.append(manager.recv(100).decode())


def test_a_model_that_was_installed_is_read_with(tmp_path):
    path = BUNDLED_MODEL.with_name("postcode-nano.tflite")
    model, card = path.read_bytes(), path.with_suffix(".json").read_bytes()
    update = Update("postcode", 1, sha256_of(model), sha256_of(card))
    store = Store(tmp_path / "models")
    store.switch(store.add(Package(update, update.to_bytes(), model, card, bytes(64))))
    with Process(tmp_path, "--no-camera") as kiosk:
        _, settings = kiosk.ask("GET", "/api/v1/settings")
    assert settings["model"]["sha256"] == sha256_of(model)


@pytest.mark.parametrize(
    "network", ["edge.detector.BUNDLED_DETECTOR", "edge.trajectory.BUNDLED_TRAJECTORY"]
)
def test_a_network_that_is_missing_is_told_at_the_start(capsys, monkeypatch, tmp_path, network):
    monkeypatch.setattr(network, tmp_path / "nowhere.tflite")
    module = sys.modules[network.rpartition(".")[0]]
    module.bundled.cache_clear()
    code, said = refusal(capsys, "--port", "0", "--no-camera", "--data", tmp_path)
    module.bundled.cache_clear()
    assert code == 1
    assert "nowhere.tflite: no such model file" in said
