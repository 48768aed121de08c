"""Is the camera there, and may this user use it?"""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from edge.config_values import without_password
from edge.doctor.child import Ended, run_module
from edge.doctor.finding import Finding, fail, ok, warn

LIMIT_S = 30.0
_APT = "sudo apt install python3-picamera2, and make the environment with --system-site-packages"


@dataclass(frozen=True)
class Devices:
    """What this machine has of cameras, and what this user may."""

    videos: Mapping[str, bool] = field(default_factory=dict)
    """Paths `/dev/video*`, and whether this user may read and write each."""
    group: str = "video"
    """To whom they belong."""
    user: str = ""
    """Who asks."""
    groups: tuple[str, ...] = ()
    """The user's groups."""


@dataclass(frozen=True)
class Frame:
    """What came of asking for a frame."""

    width: int = 0
    """px"""
    height: int = 0
    """px"""
    kind: str = ""
    """Name of the error's class; "" where a frame came."""
    problem: str = ""
    """Its sentence."""


def check_camera(
    source: str,
    devices: Devices,
    picamera: Callable[[], Frame],
    frame: Callable[[str], Frame | None],
    connects: Callable[[str, int], str],
) -> Finding:
    """Look for the camera that is set.

    Args:
        source: its URI.
        devices: what is there.
        picamera: imports picamera2 and counts cameras (in `width`).
        frame: opens the source and takes a frame; None where it can't be tried.
        connects: tries to reach a host's port; "" or why it can't be.
    """
    shown = without_password(source)
    kind, _, rest = source.partition(":")
    missing: Finding | None = None
    if kind == "picamera":
        missing = _picamera(picamera(), devices)
    elif (path := _device(source)) is not None:
        missing = _video(path, devices)
    elif "://" in source and kind in ("rtsp", "rtsps", "http", "https"):
        missing = _network(source, shown, connects)
    else:
        missing = _files(rest.partition("?")[0] if kind in ("replay", "file") else source)
    if missing is not None:
        return missing
    taken = frame(source)
    if taken is None:
        return ok("camera", f"{shown} is there")
    if not taken.kind:
        return ok("camera", f"{shown} sends {taken.width} × {taken.height} px")
    if taken.kind == "SourceBusyError":
        return warn(
            "camera",
            f"{shown} is in use by another program, the kiosk perhaps",
            "nothing, if it is the kiosk; else: fuser -v /dev/video*",
        )
    return fail("camera", taken.problem, "see what it says; docs/settings.md has camera.source")


def as_frame(ended: Ended) -> Frame | None:
    """Return what a process that asked for a frame has said; None where it could not try."""
    if ended.code != 0:
        return Frame(kind="Ended", problem=f"the camera's driver {ended.how}")
    try:
        said = json.loads(ended.out.splitlines()[-1])
        return None if said is None else Frame(*said)
    except (ValueError, LookupError, TypeError):
        return Frame(kind="Ended", problem=f"the camera's driver says {ended.out[:60]!r}")


def try_picamera(limit_s: float = LIMIT_S) -> Frame:
    """Import picamera2 and count cameras, in a process of its own."""
    frame = as_frame(run_module("edge.doctor.camera", ["picamera"], limit_s))
    return Frame() if frame is None else frame


def try_frame(source: str, limit_s: float = LIMIT_S) -> Frame | None:
    """Open a source and take a frame, in a process of its own."""
    return as_frame(run_module("edge.doctor.camera", ["frame", source], limit_s))


def main(arguments: Sequence[str]) -> int:
    """Ask for what is wanted, and print a line of JSON: width, height, kind, problem; or null."""
    try:
        said = _count() if arguments[0] == "picamera" else _take(arguments[1])
    except Exception as error:
        # Drivers raise what they like.
        said = (0, 0, type(error).__name__, " ".join(str(error).split())[:300])
    print(json.dumps(said), flush=True)
    return 0


def _count() -> tuple[int, int, str, str]:
    cameras = importlib.import_module("picamera2").Picamera2.global_camera_info()
    return len(cameras), 0, "", ""


def _take(source: str) -> tuple[int, int, str, str] | None:
    open_source = getattr(importlib.import_module("edge.sources"), "open_source", None)
    if open_source is None:
        return None
    with open_source(source) as opened:
        shot = opened.read()
    if shot is None:
        return 0, 0, "SourceMissingError", f"{without_password(source)}: there is no picture in it"
    pixels = getattr(shot, "frame", shot)
    height, width = pixels.shape[:2]
    return int(width), int(height), "", ""


def _picamera(found: Frame, devices: Devices) -> Finding | None:
    if found.kind in ("ModuleNotFoundError", "ImportError") and "picamera2" in found.problem:
        return fail("camera", f"picamera2 is not installed ({found.problem})", _APT)
    if "numpy.dtype size changed" in found.problem:
        return fail(
            "camera",
            "picamera2 was built for another NumPy than the one that is found first",
            "pip uninstall numpy, and take NumPy, OpenCV and picamera2 from apt together",
        )
    if found.kind:
        return fail("camera", f"picamera2 fails ({found.problem})", _APT)
    if found.width == 0:
        if devices.videos and not any(devices.videos.values()):
            return _denied(next(iter(devices.videos)), devices)
        return fail(
            "camera",
            "no camera is connected",
            "switch the Pi off, push the ribbon cable in as far as it goes, contacts towards the "
            "board's, and try rpicam-hello --list-cameras",
        )
    return None


def _device(source: str) -> str | None:
    """Return the path of a webcam's device; None where the source is no webcam."""
    match = re.fullmatch(r"(?:webcam:|v4l2:)?(?:(\d+)|(/dev/.+?))(?:\?.*)?", source)
    if match is None:
        return None
    return f"/dev/video{match[1]}" if match[1] else match[2]


def _video(path: str, devices: Devices) -> Finding | None:
    if path not in devices.videos:
        there = ", ".join(devices.videos)
        return fail(
            "camera",
            f"{path} isn't there" + (f"; there are {there}" if there else ", nor any other webcam"),
            "plug the webcam in, or set camera.source to one that is there; lsusb lists what is "
            "plugged in",
        )
    return None if devices.videos[path] else _denied(path, devices)


def _denied(path: str, devices: Devices) -> Finding:
    if devices.group in devices.groups:
        mend = "look at its permissions: ls -l /dev/video*"
    else:
        mend = f"sudo usermod -aG {devices.group} {devices.user or '$USER'}, and log in again"
    return fail("camera", f"{devices.user or 'this user'} may not use {path}", mend)


def _network(source: str, shown: str, connects: Callable[[str, int], str]) -> Finding | None:
    try:
        parts = urlsplit(source)
        usual = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}[parts.scheme]
        host, port = parts.hostname or "", parts.port or usual
    except ValueError:
        host, port = "", 0
    if not host:
        return fail("camera", f"{shown} is no address", "set camera.source to rtsp://HOST/PATH")
    problem = connects(host, port)
    if not problem:
        return None
    return fail(
        "camera",
        f"{host}:{port} can't be reached ({problem})",
        "look whether the camera is on and the network is there",
    )


def _files(place: str) -> Finding | None:
    path = Path(place)
    try:
        if not place:
            raise ValueError("it names none")
        if path.is_dir():
            next(path.iterdir(), None)
        else:
            with path.open("rb"):
                pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return fail(
            "camera",
            f"{place or 'the picture'} can't be opened ({reason})",
            "set camera.source to picamera:0, webcam:0, or a file or folder that is there",
        )
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
