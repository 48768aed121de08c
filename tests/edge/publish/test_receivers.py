from __future__ import annotations

import socket
import sys
from types import SimpleNamespace

import pytest

from edge.errors import PackageMissingError, PublishError
from edge.publish.receivers import receivers

NOTHING = {
    "kiosk_name": None,
    "mqtt_host": None,
    "mqtt_port": 8883,
    "mqtt_tls": True,
    "mqtt_ca_file": None,
    "mqtt_certificate_file": None,
    "mqtt_key_file": None,
    "mqtt_user": None,
    "mqtt_topic": "post",
    "home_assistant": False,
    "webhook_url": None,
}


def test_where_nothing_is_set_nothing_is_sent():
    assert receivers(SimpleNamespace(**NOTHING)) == []


def test_a_broker_and_a_webhook_are_each_a_receiver_of_its_own_name():
    pytest.importorskip("paho.mqtt", reason="paho-mqtt is not installed (extra publish)")
    settings = {**NOTHING, "mqtt_host": "broker", "webhook_url": "https://example.org/hook"}
    broker, webhook = receivers(SimpleNamespace(**settings), "word", "secret", "1")
    assert (broker.name, webhook.name) == ("mqtt", "webhook")
    assert broker.readings_topic == f"post/{socket.gethostname()}/readings"
    settings["kiosk_name"] = "kiosk-1"
    assert receivers(SimpleNamespace(**settings))[0].status_topic == "post/kiosk-1/status"


def test_an_address_that_is_not_encrypted_is_refused():
    with pytest.raises(PublishError, match="https://"):
        receivers(SimpleNamespace(**{**NOTHING, "webhook_url": "http://example.org/hook"}))


def test_a_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    with pytest.raises(PackageMissingError, match="pip install 'fivebox\\[publish\\]'"):
        receivers(SimpleNamespace(**{**NOTHING, "mqtt_host": "broker"}))
