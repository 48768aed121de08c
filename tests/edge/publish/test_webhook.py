from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from edge.errors import PublishError, RefusedError
from edge.journal import Event
from edge.publish.webhook import WebhookReceiver, signature

EVENTS = [
    Event(i, f"{i:032x}", "reading", json.dumps({"id": "a", "guess": f"{i:05}"})) for i in (1, 2, 3)
]


class Server(ThreadingHTTPServer):
    """Takes posts, and answers as it is told."""

    daemon_threads = True

    def __init__(self, context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.posts = []
        self.answers = []
        self.connections = 0
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/hook?key=1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections += 1

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, headers = self.server.answers.pop(0) if self.server.answers else (200, {})
        if status == 0:
            # Took it, and died before it could say so.
            self.server.posts.append((self.path, dict(self.headers), body, 0))
            self.close_connection = True
            return
        self.server.posts.append((self.path, dict(self.headers), body, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
        self.close_connection = "Connection" in headers

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = Server()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def receiver(server):
    receiver = WebhookReceiver(server.url, "kiosk-1", "a secret", timeout_s=2)
    yield receiver
    receiver.close()


def test_each_event_is_posted_in_order_over_one_connection(server, receiver):
    assert list(receiver.send(EVENTS)) == [1, 2, 3]
    assert [path for path, *_ in server.posts] == ["/hook?key=1"] * 3
    told = [json.loads(body) for _, _, body, _ in server.posts]
    assert [each["guess"] for each in told] == ["00001", "00002", "00003"]
    assert [each["event_id"] for each in told] == [event.id for event in EVENTS]
    assert {each["kiosk"] for each in told} == {"kiosk-1"}
    assert [headers["Idempotency-Key"] for _, headers, _, _ in server.posts] == [
        event.id for event in EVENTS
    ]
    assert server.connections == 1


def test_the_signature_proves_body_and_time(server, receiver):
    list(receiver.send(EVENTS[:1]))
    _, headers, body, _ = server.posts[0]
    stamp = headers["X-Fivebox-Timestamp"]
    expected = hmac.new(b"a secret", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Fivebox-Signature"] == f"sha256={expected}"
    assert signature("a secret", stamp, body + b" ") != headers["X-Fivebox-Signature"]
    assert signature("another", stamp, body) != headers["X-Fivebox-Signature"]


def test_without_a_secret_nothing_is_signed(server):
    receiver = WebhookReceiver(server.url, "kiosk-1")
    list(receiver.send(EVENTS[:1]))
    receiver.close()
    assert "X-Fivebox-Signature" not in server.posts[0][1]


def test_what_arrived_before_a_failure_is_known(server, receiver):
    server.answers = [(200, {}), (503, {"Retry-After": "7"})]
    numbers = receiver.send(EVENTS)
    arrived = [next(numbers)]
    with pytest.raises(PublishError, match="503") as caught:
        next(numbers)
    assert arrived == [1]
    assert caught.value.wait_s == 7
    assert not isinstance(caught.value, RefusedError)


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (400, RefusedError, "refused"),
        (422, RefusedError, "refused"),
        (301, PublishError, "has moved"),
        (401, PublishError, "doesn't let"),
        (404, PublishError, "can't take"),
        (429, PublishError, "can't take"),
        (500, PublishError, "can't take"),
    ],
)
def test_answers_are_told_apart(server, receiver, status, kind, words):
    server.answers = [(status, {"Retry-After": "soon"})]
    with pytest.raises(PublishError, match=words) as caught:
        list(receiver.send(EVENTS))
    assert type(caught.value) is kind
    assert caught.value.wait_s is None
    # What may be secret in the address is not told.
    assert "key=1" not in str(caught.value)
    assert len(server.posts) == 1


def test_a_connection_that_was_closed_while_idle_is_made_anew(server, receiver):
    server.answers = [(200, {"Connection": "close"}), (200, {})]
    assert list(receiver.send(EVENTS[:1])) == [1]
    assert list(receiver.send(EVENTS[1:])) == [2, 3]
    assert len(server.posts) == 3


def test_an_answer_that_was_lost_makes_the_same_post_again(server, receiver):
    server.answers = [(200, {}), (0, {}), (200, {})]
    assert list(receiver.send(EVENTS[:2])) == [1, 2]
    ids = [headers["Idempotency-Key"] for _, headers, _, _ in server.posts]
    assert ids == [EVENTS[0].id, EVENTS[1].id, EVENTS[1].id]
    assert server.posts[1][2] == server.posts[2][2]


def test_who_is_not_there_is_one_sentence(server):
    server.shutdown()
    server.server_close()
    receiver = WebhookReceiver(server.url, "kiosk-1", timeout_s=1)
    with pytest.raises(PublishError, match="can't be reached") as caught:
        list(receiver.send(EVENTS))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://example.org/", "ftp://localhost/", "https:///x", "x"])
def test_readings_go_out_encrypted_only(url):
    with pytest.raises(PublishError, match="https://"):
        WebhookReceiver(url, "kiosk-1")


def test_a_certificate_is_checked(tmp_path):
    command = [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        "-keyout", tmp_path / "key", "-out", tmp_path / "crt",
    ]  # fmt: skip
    made = subprocess.run(command, capture_output=True)
    if made.returncode:
        pytest.skip("openssl can't make a certificate here")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    server = Server(context)
    url = f"https://localhost:{server.server_address[1]}/"
    stranger = WebhookReceiver(url, "kiosk-1", timeout_s=5)
    with pytest.raises(PublishError, match="can't be trusted"):
        list(stranger.send(EVENTS[:1]))
    known = WebhookReceiver(url, "kiosk-1", "s", tmp_path / "crt", 5)
    assert list(known.send(EVENTS)) == [1, 2, 3]
    known.close()
    known.close()
    server.shutdown()
    server.server_close()
    assert len(server.posts) == 3
