"""Whether a window can be opened, found out before one is: OpenCV aborts where it can't."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import subprocess
import sys
from collections.abc import Mapping

from edge.errors import WindowError

# Opens a window no larger than a dot, in a process that may die of it.
_PROBE = """
import cv2
cv2.namedWindow("fivebox", cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
cv2.waitKey(1)
cv2.destroyAllWindows()
"""
# Of a busy machine that loads OpenCV from a card.
_PATIENCE_S = 60.0
_X11_XCB = "libX11-xcb.so.1"


def check_screen() -> None:
    """Find out whether a window can be opened.

    Raises:
        WindowError: it can't; the sentence says what to install or to do.
    """
    try:
        import cv2
    except ImportError as error:
        raise WindowError(
            f"OpenCV can't be loaded ({error}); on Debian, Ubuntu and Raspberry Pi OS run: "
            "sudo apt-get install libgl1 libglib2.0-0"
        ) from error
    if os.environ.get("DISPLAY"):
        # On a Wayland desktop Qt looks for a plug-in that OpenCV's wheels don't have.
        os.environ.setdefault("QT_QPA_PLATFORM", "xcb")
        keep_all_events()
    problem = why_no_window(os.environ, cv2.getBuildInformation()) or _why_probe_failed()
    if problem:
        raise WindowError(problem)


def keep_all_events() -> None:
    """Let no event of a window be lost; called before OpenCV opens its first.

    OpenCV's wheels carry a libX11-xcb of their own, but use the system's libX11. By the former
    Qt tells the latter that events are Qt's (XSetEventQueueOwner), which is written into a
    private structure that has grown since: the word lands beside its place, and libX11 goes on
    taking events that it meets while it waits for an answer. On a busy machine Qt then
    never learns that its window was mapped, which stays black. Loaded first and for all, the
    system's libX11-xcb, which knows its libX11, is the one that Qt calls.
    """
    # Where it is missing, libGL is too (Mesa needs it), and no window can be opened.
    with contextlib.suppress(OSError):
        ctypes.CDLL(_X11_XCB, mode=ctypes.RTLD_GLOBAL)


def why_no_window(environment: Mapping[str, str], build: str) -> str | None:
    """Say why no window can be opened, as far as that shows without trying.

    Args:
        environment: the process's variables.
        build: OpenCV's own description of how it was built.

    Returns:
        One sentence that says what to do; None where nothing speaks against it.
    """
    found = re.search(r"^\s*GUI:\s*(\S+)", build, re.MULTILINE)
    toolkit = found[1] if found else "NONE"
    if toolkit.upper() == "NONE":
        return (
            "this OpenCV was built without windows; make an environment of its own with the one "
            "that has them: pip install 'fivebox[desktop]'"
        )
    if environment.get("DISPLAY"):
        return None
    if not environment.get("WAYLAND_DISPLAY"):
        return (
            "there is no screen here: neither DISPLAY nor WAYLAND_DISPLAY is set; start it on the "
            "desktop, or name the screen of this machine: DISPLAY=:0 python -m edge pad"
        )
    if toolkit.upper().startswith("QT"):
        return (
            "this OpenCV draws its windows with X only, and DISPLAY is not set; start XWayland "
            "(labwc and cage do so by themselves where it is installed: sudo apt-get install "
            "xwayland)"
        )
    return None


def _why_probe_failed() -> str | None:
    """Open a window in another process, and say why that failed."""
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE_S,
        )
    except subprocess.TimeoutExpired:
        return f"the screen {screen} doesn't answer; look whether its server still runs"
    if done.returncode == 0:
        return None
    said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    why = next((line for line in said if "display" in line.lower()), said[-1] if said else "")
    return (
        f"the screen {screen} can't be opened ({why or f'exit code {done.returncode}'}); "
        "look whether it is there, and whether you may use it"
    )
