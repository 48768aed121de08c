from __future__ import annotations

import http.server
import io
import json
import sqlite3
import tarfile
import threading
from contextlib import closing

import pytest

from edge import support
from edge.config import Config, Kiosk, Publish, Reader
from edge.config_load import load
from edge.doctor.finding import fail, ok
from edge.support import Part, figures, gather, hider, metrics, pack, secrets, without_postcodes

TOKEN = "geheim-geheim-geheim"


def named(settings, findings=(), problem=""):
    return {part.name: part.text for part in gather(settings, lambda: findings, problem)}


@pytest.fixture
def quiet(monkeypatch):
    """Take what this machine says away."""
    monkeypatch.setattr(support, "services", lambda: f"ready, token {TOKEN}, read 04524\n")
    monkeypatch.setattr(support, "metrics", lambda _: "readings 3\n")


def test_everything_that_helps_is_gathered(quiet):
    parts = named(load(default_file=None), [ok("disk", "fine"), fail("camera", "none", "plug")])
    assert list(parts) == [
        "doctor.json", "settings.txt", "versions.txt", "machine.txt", "model.json",
        "readings.json", "metrics.txt", "services.log", "install.log", "kernel.log",
    ]  # fmt: skip
    assert [each["name"] for each in json.loads(parts["doctor.json"])] == ["disk", "camera"]
    assert "kiosk.port" in parts["settings.txt"]
    assert "numpy " in parts["versions.txt"]
    assert "Linux" in parts["machine.txt"]
    assert len(json.loads(parts["model.json"])["sha256"]) == 64
    assert all(parts.values())


def test_no_secret_and_no_postcode_is_in_it(quiet, tmp_path):
    (tmp_path / "password").write_text(TOKEN[::-1] + "\n")
    environ = {
        "FIVEBOX_KIOSK_TOKEN": TOKEN,
        "FIVEBOX_PUBLISH_MQTT_USER": "kiosk",
        "FIVEBOX_PUBLISH_MQTT_PASSWORD_FILE": str(tmp_path / "password"),
        "FIVEBOX_CAMERA_SOURCE": f"rtsp://viewer:{TOKEN}@camera/live",
        "FIVEBOX_PUBLISH_WEBHOOK_URL": "https://example.org/?key=k3y-k3y",
    }
    told = [fail("camera", f"rtsp://viewer:{TOKEN}@camera is away, {TOKEN[::-1]}, k3y-k3y", "wait")]
    parts = named(load(None, environ, default_file=None), told)
    everything = "\n".join(parts.values())
    assert TOKEN not in everything
    assert TOKEN[::-1] not in everything
    assert "key=k3y" not in everything
    assert "04524" not in parts["services.log"]
    assert "ready, token …, read" in parts["services.log"]


def test_settings_that_can_not_be_used_are_told_and_the_rest_is_there(quiet):
    parts = named(load(default_file=None), problem="s.toml, line 2: unknown setting 'prot'")
    assert parts["settings.txt"].startswith("s.toml, line 2: unknown setting 'prot'\n\nreader.")


def test_what_can_not_be_had_says_why_and_the_rest_is_there(quiet, tmp_path):
    config = Config(reader=Reader(model=tmp_path / "no.tflite"))
    settings = load(None, {"FIVEBOX_READER_MODEL": str(config.reader.model)}, default_file=None)
    parts = named(settings)
    assert "it can't be had (FileNotFoundError" in parts["model.json"]
    assert parts["metrics.txt"] == "readings 3\n"


def test_of_what_is_too_long_the_end_is_kept(quiet, monkeypatch):
    monkeypatch.setattr(support, "services", lambda: "a" * 5_000_000 + "end")
    log = named(load(default_file=None))["services.log"]
    assert len(log) == 4_000_000
    assert log.endswith("end")


def test_parts_are_packed_as_they_are():
    content = pack([Part("a.txt", "eins\n"), Part("b.log", "우편\n")], "support", 1_700_000_000.5)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert archive.getnames() == ["support/a.txt", "support/b.log"]
        assert archive.extractfile("support/b.log").read().decode() == "우편\n"
        assert {each.mode for each in archive.getmembers()} == {0o600}
        assert {each.mtime for each in archive.getmembers()} == {1_700_000_000}


def test_secrets_are_those_of_settings_and_of_the_files_they_name(tmp_path):
    file = tmp_path / "token"
    file.write_text(" in-a-file \n")
    config = Config(
        kiosk=Kiosk(token_file=file),
        publish=Publish(webhook_secret="secret", mqtt_password_file=tmp_path / "missing"),
    )
    assert sorted(secrets(config)) == ["in-a-file", "secret"]


def test_a_secret_that_holds_another_is_hidden_as_a_whole():
    hide = hider(["abcd", "abcdefgh", "x"])
    assert hide("abcdefgh abcd x") == "… … x"
    assert hide("mqtts://kiosk:pw@broker:8883/t") == "mqtts://…@broker:8883/t"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("read 04524, accepted", "read ……………, accepted"),
        ("(04524)", "(……………)"),
        ("0.99999 at 12345.6 s, 123456 bytes, :54321, 9999", None),
    ],
)
def test_five_digits_that_stand_alone_are_hidden(text, wanted):
    assert without_postcodes(text) == (text if wanted is None else wanted)


def test_of_the_journal_only_figures_are_taken(tmp_path):
    journal = tmp_path / "journal.db"
    assert figures(journal) == {"bytes": {}}
    with closing(sqlite3.connect(journal)) as database, database:
        database.execute("CREATE TABLE readings (postcode TEXT, status TEXT, reason TEXT)")
        database.execute("PRAGMA user_version = 3")
        database.executemany(
            "INSERT INTO readings VALUES (?, ?, ?)",
            [("04524", "accepted", None), ("04525", "accepted", None), (None, "rejected", "glare")],
        )
    before = journal.read_bytes()
    found = figures(journal)
    assert journal.read_bytes() == before
    assert found["version"] == 3
    assert found["rows"] == {"readings": 3}
    assert found["readings"] == [
        {"status": "accepted", "reason": None, "count": 2},
        {"status": "rejected", "reason": "glare", "count": 1},
    ]
    assert found["bytes"]["journal.db"] == len(before)
    assert "0452" not in json.dumps(found)


class _Kiosk(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.headers["Authorization"] == f"Bearer {TOKEN}"
        body = f"{self.path} is here".encode() if known else b"a token is needed"
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_a_running_kiosk_is_asked_with_its_token(tmp_path):
    with http.server.HTTPServer(("127.0.0.1", 0), _Kiosk) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            port = server.server_address[1]
            text = metrics(Config(kiosk=Kiosk(host="0.0.0.0", port=port, token=TOKEN)))
            assert "/health is here" in text
            assert "/metrics is here" in text
            assert "401 a token is needed" in metrics(Config(kiosk=Kiosk(port=port)))
        finally:
            server.shutdown()
            thread.join()


def test_a_moment_is_told_in_utc():
    assert support.stamp(1_700_000_000) == "20231114-221320"
