"""The textbook's window as people use it: on a screen, with a mouse and a keyboard.

It needs OpenCV with windows, which may not be in one environment with the headless one: the
environment is $FIVEBOX_DESKTOP's, else .venv-desktop; and Xvfb and xdotool.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from edge.pad import BOXES, Pad, draw
from edge.reading import Digit, Reading
from tests.conftest import ROOT
from tests.edge.test_pad import in_the_books_boxes, written
from tests.system.conftest import environment

PYTHON = os.environ.get("FIVEBOX_DESKTOP") or str(ROOT / ".venv-desktop" / "bin" / "python")
# Where the digits stand.
BELOW = (slice(152, 185), slice(0, 520))
# A busy machine takes as long to load the model and to try the screen.
PATIENCE_S = 120

pytestmark = [
    pytest.mark.skipif(
        not Path(PYTHON).exists(),
        reason="there is no environment with OpenCV's windows; make test-window makes one",
    ),
    pytest.mark.skipif(
        not (shutil.which("Xvfb") and shutil.which("xdotool")),
        reason="Xvfb or xdotool is missing; scripts/make-system-packages installs both",
    ),
]


class Screen:
    """A screen that nobody sees, with a mouse and a keyboard."""

    def __init__(self, display, picture):
        self.display = display
        self._picture = picture
        self.program = None

    def do(self, *words):
        """Let xdotool do something, and return what it says."""
        return subprocess.run(
            ["xdotool", *map(str, words)],
            env={**os.environ, "DISPLAY": self.display},
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout

    def press(self, key):
        """Press a key; the mouse stands aside, so that its arrow covers nothing."""
        # There is no window manager to give a window the keyboard.
        self.do("search", "--sync", "--name", "^fivebox$", "windowfocus")
        self.do("mousemove", 630, 470, "sleep", 0.1, "key", key)

    def draw(self, stroke):
        """Draw a stroke as slowly as a hand."""
        (x, y), *rest = [(round(x), round(y)) for x, y in stroke]
        moves = [word for x, y in rest for word in ("mousemove", x, y, "sleep", 0.008)]
        self.do("mousemove", x, y, "mousedown", 1, *moves, "mouseup", 1)

    def ask_to_close(self):
        """Send the window what a close button sends: WM_DELETE_WINDOW, of ICCCM."""
        found = self.do("search", "--sync", "--name", "^fivebox$")
        x = ctypes.CDLL("libX11.so.6")
        x.XOpenDisplay.restype = ctypes.c_void_p
        x.XInternAtom.restype = ctypes.c_ulong
        display = ctypes.c_void_p(x.XOpenDisplay(self.display.encode()))
        atoms = [x.XInternAtom(display, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")]
        window = int(found.split()[0])
        client_message, bits = 33, 32
        event = struct.pack(
            "iLiPLLiLLLLL96x",
            client_message,
            0,
            1,
            0,
            window,
            atoms[0],
            bits,
            atoms[1],
            0,
            0,
            0,
            0,
        )
        x.XSendEvent(display, ctypes.c_ulong(window), 0, ctypes.c_long(0), event)
        x.XCloseDisplay(display)

    def picture(self):
        """Return what is on the screen, uint8 (480, 640, 3) BGR."""
        content = self._picture.read_bytes()
        head = struct.unpack_from(">25I", content)
        size, width, height, stride, colours = head[0], head[4], head[5], head[12], head[19]
        rows = np.frombuffer(content, np.uint8, height * stride, size + 12 * colours)
        return rows.reshape(height, stride // 4, 4)[:, :width, :3].copy()

    def wait_for(self, is_there, what):
        """Wait until the picture is as it should be, and return it."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            picture = self.picture()
            if is_there(picture):
                return picture
            if self.program is not None and self.program.poll() is not None:
                raise AssertionError(f"the program ended: {self.program.communicate()}")
            time.sleep(0.05)
        raise AssertionError(f"after {PATIENCE_S} s the screen does not show {what}")

    def wait_for_rest(self, before):
        """Wait until the picture stays as it is for a second, and return it."""
        since = time.monotonic()
        while time.monotonic() < since + 1:
            time.sleep(0.1)
            picture = self.picture()
            if not np.array_equal(picture, before):
                before, since = picture, time.monotonic()
        return before


@pytest.fixture(scope="module")
def screen():
    # A screen on a busy disk is a slow one.
    memory = Path("/dev/shm")
    made = tempfile.mkdtemp(prefix="fivebox-", dir=memory if memory.is_dir() else None)
    folder = Path(made)
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24", "-fbdir", folder]
    with subprocess.Popen(
        [*command, "-nolisten", "tcp", "-noreset"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as server:
        number = server.stdout.readline().decode().strip()
        assert number, "Xvfb did not start"
        yield Screen(f":{number}", folder / "Xvfb_screen0")
        server.terminate()
    shutil.rmtree(folder)


@pytest.fixture
def start(screen):
    """Return a function that opens the window, and see to it that it is closed."""
    begun = []

    def open_window(*flags):
        program = subprocess.Popen(
            [PYTHON, "-m", "edge", "pad", *flags],
            env=environment(DISPLAY=screen.display),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(program)
        screen.program = program
        return program

    yield open_window
    for program in begun:
        program.kill()
        program.communicate()


def shows(part, expected):
    return lambda picture: np.array_equal(picture[part], expected[part])


def read_as(postcode):
    digits = tuple(Digit(digit, 1.0, None) for digit in postcode)
    return draw(Pad(reading=Reading("accepted", guess=postcode, confidence=1, digits=digits)))


def ended(program):
    out, err = program.communicate(timeout=PATIENCE_S)
    assert (program.returncode, out, err) == (0, "", "")


EMPTY = draw(Pad())
CANVAS = (slice(0, 200), slice(0, 520))


def test_digits_are_written_recognised_shown_and_erased(screen, start):
    program = start("--mute")
    screen.wait_for(shows(CANVAS, EMPTY), "five empty boxes")
    for stroke in written("touch-stylus.json").strokes:
        screen.draw(stroke)
    screen.press("r")
    picture = screen.wait_for(shows(BELOW, read_as("03187")), "03187 below the boxes")
    for x, y, width, height in BOXES:
        ink = picture[y + 2 : y + height - 1, x + 2 : x + width - 1].max(axis=2) < 128
        assert 0.02 < ink.mean() < 0.4
    screen.press("s")
    panel = screen.wait_for(lambda now: (now[210:390, :520] == 255).any(), "what the model sees")
    for x, *_ in BOXES:
        # Five white digits on black.
        seen = panel[204:288, x + 8 : x + 92]
        assert 0.05 < (seen > 128).mean() < 0.5
        assert (seen[:6] < 60).all()
    screen.press("s")
    screen.wait_for(lambda now: not now[210:390, :520].any(), "the panel closed")
    screen.press("e")
    screen.wait_for(shows(CANVAS, EMPTY), "five empty boxes again")
    screen.press("q")
    ended(program)


def test_the_words_at_the_top_do_the_same_without_a_keyboard(screen, start):
    program = start("--mute", "--scale", "1.2")
    empty = draw(Pad(), 1.2)
    whole = (slice(0, 240), slice(0, 624))
    screen.do("mousemove", 630, 470)
    screen.wait_for(shows(whole, empty), "five larger boxes")
    for stroke in written("touch-finger.json").strokes:
        screen.draw([(1.2 * x, 1.2 * y) for x, y in stroke])
    screen.do("mousemove", 1.2 * 300, 20, "click", 1, "mousemove", 630, 470)
    screen.wait_for(lambda now: (now[190:220, :624, 2] < 100).any(), "digits below the boxes")
    screen.do("mousemove", 60, 20, "click", 1, "mousemove", 630, 470)
    screen.wait_for(shows(whole, empty), "five empty boxes")
    screen.do("mousemove", 1.2 * 460, 20, "click", 1)
    ended(program)


def test_nothing_written_is_a_reading_to_look_at(screen, start):
    program = start("--mute")
    screen.wait_for(shows(CANVAS, EMPTY), "five empty boxes")
    screen.press("r")
    red = screen.wait_for(
        lambda now: (now[186:200, :200, 2].astype(int) > now[186:200, :200, 0] + 60).any(),
        "that it is to be looked at",
    )
    assert not (red[60:140, 20:100] < 128).any()
    screen.press("Escape")
    ended(program)


def test_the_windows_close_button_leaves(screen, start):
    program = start("--mute")
    screen.wait_for(shows(CANVAS, EMPTY), "five empty boxes")
    screen.ask_to_close()
    ended(program)


def test_on_the_whole_screen_digits_are_read_too(screen, start):
    program = start("--mute", "--fullscreen")
    picture = screen.wait_for(
        lambda now: (now == (0, 0, 255)).all(axis=2).sum() > 500, "five red boxes"
    )
    # First it may be smaller than the screen.
    picture = screen.wait_for_rest(picture)
    rows, columns = np.nonzero((picture == (0, 0, 255)).all(axis=2))
    scale = (columns.max() - columns.min()) / 500
    corner = columns.min() - 10 * scale, rows.min() - 50 * scale
    for stroke in written("touch-stylus.json").strokes:
        screen.draw([(corner[0] + scale * x, corner[1] + scale * y) for x, y in stroke])
    screen.press("r")
    top, left = round(corner[1] + 152 * scale), round(corner[0])
    height, width = round(32 * scale), round(500 * scale)
    screen.wait_for(
        lambda now: (now[top : top + height, left : left + width, 2] < 60).sum() > 500,
        "digits below the boxes",
    )
    screen.press("q")
    ended(program)


def test_an_interrupt_closes_the_window(screen, start):
    program = start("--mute")
    screen.wait_for(shows(CANVAS, EMPTY), "five empty boxes")
    program.send_signal(signal.SIGINT)
    _, err = program.communicate(timeout=PATIENCE_S)
    assert program.returncode == 130
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("display", "words"), [(None, "there is no screen here"), (":4711", "can't be opened")]
)
def test_without_a_screen_it_says_so_and_does_not_abort(display, words):
    variables = environment()
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        variables.pop(name, None)
    if display:
        variables["DISPLAY"] = display
    done = subprocess.run(
        [PYTHON, "-m", "edge", "pad"], env=variables, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("fivebox: ")


def test_strokes_are_brought_into_the_books_boxes():
    """The drawing of these tests itself: each stroke lies in a box."""
    recording = json.loads((ROOT / "samples" / "touch-stylus.json").read_text())
    for stroke in in_the_books_boxes(recording):
        points = np.array(stroke)
        assert (points[:, 1] > 50).all()
        assert (points[:, 1] < 150).all()
