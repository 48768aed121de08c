"""The broker is cut off, slow, silent, killed, and won't have the kiosk, one after another."""

from __future__ import annotations

import time

import pytest

from tests.system.faults.kiosk import NAME, SOAK, Clients, Kiosk, until

pytest.importorskip("fastapi", reason="fastapi is not installed (the extra kiosk)")
pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed (the extra publish)")

from tests.edge.publish.broker import MOSQUITTO, Broker, Listener, Wire

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")

ROUNDS = 20 if SOAK else 1
# By then the broker has written down who listens, so that it may be killed.
SAVED_S = 1.5
OPEN = ("allow_anonymous true", "autosave_interval 1")
CONNECTED = "mqtt: connected"
MOST_GROWTH_MB = 40


@pytest.fixture
def wire(tmp_path):
    """Return a broker, who listens to it, and the wire to it."""
    broker = Broker(tmp_path, *OPEN)
    listener, wire = Listener(broker.port), Wire(broker.port)
    yield broker, listener, wire
    wire.close()
    listener.close()
    broker.stop()


def test_whatever_the_broker_does_nothing_is_lost_and_the_order_is_kept(tmp_path, wire):
    _, listener, line = wire
    settings = (
        f'[publish]\nkiosk_name = "{NAME}"\nmqtt_host = "127.0.0.1"\n'
        f"mqtt_port = {line.port}\nmqtt_tls = false\n"
    )
    with Kiosk(tmp_path / "data", settings=settings) as kiosk:
        until(lambda: CONNECTED in kiosk.said, "connected")
        kiosk.write()
        before_mb = kiosk.memory_mb()
        with Clients(kiosk, count=2, pause_s=0.1) as clients:
            for _ in range(ROUNDS):
                _every_fault(kiosk, *wire)
        after_mb = kiosk.memory_mb()
        accepted = clients.accepted
        assert clients.refused == []
        until(lambda: accepted.keys() <= _ids(listener), "all has arrived")
        assert kiosk.end() == 0
        assert "Traceback" not in kiosk.said
    arrived = listener.readings()
    firsts = list({message["event_id"]: message for message in arrived}.values())
    numbers = [message["event_number"] for message in firsts]
    assert numbers == list(range(1, len(numbers) + 1))
    print(
        f"{len(firsts)} events, {len(arrived) - len(firsts)} of them again, none lost; memory "
        f"{before_mb:.0f} to {after_mb:.0f} MB"
    )
    assert after_mb - before_mb < MOST_GROWTH_MB


def _every_fault(kiosk, broker, listener, line):
    def says_again(words, fault):
        count = kiosk.said.count(words)
        fault()
        until(lambda: kiosk.said.count(words) > count, f"it says {words!r} again")

    def arrives_after(fault):
        fault()
        _, read = kiosk.write()
        until(lambda: read["id"] in _ids(listener), "what is written now arrives")

    def cut():
        line.cut()
        time.sleep(0.5)
        line.mend()

    def silent():
        line.is_swallowing = True

    def hurried():
        line.is_swallowing = False
        line.cut()
        line.mend()

    def killed():
        time.sleep(SAVED_S)
        broker.kill()
        broker.start()

    def refusing():
        broker.stop()
        broker.set("allow_anonymous false")
        broker.start()

    def friendly():
        broker.stop()
        broker.set(*OPEN)
        broker.start()

    line.delay_s = 0.05
    time.sleep(1.5)
    line.delay_s = 0.0
    arrives_after(cut)
    arrives_after(killed)
    # Longer than a broker may keep silent.
    says_again("doesn't confirm", silent)
    arrives_after(hurried)
    says_again("won't have the kiosk (Not authorized)", refusing)
    arrives_after(friendly)


def _ids(listener):
    return {message["id"] for message in listener.readings()}
