"""A kiosk behind a real uvicorn, and clients that take their time."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn

from edge.kiosk.serving import Server, config, listen
from edge.kiosk.settings import Settings


@dataclass(frozen=True)
class Served:
    """A kiosk that serves."""

    port: int
    server: uvicorn.Server
    thread: threading.Thread
    sockets: list[socket.socket] = field(default_factory=list)

    def connect(self, request, receive_bytes=None):
        """Return a socket on which a request was sent, with a small buffer where asked for."""
        made = socket.socket()
        self.sockets.append(made)
        if receive_bytes:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        made.settimeout(10)
        made.connect(("127.0.0.1", self.port))
        made.sendall(request.replace("\n", "\r\n").encode())
        return made

    def get(self, path, receive_bytes=None):
        return self.connect(f"GET {path} HTTP/1.1\nHost: 127.0.0.1\n\n", receive_bytes)

    def ask(self, method, path, body=None):
        """Return status and JSON of an answer."""
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(asking):
            text = None if body is None else json.dumps(body)
            asking.request(method, path, text, {"Content-Type": "application/json"})
            answer = asking.getresponse()
            return answer.status, json.loads(answer.read())

    def stop(self):
        """End it as SIGTERM would, and return how long that took, seconds."""
        start = time.monotonic()
        self.server.should_exit = True
        self.thread.join(10)
        assert not self.thread.is_alive()
        return time.monotonic() - start


@contextmanager
def serving(app) -> Iterator[Served]:
    """Serve an application on a free port."""
    listening = listen(Settings(port=0))
    server = Server(config(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    served = Served(listening.getsockname()[1], server, thread)
    try:
        until(lambda: server.started)
        yield served
    finally:
        server.should_exit = True
        for client in served.sockets:
            client.close()
        thread.join(10)
        listening.close()


def until(happens, seconds=10.0):
    """Wait for something, and return what it returned."""
    deadline = time.monotonic() + seconds
    while not (found := happens()):
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.01)
    return found


def events_of(stream, count, seconds=10.0):
    """Return the next events of a stream, (name, data) each; `stream` is a socket."""
    found, text = [], ""
    deadline = time.monotonic() + seconds
    while len(found) < count:
        assert time.monotonic() < deadline, f"only {found}"
        part = stream.recv(65536)
        assert part, "the stream has ended"
        text += part.decode()
        found = [
            (name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
            for name, data in _blocks(text)
        ]
    return found


def _blocks(text):
    # Chunked encoding puts sizes between; an event's two lines always stand together.
    lines = text.split("\n")
    for first, second, third in zip(lines, lines[1:], lines[2:], strict=False):
        if first.startswith("event: ") and second.startswith("data: ") and third == "":
            yield first, second
