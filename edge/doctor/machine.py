"""Processor, disk, clock, heat and display."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.doctor.finding import Finding, fail, ok, warn

# Free on the disk, MB: below the first nothing can be relied on, below the second it soon ends.
_LEAST_MB = 50
_FEW_MB = 300
# °C: from here on a Raspberry Pi slows down (its documentation: soft limit 60 to 80, hard 85).
_HOT_C = 80.0
# This program was not written before; a Pi without a clock chip begins in the past.
_FIRST_YEAR = 2025
_LEAST_PYTHON = (3, 11)


def check_system(machine: str, pointer_bits: int, python: tuple[int, int]) -> Finding:
    """Look for 64 bits and a Python that is new enough.

    Args:
        machine: as `uname -m` says it, for example `aarch64`.
        pointer_bits: of this Python; 32 under many a 64-bit kernel.
        python: its version.
    """
    shown = f"Python {python[0]}.{python[1]}, {machine}, {pointer_bits} bits"
    if pointer_bits < 64:
        return fail(
            "system",
            f"{shown}: the runtime and OpenCV are made for 64 bits only",
            "install the 64-bit Raspberry Pi OS",
        )
    if python < _LEAST_PYTHON:
        return fail("system", f"{shown}: this Python is too old", "use Python 3.11 or a later one")
    return ok("system", shown)


@dataclass(frozen=True)
class Disk:
    """The file system below a folder."""

    free_mb: float
    """MB that are free for this user."""
    is_read_only: bool
    """Whether it is mounted so."""
    free_files: int
    """Files that can still be made; 0 also where there is no such limit."""
    files: int
    """Files that it can hold; 0 where there is no limit."""
    problem: str = ""
    """Why a file could not be written and flushed; "" where it could."""


def check_disk(folder: Path, wanted_mb: float, look: Callable[[Path], Disk]) -> Finding:
    """Look whether readings can be kept.

    Args:
        folder: where the journal lies or will lie.
        wanted_mb: MB that the journal may take up.
        look: tells about the file system, and tries to write.
    """
    try:
        disk = look(folder)
    except OSError as error:
        return fail(
            "disk", f"{folder} can't be looked at ({error.strerror})", "check journal.folder"
        )
    if disk.is_read_only:
        return fail(
            "disk",
            f"{folder} is mounted read-only",
            "let the journal lie elsewhere (journal.folder), or look for errors of the card: "
            "dmesg | grep -i ext4",
        )
    if disk.free_mb < _LEAST_MB or (disk.files and disk.free_files < 100):
        left = f"{disk.free_mb:.0f} MB" if disk.free_mb < _LEAST_MB else "no more files"
        return fail("disk", f"{folder}: {left} free", "make room: sudo apt clean, old logs")
    if disk.problem:
        return fail(
            "disk",
            f"{folder} can't be written to ({disk.problem})",
            "let this user own it: sudo chown -R $USER, or set journal.folder",
        )
    if disk.free_mb < max(_FEW_MB, wanted_mb):
        return warn(
            "disk",
            f"{folder}: {disk.free_mb:.0f} MB free, where the journal may take {wanted_mb:.0f} MB",
            "make room, or lower journal.most_mb",
        )
    return ok("disk", f"{folder}: {disk.free_mb:,.0f} MB free, can be written to")


def check_clock(year: int, is_synchronised: bool | None) -> Finding:
    """Look whether the clock is right, by which readings are dated.

    Args:
        year: that the clock says.
        is_synchronised: whether it follows a time server; None where nobody knows.
    """
    mend = "connect the network, or fit a clock chip; until then readings are marked as undated"
    if year < _FIRST_YEAR:
        return warn("clock", f"it says {year}", mend)
    if is_synchronised is None:
        return warn(
            "clock",
            "nobody says whether it follows a time server",
            "install one that keeps it: sudo apt install systemd-timesyncd",
        )
    if not is_synchronised:
        return warn("clock", "it does not follow a time server", mend)
    return ok("clock", "follows a time server")


# Bits of the firmware's word `get_throttled` (Raspberry Pi's documentation of vcgencmd).
_NOW = {0: "too little voltage", 1: "frequency capped", 2: "throttled", 3: "soft limit of heat"}
_ONCE = {16: "too little voltage", 18: "throttled"}


def check_heat(celsius: float | None, throttled: int | None) -> Finding:
    """Look whether the processor is slowed down.

    Args:
        celsius: of the processor; None where nothing measures it.
        throttled: the firmware's word of a Raspberry Pi; None elsewhere.
    """
    shown = "no sensor" if celsius is None else f"{celsius:.0f} °C"
    word = throttled or 0
    now = [what for bit, what in _NOW.items() if word >> bit & 1]
    once = [what for bit, what in _ONCE.items() if word >> bit & 1]
    weak = "use the power supply that was made for this Pi, and a short cable"
    cool = "fit a heat sink or a fan, and leave the case open"
    if now:
        return warn("heat", f"{shown}: {', '.join(now)}", weak if word & 1 else cool)
    if celsius is not None and celsius >= _HOT_C:
        return warn("heat", f"{shown}: the processor slows down", cool)
    if once:
        return warn(
            "heat", f"{shown}; since the start: {', '.join(once)}", weak if word >> 16 & 1 else cool
        )
    return ok("heat", shown)


def check_display(environ: Mapping[str, str], windows: str, has_screen: bool) -> Finding:
    """Look whether a window can be opened: the textbook's needs one, the kiosk's page doesn't.

    Args:
        environ: the environment.
        windows: how OpenCV opens windows, for example `QT5`; "" where it can't.
        has_screen: whether the kernel knows of a screen that is connected.
    """
    wayland, x11 = environ.get("WAYLAND_DISPLAY", ""), environ.get("DISPLAY", "")
    if not windows:
        return warn(
            "display",
            "this OpenCV is headless: the kiosk's page works, the window of the pad doesn't",
            "for the pad: sudo apt install python3-opencv, or pip install opencv-python instead "
            "of opencv-python-headless",
        )
    if not wayland and not x11:
        there = "there is a screen, but" if has_screen else "there is no screen, and"
        return warn(
            "display",
            f"{there} neither DISPLAY nor WAYLAND_DISPLAY is set: the kiosk's page works, the "
            "window of the pad doesn't",
            "for the pad: run it in the desktop, or under cage",
        )
    if windows.startswith("QT") and not x11:
        return warn(
            "display",
            f"OpenCV's windows ({windows}) need X, and only Wayland ({wayland}) is here",
            "sudo apt install xwayland, and set QT_QPA_PLATFORM=xcb",
        )
    shown = f"DISPLAY={x11}" if x11 else f"WAYLAND_DISPLAY={wayland}"
    return ok("display", f"{shown}, OpenCV opens windows by {windows}")
