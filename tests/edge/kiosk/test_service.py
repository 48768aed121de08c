from __future__ import annotations

import asyncio
import json
import threading

import numpy as np
import pytest

from edge.errors import JournalError
from edge.kiosk.problems import Problem
from edge.kiosk.service import Kiosk, version
from edge.kiosk.settings import Settings
from edge.live import Seen
from edge.reading import Digit, Reading
from tests.edge.drawing import recording
from tests.edge.kiosk.conftest import FakeLive
from tests.edge.kiosk.served import until

JSON = "application/json"
SHOWN = Seen(
    Reading(
        "accepted",
        postcode="04524",
        guess="04524",
        confidence=0.99,
        digits=tuple(Digit(each, 0.99, None) for each in "04524"),
    ),
    np.full((5, 28, 28), 9, np.uint8),
    np.full((5, 10), 0.1, np.float32),
    None,
)


@pytest.fixture
def kiosk(recognizer, journal):
    kiosk = Kiosk(Settings(), recognizer, journal, FakeLive)
    yield kiosk
    kiosk.close()


def body(postcode="04524"):
    return json.dumps(recording(postcode)).encode()


def test_what_the_camera_saw_is_stored_counted_and_told(kiosk, journal):
    async def play():
        kiosk.open()
        with kiosk.hub.listening() as mailbox:
            await mailbox.take(1)
            kiosk.live.tell(SHOWN)
            found = {}
            while "reading" not in found:
                found |= {each.name: json.loads(each.data) for each in await mailbox.take(5)}
            kiosk.stop_streams()
            return found["reading"]

    told = asyncio.run(play())
    (entry,) = journal.entries()
    assert (entry.source, entry.reading) == ("camera", SHOWN.reading)
    assert (told["id"], told["kind"]) == (entry.id, "camera")
    assert np.array_equal(kiosk.store.seen(entry.id).digits, SHOWN.digits)
    assert b'fivebox_readings_total{kind="camera",status="accepted"} 1.0' in kiosk.metrics.text()


def test_what_the_camera_saw_and_the_journal_did_not_take_is_not_accepted(
    kiosk, journal, monkeypatch
):
    def full(*_args):
        raise JournalError("the disk is full")

    monkeypatch.setattr(journal, "add", full)

    async def play():
        kiosk.open()
        with kiosk.hub.listening() as mailbox:
            await mailbox.take(1)
            kiosk.live.tell(SHOWN)
            found = {}
            while "reading" not in found or "store" not in found:
                found |= {each.name: json.loads(each.data) for each in await mailbox.take(5)}
            kiosk.stop_streams()
            return found

    found = asyncio.run(play())
    assert (found["reading"]["status"], found["reading"]["postcode"]) == ("rejected", None)
    assert found["reading"]["reason"] == "not-stored"
    assert found["store"] == {"ok": False, "message": "the disk is full"}


def test_what_the_camera_tells_last_when_it_is_closed_is_stored(recognizer, journal):
    class Parting(FakeLive):
        def close(self):
            if self.closings == 0:
                self.tell(SHOWN)
            super().close()

    kiosk = Kiosk(Settings(), recognizer, journal, Parting)
    kiosk.close()
    kiosk.close()
    assert len(journal.entries()) == 1


def test_a_slow_journal_holds_neither_the_camera_nor_the_loop_up(kiosk, journal, monkeypatch):
    go_on, add = threading.Event(), journal.add

    def slow(*args):
        go_on.wait(10)
        return add(*args)

    monkeypatch.setattr(journal, "add", slow)
    try:
        for _ in range(30):
            # Each returns at once; those beyond what may wait are lost, which is logged.
            kiosk.live.tell(SHOWN)
    finally:
        go_on.set()
    until(lambda: len(journal.entries()) == 16)


def test_a_photo_keeps_no_pen_waiting(kiosk, photo, monkeypatch):
    go_on, observe = threading.Event(), kiosk.recognizer.observe

    def slow(picture):
        go_on.wait(10)
        return observe(picture)

    monkeypatch.setattr(kiosk.recognizer, "observe", slow)

    async def play():
        kiosk.open()
        slow_one = asyncio.ensure_future(kiosk.read("image/jpeg", photo, True))
        await asyncio.sleep(0.05)
        quick = await asyncio.wait_for(kiosk.read(JSON, body(), True), 5)
        assert not slow_one.done()
        go_on.set()
        return quick.resource, (await slow_one).resource

    try:
        quick, slow_one = asyncio.run(play())
    finally:
        go_on.set()
    assert quick["postcode"] == slow_one["postcode"] == "04524"


def test_more_photos_than_may_wait_are_told_to_come_again(kiosk, photo, monkeypatch):
    go_on = threading.Event()
    monkeypatch.setattr(kiosk.recognizer, "observe", lambda _picture: go_on.wait(10))

    async def play():
        kiosk.open()
        held = [
            asyncio.ensure_future(kiosk.read("image/jpeg", photo, True))
            for _ in range(kiosk.settings.most_photos)
        ]
        await asyncio.sleep(0.05)
        with pytest.raises(Problem) as refusal:
            await kiosk.read("image/jpeg", photo, True)
        assert (refusal.value.status_code, refusal.value.headers) == (503, {"Retry-After": "1"})
        # The pens' lane is another.
        assert (await kiosk.read(JSON, body(), True)).is_stored
        go_on.set()
        await asyncio.gather(*held, return_exceptions=True)

    try:
        asyncio.run(play())
    finally:
        go_on.set()


def test_a_reading_says_how_long_it_took(kiosk):
    async def play():
        return await kiosk.read(JSON, body(), False)

    assert 0.1 < asyncio.run(play()).resource["elapsed_ms"] < 5000


def test_a_version_is_told():
    assert version()[:1].isdigit()
