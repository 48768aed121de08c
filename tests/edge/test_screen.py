from __future__ import annotations

import ctypes
import subprocess
import sys
from types import SimpleNamespace

import pytest

from edge import screen
from edge.errors import WindowError
from edge.screen import check_screen, why_no_window

QT = "  GUI:                           QT5\n    QT:   YES (ver 5.15.19)\n"
GTK = "  GUI:                           GTK3\n    GTK+:  YES (ver 3.24.38)\n"
HEADLESS = "  GUI:                           NONE\n"
X = {"DISPLAY": ":0"}
WAYLAND = {"WAYLAND_DISPLAY": "wayland-0"}


@pytest.mark.parametrize(
    ("environment", "build", "words"),
    [
        (X, HEADLESS, "fivebox\\[desktop\\]"),
        ({}, HEADLESS, "fivebox\\[desktop\\]"),
        (X, "", "without windows"),
        ({}, QT, "no screen here"),
        ({"DISPLAY": ""}, GTK, "no screen here"),
        (WAYLAND, QT, "XWayland"),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(environment, build, words):
    import re

    said = why_no_window(environment, build)
    assert re.search(words, said)
    assert "\n" not in said


@pytest.mark.parametrize(
    ("environment", "build"), [(X, QT), (X, GTK), (WAYLAND, GTK), ({**X, **WAYLAND}, QT)]
)
def test_where_there_is_a_screen_nothing_is_said(environment, build):
    assert why_no_window(environment, build) is None


@pytest.fixture
def with_windows(monkeypatch):
    import cv2

    monkeypatch.setattr(cv2, "getBuildInformation", lambda: QT)
    monkeypatch.setenv("DISPLAY", ":4711")
    # Is set for Qt; put back afterwards.
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")


def test_a_window_is_tried_in_a_process_that_may_die_of_it(with_windows, monkeypatch):
    def died(*_, **__):
        return SimpleNamespace(
            returncode=-6, stderr="QFont...\nqt.qpa.xcb: could not connect to display :4711\nmore\n"
        )

    monkeypatch.setattr(subprocess, "run", died)
    with pytest.raises(WindowError, match="could not connect to display :4711") as caught:
        check_screen()
    assert "\n" not in str(caught.value)


def test_a_screen_that_does_not_answer_is_not_waited_for_for_ever(with_windows, monkeypatch):
    monkeypatch.setattr(screen, "_PATIENCE_S", 0.2)
    monkeypatch.setattr(screen, "_PROBE", "import time; time.sleep(60)")
    with pytest.raises(WindowError, match="doesn't answer"):
        check_screen()


def test_where_a_window_opens_all_is_well(with_windows, monkeypatch):
    monkeypatch.setattr(screen, "_PROBE", "pass")
    check_screen()


def test_a_missing_library_is_one_sentence(monkeypatch):
    import builtins

    load = builtins.__import__

    def without_cv2(name, *rest):
        if name == "cv2":
            raise ImportError("libGL.so.1: cannot open shared object file")
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_cv2)
    with pytest.raises(WindowError, match="apt-get install libgl1"):
        check_screen()


def test_qt_is_given_the_libx11_xcb_that_fits_the_libx11_of_the_system():
    try:
        ctypes.CDLL("libX11-xcb.so.1")
    except OSError:
        pytest.skip("libX11-xcb is missing; scripts/make-system-packages installs it")
    # Symbols of the process itself are found first by whatever is loaded later.
    said = subprocess.run(
        [sys.executable, "-c", _WHOSE], capture_output=True, text=True, check=True
    ).stdout
    assert said.split() == ["False", "True"]


_WHOSE = """
import ctypes
from edge.screen import keep_all_events
is_there = lambda: hasattr(ctypes.CDLL(None), "XSetEventQueueOwner")
print(is_there())
keep_all_events()
print(is_there())
"""


def test_a_machine_without_libx11_xcb_is_no_error(monkeypatch):
    monkeypatch.setattr(screen, "_X11_XCB", "libX11-xcb-of-nobody.so.1")
    screen.keep_all_events()
