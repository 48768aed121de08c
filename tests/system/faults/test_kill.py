"""The power is cut, at random moments, while several people write and the camera reads."""

from __future__ import annotations

import random
import statistics
import time

import pytest

from edge.journal import Journal
from tests.system.faults.kiosk import NAME, SOAK, Clients, Kiosk, envelopes, until

pytest.importorskip("fastapi", reason="fastapi is not installed (the extra kiosk)")
pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed (the extra publish)")

from tests.edge.publish.broker import MOSQUITTO, Broker, Listener

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")

KILLS = 300 if SOAK else 10
SEED = 7
# Of so many starts one is cut short too.
EVERY = 5
# Readings before the cut.
MOST = 30


def test_what_was_told_as_accepted_survives_kill_at_any_moment_and_arrives(tmp_path):
    dice = random.Random(SEED)
    broker = Broker(tmp_path)
    listener = Listener(broker.port)
    source = f"replay:{envelopes(tmp_path / 'photos')}?fps=10&hold=0.5"
    settings = (
        f'[publish]\nkiosk_name = "{NAME}"\nmqtt_host = "127.0.0.1"\n'
        f"mqtt_port = {broker.port}\nmqtt_tls = false\n"
    )
    data = tmp_path / "data"
    accepted, corrected, starts_s, starts_cpu_s = {}, {}, [], []
    try:
        for k in range(KILLS):
            kiosk = Kiosk(data, source=source, settings=settings)
            if k % EVERY == EVERY - 1:
                time.sleep(dice.uniform(0, 1.5))
                kiosk.kill()
                continue
            with kiosk, Clients(kiosk, seed=k) as clients:
                starts_s.append(kiosk.start_s)
                starts_cpu_s.append(kiosk.start_cpu_s)
                assert "damaged" not in kiosk.said
                count = dice.randrange(MOST)
                until(lambda: len(clients.accepted) >= count, "they write")  # noqa: B023
                time.sleep(dice.uniform(0, 0.05))
                kiosk.kill()
            assert clients.refused == []
            accepted |= clients.accepted
            corrected |= clients.corrected
        print(
            f"{KILLS} kills: {len(accepted)} readings told as accepted, {len(corrected)} "
            f"corrections; start-up median {statistics.median(starts_s):.2f} s, longest "
            f"{max(starts_s):.2f} s, of which it computes {statistics.median(starts_cpu_s):.2f} s"
        )
        assert len(accepted) > KILLS
        with Kiosk(data, settings=settings) as kiosk:
            until(lambda: waiting(data) == 0, "all is published")
            assert kiosk.end() == 0
        entries = entries_of(data)
        assert len({entry.id for entry in entries}) == len(entries)
        kept = {entry.id: entry for entry in entries}
        assert accepted.keys() <= kept.keys()
        assert {id: kept[id].reading.postcode for id in accepted} == accepted
        assert {id: kept[id].corrected for id in corrected} == corrected
        arrived = until(lambda: arrivals(listener, len(entries)), "the broker has all")
        firsts = list({message["event_id"]: message for message in arrived}.values())
        assert {m["id"] for m in firsts if m["event"] == "reading"} == kept.keys()
        # What was on its way may come twice, and nothing overtakes.
        numbers = [message["event_number"] for message in firsts]
        assert numbers == sorted(set(numbers))
        for id, word in corrected.items():
            assert any(m["id"] == id and m["corrected"] == word for m in firsts)
        again = len(arrived) - len(firsts)
        print(f"at the broker: {len(firsts)} events, {again} of them twice")
    finally:
        listener.close()
        broker.stop()


def entries_of(data):
    with Journal(data / "journal.db", read_only=True) as journal:
        return journal.entries(limit=1_000_000)


def waiting(data):
    with Journal(data / "journal.db", read_only=True) as journal:
        return len(journal.pending(1, "mqtt"))


def arrivals(listener, count):
    found = listener.readings()
    return found if len({m["id"] for m in found if m["event"] == "reading"}) >= count else None
