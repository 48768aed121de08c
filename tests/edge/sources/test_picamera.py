from __future__ import annotations

import sys
import threading
import time

import pytest

from edge.errors import (
    SourceBusyError,
    SourceDeniedError,
    SourceError,
    SourceHungError,
    SourceMissingError,
)
from edge.sources import open_source, picamera
from tests.edge.sources.fake_picamera2 import World

URI = "picamera:0?width=820&height=616&fps=100"


@pytest.fixture
def world(monkeypatch):
    world = World()
    for name, module in world.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(picamera, "_FIRST_S", 0.2)
    monkeypatch.setattr(picamera, "_FRAME_S", 0.05)
    monkeypatch.setattr(picamera, "_TICK_S", 0.02)
    return world


def test_both_streams_are_blue_green_red_and_without_padding(world):
    with open_source("picamera:0?width=1000&height=750") as source:
        shot = source.read()
    assert shot.frame.shape == (750, 1000, 3)
    assert shot.frame[0, 0].tolist() == [255, 0, 0]
    assert shot.small.shape == (480, 640, 3)
    assert shot.small.max() < 128
    camera = world.opened[0]
    assert camera.config["main"]["format"] == "RGB888"


def test_a_frame_that_is_small_needs_no_second_stream(world):
    with open_source("picamera:0?width=640&height=480") as source:
        shot = source.read()
    assert world.opened[0].config["lores"] is None
    assert shot.small is shot.frame


def test_every_request_is_given_back(world):
    with open_source(URI) as source:
        for _ in range(40):
            source.read()
        camera = world.opened[0]
        assert (camera.asked, camera.held, camera.most_held) == (40, set(), 1)


@pytest.mark.parametrize("stream", ["main", "lores"])
def test_a_request_that_can_not_be_copied_is_given_back_too(world, stream):
    with open_source(URI) as source:
        world.fails[f"make_array {stream}"] = RuntimeError("no memory")
        for _ in range(6):
            with pytest.raises(SourceError, match="no memory"):
                source.read()
        del world.fails[f"make_array {stream}"]
        assert source.read().frame.shape == (616, 820, 3)
        assert world.opened[0].held == set()


def test_it_is_set_for_a_page_close_by(world):
    with open_source(URI):
        controls = world.opened[0].config["controls"]
    assert controls == {
        "FrameDurationLimits": (10_000, 10_000),
        "AfMode": "Continuous.Continuous",
        "AfRange": "Macro.Macro",
        "AeExposureMode": "Short.Short",
        "AeConstraintMode": "Highlight.Highlight",
        "AeMeteringMode": "CentreWeighted.CentreWeighted",
    }


def test_a_camera_without_autofocus_is_not_asked_for_it(world):
    world.controls = ("FrameDurationLimits",)
    with open_source(URI):
        assert set(world.opened[0].config["controls"]) == {"FrameDurationLimits"}


def test_one_that_hangs_upside_down_turns_the_picture_itself(world):
    with open_source("picamera:0?turn=180"):
        assert world.opened[0].config["transform"] == ("turned", 1, 1)


def test_closing_stops_it_and_lets_it_go_once(world):
    source = open_source(URI)
    source.read()
    source.close()
    source.close()
    assert world.owner is None
    assert world.opened[0].closed
    with pytest.raises(SourceError, match="closed"):
        source.read()
    with open_source(URI) as again:
        assert again.read() is not None


def test_a_camera_that_can_not_be_stopped_is_closed_all_the_same(world):
    source = open_source(URI)
    world.fails["stop"] = RuntimeError("the pipeline is gone")
    source.close()
    assert world.owner is None


@pytest.mark.parametrize("call", ["configure", "start"])
def test_one_that_can_not_be_set_up_is_let_go(world, call):
    world.fails[call] = RuntimeError("Invalid argument")
    with pytest.raises(SourceError, match="Invalid argument"):
        open_source(URI)
    assert world.owner is None


def test_one_that_sends_nothing_says_so_and_can_be_opened_again(world):
    with open_source(URI) as source:
        source.read()
        world.is_hung = True
        start = time.monotonic()
        with pytest.raises(SourceHungError, match="ribbon cable"):
            source.read()
        assert time.monotonic() - start < 1
    assert world.owner is None
    world.is_hung = False
    with open_source(URI) as again:
        assert again.read() is not None


def test_a_frame_that_comes_after_it_was_given_up_is_given_back(world):
    source = open_source(URI)
    source.read()
    world.is_hung = True
    with pytest.raises(SourceHungError):
        source.read()
    world.is_hung = False
    source.close()
    assert world.opened[0].held == set()


def test_whoever_closes_while_another_reads_waits_for_no_frame(world):
    source = open_source(URI)
    source.read()
    world.is_hung = True
    results = []
    reader = threading.Thread(target=lambda: results.append(source.read()))
    reader.start()
    time.sleep(0.01)
    source.close()
    reader.join(2)
    assert results == [None]
    assert world.owner is None


def test_a_busy_camera_is_told_from_a_missing_one(world):
    with open_source(URI), pytest.raises(SourceBusyError, match="another program"):
        open_source(URI)


@pytest.mark.parametrize(
    ("cameras", "words"), [(0, "no camera is connected"), (1, r"no such camera \(found: 1\)")]
)
def test_a_camera_that_is_not_there_is_missing(world, cameras, words):
    world.cameras = cameras
    with pytest.raises(SourceMissingError, match=words):
        open_source("picamera:1")


@pytest.mark.parametrize("call", ["open", "global_camera_info"])
def test_who_may_not_use_it_is_told_how_to_be_allowed(world, call):
    world.fails[call] = PermissionError(13, "Permission denied")
    with pytest.raises(SourceDeniedError, match="usermod"):
        open_source(URI)


def test_an_error_of_the_driver_in_a_read_is_a_source_s(world):
    with open_source(URI) as source:
        world.fails["get_result"] = OSError(5, "Input/output error")
        with pytest.raises(SourceError, match="Input/output error"):
            source.read()


def test_without_picamera2_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(SourceMissingError, match="apt install python3-picamera2") as caught:
        open_source(URI)
    assert caught.value.is_lasting
    assert "\n" not in str(caught.value)
