"""Writes and publishes until it is killed: python writer.py FILE PORT."""

from __future__ import annotations

import sys
from pathlib import Path

from edge.backoff import Backoff
from edge.journal import Journal
from edge.publish.mqtt import MqttReceiver, MqttSettings
from edge.publish.publisher import Publisher
from tests.edge.journal.making import accepted

settings = MqttSettings("127.0.0.1", "kiosk-1", int(sys.argv[2]), tls=False)
with (
    Journal(Path(sys.argv[1]), outbox=True, receivers=("mqtt",)) as journal,
    Publisher(journal, MqttReceiver(settings), backoff=Backoff(0.05, 0.2)) as publisher,
):
    while True:
        entry = journal.add(accepted(), "write")
        publisher.wake()
        print(entry.id, flush=True)
