from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("paho.mqtt", reason="paho-mqtt is not installed (extra publish)")

from edge.backoff import Backoff
from edge.errors import PublishError
from edge.journal import Event, Journal
from edge.publish.discovery import announcements
from edge.publish.mqtt import MqttReceiver, MqttSettings
from edge.publish.publisher import Publisher
from tests.conftest import ROOT
from tests.edge.journal.making import accepted, doubtful
from tests.edge.publish.broker import MOSQUITTO, PATH, Broker, Listener, Wire, free_port
from tests.edge.publish.waiting import until

READINGS, STATUS = "fivebox/kiosk-1/readings", "fivebox/kiosk-1/status"
WRITER = Path(__file__).with_name("writer.py")
EVENT = Event(1, "1" * 32, "reading", '{"guess": "04524"}')


@pytest.fixture
def broker(tmp_path):
    if MOSQUITTO is None:
        pytest.skip("mosquitto is missing; scripts/make-system-packages installs it")
    (tmp_path / "broker").mkdir()
    broker = Broker(tmp_path / "broker")
    yield broker
    broker.stop()


@pytest.fixture
def listener(broker):
    listener = Listener(broker.port)
    yield listener
    listener.close()


@pytest.fixture
def wire(broker):
    wire = Wire(broker.port)
    yield wire
    wire.close()


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "j.db", outbox=True, receivers=("mqtt",)) as journal:
        yield journal


def settings(port, **changes):
    values = {"host": "127.0.0.1", "kiosk": "kiosk-1", "port": port, "tls": False, "timeout_s": 2.0}
    return MqttSettings(**{**values, **changes})


def publisher(journal, port, **changes):
    receiver = MqttReceiver(settings(port, **changes))
    return Publisher(journal, receiver, backoff=Backoff(0.05, 0.2))


def firsts(numbers):
    """Return numbers in the order in which each came first."""
    return list(dict.fromkeys(numbers))


def test_readings_and_corrections_arrive_in_order(broker, listener, journal):
    entries = [journal.add(doubtful(f"{number:05}"), "camera") for number in range(100)]
    journal.correct(entries[0].id, "11111")
    with publisher(journal, broker.port):
        until(lambda: len(listener.readings()) == 101, "all readings")
        until(lambda: journal.pending(receiver="mqtt") == [])
    told = listener.readings()
    assert [each["id"] for each in told] == [*(entry.id for entry in entries), entries[0].id]
    assert told[-1]["event"] == "correction"
    assert told[-1]["corrected"] == "11111"
    assert len({each["event_id"] for each in told}) == 101
    assert {each["kiosk"] for each in told} == {"kiosk-1"}
    # They are no state: who comes later is not told the last one as if it were new.
    assert not any(retain for topic, _, retain in listener.messages if topic == READINGS)


def test_others_see_whether_the_kiosk_is_there(broker, listener, journal):
    with publisher(journal, broker.port):
        until(lambda: listener.at(STATUS) == [b"online"])
        with closing(LateListener(broker.port)) as late:
            until(lambda: (STATUS, b"online", True) in late.messages)
    until(lambda: listener.at(STATUS) == [b"online", b"offline"])


class LateListener(Listener):
    """Comes when others are there already."""

    def __init__(self, port):
        import paho.mqtt.client as library

        self.messages = []
        self.client = library.Client(library.CallbackAPIVersion.VERSION2)
        self.client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self.client.on_message = self._on_message
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()


def test_a_kiosk_that_vanishes_is_told_as_gone_by_the_broker(listener, journal, wire):
    with publisher(journal, wire.port):
        until(lambda: listener.at(STATUS) == [b"online"])
        wire.cut()
        until(lambda: listener.at(STATUS) == [b"online", b"offline"])
        wire.mend()
        until(lambda: listener.at(STATUS) == [b"online", b"offline", b"online"])


def test_over_a_wire_that_is_cut_again_and_again_nothing_is_lost_and_order_is_kept(
    listener, journal, wire
):
    with publisher(journal, wire.port):
        for number in range(200):
            journal.add(accepted(f"{number:05}"), "camera")
            if number % 40 == 20:
                wire.cut()
            elif number % 40 == 30:
                wire.mend()
        wire.mend()
        until(lambda: journal.pending(receiver="mqtt") == [], "the end of the outbox")
    numbers = [each["event_number"] for each in listener.readings()]
    assert firsts(numbers) == list(range(1, 201))
    ids = {}
    for each in listener.readings():
        assert ids.setdefault(each["event_number"], each["event_id"]) == each["event_id"]


def test_a_broker_that_is_restarted_gets_all(broker, listener, journal):
    with publisher(journal, broker.port) as going:
        journal.add(accepted("11111"), "camera")
        until(lambda: len(listener.readings()) == 1)
        broker.stop()
        until(lambda: not going.state.is_connected)
        for number in range(30):
            journal.add(accepted(f"{number:05}"), "camera")
        assert len(journal.pending(receiver="mqtt")) == 30
        broker.start()
        until(lambda: len(firsts(e["event_number"] for e in listener.readings())) == 31)
        until(lambda: going.state.is_connected)
    assert firsts(e["event_number"] for e in listener.readings()) == list(range(1, 32))


def test_a_broker_that_no_longer_answers_is_left_and_tried_again(listener, journal, wire):
    with publisher(journal, wire.port, timeout_s=0.5) as going:
        until(lambda: going.state.is_connected)
        wire.is_swallowing = True
        journal.add(accepted(), "camera")
        going.wake()
        until(lambda: not going.state.is_connected)
        assert "confirm" in going.state.message or "answer" in going.state.message
        assert len(journal.pending(receiver="mqtt")) == 1
        wire.is_swallowing = False
        until(lambda: journal.pending(receiver="mqtt") == [])
    assert firsts(e["event_number"] for e in listener.readings()) == [1]


def test_what_was_told_as_stored_arrives_although_the_kiosk_is_killed_again_and_again(
    tmp_path, broker, listener
):
    dice = random.Random(3)
    stored = []
    for _ in range(5):
        with subprocess.Popen(
            [sys.executable, WRITER, tmp_path / "killed.db", str(broker.port)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as writer:
            lines = [writer.stdout.readline()]
            time.sleep(dice.uniform(0, 0.5))
            writer.kill()
            lines += writer.stdout.read().splitlines()
        stored += [line.strip() for line in lines if len(line.strip()) == 32]
    path = tmp_path / "killed.db"
    with (
        Journal(path, outbox=True, receivers=("mqtt",)) as journal,
        publisher(journal, broker.port),
    ):
        until(lambda: journal.pending(receiver="mqtt") == [], "the end of the outbox")
    assert len(stored) > 20
    arrived = listener.readings()
    assert {each["id"] for each in arrived} >= set(stored)
    numbers = firsts(each["event_number"] for each in arrived)
    assert numbers == list(range(1, len(numbers) + 1))
    # Twice only what was on its way at a kill, and with the same id.
    assert len({each["event_id"] for each in arrived}) == len(numbers)
    assert len(arrived) - len(numbers) <= 5 * 50


def test_who_is_not_there_is_one_sentence():
    receiver = MqttReceiver(settings(free_port()))
    with pytest.raises(PublishError, match="can't be reached") as caught:
        receiver.keep_up()
    assert "\n" not in str(caught.value)
    receiver.close()


def test_a_broker_that_hangs_up_at_once_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up():
            near, _ = server.accept()
            # A broker's reasons come after it was asked.
            near.recv(1000)
            near.close()

        hanging_up = threading.Thread(target=hang_up)
        hanging_up.start()
        receiver = MqttReceiver(settings(server.getsockname()[1], timeout_s=60))
        begun = time.monotonic()
        with closing(receiver), pytest.raises(PublishError, match="doesn't answer"):
            receiver.keep_up()
        assert time.monotonic() - begun < 30
        hanging_up.join()


def test_user_and_password_are_asked_for(tmp_path):
    if MOSQUITTO is None or not shutil.which("mosquitto_passwd", path=PATH):
        pytest.skip("mosquitto is missing; scripts/make-system-packages installs it")
    subprocess.run(
        ["mosquitto_passwd", "-b", "-c", tmp_path / "users", "kiosk", "right"],
        check=True,
        capture_output=True,
    )
    broker = Broker(tmp_path, "allow_anonymous false", f"password_file {tmp_path / 'users'}")
    try:
        for password in ("wrong", None):
            receiver = MqttReceiver(settings(broker.port, user="kiosk", password=password))
            with pytest.raises(PublishError, match="won't have the kiosk") as caught:
                receiver.keep_up()
            assert "right" not in str(caught.value)
            receiver.close()
        receiver = MqttReceiver(settings(broker.port, user="kiosk", password="right"))
        receiver.keep_up()
        assert list(receiver.send([EVENT])) == [1]
        receiver.close()
        receiver.close()
    finally:
        broker.stop()


def openssl(*words):
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True)
    if done.returncode:
        pytest.skip("openssl can't make certificates here")


def certificate(folder, name, issuer=None):
    """Make a key and a certificate, signed by an issuer's or by itself."""
    names = folder / "names"
    names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    key, crt, csr = (folder / f"{name}.{end}" for end in ("key", "crt", "csr"))
    if issuer is None:
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", f"/CN={name}",
                "-keyout", key, "-out", crt)  # fmt: skip
    else:
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key,
                "-out", csr)  # fmt: skip
        openssl("x509", "-req", "-in", csr, "-CA", folder / f"{issuer}.crt", "-CAkey",
                folder / f"{issuer}.key", "-CAcreateserial", "-days", 2, "-extfile", names,
                "-out", crt)  # fmt: skip
    return crt, key


# The client library leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_brokers_certificate_and_the_kiosks_own_are_checked(tmp_path):
    if MOSQUITTO is None:
        pytest.skip("mosquitto is missing; scripts/make-system-packages installs it")
    ca, _ = certificate(tmp_path, "ca")
    other, _ = certificate(tmp_path, "other")
    crt, key = certificate(tmp_path, "broker", "ca")
    own_crt, own_key = certificate(tmp_path, "kiosk", "ca")
    broker = Broker(
        tmp_path, "allow_anonymous true", f"cafile {ca}", f"certfile {crt}", f"keyfile {key}",
        "require_certificate true",
    )  # fmt: skip
    try:
        right = {"tls": True, "ca_file": ca, "certificate_file": own_crt, "key_file": own_key}
        receiver = MqttReceiver(settings(broker.port, **right))
        receiver.keep_up()
        assert list(receiver.send([EVENT])) == [1]
        receiver.close()
        for wrong, words in [
            ({"ca_file": other}, "can't be trusted"),
            ({"ca_file": tmp_path / "none"}, "missing"),
            ({"certificate_file": None, "key_file": None}, "mqtt"),
        ]:
            receiver = MqttReceiver(settings(broker.port, **{**right, **wrong}))
            with pytest.raises(PublishError, match=words):
                receiver.keep_up()
            receiver.close()
    finally:
        broker.stop()


def test_home_assistant_is_told_what_to_show_only_on_request(broker, listener, journal):
    with publisher(journal, broker.port):
        until(lambda: listener.at(STATUS) == [b"online"])
    assert not any(topic.startswith("homeassistant") for topic, *_ in listener.messages)
    with publisher(journal, broker.port, home_assistant=True, version="1.2.3"):
        journal.add(accepted(), "write")
        until(lambda: listener.readings())
    configs = {
        topic: json.loads(payload)
        for topic, payload, _ in listener.messages
        if topic.startswith("homeassistant")
    }
    assert len(configs) == 3
    config = configs["homeassistant/sensor/fivebox_kiosk-1/postcode/config"]
    assert config["state_topic"] == READINGS
    assert config["availability_topic"] == STATUS
    assert config["device"]["sw_version"] == "1.2.3"


def test_announcements_have_names_that_home_assistant_takes():
    topics, configs = zip(*announcements("Küche 1/x", READINGS, STATUS, "1"), strict=True)
    for topic, config in zip(topics, map(json.loads, configs), strict=True):
        prefix, kind, node, _, last = topic.split("/")
        assert (prefix, kind, last) == ("homeassistant", "sensor", "config")
        assert node.isascii()
        assert "{{" in config["value_template"]
    ids = [json.loads(config)["unique_id"] for config in configs]
    assert len(set(ids)) == len(ids)
