"""The settings' receivers."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Protocol

from edge.publish.mqtt import MqttReceiver, MqttSettings
from edge.publish.publisher import Receiver
from edge.publish.webhook import WebhookReceiver


class PublishSettings(Protocol):
    """What the settings' table `publish` says."""

    @property
    def kiosk_name(self) -> str | None:
        """None: the machine's host name."""

    @property
    def mqtt_host(self) -> str | None:
        """None: nothing is sent by MQTT."""

    @property
    def mqtt_port(self) -> int:
        """TCP."""

    @property
    def mqtt_tls(self) -> bool:
        """Whether the connection is encrypted."""

    @property
    def mqtt_ca_file(self) -> Path | None:
        """None: the system's."""

    @property
    def mqtt_certificate_file(self) -> Path | None:
        """The kiosk's own."""

    @property
    def mqtt_key_file(self) -> Path | None:
        """Of that certificate."""

    @property
    def mqtt_user(self) -> str | None:
        """The kiosk's user at the broker."""

    @property
    def mqtt_topic(self) -> str:
        """Under which readings and states are published."""

    @property
    def home_assistant(self) -> bool:
        """Whether the kiosk announces itself."""

    @property
    def webhook_url(self) -> str | None:
        """None: nothing is sent by webhook."""


def receivers(
    settings: PublishSettings,
    mqtt_password: str | None = None,
    webhook_secret: str | None = None,
    version: str = "",
) -> list[Receiver]:
    """Return where readings go: none, a broker, a webhook, or both.

    Args:
        settings: the table `publish`.
        mqtt_password: of the user at the broker.
        webhook_secret: signs what is posted.
        version: of fivebox.

    Raises:
        PublishError: an address can't be used.
        PackageMissingError: a package is missing.
    """
    kiosk = settings.kiosk_name or socket.gethostname()
    found: list[Receiver] = []
    if settings.mqtt_host is not None:
        broker = MqttSettings(
            host=settings.mqtt_host,
            kiosk=kiosk,
            port=settings.mqtt_port,
            tls=settings.mqtt_tls,
            ca_file=settings.mqtt_ca_file,
            certificate_file=settings.mqtt_certificate_file,
            key_file=settings.mqtt_key_file,
            user=settings.mqtt_user,
            password=mqtt_password,
            topic=settings.mqtt_topic,
            home_assistant=settings.home_assistant,
            version=version,
        )
        found.append(MqttReceiver(broker))
    if settings.webhook_url is not None:
        found.append(WebhookReceiver(settings.webhook_url, kiosk, webhook_secret))
    return found
