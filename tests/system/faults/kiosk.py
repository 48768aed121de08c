"""The whole kiosk as a process of its own, those who use it, and what it has open."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2

from tests.edge.drawing import recording, row
from tests.system.conftest import environment

# Longer runs, as `make soak` makes them.
SOAK = bool(os.environ.get("FIVEBOX_SOAK"))
# A machine that has much else to do takes long for everything.
PATIENCE_S = 120.0
NAME = "kiosk-1"
_JSON = {"Content-Type": "application/json"}


def until(happens, what, seconds=PATIENCE_S):
    """Wait for something, and return what it returned."""
    deadline = time.monotonic() + seconds
    while not (found := happens()):
        assert time.monotonic() < deadline, f"after {seconds:g} s not: {what}"
        time.sleep(0.02)
    return found


def envelopes(folder, *postcodes):
    """Make photos for a `replay:`, small ones, and return their folder."""
    folder.mkdir()
    for k, postcode in enumerate(postcodes or ("04524", "31906", "72118")):
        image, _ = row(postcode, at=(70 + 15 * k, 90))
        cv2.imwrite(str(folder / f"{k}.png"), image)
    return folder


class Kiosk:
    """`python -m edge kiosk` on a free port.

    Args:
        data: the journal's folder.
        source: the camera's URI; "" for the settings' own, None for none.
        settings: lines of a fivebox.toml.
        prefix: words before its command, of another that runs it.
        beside: where what it says and its settings lie: beside a path; None for beside `data`.
        changes: of its environment.
    """

    def __init__(
        self, data, *arguments, source=None, settings="", prefix=(), beside=None, **changes
    ):
        self.data = Path(data)
        beside = self.data if beside is None else Path(beside)
        self._notes = beside.with_name(f"{beside.name}.stderr")
        config = beside.with_name(f"{beside.name}.toml")
        config.write_text(settings, "utf-8")
        camera = ["--no-camera"] if source is None else ["--source", source] if source else []
        command = [sys.executable, "-m", "edge", "kiosk", "--port", "0", "--config", config]
        started_s = time.monotonic()
        with self._notes.open("wb") as notes:
            self.process = subprocess.Popen(
                [*prefix, *map(str, command), "--data", str(data), *camera, *map(str, arguments)],
                stdout=subprocess.DEVNULL,
                stderr=notes,
                env=environment(**changes),
            )
        self._started_s = started_s
        self.port = 0
        self.start_s = self.start_cpu_s = None

    @property
    def said(self):
        """All that it has said so far."""
        return self._notes.read_text("utf-8")

    @property
    def is_running(self):
        """Whether the process has not ended."""
        return self.process.poll() is None

    def serve(self):
        """Wait until it says where it listens, and return it."""

        def listens():
            found = re.search(r"^http://\S+:(\d+)/$", self.said, re.MULTILINE)
            assert found or self.is_running, f"it ended: {self.said}"
            return found

        deadline = time.monotonic() + PATIENCE_S
        while not (found := listens()):
            assert time.monotonic() < deadline, f"it does not serve: {self.said}"
            time.sleep(0.005)
        self.start_s = time.monotonic() - self._started_s
        self.start_cpu_s = self.cpu_s()
        self.port = int(found[1])
        return self

    def ask(self, method, path, body=None, headers=_JSON):
        """Return status and JSON of an answer; OSError or HTTPException where none came."""
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        with contextlib.closing(asking):
            content = body if isinstance(body, bytes | None) else json.dumps(body)
            asking.request(method, path, content, headers)
            answer = asking.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if path != "/metrics" else text.decode()

    def write(self, postcode="04524"):
        """Post a recording, and return status and reading."""
        return self.ask("POST", "/api/v1/readings", recording(postcode))

    def health(self):
        """Return what `/health` tells."""
        return self.ask("GET", "/health")[1]

    def metric(self, name):
        """Return one figure of `/metrics`."""
        text = self.ask("GET", "/metrics")[1]
        return float(re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)[1])

    def readings(self, limit=1000):
        """Return what `/api/v1/readings` tells, the newest first."""
        return self.ask("GET", f"/api/v1/readings?limit={limit}")[1]["readings"]

    def memory_mb(self):
        """Return what it has resident, MB."""
        return self._status("VmRSS") / 1024

    def cpu_s(self):
        """Return for how long it has computed, seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def threads(self):
        """Return how many threads it has."""
        return self._status("Threads")

    def handles(self):
        """Return how many files and sockets it has open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def kill(self):
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait()

    def end(self):
        """End it as the service manager does, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def __enter__(self):
        try:
            return self.serve()
        except BaseException:
            # Nobody else would end it.
            self.kill()
            raise

    def __exit__(self, *_):
        if self.is_running:
            self.process.kill()
        self.process.wait()

    def _status(self, name):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)[1])


class Clients:
    """Several who write and correct, one after another each, as long as the kiosk answers.

    Args:
        kiosk: serves.
        count: how many they are.
        seed: of what they do.
        pause_s: that each makes after an answer.
    """

    def __init__(self, kiosk, count=3, seed=0, pause_s=0.0):
        self.accepted, self.corrected = {}, {}
        self.refused = []
        self.latencies_s = []
        self._kiosk, self._pause_s = kiosk, pause_s
        self._is_over = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(random.Random(f"{seed} {k}"),))
            for k in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self):
        """Let them finish."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _run(self, dice):
        # The kiosk is killed in the middle of an answer: then nobody was told anything.
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            while not self._is_over.is_set():
                start_s = time.monotonic()
                status, reading = self._kiosk.write(f"{dice.randrange(100_000):05}")
                self.latencies_s.append(time.monotonic() - start_s)
                if status == 201:
                    self.accepted[reading["id"]] = reading["postcode"]
                    if dice.random() < 0.2:
                        self._correct(reading["id"], f"{dice.randrange(100_000):05}")
                else:
                    self.refused.append((status, reading))
                self._is_over.wait(self._pause_s)

    def _correct(self, id, word):
        path = f"/api/v1/readings/{id}"
        if self._kiosk.ask("PATCH", path, {"corrected": word})[0] == 200:
            self.corrected[id] = word


class Page:
    """Keeps the events that a page would be told, by name."""

    def __init__(self, kiosk):
        self._events = []
        self._stream = socket.create_connection(("127.0.0.1", kiosk.port), timeout=PATIENCE_S)
        self._stream.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def told(self, name):
        """Return the data of all events of that name so far."""
        return [data for each, data in list(self._events) if each == name]

    def close(self):
        """Leave."""
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE_S)
        self._stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _run(self):
        name = None
        with contextlib.suppress(OSError), self._stream.makefile("r", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("event: "):
                    name = line.removeprefix("event: ").strip()
                elif line.startswith("data: ") and name:
                    self._events.append((name, json.loads(line.removeprefix("data: "))))
