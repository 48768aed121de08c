from __future__ import annotations

import itertools
import logging
import threading
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.errors import SourceLostError, SourceMissingError
from edge.live import CameraState, Live, Seen, View
from edge.sources import opener
from edge.sources.guard import Settings
from edge.sources.source import Camera, Shot
from tests.edge.drawing import row

QUICK = Settings(first_s=2.0, frame_s=1.0, least_wait_s=0.01, most_wait_s=0.05)
DESK = np.full((360, 640, 3), 140, np.uint8)


def page(postcode):
    return row(postcode, box=(50, 64), pitch=64, at=(150, 150), size=(640, 360))[0]


class Scripted(Camera):
    """Plays frames and errors; when they are over it goes on with the last, or ends."""

    def __init__(self, script, ends=False, step_s=0.004):
        super().__init__("scripted", 250.0)
        self.script, self.ends, self.step_s = iter(script), ends, step_s
        self.last = DESK

    def _read(self):
        step = next(self.script, None)
        if isinstance(step, Exception):
            raise step
        if step is None and self.ends:
            return None
        if step is not None:
            self.last = step
        self._closing.wait(self.step_s)
        return Shot(self.last, time.monotonic())

    def _release(self):
        pass


class Listener:
    """Keeps what it was told, and waits for it."""

    def __init__(self):
        self.events, self.changed = [], threading.Condition()
        self.threads = set()

    def __call__(self, event):
        with self.changed:
            self.threads.add(threading.current_thread().name)
            self.events.append(event)
            self.changed.notify_all()

    def of(self, kind):
        with self.changed:
            return [event for event in self.events if isinstance(event, kind)]

    def wait_for(self, condition, seconds=20):
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self), seconds), self.events[-5:]


def postcodes(listener):
    return [each.reading.postcode for each in listener.of(Seen)]


def shown(image, count=30):
    return itertools.repeat(image, count)


def test_an_envelope_is_told_once_it_is_certain_with_what_the_model_saw(recognizer):
    listener = Listener()
    with Live(lambda: Scripted([page("04524")]), recognizer, listener, settings=QUICK):
        listener.wait_for(lambda told: postcodes(told))
        listener.wait_for(lambda told: told.of(View)[-1].hint is None)
        time.sleep(0.05)
    (seen,) = listener.of(Seen)
    assert (seen.reading.status, seen.reading.postcode) == ("accepted", "04524")
    assert 0 <= seen.reading.elapsed_ms < 5000
    assert (seen.digits.shape, seen.digits.dtype) == ((5, 28, 28), np.uint8)
    assert (seen.probabilities.shape, seen.probabilities.dtype) == ((5, 10), np.float32)
    assert "".join(map(str, seen.probabilities.argmax(axis=1))) == "04524"
    # These very images are what the probabilities are of.
    again = recognizer.classifier.probabilities(seen.digits)
    np.testing.assert_array_equal(again.argmax(axis=1), seen.probabilities.argmax(axis=1))
    assert seen.quality.problem is None


def test_views_show_the_frame_its_boxes_and_what_is_known_so_far(recognizer):
    listener = Listener()
    with Live(lambda: Scripted([page("04524")]), recognizer, listener, settings=QUICK) as live:
        listener.wait_for(lambda told: len(told.of(View)) > 5)
        assert live.view in listener.of(View)
    views = listener.of(View)
    assert views[0].hint == "wait"
    assert views[-1].reading.guess == "04524"
    assert views[-1].preview.shape == (360, 640, 3)
    assert len(views[-1].boxes) == 5
    (x, y), *_ = views[-1].boxes[0]
    assert x == pytest.approx(150 / 640, abs=0.01)
    assert y == pytest.approx(150 / 360, abs=0.01)
    numbers = [each.number for each in views]
    assert numbers == sorted(set(numbers))
    times = [each.time_s for each in views]
    assert times == sorted(times)


def test_envelopes_are_told_one_after_another(recognizer):
    script = [*shown(page("04524")), *shown(DESK, 400), *shown(page("67381"))]
    listener = Listener()
    with Live(lambda: Scripted(script), recognizer, listener, settings=QUICK):
        listener.wait_for(lambda told: len(postcodes(told)) == 2)
    assert postcodes(listener) == ["04524", "67381"]


def test_an_envelope_that_leaves_unread_is_told_with_the_reason(recognizer):
    script = [*shown(page("04 24"), 120), *shown(DESK, 500)]
    listener = Listener()
    with Live(lambda: Scripted(script), recognizer, listener, settings=QUICK):
        listener.wait_for(lambda told: told.of(Seen))
    (seen,) = listener.of(Seen)
    assert (seen.reading.status, seen.reading.reason) == ("rejected", "blank-box")
    assert seen.digits[2].max() == 0
    assert seen.probabilities[2].max() == 0
    assert seen.digits[[0, 1, 3, 4]].max(axis=(1, 2)).min() > 128


def test_what_is_in_view_at_the_end_is_told(recognizer):
    listener = Listener()
    script = [*shown(page("04 24"), 80)]
    with Live(lambda: Scripted(script, ends=True), recognizer, listener, settings=QUICK) as live:
        listener.wait_for(lambda told: any(s.state == "ended" for s in told.of(CameraState)))
        assert live.state.state == "ended"
    assert [each.reading.reason for each in listener.of(Seen)] == ["blank-box"]


def test_a_camera_that_is_unplugged_comes_back_and_reads_on(recognizer):
    scripts = [[*shown(DESK, 5), SourceLostError("gone")], [page("67381")]]
    listener = Listener()

    def source():
        return Scripted(scripts.pop(0))

    with Live(source, recognizer, listener, settings=QUICK) as live:
        listener.wait_for(lambda told: postcodes(told))
        assert live.restarts == 1
        assert 0 <= live.frame_age_s < 5
    assert postcodes(listener) == ["67381"]
    states = [(each.state, each.problem) for each in listener.of(CameraState) if each.retry_s != 0]
    assert states[:4] == [
        ("starting", None),
        ("live", None),
        ("reconnecting", "unplugged"),
        ("live", None),
    ]


def test_how_the_camera_is_is_told_while_no_frame_comes(recognizer, monkeypatch):
    monkeypatch.setattr("edge.live._TICK_S", 60.0)
    is_pulled = threading.Event()

    def script():
        while not is_pulled.is_set():
            yield DESK
        yield SourceLostError("unplugged")

    cameras = iter([Scripted(script())])

    def source():
        camera = next(cameras, None)
        if camera is None:
            raise SourceMissingError("plug one in")
        return camera

    listener = Listener()
    # Until it is looked for again all its frames have been looked at.
    settings = replace(QUICK, least_wait_s=0.5, most_wait_s=0.5)
    with Live(source, recognizer, listener, settings=settings):
        listener.wait_for(lambda told: told.of(View))
        is_pulled.set()
        listener.wait_for(lambda told: "missing" in [s.problem for s in told.of(CameraState)])
    problems = [state.problem for state in listener.of(CameraState)]
    assert problems[:5] == [None, None, "unplugged", "unplugged", "missing"]


def test_a_replay_that_fails_on_command_is_read_on(recognizer, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), page("04524"))
    listener = Listener()
    uri = f"replay:{tmp_path}?fps=60&fail=black@0s-0.2s,unplug@0.3s-0.4s"
    with Live(opener(uri), recognizer, listener, settings=QUICK):
        listener.wait_for(lambda told: postcodes(told))
        listener.wait_for(lambda told: [s for s in told.of(CameraState) if s.state == "live"][1:])
    assert listener.of(View)[0].hint == "dark"
    assert postcodes(listener) == ["04524"]


def test_everything_is_told_by_one_thread_one_at_a_time(recognizer):
    inside, worst = [], []

    def listen(event):
        inside.append(event)
        worst.append(len(inside))
        time.sleep(0.002)
        inside.pop()

    listener = Listener()

    def both(event):
        listen(event)
        listener(event)

    with Live(lambda: Scripted([page("04524")]), recognizer, both, settings=QUICK):
        listener.wait_for(lambda told: len(told.of(View)) > 20)
    assert max(worst) == 1
    assert listener.threads == {"fivebox-look"}


def test_a_slow_listener_loses_frames_and_nothing_piles_up(recognizer):
    listener = Listener()

    def slow(event):
        time.sleep(0.1)
        listener(event)

    with Live(lambda: Scripted([DESK], step_s=0.002), recognizer, slow, settings=QUICK) as live:
        listener.wait_for(lambda told: len(told.of(View)) >= 5)
        views = listener.of(View)
        # Each is the newest of its time.
        assert views[-1].number - views[-2].number > 5
        assert time.monotonic() - views[-1].time_s < 0.4
        assert live.frame_age_s < 1


def test_a_listener_that_fails_is_told_on(recognizer, caplog):
    listener = Listener()

    def fails(event):
        listener(event)
        raise RuntimeError("in the listener")

    with (
        caplog.at_level(logging.ERROR, "fivebox.live"),
        Live(lambda: Scripted([page("04524")]), recognizer, fails, settings=QUICK),
    ):
        listener.wait_for(lambda told: postcodes(told) and len(told.of(View)) > 10)
    assert "in the listener" in caplog.text


def test_a_frame_that_can_not_be_looked_at_does_not_end_all_looking(recognizer, caplog):
    listener = Listener()
    tiny = np.zeros((2, 2, 3), np.uint8)
    script = [tiny, tiny, *shown(page("04524"), 60)]
    with Live(lambda: Scripted(script), recognizer, listener, settings=QUICK):
        listener.wait_for(lambda told: postcodes(told))


def test_a_listener_may_close(recognizer):
    listener = Listener()
    live = None

    def closes(event):
        listener(event)
        if isinstance(event, View):
            live.close()

    live = Live(lambda: Scripted([DESK]), recognizer, closes, settings=QUICK)
    live.start()
    listener.wait_for(lambda told: told.of(View))
    live.close()
    live.close()
    assert len(listener.of(View)) == 1


def test_closing_before_the_start_and_twice_is_allowed(recognizer):
    live = Live(lambda: Scripted([DESK]), recognizer, lambda _: None)
    live.close()
    assert live.state.state == "starting"
    assert live.view is None
    assert live.frame_age_s is None
    assert live.restarts == 0


def test_closing_from_many_threads_lets_the_camera_go_once(recognizer):
    camera, listener = Scripted([DESK]), Listener()
    live = Live(lambda: camera, recognizer, listener, settings=QUICK)
    live.start()
    listener.wait_for(lambda told: told.of(View))
    closers = [threading.Thread(target=live.close) for _ in range(5)]
    for each in closers:
        each.start()
    for each in closers:
        each.join(5)
        assert not each.is_alive()
    assert camera.is_released


def test_no_thread_is_left_over_200_lives(recognizer):
    before = threading.active_count()
    start = time.monotonic()
    for _ in range(200):
        with Live(lambda: Scripted([]), recognizer, lambda _: None, settings=QUICK):
            pass
    assert threading.active_count() == before
    assert time.monotonic() - start < 30


def test_time_that_goes_back_in_a_source_is_no_error(recognizer, caplog):
    class Odd(Scripted):
        def _read(self):
            shot = super()._read()
            return replace(shot, time_s=100.0 - shot.time_s)

    listener = Listener()
    with Live(lambda: Odd([page("04524")]), recognizer, listener, settings=QUICK):
        listener.wait_for(lambda told: len(told.of(View)) > 8)
    assert caplog.text == ""
