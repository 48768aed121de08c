"""An MQTT broker: each reading with QoS 1, and whether the kiosk is there, retained."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import PackageMissingError, PublishError
from edge.journal import Event
from edge.publish.discovery import announcements
from edge.publish.message import message

ONLINE, OFFLINE = b"online", b"offline"
# The broker tells others that the kiosk is gone when it hears nothing for one and a half of this.
_KEEPALIVE_S = 30
_GLANCE_S = 0.1
_FAREWELL_S = 2.0


@dataclass(frozen=True)
class MqttSettings:
    """Which broker, and as whom."""

    host: str
    kiosk: str
    """The kiosk's name, a part of its topics; no other kiosk of the broker may bear it."""
    port: int = 8883
    tls: bool = True
    ca_file: Path | None = None
    """Certificates that the broker's is checked by; None takes those of the system."""
    certificate_file: Path | None = None
    """The kiosk's own; None where it has none."""
    key_file: Path | None = None
    """The private key of that certificate."""
    user: str | None = None
    password: str | None = None
    topic: str = "fivebox"
    """Readings are published at `TOPIC/KIOSK/readings`, the state at `TOPIC/KIOSK/status`."""
    home_assistant: bool = False
    """Whether the kiosk announces itself to Home Assistant."""
    version: str = ""
    """Of fivebox; shown there."""
    timeout_s: float = 10.0
    """A broker that keeps silent for longer has failed, seconds."""


class MqttReceiver:
    """A broker.

    The client library would reconnect and send again by itself, and what it sends again could
    come after what we do: so each connection has a client of its own, and the outbox alone
    decides what is sent.

    Args:
        settings: which broker.

    Raises:
        PackageMissingError: the client library is not installed.
    """

    name = "mqtt"

    def __init__(self, settings: MqttSettings) -> None:
        try:
            import paho.mqtt.client as library
        except ImportError as error:
            raise PackageMissingError(
                "publishing to MQTT needs paho-mqtt; run: pip install 'fivebox[publish]'"
            ) from error
        self._library = library
        self._settings = settings
        base = f"{settings.topic}/{settings.kiosk}"
        self.readings_topic, self.status_topic = f"{base}/readings", f"{base}/status"
        self._client: Any = None

    def keep_up(self) -> None:
        """Connect where there is no connection.

        Raises:
            PublishError: the broker can't be reached, or won't have the kiosk.
        """
        if self._client is not None and self._client.is_connected():
            return
        self._drop()
        try:
            self._client = self._connected()
            self._publish(self.status_topic, ONLINE)
            if self._settings.home_assistant:
                for topic, payload in announcements(
                    self._settings.kiosk,
                    self.readings_topic,
                    self.status_topic,
                    self._settings.version,
                ):
                    self._publish(topic, payload)
        except BaseException:
            self._drop()
            raise

    def send(self, events: Sequence[Event]) -> Iterator[int]:
        """Publish events in order, and yield the number of each that the broker has.

        Raises:
            PublishError: it did not say that it has the next one.
        """
        try:
            sent = [
                (event.number, self._begin(self.readings_topic, self._message(event), False))
                for event in events
            ]
            for number, information in sent:
                self._finish(information)
                yield number
        except PublishError:
            # What it has of the rest is not known; all of it goes again, through another client.
            self._drop()
            raise

    def close(self) -> None:
        """Say that the kiosk leaves; may be called again."""
        if self._client is not None and self._client.is_connected():
            with contextlib.suppress(PublishError):
                self._finish(self._begin(self.status_topic, OFFLINE, True), _FAREWELL_S)
        self._drop()

    def _message(self, event: Event) -> bytes:
        return message(event, self._settings.kiosk)

    def _connected(self) -> Any:
        settings, library = self._settings, self._library
        client = library.Client(
            library.CallbackAPIVersion.VERSION2,
            client_id=f"fivebox-{settings.kiosk}",
            protocol=library.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = settings.timeout_s
        client.will_set(self.status_topic, OFFLINE, qos=1, retain=True)
        if settings.user is not None:
            client.username_pw_set(settings.user, settings.password)
        answered = threading.Event()
        answers: list[Any] = []

        def on_connect(_client: Any, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
            answers.append(reason)
            answered.set()

        client.on_connect = on_connect
        # Who hangs up before he has answered will not answer any more.
        client.on_disconnect = lambda *_: answered.set()
        try:
            if settings.tls:
                client.tls_set(
                    ca_certs=_text(settings.ca_file),
                    certfile=_text(settings.certificate_file),
                    keyfile=_text(settings.key_file),
                )
            client.connect(settings.host, settings.port, _KEEPALIVE_S)
        except (OSError, ValueError) as error:
            raise PublishError(f"{self._where}: {_reason(error)}") from error
        client.loop_start()
        answered.wait(settings.timeout_s)
        if not answers or answers[0].is_failure:
            client.disconnect()
            client.loop_stop()
            said = str(answers[0]) if answers else "it doesn't answer"
            raise PublishError(f"{self._where}: the broker won't have the kiosk ({said})")
        return client

    def _publish(self, topic: str, payload: bytes) -> None:
        self._finish(self._begin(topic, payload, True))

    def _begin(self, topic: str, payload: bytes, retain: bool) -> Any:
        return self._client.publish(topic, payload, qos=1, retain=retain)

    def _finish(self, information: Any, timeout_s: float | None = None) -> None:
        deadline = time.monotonic() + (timeout_s or self._settings.timeout_s)
        while True:
            try:
                information.wait_for_publish(_GLANCE_S)
                if information.is_published():
                    return
            except (RuntimeError, ValueError) as error:
                raise PublishError(f"{self._where}: not connected ({error})") from error
            if not self._client.is_connected():
                raise PublishError(f"{self._where}: the connection broke")
            if time.monotonic() > deadline:
                raise PublishError(f"{self._where}: the broker doesn't confirm")

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    @property
    def _where(self) -> str:
        return f"mqtt {self._settings.host}:{self._settings.port}"


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate can't be trusted ({error.verify_message}); name its CA's file"
    if isinstance(error, FileNotFoundError):
        return f"{error.filename or 'a certificate'} is missing"
    return f"can't be reached ({getattr(error, 'strerror', None) or error})"
