from __future__ import annotations

import gc
import itertools
import os
import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from edge.errors import (
    SourceBusyError,
    SourceDeniedError,
    SourceError,
    SourceLostError,
    SourceMissingError,
    SourceUriError,
)
from edge.sources.guard import Guard, Settings
from edge.sources.source import Camera, Shot

QUICK = Settings(
    first_s=0.3,
    frame_s=0.1,
    least_wait_s=0.01,
    most_wait_s=0.04,
    healthy_s=5.0,
    most_stuck=2,
    close_s=1.0,
)
FRAME = np.zeros((4, 6, 3), np.uint8)


class Fake(Camera):
    """A camera that plays a list: frames, errors to raise, and `hang` to wait for."""

    def __init__(self, script, fps=500.0):
        super().__init__("fake", fps)
        self.script = iter(script)
        self.released = 0

    def _read(self):
        step = next(self.script, None)
        if step is None:
            return None
        if isinstance(step, threading.Event):
            # As inside of a C call: nothing but itself ends it.
            step.wait(20)
            return None
        if isinstance(step, Exception):
            raise step
        time.sleep(0.002)
        return Shot(FRAME, time.monotonic())

    def _release(self):
        self.released += 1


class Cameras:
    """Opens one script after another; the last again and again."""

    def __init__(self, *scripts):
        self.scripts, self.opened, self.tries = list(scripts), [], 0

    def __call__(self):
        self.tries += 1
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        if isinstance(script, Exception):
            raise script
        self.opened.append(Fake(script() if callable(script) else script))
        return self.opened[-1]


def forever():
    return itertools.repeat("frame")


class Told(list):
    """The states that were told, and a way to wait for one."""

    def __init__(self):
        super().__init__()
        self.changed = threading.Condition()

    def __call__(self, state):
        with self.changed:
            self.append(state)
            self.changed.notify_all()

    def wait_for(self, condition, seconds=10):
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self), seconds), list(self)

    @property
    def short(self):
        return [(each.state, each.problem) for each in self if each.retry_s != 0]


def lives(count):
    return lambda told: sum(each.state == "live" for each in told) >= count


def test_frames_come_numbered_and_only_the_newest_is_kept():
    with Guard(Cameras(forever), settings=QUICK) as guard:
        first = guard.newest(0, 5)
        time.sleep(0.05)
        later = guard.newest(first.number, 5)
        assert later.number > first.number + 1
        assert guard.newest(later.number + 10_000, 0.01) is None
        assert 0 <= guard.frame_age_s < 5
        assert guard.state.state == "live"


def test_a_source_that_ends_is_no_failure():
    told = Told()
    with Guard(Cameras(["frame"] * 5), told, QUICK) as guard:
        told.wait_for(lambda all_: all_[-1].state == "ended")
        assert told.short == [("starting", None), ("live", None), ("ended", None)]
        assert guard.newest(10_000, 5) is None
        assert guard.restarts == 0


def test_an_unplugged_camera_is_closed_reported_and_opened_again():
    told = Told()
    cameras = Cameras(
        ["frame"] * 20 + [SourceLostError("fake: the camera was unplugged")],
        SourceMissingError("fake: no camera is plugged in"),
        forever,
    )
    with Guard(cameras, told, QUICK) as guard:
        told.wait_for(lives(2))
        assert told.short == [
            ("starting", None),
            ("live", None),
            ("reconnecting", "unplugged"),
            ("reconnecting", "missing"),
            ("live", None),
        ]
        assert told[2].message == "camera unplugged: reconnecting"
        assert cameras.opened[0].released == 1
        assert guard.restarts == 1
    assert [each.released for each in cameras.opened] == [1, 1]


def test_numbers_rise_over_a_restart():
    cameras = Cameras(["frame"] * 5 + [SourceLostError("gone")], forever)
    told = Told()
    with Guard(cameras, told, QUICK) as guard:
        told.wait_for(lives(2))
        assert guard.newest(5, 5).number > 5


def test_a_camera_that_hangs_is_left_and_opened_again():
    told, stuck = Told(), threading.Event()
    cameras = Cameras(["frame", stuck], forever)
    try:
        with Guard(cameras, told, QUICK) as guard:
            told.wait_for(lives(2))
            assert ("reconnecting", "hung") in told.short
            assert next(s for s in told if s.problem).message == (
                "camera sends no pictures: reconnecting"
            )
            assert guard.newest(1, 5) is not None
            assert guard.stuck == 1
            assert cameras.opened[0].released == 0
    finally:
        stuck.set()
    # When its call returns after all, the thread lets the camera go and ends.
    deadline = time.monotonic() + 5
    while not cameras.opened[0].released and time.monotonic() < deadline:
        time.sleep(0.005)
    assert cameras.opened[0].released == 1


def test_an_opening_that_hangs_is_left_too_and_closed_when_it_returns():
    told, stuck = Told(), threading.Event()
    late = Fake(forever())
    cameras = Cameras(forever)
    calls = itertools.count()

    def source():
        if next(calls) == 0:
            stuck.wait(20)
            return late
        return cameras()

    try:
        with Guard(source, told, QUICK):
            told.wait_for(lives(1))
            assert ("reconnecting", "hung") in told.short
    finally:
        stuck.set()
    deadline = time.monotonic() + 5
    while not late.released and time.monotonic() < deadline:
        time.sleep(0.005)
    assert late.released == 1


def test_no_more_than_a_few_threads_hang():
    stuck = threading.Event()
    cameras = Cameras(lambda: [stuck])
    told = Told()
    settings = Settings(
        first_s=0.02, frame_s=0.02, least_wait_s=0.005, most_wait_s=0.005, most_stuck=2, close_s=0.1
    )
    try:
        with Guard(cameras, told, settings) as guard:
            told.wait_for(lambda all_: len(all_.short) > 12)
            assert len(cameras.opened) == 2
            assert guard.stuck == 2
            # And when one returns, it is tried again.
            stuck.set()
            told.wait_for(lambda _: len(cameras.opened) > 2)
    finally:
        stuck.set()


@pytest.mark.parametrize(
    ("error", "problem", "words"),
    [
        (SourceBusyError("x: close it"), "busy", "camera in use by another program"),
        (SourceMissingError("x: plug one in"), "missing", "camera not found"),
        (SourceDeniedError("x: allow it"), "denied", "camera not allowed to be used"),
        (SourceError("x: broken"), "damaged", "camera sends what is no picture"),
        (RuntimeError("in the driver"), "damaged", "in the driver"),
    ],
)
def test_what_is_wrong_is_told_apart_and_tried_again(error, problem, words):
    told = Told()
    with Guard(Cameras(error, error, forever), told, QUICK):
        told.wait_for(lives(1))
    assert told.short[1:3] == [("reconnecting", problem)] * 2
    message = told[1].message
    assert words in message
    assert "reconnecting" in message
    assert str(error) in message
    assert "\n" not in message


@pytest.mark.parametrize("error", [SourceUriError("x: no such option"), None])
def test_what_no_second_try_mends_ends_it(error):
    if error is None:
        error = SourceMissingError("x: no such file")
        error.is_lasting = True
    told = Told()
    cameras = Cameras(error)
    with Guard(cameras, told, QUICK):
        told.wait_for(lambda all_: all_[-1].state == "ended")
    assert cameras.tries == 1
    assert (told[-1].problem, told[-1].message) == (error.problem, str(error))


def test_waits_grow_and_begin_anew_after_good_times():
    told = Told()
    lost = SourceLostError("gone")
    settings = Settings(least_wait_s=0.01, most_wait_s=0.04, healthy_s=0.05)
    cameras = Cameras(lost, lost, lost, lost, ["frame"] * 100 + [lost], lost, forever)
    with Guard(cameras, told, settings):
        told.wait_for(lives(2))
    waits = [each.retry_s for each in told if each.retry_s]
    assert waits == [0.01, 0.02, 0.04, 0.04, 0.01, 0.02]


def test_a_camera_that_dies_at_once_each_time_does_not_begin_anew():
    told = Told()
    lost = SourceLostError("gone")
    cameras = Cameras(lambda: ["frame", lost])
    with Guard(cameras, told, QUICK):
        told.wait_for(lambda all_: len([s for s in all_ if s.retry_s]) >= 4)
    assert [each.retry_s for each in told if each.retry_s][:4] == [0.01, 0.02, 0.04, 0.04]


def test_a_slow_source_may_take_five_of_its_frames():
    class Slow(Fake):
        def _read(self):
            time.sleep(0.15)
            return Shot(FRAME, time.monotonic())

    told = Told()
    with Guard(lambda: Slow([], fps=20.0), told, QUICK) as guard:
        assert guard.newest(2, 5) is not None
    assert told.short == [("starting", None), ("live", None), ("ended", None)]


def test_closing_is_quick_and_idempotent_at_any_time():
    for pause in (0, 0.002, 0.02):
        for script in (forever, SourceMissingError("none")):
            guard = Guard(Cameras(script), settings=Settings(least_wait_s=5))
            guard.start()
            time.sleep(pause)
            start = time.monotonic()
            guard.close()
            guard.close()
            assert time.monotonic() - start < 1
    Guard(Cameras(forever)).close()


def test_closing_while_the_driver_hangs_does_not_wait_for_it():
    stuck = threading.Event()
    guard = Guard(Cameras([stuck]), settings=Settings(close_s=0.1))
    guard.start()
    time.sleep(0.02)
    start = time.monotonic()
    guard.close()
    assert time.monotonic() - start < 1
    stuck.set()


def test_whoever_waits_for_a_frame_is_woken_by_closing():
    guard = Guard(Cameras(lambda: [threading.Event()]), settings=Settings(close_s=0.05))
    guard.start()
    results = []
    waiter = threading.Thread(target=lambda: results.append(guard.newest(0, 30)))
    waiter.start()
    time.sleep(0.02)
    guard.close()
    waiter.join(2)
    assert results == [None]


@pytest.mark.parametrize("holds_on", [False, True], ids=["fails", "keeps why it failed"])
def test_of_a_camera_that_failed_neither_it_nor_a_frame_is_kept(holds_on):
    cameras, frames = [], []

    class Fresh(Fake):
        def _read(self):
            step = next(self.script)
            if step == "lost":
                try:
                    raise OSError("no such device")
                except OSError as error:
                    # Then what was raised and where it was raised hold each other.
                    self.why = error if holds_on else None
                    raise SourceLostError("gone") from error
            time.sleep(0.01)
            frame = FRAME.copy()
            frames.append(weakref.ref(frame))
            return Shot(frame, time.monotonic())

    def source():
        camera = Fresh(["frame", "frame", "lost"])
        cameras.append(weakref.ref(camera))
        return camera

    told = Told()
    # It may be long until the collector looks at what has lived for a while.
    gc.collect()
    gc.disable()
    try:
        with Guard(source, told, QUICK):
            told.wait_for(lives(6))
            assert len(frames) >= 11
            # The newest, and the one that is being taken.
            assert sum(frame() is not None for frame in frames) <= 2
            if not holds_on:
                assert sum(camera() is not None for camera in cameras) <= 2
    finally:
        gc.enable()


def test_neither_threads_nor_handles_are_left_over_200_restarts(tmp_path):
    class File(Fake):
        def __init__(self, script):
            super().__init__(script)
            self.handle = os.open(os.devnull, os.O_RDONLY)

        def _release(self):
            super()._release()
            os.close(self.handle)

    opened = []

    def source():
        opened.append(File(["frame", "frame", SourceLostError("gone")]))
        return opened[-1]

    def held():
        return len(list(Path("/proc/self/fd").iterdir()))

    before = (threading.active_count(), held())
    settings = Settings(least_wait_s=1e-4, most_wait_s=1e-4)
    with Guard(source, settings=settings):
        deadline = time.monotonic() + 20
        while len(opened) < 200 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert threading.active_count() <= before[0] + 2
    assert len(opened) >= 200
    assert all(each.released == 1 for each in opened)
    assert (threading.active_count(), held()) == before


@given(
    st.lists(
        st.lists(st.sampled_from(["frame", "lost", "driver", "odd"]), max_size=4)
        | st.sampled_from(["missing", "busy", "crash"]),
        max_size=8,
    )
)
@hypothesis_settings(max_examples=25)
def test_whatever_happens_it_ends_in_a_live_camera_and_all_others_are_let_go(scripts):
    errors = {
        "lost": SourceLostError("gone"),
        "driver": SourceError("broken"),
        "odd": RuntimeError("odd"),
        "missing": SourceMissingError("none"),
        "busy": SourceBusyError("taken"),
        "crash": MemoryError("too large"),
    }
    # Without an error at the end a source would end by itself, which is no failure.
    plays = [
        errors[each]
        if isinstance(each, str)
        else [*(errors.get(step, step) for step in each), errors["lost"]]
        for each in scripts
    ]
    cameras, told = Cameras(*plays, forever), Told()
    settings = Settings(least_wait_s=1e-3, most_wait_s=2e-3)
    with Guard(cameras, told, settings) as guard:
        told.wait_for(lambda all_: all_[-1].state == "live" and cameras.tries == len(plays) + 1)
        assert guard.newest(0, 5) is not None
        last = cameras.opened[-1]
        assert [each.released for each in cameras.opened[:-1]] == [1] * (len(cameras.opened) - 1)
        assert not last.released
        # After each failure there was a wait, and a try.
        waits = [each.retry_s for each in told if each.state == "reconnecting"]
        assert len(waits) == 2 * len(plays)
        assert all(waits[k] > 0 and waits[k + 1] == 0 for k in range(0, len(waits), 2))
    assert last.released == 1
    assert told[-1].state == "ended"
