from __future__ import annotations

import asyncio
import threading

import pytest

from edge.kiosk.lanes import Gate, Lane
from edge.kiosk.problems import Problem


def test_a_lane_runs_in_its_own_thread_and_gives_back_what_was_returned():
    async def play():
        lane = Lane("reading", most=2)
        try:
            return await lane.run(lambda word: (threading.current_thread().name, word), "a")
        finally:
            lane.close()

    name, word = asyncio.run(play())
    assert name.startswith("reading")
    assert word == "a"


def test_what_a_call_raises_comes_back():
    async def play():
        lane = Lane("reading", most=1)
        try:
            with pytest.raises(ZeroDivisionError):
                await lane.run(lambda: 1 / 0)
            # And its place is free again.
            return await lane.run(lambda: 7)
        finally:
            lane.close()

    assert asyncio.run(play()) == 7


def test_beyond_so_many_it_says_when_to_come_again():
    go_on = threading.Event()

    async def play():
        lane = Lane("reading", most=2)
        try:
            held = [asyncio.ensure_future(lane.run(go_on.wait, 10)) for _ in range(2)]
            await asyncio.sleep(0)
            assert lane.waiting == 2
            with pytest.raises(Problem) as refusal:
                await lane.run(lambda: None)
            assert refusal.value.status_code == 503
            assert refusal.value.headers == {"Retry-After": "1"}
            go_on.set()
            assert await asyncio.gather(*held) == [True, True]
            assert lane.waiting == 0
        finally:
            go_on.set()
            lane.close()

    asyncio.run(play())


def test_a_call_that_nobody_waits_for_any_more_still_counts_until_it_ends():
    go_on = threading.Event()

    async def play():
        lane = Lane("reading", most=1)
        try:
            left = asyncio.ensure_future(lane.run(go_on.wait, 10))
            await asyncio.sleep(0.05)
            left.cancel()
            await asyncio.gather(left, return_exceptions=True)
            with pytest.raises(Problem):
                await lane.run(lambda: None)
            go_on.set()
            while lane.waiting:
                await asyncio.sleep(0.01)
        finally:
            go_on.set()
            lane.close()

    asyncio.run(asyncio.wait_for(play(), 10))


def test_the_event_loop_goes_on_while_a_call_runs():
    go_on = threading.Event()

    async def play():
        lane = Lane("reading", most=1)
        try:
            running = asyncio.ensure_future(lane.run(go_on.wait, 10))
            for _ in range(10):
                await asyncio.sleep(0.01)
            assert not running.done()
            go_on.set()
            return await running
        finally:
            go_on.set()
            lane.close()

    assert asyncio.run(play())


def test_a_closed_lane_takes_nothing_and_forgets_what_waited():
    async def play():
        lane = Lane("reading", most=1)
        lane.close()
        lane.close()
        with pytest.raises(Problem, match="the kiosk is ending"):
            lane.submit(lambda: None)
        assert lane.waiting == 0

    asyncio.run(play())


def test_a_gate_lets_out_whatever_happens():
    gate = Gate(1, "come again")

    def fail():
        with gate.passing():
            with pytest.raises(Problem, match="come again"):
                gate.enter()
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            fail()
    assert gate.inside == 0
