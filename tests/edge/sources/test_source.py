from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources.source import PREVIEW_WIDTH, Camera, Shot, Source, shrunk


class Driver(Camera):
    """A camera whose read waits until it is told to go on, whoever closes."""

    def __init__(self):
        super().__init__("driver", 30.0)
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.inside = False
        self.releases = []

    def _read(self):
        self.inside = True
        self.entered.set()
        assert self.go_on.wait(5)
        self.inside = False
        return Shot(np.zeros((4, 6, 3), np.uint8), 1.0)

    def _release(self):
        assert not self.inside, "released while the driver is inside of a read"
        self.releases.append(threading.current_thread().name)


def test_it_is_a_source():
    assert isinstance(Driver(), Source)


def test_closing_often_lets_go_once():
    driver = Driver()
    with driver:
        driver.close()
    driver.close()
    assert len(driver.releases) == 1
    assert driver.is_released


def test_a_closed_one_is_not_read():
    driver = Driver()
    driver.close()
    with pytest.raises(SourceError, match="closed"):
        driver.read()
    assert not driver.entered.is_set()


def test_closing_during_a_read_returns_at_once_and_the_reader_lets_go():
    driver = Driver()
    reader = threading.Thread(target=driver.read, name="reader")
    reader.start()
    assert driver.entered.wait(5)
    driver.close()
    assert driver.releases == []
    driver.go_on.set()
    reader.join(5)
    assert driver.releases == ["reader"]


def test_many_that_close_while_one_reads_let_go_once():
    for _ in range(50):
        driver = Driver()
        driver.go_on.set()
        barrier = threading.Barrier(4)

        def read(driver=driver, barrier=barrier):
            barrier.wait()
            try:
                while True:
                    driver.read()
            except SourceError:
                pass

        def close(driver=driver, barrier=barrier):
            barrier.wait()
            driver.close()

        threads = [threading.Thread(target=each) for each in (read, close, close, close)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(5)
            assert not each.is_alive()
        assert len(driver.releases) == 1


def test_what_is_open_at_the_end_of_python_is_let_go():
    program = """
import sys
from edge.sources.source import Camera
class Held(Camera):
    def _read(self): return None
    def _release(self): print("let go")
held = Held("held", 30.0)
sys.exit(3)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "let go\n")


@pytest.mark.parametrize("size", [(480, 640), (616, 820), (1232, 1640), (720, 1280), (20, 4000)])
def test_the_small_picture_is_the_frame_at_most_640_px_wide(size):
    rng = np.random.default_rng(0)
    frame = np.repeat(rng.integers(0, 256, (size[0], 1, 3), np.uint8), size[1], axis=1)
    frame.flags.writeable = False
    small = Shot(frame, 0.0).small
    assert small.shape[1] == min(size[1], PREVIEW_WIDTH)
    assert small.dtype == np.uint8
    assert small.shape[0] / small.shape[1] == pytest.approx(size[0] / size[1], abs=0.01)
    assert small.mean() == pytest.approx(frame.mean(), abs=6)


def test_a_second_stream_is_the_small_picture():
    lores = np.zeros((48, 64, 3), np.uint8)
    shot = Shot(np.ones((96, 128, 3), np.uint8), 0.0, lores)
    assert shot.small is lores


def test_a_frame_that_is_small_is_its_own_preview():
    frame = np.zeros((480, 640, 3), np.uint8)
    assert shrunk(frame) is frame
