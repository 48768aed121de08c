from __future__ import annotations

import asyncio
import threading
import time

import cv2
import numpy as np
import pytest

from edge.kiosk import preview
from edge.kiosk.preview import Preview
from edge.live import View


def view(number, size=(24, 32)):
    return View(number, float(number), np.full((*size, 3), number % 256, np.uint8), (), None, None)


def run(play, frames_per_s=100):
    async def opened():
        shown = Preview(frames_per_s)
        shown.open()
        try:
            return await asyncio.wait_for(play(shown), 10)
        finally:
            shown.close()

    return asyncio.run(opened())


def brightness(part):
    jpeg = part[part.index(b"\r\n\r\n") + 4 : -2]
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return round(float(image.mean()))


def test_the_newest_frame_comes_and_those_before_it_do_not():
    async def play(shown):
        for number in range(0, 200, 10):
            shown.show(view(number))
        parts = shown.frames()
        first = brightness(await anext(parts))
        for number in (200, 210, 220):
            shown.show(view(number))
        second = brightness(await anext(parts))
        await parts.aclose()
        return first, second

    first, second = run(play)
    assert abs(first - 190) <= 1
    assert abs(second - 220) <= 1


def test_a_frame_is_encoded_once_for_all_who_look(monkeypatch):
    encoded = []
    plain = preview._jpeg

    def counted(image):
        encoded.append(1)
        return plain(image)

    monkeypatch.setattr(preview, "_jpeg", counted)

    async def play(shown):
        parts = [shown.frames() for _ in range(4)]
        shown.show(view(7))
        found = await asyncio.gather(*(anext(each) for each in parts))
        for each in parts:
            await each.aclose()
        return found

    found = run(play)
    assert len(set(found)) == 1
    assert len(encoded) == 1


def test_nothing_is_encoded_while_nobody_looks(monkeypatch):
    monkeypatch.setattr(preview, "_jpeg", lambda _image: pytest.fail("it was encoded"))

    async def play(shown):
        for number in range(10):
            shown.show(view(number))
            await asyncio.sleep(0.01)

    run(play)


def test_frames_come_no_more_often_than_asked():
    async def play(shown):
        stop = threading.Event()

        def film():
            number = 0
            while not stop.is_set():
                number += 1
                shown.show(view(number))
                time.sleep(0.002)

        filming = threading.Thread(target=film)
        filming.start()
        parts = shown.frames()
        try:
            await anext(parts)
            start = time.monotonic()
            for _ in range(4):
                await anext(parts)
            return time.monotonic() - start
        finally:
            stop.set()
            filming.join()
            await parts.aclose()

    assert run(play, frames_per_s=20) >= 4 * 0.045


def test_one_who_waits_for_a_frame_gets_it_from_another_thread():
    async def play(shown):
        parts = shown.frames()
        waiting = asyncio.ensure_future(anext(parts))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await asyncio.to_thread(shown.show, view(100))
        found = brightness(await waiting)
        await parts.aclose()
        return found

    assert abs(run(play) - 100) <= 1


def test_a_camera_that_stands_still_is_shown_again_so_that_who_has_gone_is_noticed(monkeypatch):
    monkeypatch.setattr(preview, "_AGAIN_S", 0.05)

    async def play(shown):
        shown.show(view(100))
        parts = shown.frames()
        found = [await anext(parts), await anext(parts)]
        await parts.aclose()
        return found

    first, second = run(play)
    assert first == second


def test_closing_ends_all_who_look():
    async def play(shown):
        parts = shown.frames()
        waiting = asyncio.ensure_future(anext(parts, None))
        await asyncio.sleep(0.02)
        shown.close()
        return await waiting

    assert run(play) is None


def test_the_frame_is_not_written_to():
    frame = view(100)
    frame.preview.setflags(write=False)

    async def play(shown):
        shown.show(frame)
        parts = shown.frames()
        await anext(parts)
        await parts.aclose()

    run(play)
