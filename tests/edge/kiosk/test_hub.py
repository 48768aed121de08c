from __future__ import annotations

import asyncio
import json
import threading
import time

import pytest

from edge.kiosk.hub import Hub, Mailbox


def run(play):
    """Run a coroutine function with an open hub."""

    async def with_hub():
        hub = Hub(views_per_s=50)
        hub.open()
        return await asyncio.wait_for(play(hub), 10)

    return asyncio.run(with_hub())


def told(events):
    return [(event.name, json.loads(event.data)) for event in events]


def test_who_comes_is_first_told_the_present_and_no_view():
    async def play(hub):
        hub.publish("camera", {"state": "starting"})
        hub.publish("camera", {"state": "live"})
        hub.publish("store", {"ok": True})
        hub.publish("view", {"number": 1})
        hub.publish("reading", {"id": "a"})
        with hub.listening() as mailbox:
            return told(await mailbox.take(1))

    assert run(play) == [("camera", {"state": "live"}), ("store", {"ok": True})]


def test_what_was_told_before_the_loop_ran_is_present_and_later_news_are_told_too():
    hub = Hub(views_per_s=50)
    hub.publish("camera", {"state": "starting"})

    async def play():
        hub.open()
        with hub.listening() as mailbox:
            first = told(await mailbox.take(1))
            hub.publish("camera", {"state": "live"})
            return first + told(await mailbox.take(1))

    assert asyncio.run(play()) == [
        ("camera", {"state": "starting"}),
        ("camera", {"state": "live"}),
    ]


def test_a_slow_client_gets_the_newest_view_and_every_reading_in_order():
    async def play(hub):
        with hub.listening() as mailbox:
            for number in range(100):
                hub.publish("view", {"number": number})
            for number in range(20):
                hub.publish("reading", {"number": number})
            await asyncio.sleep(0.05)
            return told(await mailbox.take(1))

    view, *readings = run(play)
    assert view == ("view", {"number": 99})
    assert readings == [("reading", {"number": number}) for number in range(20)]


def test_a_client_that_lets_readings_pile_up_is_dropped_and_what_it_had_forgotten():
    async def play(hub):
        with hub.listening() as slow, hub.listening() as quick:
            for number in range(200):
                hub.publish("reading", {"number": number})
                if number % 20 == 0:
                    await quick.take(0.1)
            await asyncio.sleep(0.05)
            assert not quick.closed
            assert slow.closed
            assert await slow.take(5) == []

    run(play)


def test_views_come_no_more_often_than_asked_and_readings_do_not_wait_for_them():
    async def play(_hub):
        hub = Hub(views_per_s=5)
        hub.open()
        times = []
        with hub.listening() as mailbox:

            async def look():
                while len(times) < 3:
                    for event in await mailbox.take(1):
                        if event.name == "view":
                            times.append(time.monotonic())

            looking = asyncio.ensure_future(look())
            for number in range(200):
                hub.publish("view", {"number": number})
                await asyncio.sleep(0.005)
                if looking.done():
                    break
            await looking
            hub.publish("view", {"number": -1})
            hub.publish("reading", {"id": "a"})
            start = time.monotonic()
            names = [event.name for event in await mailbox.take(1)]
            assert names == ["reading"]
            assert time.monotonic() - start < 0.15
        return times

    first, second, third = run(play)
    assert second - first >= 0.19
    assert third - second >= 0.19


def test_nothing_comes_after_the_time_that_was_given():
    async def play(hub):
        with hub.listening() as mailbox:
            start = time.monotonic()
            assert await mailbox.take(0.1) == []
            return time.monotonic() - start

    assert 0.09 <= run(play) < 2


def test_closing_wakes_all_who_listen_and_who_comes_later():
    async def play(hub):
        with hub.listening() as mailbox:
            waiting = asyncio.ensure_future(mailbox.take(60))
            await asyncio.sleep(0)
            hub.close()
            assert await waiting == []
            with hub.listening() as late:
                assert await late.take(60) == []

    run(play)


def test_who_has_left_is_told_nothing():
    async def play(hub):
        with hub.listening():
            assert hub.listeners == 1
        assert hub.listeners == 0
        hub.publish("reading", {"id": "a"})
        await asyncio.sleep(0.01)

    run(play)


def test_events_come_from_any_thread():
    async def play(hub):
        with hub.listening() as mailbox:

            def tell(first):
                for number in range(first, first + 10):
                    hub.publish("reading", {"number": number})
                    hub.publish("camera", {"number": number})

            threads = [threading.Thread(target=tell, args=(k * 10,)) for k in range(4)]
            for thread in threads:
                thread.start()
            found = []
            while len(found) < 40:
                found += [event for event in told(await mailbox.take(2)) if event[0] == "reading"]
            for thread in threads:
                thread.join()
            return sorted(data["number"] for _, data in found)

    assert run(play) == list(range(40))


def test_telling_after_the_loop_has_ended_is_no_error():
    async def play(hub):
        return hub

    run(play).publish("reading", {"id": "a"})


@pytest.mark.parametrize("text", ["서울특별시 / Seoul", 'a "b"\n\r\u2028 c'])
def test_data_are_json_on_one_line(text):
    async def play(hub):
        with hub.listening() as mailbox:
            hub.publish("reading", {"region": text})
            (event,) = await mailbox.take(1)
            return event.data

    data = run(play)
    assert json.loads(data) == {"region": text}
    assert "\n" not in data
    assert "\r" not in data


def test_a_mailbox_keeps_only_the_newest_of_what_has_a_present():
    async def play(_hub):
        mailbox = Mailbox(views_per_s=50)
        hub = Hub(50)
        hub.open()
        with hub.listening() as other:
            for state in ("starting", "live"):
                hub.publish("camera", {"state": state})
            found = told(await other.take(1))
        assert await mailbox.take(0.01) == []
        return found

    assert run(play) == [("camera", {"state": "live"})]
