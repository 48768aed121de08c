"""A real Mosquitto, somebody who listens to it, and a wire between that can be cut."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import threading
import time

import paho.mqtt.client as library

from tests.edge.publish.waiting import until

PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
MOSQUITTO = shutil.which("mosquitto", path=PATH)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


class Broker:
    """Mosquitto with settings of its own; what it keeps survives `stop` and `start`."""

    def __init__(self, folder, *lines):
        self.port = free_port()
        self._folder = folder
        self._settings = folder / "mosquitto.conf"
        self._process = None
        self.set(*(lines or ["allow_anonymous true"]))
        self.start()

    def set(self, *lines):
        """Change its settings, which hold from the next start on."""
        self._settings.write_text(
            "\n".join(
                [
                    f"listener {self.port} 127.0.0.1",
                    "persistence true",
                    f"persistence_location {self._folder}/",
                    "user root" if os.geteuid() == 0 else "",
                    *lines,
                ]
            )
            + "\n"
        )

    def start(self):
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", self._settings],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: answers(self.port), "the broker")

    def stop(self):
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._process = None


class Listener:
    """Keeps all messages that arrive, in order, over restarts of the broker too."""

    def __init__(self, port, **credentials):
        self.messages = []
        self.client = library.Client(
            library.CallbackAPIVersion.VERSION2, client_id="listener", clean_session=False
        )
        if credentials:
            self.client.username_pw_set(**credentials)
        self.client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self.client.on_message = self._on_message
        self.client.reconnect_delay_set(0.1, 0.2)
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert subscribed.wait(10)

    def _on_message(self, _client, _data, message):
        self.messages.append((message.topic, message.payload, bool(message.retain)))

    def at(self, topic):
        return [payload for where, payload, _ in list(self.messages) if where == topic]

    def readings(self, topic="fivebox/kiosk-1/readings"):
        return [json.loads(payload) for payload in self.at(topic)]

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


class Wire:
    """Passes bytes to and from a port, until it is cut, or swallows them, or takes its time."""

    def __init__(self, port):
        self._to = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.is_swallowing = False
        self.delay_s = 0.0
        self._is_cut = False
        self._open = set()
        self._guard = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """End all connections and take no new ones."""
        self._is_cut = True
        with self._guard:
            ends = list(self._open)
        for end in ends:
            self._end(end)

    def mend(self):
        self._is_cut = False

    def close(self):
        self.cut()
        self._server.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            if self._is_cut:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                # Nobody is there at present.
                near.close()
                continue
            with self._guard:
                self._open |= {near, far}
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    def _pass(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                time.sleep(self.delay_s)
                if not self.is_swallowing:
                    target.sendall(data)
        self._end(source)
        self._end(target)

    def _end(self, end):
        with self._guard:
            self._open.discard(end)
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
